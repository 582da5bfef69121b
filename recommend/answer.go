package recommend

import (
	"cmp"
	"context"
	"slices"
	"time"
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
	cacheable = cacheable && u != nil && g != nil && e.opts.PageTTL > 0 && state.history.n > 0 && !c.plan.passing()
	version := e.catalog.Version()
	if cacheable {
		if p := state.page(shape, g.epoch, version, now); p != nil && e.available(p) {
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
	made, err := e.compose(g, state, req, c, now)
	if err != nil {
		return nil, nil, err
	}
	made.shape, made.serial = shape, state.serial
	made.expires = cmp.Or(made.expires, now.Add(e.opts.PageTTL).UnixNano())
	if len(made.list) < req.N {
		made.short = version + 1
	}
	if made.made = now.UnixNano(); u != nil {
		state.keep(made, cacheable)
	}
	return made.page(e, c), u, nil
}

// compose makes a page; a stranger's is one that is there when it is.
func (e *Engine) compose(g *generation, state *userState, req *Request, c *choice, now time.Time) (*cachedPage, error) {
	alike := strange(state, req, c.plan)
	var key commonKey
	if alike {
		key = e.commonKey(req, c.plan, now)
		if p := e.common(key, g, state, req, c); p != nil {
			return p, nil
		}
	}
	q := e.queries.Get().(*query)
	defer q.release()
	p, err := q.run(g, state, req, c, now)
	if err == nil && alike {
		e.share(key, p, digest(q.hashes))
	}
	return p, err
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
	if p == nil || !e.available(p) || e.forgets.since().String() != g.forgotten.String() {
		return nil
	}
	return p
}

// passing reports whether the pages of a plan depend on more than the user and the models: on what is trending just now.
func (pl *plan) passing() bool { return slices.Contains(pl.teams, Trending) }
