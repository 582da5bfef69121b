package recommend

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/goldrec/gold/store"
)

// state returns a user and what the engine knows of them, read from the store at the first meeting: by one goroutine, for which the
// others wait.
func (e *Engine) state(ctx context.Context, id string) (*user, *userState, error) {
	u, ok := e.users.get(id)
	if !ok {
		u = e.users.add(id) // before the history is read: what is applied meanwhile waits in it
	}
	for {
		if s := u.state.Load(); s != nil {
			return u, s, nil
		}
		if another := u.beginReading(); another != nil {
			select {
			case <-another:
				continue
			case <-ctx.Done():
				return u, nil, ctx.Err()
			}
		}
		s, err := e.readState(ctx, u)
		if s != nil || err != nil {
			return u, s, err
		}
	}
}

// readState reads a user from the store. It returns nil without an error when more came meanwhile than could wait.
// The caller has begun to read, which ends here.
func (e *Engine) readState(ctx context.Context, u *user) (*userState, error) {
	defer u.endReading()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	history, err := e.history(ctx, u.id)
	if err != nil {
		return nil, fmt.Errorf("recommend: history: %w", err)
	}
	var profile *store.Profile
	if e.policies.profiled {
		switch p, err := e.store.Profile(ctx, u.id); {
		case err == nil:
			profile = &p
		case !errors.Is(err, store.ErrNotFound):
			return nil, fmt.Errorf("recommend: profile: %w", err)
		}
	}
	return u.loaded(history, profile, &e.policies.rules), nil
}

// history returns the user's newest events of known items that count, at most seenMax and shownMax impressions, in the order of the log. Impressions do not push
// out what was bought: where they are many, more is read.
func (e *Engine) history(ctx context.Context, id string) ([]event, error) {
	for limit := seenMax; ; limit *= 8 {
		entries, err := e.store.History(ctx, id, limit)
		if err != nil {
			return nil, err
		}
		events, shown := make([]event, 0, min(len(entries), seenMax)), 0
		for i := range entries {
			in := &entries[i].Interaction
			item, ok := e.items.Lookup(in.Item)
			if !ok || !e.keeps(in.Kind) {
				continue
			}
			ev := newEvent(entries[i].Position, in, item, e.weights.of(in))
			switch {
			case ev.shown() && shown < shownMax:
				shown++
				events = append(events, ev)
			case !ev.shown() && len(events)-shown < seenMax:
				events = append(events, ev)
			}
		}
		if len(events)-shown == seenMax || len(entries) < limit || limit >= historyReadMax {
			slices.Reverse(events)
			return events, nil
		}
	}
}

// historyReadMax is how far back a history is read for events that count.
const historyReadMax = 64 * seenMax

// keeps reports whether interactions of the kind are kept with the user: what they weigh, or a rule of what was seen, asks for
// it.
func (e *Engine) keeps(k store.Kind) bool { return e.weights.counts(k) || e.policies.rules.asks(k) }
