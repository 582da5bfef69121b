package recommend

import (
	"slices"
	"time"

	"github.com/goldrec/gold/recommend/source"
)

// commonKey tells pages of what is trending apart. While it is the same, so is the page of every stranger, but for its number.
type commonKey struct {
	plan     *plan
	n        int
	counters *source.Counters
	order    uint64 // of the counters
	arrivals uint64 // of the catalogue; what has left it since is asked for
}

// commonPage is what all strangers get. It is immutable.
type commonPage struct {
	commonKey
	page   *cachedPage
	digest uint64
}

// commonMax is how many plans and lengths such pages are kept of.
const commonMax = 16

// strange reports whether a page depends on nothing but its commonKey: nothing is known of the user that it could.
func strange(state *userState, req *Request, pl *plan) bool {
	return pl.plain && (req.Model == "" || req.Model == Trending) && state.history.n == 0 && state.profile == nil &&
		req.Filter == nil && !req.Explain && req.Items == nil && req.Cursor == "" && len(req.Exclude) == 0 && len(req.Seeds) == 0 &&
		!slices.ContainsFunc(state.hidden, func(h []hide) bool { return len(h) > 0 })
}

// commonKey is the key of a stranger's page as of now.
func (e *Engine) commonKey(req *Request, pl *plan, now time.Time) commonKey {
	key := commonKey{plan: pl, n: req.N, counters: e.trending(), arrivals: e.catalog.Arrivals()}
	key.order = key.counters.Order(now.Unix())
	return key
}

// common is the page of a key for one stranger; nil when it has to be made.
func (e *Engine) common(key commonKey, g *generation, state *userState, req *Request, c *choice) *cachedPage {
	all := e.commons.Load()
	if all == nil {
		return nil
	}
	for _, of := range *all {
		if of.commonKey == key && e.available(of.page) {
			_, _, id := e.number(g, state, req, key.plan)
			p := &cachedPage{
				id: mix64(id ^ of.digest), list: of.page.list, next: of.page.next, source: of.page.source, plan: key.plan,
			}
			if g != nil {
				p.epoch, p.version = g.epoch, g.version
			}
			if c.experiment != "" {
				p.unusual().experiment, p.rare.variant = c.experiment, c.variant
			}
			return p
		}
	}
	return nil
}

// share keeps a stranger's page, of that digest, for the others, unless there is more on it than what trends: the rest of the
// catalogue changes with no order.
func (e *Engine) share(key commonKey, p *cachedPage, digest uint64) {
	if p.rare != nil && p.rare.sources != nil || p.brought(0) != Trending {
		return
	}
	next := []*commonPage{{commonKey: key, page: p, digest: digest}}
	if all := e.commons.Load(); all != nil {
		for _, of := range *all {
			if len(next) < commonMax && (of.plan != key.plan || of.n != key.n) {
				next = append(next, of)
			}
		}
	}
	e.commons.Store(&next)
}
