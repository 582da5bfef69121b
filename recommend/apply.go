package recommend

import (
	"context"

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
	e.count(entry)
	switch in := &entry.Interaction; entry.Fact {
	case store.Interacted:
		e.applyInteraction(entry)
	case store.Forgotten:
		e.forgets.add(in.User, entry.Partition, entry.Position)
		e.users.remove(in.User)
		e.newcomers.forget(in.User)
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
	if !e.keeps(in.Kind) || e.forgets.covers(in.User, entry.Position) {
		return
	}
	weight := e.weights.of(in)
	if weight > 0 {
		e.meet(in.User, item)
	}
	if u, ok := e.users.get(in.User); ok {
		u.apply(newEvent(entry.Position, in, item, weight), &e.policies.rules)
	}
}

// catchUp applies what the log has and memory does not.
func (e *Engine) catchUp(ctx context.Context) error { return e.readFrom(ctx, e.applied.place()) }

// readFrom applies what the log has after a place. When it has been trimmed of what might not have been heard, what is
// remembered of users is dropped.
func (e *Engine) readFrom(ctx context.Context, place store.Place) error {
	heard := e.forgets.heardTo() // before anything is read
	for entry, err := range e.store.Scan(ctx, place) {
		if err != nil {
			return err
		}
		e.apply(&entry)
		e.settle(entry.Partition, entry.Position)
	}
	read := e.applied.place()
	trimmed, err := e.store.Trimmed(ctx) // last, so that it tells of all that the scan has missed
	if err != nil {
		return err
	}
	if !heard.Covers(trimmed) {
		e.forgets.missed(trimmed)
		e.users.clear()
		e.published.Store(true)
	}
	e.forgets.hear(read)
	return nil
}
