package recommend

import (
	"context"
	"log/slog"
	"time"

	"github.com/goldrec/gold/store"
)

// exposing is one write of an exposure, which others of the same user wait for.
type exposing struct {
	done   chan struct{}
	failed bool // set before done is closed
}

// day is the UTC day of a time.
func day(t time.Time) int64 {
	const seconds = 24 * 60 * 60
	return t.Unix() / seconds
}

// exposureKey is what exposures of a user are told apart by: the variants, as a hash, and the UTC day. That it is in the user's own
// cache line, and nothing to follow, is why a cached page under an experiment costs no more than asking the Assigner.
func exposureKey(variants uint64, now time.Time) uint64 {
	return variants<<32 | uint64(uint32(day(now)))
}

// exposureHash tells exposures of one day apart.
func exposureHash(user, experiment, variant string) uint64 {
	who := uint64(hashID(user))<<32 | uint64(hashID(user+"\x00")) // two hashes of 32 bits that do not collide together
	return mix64(who) ^ mix64(uint64(hashID(experiment))<<32|uint64(hashID(variant)))
}

// expose returns when the log has the exposure, by this call or another one, or when it cannot be written, which is
// logged: the page is given all the same and the next one tries again.
func (e *Engine) expose(ctx context.Context, u *user, req *Request, c *choice, page *Page, now time.Time) {
	key := exposureKey(c.exposing, now)
	for u.exposed.Load() != key {
		mine, other := u.claim(key)
		if mine != nil {
			e.writeExposure(ctx, u, mine, key, e.exposures(req, c, page, now))
			return
		}
		if other == nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-other.done:
		}
		if other.failed {
			return
		}
	}
}

// exposures are the entries that say to what the user is exposed, and that the log does not have yet today.
func (e *Engine) exposures(req *Request, c *choice, page *Page, now time.Time) []store.Entry {
	var entries []store.Entry
	for i, x := range e.policies.experiments {
		variant := c.variants[i]
		if variant == "" || !e.policies.says(i, req.Placement) || e.policies.forced[i] != nil && e.policies.forced[i].Forced(req.User) ||
			e.exposed.has(day(now), exposureHash(req.User, x.Key(), variant)) {
			continue
		}
		entries = append(entries, store.Entry{Fact: store.Exposed, Interaction: store.Interaction{
			User: req.User, Item: page.Items[0].Item, Time: now, Session: req.Session, Placement: req.Placement,
			Experiment: x.Key(), Variant: variant, Page: page.ID,
		}})
	}
	return entries
}

// writeExposure does what the caller has claimed to do.
func (e *Engine) writeExposure(ctx context.Context, u *user, mine *exposing, key uint64, entries []store.Entry) {
	written := false
	defer func() { u.settle(mine, key, written) }() // after a panic of the store, too
	err := e.appendExposures(ctx, entries)
	if written = err == nil; !written && ctx.Err() == nil {
		e.log(ctx, slog.LevelError, "exposure not recorded", slog.Any("error", err))
	}
}

func (e *Engine) appendExposures(ctx context.Context, entries []store.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	if err := e.life.begin(); err != nil {
		return err
	}
	defer e.life.done()
	return e.append(ctx, entries)
}

// claim makes the caller the one who writes the exposure, or returns the write under way to wait for; neither when it
// has been written since the caller looked.
func (u *user) claim(key uint64) (mine, other *exposing) {
	u.mu.Lock()
	defer u.mu.Unlock()
	r := u.rare()
	switch {
	case r.exposing != nil:
		return nil, r.exposing
	case u.exposed.Load() == key:
		u.tidy()
		return nil, nil
	}
	r.exposing = &exposing{done: make(chan struct{})}
	return r.exposing, nil
}

// settle ends a write that the caller has claimed.
func (u *user) settle(mine *exposing, key uint64, written bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if mine.failed = !written; written {
		u.exposed.Store(key)
	}
	u.aside.exposing = nil
	u.tidy()
	close(mine.done)
}
