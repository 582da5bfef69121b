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
		mine := &exposing{done: make(chan struct{})}
		if u.exposing.CompareAndSwap(nil, mine) {
			e.writeExposure(ctx, u, key, mine, store.Interaction{
				User: req.User, Item: page.Items[0].Item, Kind: store.Impression, Time: now,
				Session: req.Session, Placement: req.Placement, Variant: page.Variant,
			})
			return
		}
		other := u.exposing.Load()
		if other == nil {
			continue
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

// writeExposure writes it, unless it has been written since the caller looked, and lets those who wait go on.
func (e *Engine) writeExposure(ctx context.Context, u *user, key uint64, w *exposing, in store.Interaction) {
	defer func() {
		u.exposing.Store(nil)
		close(w.done)
	}()
	if u.exposed.Load() == key {
		return
	}
	if e.forced == nil || !e.forced.Forced(in.User) {
		if err := e.appendExposure(ctx, in); err != nil {
			w.failed = true
			if ctx.Err() == nil {
				e.opts.Logger.LogAttrs(ctx, slog.LevelError, "exposure not recorded", slog.Any("error", err))
			}
			return
		}
	}
	u.exposed.Store(key)
}

// appendExposure does not wait for Close, as Record does: whoever holds calls may be asking for this page.
func (e *Engine) appendExposure(ctx context.Context, in store.Interaction) error {
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
