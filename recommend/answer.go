package recommend

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"slices"
	"time"

	"github.com/goldrec/gold/store"
)

// Recommend answers a request from memory; only a user met for the first time, or again after long, is read from the
// store. A stranger gets what is trending; one interaction is enough for a personal page. The page holds fewer than N
// items only when no more may be shown: where the models have nothing to say it is filled up as the policy says, by default
// with what is trending, then with the rest of the catalogue.
//
// Under an experiment the page says which variant chose its policy, unless the request names its model. The first page
// of a user under a variant, and their first of each UTC day, is given after the exposure is in the store's log; when
// the store refuses it, the page is given all the same, the failure is logged, and the next page tries again.
//
// Never on a page: items unavailable or not in the catalogue, items that the user has met as the policy's Seen says (by
// default any interaction but an impression, of the newest 10,000), the seeds, and what Filter and Exclude refuse.
//
// It is a few microseconds for a page served again, and some tens for one that is made.
func (e *Engine) Recommend(ctx context.Context, req Request) (*Page, error) {
	if e.life.over() {
		return nil, ErrClosed
	}
	if err := req.normalise(); err != nil {
		return nil, err
	}
	c, err := e.policies.choose(&req)
	if err != nil {
		return nil, err
	}
	now := e.now()
	page, u, err := e.answer(ctx, &req, &c, now)
	if err != nil {
		return nil, err
	}
	if c.exposing != 0 && len(page.Items) > 0 {
		e.expose(ctx, u, &req, &c, page, now)
	}
	if e.opts.Observer != nil {
		e.opts.Observer.Observe(ctx, Exposure{
			User: req.User, Session: req.Session, Placement: req.Placement, Context: req.Context, Page: page, Time: now,
		})
	}
	return page, nil
}

// answer makes the page, or finds it, and returns it with its user; nil for a stranger.
func (e *Engine) answer(ctx context.Context, req *Request, c *choice, now time.Time) (*Page, *user, error) {
	var u *user
	state := e.stranger
	if req.User != "" {
		var err error
		if u, state, err = e.state(ctx, req.User); err != nil {
			return nil, nil, err
		}
	}
	g := e.service.Load()
	shape, cacheable := req.shape()
	shape = mix64(shape ^ c.plan.id)
	cacheable = cacheable && u != nil && g != nil && e.opts.PageTTL > 0 && len(state.history) > 0 && !c.plan.passing()
	version := e.catalog.Version()
	if cacheable {
		if p := state.page(shape, g.epoch, version, now); p != nil && e.available(p.items) {
			return p.page(e, c), u, nil
		}
		if p := e.outlived(g, state, shape, version, now); p != nil {
			if e.renewing.Add(1) > renewingMax {
				e.renewing.Add(-1)
				return p.page(e, c), u, nil
			}
			defer e.renewing.Add(-1)
		}
	}
	q := e.queries.Get().(*query)
	defer q.release()
	made, err := q.run(g, state, req, c, now)
	if err != nil {
		return nil, nil, err
	}
	made.shape, made.serial, made.expires = shape, state.serial, now.Add(e.opts.PageTTL).UnixNano()
	if len(made.items) < req.N {
		made.short = version + 1
	}
	if made.made = now.UnixNano(); u != nil {
		state.keep(made, cacheable)
	}
	return made.page(e, c), u, nil
}

const (
	// renewingMax is how many pages that models which were replaced have made are made anew at a time; meanwhile the others are
	// served on, so that a swap, which voids what is kept of everybody, does not have everybody's page made at once.
	renewingMax = 2
	// outlivedMax is for how long.
	outlivedMax = time.Minute
)

// outlived finds a page of the models before that may be served instead of waiting for another: nil after a while, and when
// somebody has been forgotten whom those models may have known.
func (e *Engine) outlived(g *generation, state *userState, shape, version uint64, now time.Time) *cachedPage {
	if age := now.Sub(g.since); g.before == 0 || age < 0 || age >= outlivedMax {
		return nil
	}
	p := state.page(shape, g.before, version, now)
	if p == nil || !e.available(p.items) || e.forgets.since().String() != g.forgotten.String() {
		return nil
	}
	return p
}

// passing reports whether the pages of a plan depend on more than the user and the models: on what is trending just now.
func (pl *plan) passing() bool { return slices.Contains(pl.teams, Trending) }

func (e *Engine) available(items []uint32) bool {
	for _, item := range items {
		if !e.catalog.Available(item) {
			return false
		}
	}
	return true
}

