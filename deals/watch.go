package deals

import (
	"context"
	"iter"
	"time"
)

// EventKind is what has happened to a turn of a deal.
type EventKind uint8

const (
	Opened EventKind = iota + 1
	Closed
	SoldOut     // the last unit is taken
	BackInStock // a unit can be had again
)

// String is the kind in words.
func (k EventKind) String() string {
	return map[EventKind]string{Opened: "opened", Closed: "closed", SoldOut: "sold out", BackInStock: "back in stock"}[k]
}

// Event is something that happened on a board.
type Event struct {
	Kind EventKind
	Occurrence
}

// Watch yields what happens to the deals for a user, until ctx is done or the caller breaks: first each that is live, as Opened,
// and SoldOut when it is; then what opens, closes, sells out and is to be had again, also because the board was replaced. At
// one instant what closes comes before what opens, in the order of the board.
//
// It looks at least once in every (0 means a second), and when a window opens or closes. What happened and was undone between
// two looks is not told, so that nothing is queued for a caller who is slow: memory is bounded by the number of live deals. It
// ends after an error of the ledger, or with that of ctx.
func (c *Claims) Watch(ctx context.Context, u User, every time.Duration) iter.Seq2[Event, error] {
	if every <= 0 {
		every = time.Second
	}
	return func(yield func(Event, error) bool) {
		w := watch{claims: c, user: u, seen: map[string]*watched{}}
		for {
			events, until, err := w.look(ctx)
			for _, e := range events {
				if !yield(e, nil) {
					return
				}
			}
			if err == nil {
				err = sleep(ctx, min(every, max(until, time.Millisecond)))
			}
			if err != nil {
				yield(Event{}, err)
				return
			}
		}
	}
}

// watch is what a caller of Watch has been told.
type watch struct {
	claims *Claims
	user   User
	seen   map[string]*watched // by deal
	order  []string            // their IDs, in the order of the board
}

type watched struct {
	turn    Occurrence
	soldOut bool
	round   bool // seen in this look
}

// look returns what has happened since the last one, and how long it is until a window opens or closes.
func (w *watch) look(ctx context.Context) (events []Event, until time.Duration, err error) {
	now := w.claims.now()
	loc := w.user.Zone
	if loc == nil {
		loc = time.UTC
	}
	var opened []Event
	var order []string
	for o := range w.claims.board.live(loc, now) {
		if !o.Deal.For(w.user) {
			continue
		}
		s := w.seen[o.Deal.ID]
		if s == nil || !s.turn.Start.Equal(o.Start) {
			if s != nil {
				events = append(events, Event{Closed, s.turn})
			}
			s = new(watched)
			w.seen[o.Deal.ID] = s
			opened = append(opened, Event{Opened, o})
		}
		s.turn, s.round = o, true
		order = append(order, o.Deal.ID)
	}
	for _, id := range w.order {
		if s := w.seen[id]; s.round {
			continue
		}
		events = append(events, Event{Closed, w.seen[id].turn})
		delete(w.seen, id)
	}
	w.order = order
	events = append(events, opened...)
	for _, id := range order {
		s := w.seen[id]
		s.round = false
		if e, ok, err := w.stock(ctx, s); err != nil {
			return events, 0, err
		} else if ok {
			events = append(events, e)
		}
	}
	return events, w.claims.board.change(loc, now), nil
}

// stock says whether a turn has sold out, or no longer is.
func (w *watch) stock(ctx context.Context, s *watched) (Event, bool, error) {
	limit := s.turn.Deal.Limits.Units
	if limit == 0 && !s.soldOut {
		return Event{}, false, nil
	}
	stock, err := w.claims.Stock(ctx, s.turn)
	if err != nil {
		return Event{}, false, err
	}
	was := s.soldOut
	s.soldOut = limit > 0 && stock.Taken() >= limit
	kind := BackInStock
	if s.soldOut {
		kind = SoldOut
	}
	return Event{kind, s.turn}, s.soldOut != was, nil
}

// change is how long it is from t until something opens or closes.
func (b *Board) change(loc *time.Location, t time.Time) time.Duration {
	s := b.set.Load()
	if s == nil || !inRange(t) {
		return time.Hour
	}
	v := s.timeline(loc).at(t.Unix())
	if v.until-t.Unix() > 3600 {
		return time.Hour
	}
	return time.Unix(v.until, 0).Sub(t)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
