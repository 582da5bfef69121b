package recommend

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"github.com/goldrec/gold/store"
)

// apply makes an entry of the log felt, unless it is already. Nothing else writes what is in memory of the log, and what
// that comes to does not depend on the order of entries: so an engine that recorded them, one that followed the log and
// one that has just been opened know the same. When another goroutine is about to, it waits for that: Record returns when
// what it stored is felt, though the follower of the log may be first.
func (e *Engine) apply(entry *store.Entry) {
	applying := &e.applying[hashID(entry.Interaction.User)%uint32(len(e.applying))]
	applying.Lock()
	defer applying.Unlock()
	if in := &entry.Interaction; entry.Fact == store.Exposed && !e.forgets.covers(in.User, entry.Position) {
		e.exposed.add(day(in.Time), exposureHash(in.User, in.Experiment, in.Variant), entry.Partition, entry.Position) // a set
	}
	if !e.applied.add(entry.Partition, entry.Position) {
		return
	}
	switch in := &entry.Interaction; entry.Fact {
	case store.Interacted:
		e.applyInteraction(entry)
	case store.Forgotten:
		e.forgets.add(in.User, entry.Partition, entry.Position)
		e.users.remove(in.User)
		for _, x := range e.policies.experiments {
			for _, variant := range x.Variants() {
				e.exposed.remove(exposureHash(in.User, x.Key(), variant))
			}
		}
	case store.ProfileChanged:
		if u, ok := e.users.get(in.User); ok {
			u.changed()
		}
	case store.Published:
		e.published.Store(true) // for Run to look after
	}
}

func (e *Engine) applyInteraction(entry *store.Entry) {
	in := &entry.Interaction
	item, known := e.item(in.Item)
	if !known {
		return
	}
	weight := e.weights.of(in)
	if counts(in, weight) {
		e.trending.Add(item, weight, in.Time.Unix(), e.now().Unix())
	}
	if !e.keeps(in.Kind) || e.forgets.covers(in.User, entry.Position) {
		return
	}
	if u, ok := e.users.get(in.User); ok {
		u.apply(newEvent(entry.Position, in, item, weight), &e.policies.rules)
	}
}

// counts reports whether an interaction counts for what is trending: what speaks for an item, and a return, which takes
// back what the purchase added.
func counts(in *store.Interaction, weight float32) bool {
	return weight > 0 || weight < 0 && in.Kind == store.Purchase
}

// catchUp applies what the log has and memory does not.
func (e *Engine) catchUp(ctx context.Context) error { return e.readFrom(ctx, e.applied.place()) }

func (e *Engine) readFrom(ctx context.Context, place store.Place) error {
	for entry, err := range e.store.Scan(ctx, place) {
		if err != nil {
			return err
		}
		e.apply(&entry)
		e.applied.settle(entry.Partition, entry.Position)
	}
	return nil
}

// begin makes memory that of somebody who has applied all entries up to a place.
func (a *applied) begin(since store.Place) {
	for partition := range store.PartitionsMax {
		if at := since.At(partition); at > 0 {
			a.settle(partition, at)
		}
	}
}

// forgets is who was forgotten lately, so that what they had done before, applied late, is not remembered; and where in
// the log somebody was forgotten last, so that no model from before takes service.
type forgets struct {
	mu    sync.Mutex
	users map[string]store.Position
	order []string // of users, the oldest first
	last  store.Place
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

// begin takes over what somebody who had read the log up to then knew.
func (f *forgets) begin(last store.Place) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = last
}

// Forget removes a user: interactions, exposures, profile, cached pages and what is in memory, here and, when they hear of it, in
// every other engine on the store. Models hold no user, but what they learned stays until the next training; versions
// trained before cannot become current again, and are deleted when a newer one has been published. What is
// trending keeps its counts until they have decayed.
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