// cachedPage is a first page that may be served again, and what its user's interactions are attributed by. It has no
// pointer for each item.
type cachedPage struct {
	id         uint64
	shape      uint64
	epoch      uint64
	version    uint64   // of the models
	short      uint64   // one more than the catalogue's version when there was no more to show; 0: the page is full
	serial     uint32   // of the user's state that it was made for
	made       int64    // Unix nanoseconds
	expires    int64    // Unix nanoseconds; 0: not to be served again
	items      []uint32 // what became unavailable since voids the page
	scores     []float32
	sources    []uint8   // indexes of names
	propensity []float32 // nil: nothing was drawn
	names      []string  // the plan's
	experiment string
	variant    string
	next       string
	reasons    [][]Reason // nil: not asked for
}

// newCachedPage returns one with room for n items, which for the usual sizes is in one piece.
func newCachedPage(n int) *cachedPage {
	switch {
	case n <= 10:
		p := new(struct {
			cachedPage
			items   [10]uint32
			scores  [10]float32
			sources [10]uint8
		})
		p.cachedPage.items, p.cachedPage.scores, p.cachedPage.sources = p.items[:n], p.scores[:n], p.sources[:n]
		return &p.cachedPage
	case n <= 20:
		p := new(struct {
			cachedPage
			items   [20]uint32
			scores  [20]float32
			sources [20]uint8
		})
		p.cachedPage.items, p.cachedPage.scores, p.cachedPage.sources = p.items[:n], p.scores[:n], p.sources[:n]
		return &p.cachedPage
	}
	return &cachedPage{items: make([]uint32, n), scores: make([]float32, n), sources: make([]uint8, n)}
}

// page writes it out.
func (p *cachedPage) page(e *Engine, c *choice) *Page {
	out := newPage(len(p.items))
	out.ID, out.Next, out.Experiment, out.Variant = pageID(p.id), p.next, c.experiment, c.variant
	out.ModelVersion = p.version
	for i, item := range p.items {
		r := &out.Items[i]
		r.Item, r.Score, r.Source, r.Rank, r.Propensity = e.items.ID(item), p.scores[i], p.names[p.sources[i]], i+1, 1
		if p.propensity != nil {
			r.Propensity = p.propensity[i]
		}
		if p.reasons != nil {
			r.Reasons = p.reasons[i]
		}
	}
	return out
}

// newPage returns a page with room for n items: the usual sizes in one piece.
func newPage(n int) *Page {
	switch {
	case n <= 10:
		p := new(struct {
			Page
			items [10]Recommendation
		})
		p.Items = p.items[:n:n]
		return &p.Page
	case n <= 20:
		p := new(struct {
			Page
			items [20]Recommendation
		})
		p.Items = p.items[:n:n]
		return &p.Page
	}
	return &Page{Items: make([]Recommendation, n)}
}

func pageID(id uint64) string {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], id)
	return base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:])
}

// page finds one that may be served again: one that is short only while nothing has changed in the catalogue, of which this is
// the version. When the clock goes back to before it was made, it is dead too.
func (s *userState) page(shape, epoch, version uint64, now time.Time) *cachedPage {
	at := now.UnixNano()
	for _, p := range s.kept() {
		if p.shape == shape && p.epoch == epoch && p.serial == s.serial && p.made <= at && at < p.expires &&
			(p.short == 0 || p.short == version+1) {
			return p
		}
	}
	return nil
}

// keep puts the page in front. Of two goroutines that keep at once one may lose its page, which costs a computation.
func (s *userState) keep(p *cachedPage, again bool) {
	if !again {
		p.expires = 0
	}
	next := &pageList{n: 1, pages: [pagesMax]*cachedPage{p}}
	for _, q := range s.kept() {
		if q.shape != p.shape && next.n < pagesMax {
			next.pages[next.n] = q
			next.n++
		}
	}
	s.pages.Store(next)
}

// pageList is the newest page of each of some shapes, the newest first. It is immutable.
type pageList struct {
	pages [pagesMax]*cachedPage
	n     int
}

// kept is the pages kept, the newest first.
func (s *userState) kept() []*cachedPage {
	list := s.pages.Load()
	if list == nil {
		return nil
	}
	return list.pages[:list.n]
}

// attribute writes into the interaction what the newest page that had the item says, and reports whether one did.
func (s *userState) attribute(in *store.Interaction, item uint32) bool {
	for _, p := range s.kept() {
		if i := slices.Index(p.items, item); i >= 0 {
			in.Page, in.Source, in.Rank = pageID(p.id), p.names[p.sources[i]], i+1
			in.Experiment, in.Variant, in.Propensity = p.experiment, p.variant, 1
			if p.propensity != nil {
				in.Propensity = float64(p.propensity[i])
			}
			return true
		}
	}
	return false
}
