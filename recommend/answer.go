package recommend

import (
	"context"
	"fmt"
	"slices"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/model"
)

// Trending is the Request.Model that asks for what is popular at the moment, whoever asks.
const Trending = "trending"

const nDefault = 10

// Recommend answers a request from memory; only a user met for the first time, or again after long, is read from the
// store. A stranger gets what is trending; one interaction is enough for a personal page. The page holds fewer than N
// items only when no more may be shown: where the model has nothing to say it is filled up with what is trending, then
// with the rest of the catalogue.
//
// Under an experiment the page says which variant chose its models, unless the request names its model. The first page
// of a user under a variant, and their first of each UTC day, is given after the exposure is in the store's log; when
// the store refuses it, the page is given all the same, the failure is logged, and the next page tries again.
//
// Never on a page: items unavailable or not in the catalogue, items that the user has interacted with (of the newest
// 10,000 interactions, impressions aside), the seeds, and what Filter and Exclude refuse.
func (e *Engine) Recommend(ctx context.Context, req Request) (*Page, error) {
	if e.closed.Load() {
		return nil, ErrClosed
	}
	if err := req.normalise(); err != nil {
		return nil, err
	}
	now := e.now()
	page, u, err := e.answer(ctx, &req, now.UnixNano())
	if err != nil {
		return nil, err
	}
	if page.Variant != "" && len(page.Items) > 0 {
		e.expose(ctx, u, &req, page, now)
	}
	if e.opts.Observer != nil {
		e.opts.Observer.Observe(ctx, Exposure{
			User: req.User, Session: req.Session, Placement: req.Placement, Context: req.Context, Page: page, Time: now,
		})
	}
	return page, nil
}

func (r *Request) normalise() error {
	if r.N < 0 {
		return fmt.Errorf("%w: n is %d", ErrInvalid, r.N)
	}
	if r.N == 0 {
		r.N = nDefault
	}
	r.N = min(r.N, NMax)
	if len(r.Items) > itemsMax || len(r.Seeds) > itemsMax {
		return fmt.Errorf("%w: more than %d items or seeds", ErrInvalid, itemsMax)
	}
	return nil
}

const itemsMax = 10_000

// cacheable reports whether the page depends on nothing but the user's state, the model, N and Model.
func (r *Request) cacheable() bool {
	return r.Filter == nil && r.Exclude == nil && r.Seeds == nil && r.Items == nil && r.Cursor == "" && !r.Explain &&
		r.Model != Trending
}

// answer makes the page, or finds it, and returns it with its user; nil for a stranger.
func (e *Engine) answer(ctx context.Context, req *Request, now int64) (*Page, *user, error) {
	variant := ""
	if e.opts.Experiment != nil && req.User != "" && req.Model == "" {
		variant = e.opts.Experiment.Variant(req.User)
	}
	var u *user
	state := e.stranger
	if req.User != "" {
		var err error
		if u, state, err = e.state(ctx, req.User); err != nil {
			return nil, nil, err
		}
	}
	svc := e.service.Load()
	mix := e.pipelines[variant].choose(svc, req)
	sh := shape{n: req.N, model: req.Model, variant: variant}
	cacheable := svc != nil && e.opts.PageTTL > 0 && len(state.history) > 0 && req.cacheable() && mix.cacheable()
	if cacheable {
		if p := state.page(sh, svc.epoch, now); p != nil && e.available(p.items) {
			return p.page, u, nil
		}
	}
	q := e.queries.Get().(*query)
	defer q.release()
	page, err := q.run(svc, state, req, mix, now/1e9)
	if err != nil {
		return nil, nil, err
	}
	page.Variant = variant
	if mix != nil {
		u.picked(q.ranked, mix)
	}
	if cacheable {
		state.keep(&cachedPage{
			shape: sh, epoch: svc.epoch, expires: now + int64(e.opts.PageTTL), items: q.handles(), page: page,
		})
	}
	return page, u, nil
}

func (e *Engine) available(items []uint32) bool {
	for _, item := range items {
		if !e.catalog.Available(item) {
			return false
		}
	}
	return true
}

// query is one answer in the making; it is used again for the next one, with its buffers.
type query struct {
	engine *Engine

	// What may be shown. The two functions are made once and read the fields below.
	allow      func(item uint32) bool // by catalogue handle
	allowModel func(item uint32) bool // by the model's handle
	svc        *service
	state      *userState
	seeds      []uint32
	matcher    *catalog.Matcher
	exclude    func(item string) bool
	shown      cursor

	mix    *pipeline    // nil: the page comes from one model
	users  []model.User // as each model of the page is shown them
	ranked []ranked
	scored []model.Scored
	events []model.Event
	items  []uint32
	scores []float32
}

// ranked is an item on its way to the page.
type ranked struct {
	item  uint32 // catalogue handle
	score float32
	by    model.Model // nil: trending
	team  int         // which model of the page brought it
}

func newQuery(e *Engine) *query {
	q := &query{engine: e}
	q.allow = q.allows
	q.allowModel = func(item uint32) bool {
		h := q.svc.toCatalog[item]
		return h != model.NoItem && q.allows(h)
	}
	return q
}

func (q *query) allows(item uint32) bool {
	if !q.engine.catalog.Available(item) || q.state.hasSeen(item) {
		return false
	}
	if slices.Contains(q.seeds, item) {
		return false
	}
	if q.matcher != nil && !q.matcher.Match(item) {
		return false
	}
	if q.exclude == nil && q.shown == nil {
		return true
	}
	id := q.engine.catalog.ID(item)
	return !q.shown.has(id) && (q.exclude == nil || !q.exclude(id))
}

// release gives the query back without what belongs to its caller.
func (q *query) release() {
	q.svc, q.state, q.matcher, q.exclude, q.shown, q.mix = nil, nil, nil, nil, nil, nil
	clear(q.users)
	q.users = q.users[:0]
	q.seeds, q.ranked, q.events = q.seeds[:0], q.ranked[:0], q.events[:0]
	q.engine.queries.Put(q)
}

func (q *query) handles() []uint32 {
	items := make([]uint32, len(q.ranked))
	for i := range q.ranked {
		items[i] = q.ranked[i].item
	}
	return items
}
