package recommend

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/stage"
)

// query is one answer in the making; it is used again for the next one, with its buffers.
type query struct {
	engine     *Engine
	generation *generation // nil before the first training
	state      *userState
	plan       *plan
	stage      stage.Query

	// What may be shown.
	seeds   []uint32 // sorted
	exclude []uint32 // sorted
	filter  *filter  // nil: everything
	passes  bitmap   // what the filter lets through now; nil: it has to be asked
	shown   cursor
	listed  bool    // Request.Items says what may be shown, seen or not
	met     metSet  // what the user's history may have
	narrow  *narrow // all that the filter lets through, when that is little; else nil
	view    *view   // of the user's history; nil when the page is not made of that
	back    bool    // the view was there: a page has been made of this history
	hurried bool    // or of one some milliseconds older
	explain bool    // Request.Explain

	pcg    rand.PCG
	rand   *rand.Rand
	past   []event // of the user
	events []model.Event
	list   []stage.Candidate
	more   []stage.Candidate
	items  []uint32
	known  []uint32 // what walking parts propose
	places []int    // on the page, of items
	hashes []uint32 // of the identifiers on the page
	key    []byte   // of the filter
	scored []model.Scored
	have   map[uint32]struct{}
	asked  []*blend.Answer // by team; nil: of one that has not ranked
}

func newQuery(e *Engine) *query {
	q := &query{engine: e, have: map[uint32]struct{}{}}
	q.rand = rand.New(&q.pcg)
	return q
}

// release gives the query back without what belongs to its caller.
func (q *query) release() {
	for _, a := range q.asked {
		if a != nil {
			a.Close()
		}
	}
	clear(q.asked)
	q.generation, q.state, q.plan, q.filter, q.shown, q.narrow, q.view, q.passes = nil, nil, nil, nil, nil, nil, nil, nil
	q.stage = stage.Query{}
	q.seeds, q.exclude, q.events, q.list, q.more = q.seeds[:0], q.exclude[:0], q.events[:0], q.list[:0], q.more[:0]
	q.listed, q.back, q.hurried = false, false, false
	clear(q.have)
	q.engine.queries.Put(q)
}

// run makes the page.
func (q *query) run(g *generation, state *userState, req *Request, c *choice, now time.Time) (*cachedPage, error) {
	id, err := q.begin(g, state, req, c, now)
	if err != nil {
		return nil, err
	}
	if err := q.propose(req); err != nil {
		return nil, err
	}
	for _, s := range c.plan.Stages {
		q.list = s.Apply(q.list, &q.stage)
	}
	more := len(q.list) > req.N
	q.list = q.list[:min(len(q.list), req.N)]
	page := q.page(req, c, id)
	if more {
		page.next = q.shown.next(q.hashes)
	}
	return page, nil
}

// begin reads what is asked for, and returns the number of the page as far as it is known.
func (q *query) begin(g *generation, state *userState, req *Request, c *choice, now time.Time) (id uint64, err error) {
	q.generation, q.state, q.plan = g, state, c.plan
	q.asked = slices.Grow(q.asked[:0], len(c.plan.teams))[:len(c.plan.teams)]
	if req.Model != "" && req.Model != Trending && q.team(0) == nil {
		return 0, fmt.Errorf("%w: %q is not in service", ErrNoModel, req.Model)
	}
	if err := q.limit(req); err != nil {
		return 0, err
	}
	id = q.chance(req)
	q.stage = stage.Query{
		Profile: state.profile, Catalog: q.engine.catalog, UserID: req.User, SessionID: req.Session,
		Placement: req.Placement, Context: req.Context, N: req.N, Now: now, Allow: q, Rand: q.rand, Sources: c.plan.names,
	}
	q.look(req, now)
	return id, nil
}

