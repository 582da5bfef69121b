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

// exposureKey is what exposures are told apart by: the variant, as a hash, and the UTC day. That it is in the user's own
// cache line, and nothing to follow, is why a cached page under an experiment costs no more than asking the Assigner.
func exposureKey(variant string, now time.Time) uint64 {
	const day = 24 * 60 * 60
	return uint64(hashID(variant))<<32 | uint64(uint32(now.Unix()/day))
}

// expose returns when the log has the exposure, by this call or another one, or when it cannot be written, which is
// logged: the page is given all the same and the next one tries again.
func (e *Engine) expose(ctx context.Context, u *user, req *Request, page *Page, now time.Time) {
	key := exposureKey(page.Variant, now)
	for u.exposed.Load() != key {
		mine, other := u.claim(key)
		if mine != nil {
			e.writeExposure(ctx, u, mine, key, store.Interaction{
				User: req.User, Item: page.Items[0].Item, Kind: store.Impression, Time: now,
				Session: req.Session, Placement: req.Placement, Variant: page.Variant,
			})
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

// writeExposure does what the caller has claimed to do.
func (e *Engine) writeExposure(ctx context.Context, u *user, mine *exposing, key uint64, in store.Interaction) {
	written := false
	defer func() { u.settle(mine, key, written) }() // after a panic of the store, too
	err := e.appendExposure(ctx, in)
	if written = err == nil; !written && ctx.Err() == nil {
		e.opts.Logger.LogAttrs(ctx, slog.LevelError, "exposure not recorded", slog.Any("error", err))
	}
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
	if u.aside.exposing = nil; len(u.aside.picks) == 0 && len(u.aside.pending) == 0 {
		u.aside = nil
	}
	close(mine.done)
}

// appendExposure writes it, but for those who were given their variant by hand. It does not wait for Close, as Record
// does: whoever holds calls may be asking for this page.
func (e *Engine) appendExposure(ctx context.Context, in store.Interaction) error {
	if e.forced != nil && e.forced.Forced(in.User) {
		return nil
	}
	if !e.calls.TryRLock() {
		return ErrClosed
	}
	defer e.calls.RUnlock()
	if e.closed.Load() {
		return ErrClosed
	}
	return e.append(ctx, []store.Interaction{in})
}

// forcer is an Assigner that gives some users a variant by hand.
type forcer interface {
	Forced(user string) bool
}

// stamp writes on a valid interaction which variant chose its item, if the caller did not.
func (e *Engine) stamp(in *store.Interaction) {
	if e.opts.Experiment == nil || in.Variant != "" || in.Kind == store.Impression {
		return
	}
	in.Variant = e.opts.Experiment.Variant(in.User)
	if p := e.pipelines[in.Variant]; p == nil || len(p.models) < 2 {
		return
	}
	item, known := e.catalog.Lookup(in.Item)
	u, met := e.users.get(in.User)
	if !known || !met {
		return
	}
	if mark := u.pick(item); mark != "" {
		in.Variant = mark
	}
}
