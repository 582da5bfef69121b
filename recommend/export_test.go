package recommend

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"

	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

// CatchUp applies what the log has and the engine does not, and counts what is trending anew when that is due, as Run
// would.
func (e *Engine) CatchUp(ctx context.Context) error {
	return errors.Join(e.catchUp(ctx), e.recount(ctx))
}

// Follow applies what the log has and the engine does not.
func (e *Engine) Follow(ctx context.Context) error { return e.catchUp(ctx) }

// Recount counts what is trending anew when that is due.
func (e *Engine) Recount(ctx context.Context) error { return e.recount(ctx) }

// Adopt puts the store's current model into service, as Run would.
func (e *Engine) Adopt(ctx context.Context) error { return e.adopt(ctx) }

// Apply applies entries of the log in the order given.
func (e *Engine) Apply(entries ...store.Entry) {
	for i := range entries {
		e.apply(&entries[i])
	}
}

// UsersInMemory is how many users the engine holds.
func (e *Engine) UsersInMemory() int { return e.users.len() }

// InMemory reports whether the engine holds the user.
func (e *Engine) InMemory(user string) bool {
	_, ok := e.users.byID.Get(user)
	return ok
}

// Event is an event of a history in memory.
type Event struct {
	Position store.Position
	Item     string
	Weight   float32
}

// Memory is what the engine holds of a user: the history, and how many items it hides; nothing of one who is not there.
func (e *Engine) Memory(user string) (history []Event, seen int) {
	u, ok := e.users.byID.Get(user)
	if !ok || u.state.Load() == nil {
		return nil, 0
	}
	s := u.state.Load()
	events := s.history.appendTo(nil)
	for _, ev := range events[max(0, len(events)-historyMax):] {
		history = append(history, Event{ev.position, e.items.ID(ev.item), ev.weight})
	}
	hides := map[uint32]bool{}
	if s.before != nil {
		for _, item := range slices.Concat(s.before.sorted, s.before.recent) {
			hides[item] = true
		}
	}
	for _, ev := range events {
		if ev.kind() != store.Impression {
			hides[ev.item] = true
		}
	}
	seen = len(hides)
	for _, h := range s.hidden {
		seen = max(seen, len(h))
	}
	return history, seen
}

// ExposedToday is how many exposures of the newest day the engine knows.
func (e *Engine) ExposedToday() int {
	e.exposed.mu.Lock()
	defer e.exposed.mu.Unlock()
	return len(e.exposed.hashes)
}

const (
	SeenMax    = seenMax
	SeenSlack  = seenSlack
	ShownMax   = shownMax
	HistoryMax = historyMax
	PendingMax = pendingMax
)

// Score is what the item counts for in what is trending.
func (e *Engine) Score(item string) float32 {
	h, known := e.items.Lookup(item)
	if !known {
		return 0
	}
	return e.trending().Score(h, e.now().Unix())
}

// WriteFile writes the file of what is in service, with identifiers as the function has them.
func (e *Engine) WriteFile(w io.Writer, id func(i int) string) error {
	return e.writeFile(w, e.service.Load(), e.items.Len(), id, e.trending())
}

// WithoutLatest says which item of a history the gate withholds.
func WithoutLatest(history []model.Event) (before int, item uint32, ok bool) {
	var b model.Builder
	for item := range 4 {
		b.Item(strconv.Itoa(item)) // as many handles as the histories of the test have
	}
	for _, e := range history {
		b.AddEvent("ann", e)
	}
	kept, held := eval.Latest(b.Build(), nil)
	if len(held) == 0 {
		return len(history), 0, false
	}
	return kept.Len(), held[0].Item, true
}

// Weight is what the blend in service gives a part for a history of so many events.
func (e *Engine) Weight(part string, events int) float32 {
	return e.service.Load().weights.Of(part, events)
}

// Epoch grows with every generation that takes service here.
func (e *Engine) Epoch() uint64 { return e.service.Load().epoch }

// Newcomers is how many users are to be asked what is new.
func (e *Engine) Newcomers() int {
	e.newcomers.mu.Lock()
	defer e.newcomers.mu.Unlock()
	return len(e.newcomers.users)
}

const (
	NewcomersMax = newcomersMax
	ListAlways   = listAlways
)

// Busy has the engine make as many pages anew after a swap as it does at a time, until the function is called.
func (e *Engine) Busy() (done func()) {
	e.renewing.Add(renewingMax)
	return func() { e.renewing.Add(-renewingMax) }
}

// Looked is at which of the user's interactions walking parts have looked for candidates last, counted from 0; -1: they have not.
func (e *Engine) Looked(user string) int {
	u, ok := e.users.byID.Get(user)
	if !ok || u.state.Load() == nil {
		return -1
	}
	v := u.state.Load().view.Load()
	if v == nil || v.found == nil {
		return -1
	}
	return int(v.found.told)
}

// Filters is how many filters are kept compiled.
func (e *Engine) Filters() int { return len(e.filters.byKey) }

const (
	FiltersMax  = filtersMax
	OutlivedMax = outlivedMax
	ToldMax     = toldMax
	AskedMin    = askedMin
)

// Ranked tells the rankings kept of a user apart; nil: there is none.
func (e *Engine) Ranked(user string) any {
	u, ok := e.users.byID.Get(user)
	if !ok || u.state.Load() == nil {
		return nil
	}
	if v := u.state.Load().view.Load(); v != nil && v.ranked != nil {
		return v.ranked
	}
	return nil
}

// Common tells the pages of strangers apart, the newest.
func (e *Engine) Common() any {
	if all := e.commons.Load(); all != nil {
		return (*all)[0]
	}
	return nil
}

// Followed is how many interactions the user's vector is of, counted from when the history was read.
func (e *Engine) Followed(user string) int {
	u, ok := e.users.byID.Get(user)
	if !ok || u.state.Load() == nil || u.state.Load().view.Load() == nil {
		return -1
	}
	return int(u.state.Load().view.Load().told)
}

const (
	RenewEvery = renewEvery
	RenewBurst = renewBurst
)
