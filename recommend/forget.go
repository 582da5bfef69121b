package recommend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"github.com/goldrec/gold/store"
)

// Forget removes a user: interactions, exposures, profile and what is in memory, here and, when they hear of it, in
// every other engine on the store. Models hold no user, but what they learned stays until the next training; versions
// trained before cannot become current again, and are deleted when a newer one has been published. What is
// trending is counted anew without what they did since the models in service were trained: at once, which reads the log
// since then, or, when the engine runs, within a second or so; what they did before counts until the next training.
func (e *Engine) Forget(ctx context.Context, user string) error {
	if err := e.life.begin(); err != nil {
		return err
	}
	defer e.life.done()
	if err := e.forget(ctx, user); err != nil {
		e.log(ctx, slog.LevelError, "user not wholly forgotten", slog.Any("error", err))
		return err
	}
	return nil
}

func (e *Engine) forget(ctx context.Context, user string) error {
	err := errors.Join(
		e.store.DeleteProfile(ctx, user),
		e.store.Forget(ctx, user), // last: its entry in the log tells the others that all is gone
	)
	if err != nil {
		return fmt.Errorf("recommend: forget: %w", err)
	}
	if err := e.catchUp(ctx); err != nil || e.running.Load() > 0 { // then Run counts anew, for many at once
		return err
	}
	return e.recount(ctx)
}

// forgets is who was forgotten lately, so that what they had done before, applied late, is not remembered; and where in
// the log somebody was forgotten last, so that no model from before takes service.
type forgets struct {
	mu    sync.Mutex
	users map[string]store.Position
	order []string // of users, the oldest first
	last  store.Place
	heard store.Place // up to where nothing of this has been missed
}

// forgetsMax is how many users are kept. An entry is applied within moments of its append, or read from a log that does not
// have it any more.
const forgetsMax = 10_000

func (f *forgets) add(user string, partition int, at store.Position) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.users == nil {
		f.users = map[string]store.Position{}
	}
	if _, known := f.users[user]; !known {
		if f.order = append(f.order, user); len(f.order) > forgetsMax {
			delete(f.users, f.order[0])
			f.order = slices.Delete(f.order, 0, 1)
		}
	}
	f.users[user] = max(f.users[user], at)
	if at > f.last.At(partition) {
		f.last = f.last.With(partition, at)
	}
}

// covers reports whether an entry of the user lies before they were forgotten.
func (f *forgets) covers(user string, at store.Position) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.users) > 0 && at < f.users[user]
}

// since is where in the log somebody was forgotten last.
func (f *forgets) since() store.Place {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// begin takes over what somebody who had read the log up to a place knew.
func (f *forgets) begin(last, heard store.Place) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last, f.heard = last, heard
}

// heardTo is up to where nobody has been forgotten without its being known here.
func (f *forgets) heardTo() store.Place {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.heard
}

// hear says that it is known who was forgotten up to a place.
func (f *forgets) hear(place store.Place) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if place.Covers(f.heard) {
		f.heard = place
	}
}

// missed says that anybody may have been forgotten up to a place.
func (f *forgets) missed(trimmed store.Place) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = furthest(f.last, trimmed)
}

// furthest is the further of two places in every partition.
func furthest(a, b store.Place) store.Place {
	for partition := range store.PartitionsMax {
		if at := b.At(partition); at > a.At(partition) {
			a = a.With(partition, at)
		}
	}
	return a
}
