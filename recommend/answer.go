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
	if cacheable {
		if p := state.page(shape, g.epoch, now); p != nil && e.available(p.items) {
			return p.page(e, g, c), u, nil
		}
	}
	q := e.queries.Get().(*query)
	defer q.release()
	made, err := q.run(g, state, req, c, now)
	if err != nil {
		return nil, nil, err
	}
	made.shape, made.serial, made.expires = shape, state.serial, now.Add(e.opts.PageTTL).UnixNano()
	if made.made = now.UnixNano(); u != nil {
		state.keep(made, cacheable)
	}
	return made.page(e, g, c), u, nil
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

// page writes it out.
func (p *cachedPage) page(e *Engine, g *generation, c *choice) *Page {
	out := newPage(len(p.items))
	out.ID, out.Next, out.Experiment, out.Variant = pageID(p.id), p.next, c.experiment, c.variant
	if g != nil {
		out.ModelVersion = g.version
	}
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

// page finds one that may be served again. When the clock goes back to before it was made, it is dead too.
func (s *userState) page(shape, epoch uint64, now time.Time) *cachedPage {
	pages := s.pages.Load()
	if pages == nil {
		return nil
	}
	at := now.UnixNano()
	for _, p := range *pages {
		if p.shape == shape && p.epoch == epoch && p.serial == s.serial && p.made <= at && at < p.expires {
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
	pages := []*cachedPage{p}
	if old := s.pages.Load(); old != nil {
		for _, q := range *old {
			if q.shape != p.shape && len(pages) < pagesMax {
				pages = append(pages, q)
			}
		}
	}
	s.pages.Store(&pages)
}

// attribute writes into the interaction what the newest page that had the item says, and reports whether one did.
func (s *userState) attribute(in *store.Interaction, item uint32) bool {
	pages := s.pages.Load()
	if pages == nil {
		return false
	}
	for _, p := range *pages {
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