// limit reads from the request what may be shown.
func (q *query) limit(req *Request) (err error) {
	if q.shown, err = parseCursor(req.Cursor); err != nil {
		return err
	}
	if req.Filter != nil {
		if q.filter, q.key, err = q.engine.filters.compile(q.engine.catalog, req.Filter, q.key); err != nil {
			return fmt.Errorf("%w: filter: %w", ErrInvalid, err)
		}
	}
	for _, id := range req.Seeds {
		item, ok := q.engine.items.Lookup(id)
		if !ok {
			return fmt.Errorf("%w: seed %q: %w", ErrInvalid, clip(id), catalog.ErrUnknownItem)
		}
		q.seeds = append(q.seeds, item)
		q.events = append(q.events, model.Event{Item: item, Weight: 1}) // in their order, which is part of what they say
	}
	for _, id := range req.Exclude {
		if item, ok := q.engine.items.Lookup(id); ok {
			q.exclude = append(q.exclude, item)
		}
	}
	slices.Sort(q.seeds)
	slices.Sort(q.exclude)
	q.listed, q.explain = req.Items != nil, req.Explain
	return nil
}

// Contains reports whether an item may be shown. It is the Allow of models, sources and stages.
func (q *query) Contains(item uint32) bool {
	if q.passes != nil && !q.passes.has(item) || !q.engine.catalog.Available(item) ||
		q.passes == nil && q.filter != nil && !q.filter.matcher.Match(item) || !q.listed && q.hides(item) {
		return false
	}
	return !has(q.seeds, item) && !has(q.exclude, item) && !q.shown.has(q.engine.items, item)
}

// hides reports whether the item is hidden from the user under the rule of the plan.
func (q *query) hides(item uint32) bool {
	if q.plan.rule < 0 {
		return q.hasMet(item)
	}
	return q.state.hides(q.plan.rule, item, q.stage.Now.Unix())
}

// hasMet reports whether the user has met the item.
func (q *query) hasMet(item uint32) bool {
	return q.met.may(item) && q.inPast(item) || q.state.before.has(item)
}

// inPast reports whether an event of the history hides the item.
func (q *query) inPast(item uint32) bool {
	for i := range q.past {
		if q.past[i].item == item && hides(q.past[i].kind()) {
			return true
		}
	}
	return false
}

// metSet says of an item, in one look, that it is not in a history; or that it may be. It is a Bloom filter of one hash.
type metSet [64]uint64

func (m *metSet) add(item uint32) {
	h := item * 0x9e3779b9 >> 20
	m[h>>6] |= 1 << (h & 63)
}

func (m *metSet) may(item uint32) bool {
	h := item * 0x9e3779b9 >> 20
	return m[h>>6]>>(h&63)&1 != 0
}

func has(sorted []uint32, item uint32) bool {
	if len(sorted) == 0 {
		return false
	}
	_, found := slices.BinarySearch(sorted, item)
	return found
}

// look makes what the models are shown of the user: the seeds when there are any, else the history.
func (q *query) look(req *Request, now time.Time) {
	clear(q.met[:])
	q.past = q.state.history.appendTo(q.past[:0])
	for i := range q.past {
		q.met.add(q.past[i].item)
	}
	u := &q.stage.User
	u.Now = now.Unix()
	if len(req.Seeds) > 0 {
		for i := range q.events {
			q.events[i].Time = u.Now
		}
		u.History = q.events
		return
	}
	for i := max(0, len(q.past)-historyMax); i < len(q.past); i++ {
		q.events = append(q.events, q.past[i].model())
	}
	u.History = q.events
	if session := sessionOf(req.Session); session != 0 {
		from := len(q.events)
		for from > 0 && q.events[from-1].Session == session {
			from--
		}
		u.Session = q.events[from:]
	}
}

// chance seeds what the page draws from, and returns the page's number.
func (q *query) chance(req *Request) (id uint64) {
	seed, visit, id := q.engine.number(q.generation, q.state, req, q.plan)
	q.pcg.Seed(seed, visit)
	return id
}

// number is a page's number but for what is on it, and what it draws from: the same for the same seed, user, history, models and
// cursor, so that a page asked for again comes again, here or on another replica.
func (e *Engine) number(g *generation, state *userState, req *Request, pl *plan) (seed, visit, id uint64) {
	newest := uint64(state.history.newest)
	visit = newest ^ uint64(hashID(req.Cursor))<<24 ^ uint64(hashID(req.Placement))<<32
	if g != nil {
		visit ^= g.version << 48
	}
	seed = mix64(e.opts.Seed ^ uint64(hashID(req.User)))
	return seed, visit, mix64(seed ^ mix64(visit^pl.id^uint64(req.N)))
}
