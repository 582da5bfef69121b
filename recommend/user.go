package recommend

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

const (
	historyMax = 200    // newest interactions that models are shown
	seenMax    = 10_000 // newest interactions whose items count as seen
	shownMax   = 10_000 // newest impressions, where a rule asks for them
	seenSlack  = 2_500  // so many more are kept in memory before a state is read anew
	pagesMax   = 4      // shapes of first pages kept for one user
	pendingMax = 200    // interactions that wait while a history is being read
)

// user is the place of one user in memory: a bounded cache over the store's log. It fits a cache line, which is what a
// page served again reads of it; what is rarely there stands aside.
type user struct {
	id      string
	state   atomic.Pointer[userState]
	exposed atomic.Uint64 // the latest exposure that is in the log, as exposureKey has it
	used    atomic.Bool   // since the clock hand last passed

	mu    sync.Mutex
	aside *aside // nil: nothing is there
}

// aside is what few users have. It is guarded by user.mu.
type aside struct {
	pending  []event       // applied while the history was being read, state being nil
	missed   bool          // more than pendingMax of them, or another profile: all has to be read again
	exposing *exposing     // nil when no exposure is being written
	reading  chan struct{} // closed when the goroutine that reads the history has ended; nil when none does
}

// rare returns the place aside. The caller holds mu.
func (u *user) rare() *aside {
	if u.aside == nil {
		u.aside = new(aside)
	}
	return u.aside
}

// tidy lets go of the place aside when nothing is there. The caller holds mu.
func (u *user) tidy() {
	if a := u.aside; a != nil && a.exposing == nil && a.reading == nil && len(a.pending) == 0 && !a.missed {
		u.aside = nil
	}
}

// event is an interaction with a known item.
type event struct {
	position store.Position // in the log, by which events are told apart and ordered
	time     uint32         // Unix seconds; what lies before 1970 counts as then
	item     uint32
	weight   float32
	visit    uint32 // the kind in the upper eight bits, below them a number of the session
}

const visitBits = 24

func newEvent(at store.Position, in *store.Interaction, item uint32, weight float32) event {
	return event{
		position: at, time: uint32(min(max(in.Time.Unix(), 0), 1<<32-1)), item: item, weight: weight,
		visit: uint32(in.Kind)<<visitBits | sessionOf(in.Session),
	}
}

// sessionOf numbers a session in visitBits; 0 without a name.
func sessionOf(name string) uint32 {
	if name == "" {
		return 0
	}
	return max(1, model.SessionOf(name)&(1<<visitBits-1))
}

// model is the event as models are shown it.
func (ev *event) model() model.Event {
	return model.Event{
		Time: int64(ev.time), Item: ev.item, Weight: ev.weight,
		Session: ev.visit & (1<<visitBits - 1), Kind: ev.kind(),
	}
}

func (ev *event) kind() store.Kind { return store.Kind(ev.visit >> visitBits) }

// shown reports whether it says no more than that the item was shown: rules may ask for it, models are not told.
func (ev *event) shown() bool { return ev.kind() == store.Impression && ev.weight == 0 }

// userState is what the engine knows of a user. It is replaced, never changed, but for the caches in it: so a new
// interaction voids the pages at once. They are kept all the same, to know what later interactions come from.
type userState struct {
	history history        // the newest historyMax and at most historySlack more
	before  *met           // in events before those; nil: nothing
	hidden  [][]hide       // by rule of the policies' Seen: what it hides, sorted by item
	profile *store.Profile // nil: none, or not asked for
	serial  uint32         // grows with every event: pages made before are not served again
	told    uint32         // grows with every event that models are shown

	view   atomic.Pointer[view]
	newest atomic.Pointer[cachedPage] // of the pages kept, pagesMax at most
}

// view is what the models of one epoch made of a user, kept from one page to the next and past new interactions: the
// vector is then gone on from.
type view struct {
	epoch  uint64    // not the generation itself, which an idle user would keep from being freed
	vector []float32 // of the history as it was when told was this
	told   uint32
	turned float32 // by how much the vector has turned since found was looked for, in radians, all turns added up
	found  *found  // nil: nothing has been looked for
	ranked *ranked // nil: one page at most has been made of the history
	due    int64   // Unix nanoseconds: how far it is ahead of now says how often it was made anew (GCRA)
}

// with is the state after one more event. An event that stands there already, which a history read from the store
// meanwhile has brought, changes nothing. It may be called once of each state.
func (s *userState) with(ev event, rules *rules) *userState {
	var room [historyMax + historySlack + 1]event
	events := s.history.appendTo(room[:0])
	at, found := slices.BinarySearchFunc(events, ev.position, func(e event, p store.Position) int {
		return cmp.Compare(e.position, p)
	})
	if found {
		return s
	}
	next := &userState{
		history: s.history, before: s.before, hidden: rules.with(s.hidden, ev), profile: s.profile,
		serial: s.serial + 1, told: s.told,
	}
	next.newest.Store(s.newest.Load())
	next.view.Store(s.view.Load())
	if !ev.shown() {
		next.told++
		next.place(events, ev, at)
	}
	return next
}

// place puts an event at its place among those of the history. When they have become too many the oldest give way.
func (s *userState) place(events []event, ev event, at int) {
	if len(events) < historyMax+historySlack && at == len(events) {
		var last event
		if at > 0 {
			last = events[at-1]
		}
		s.history = s.history.with(last, ev)
		return
	}
	events = slices.Insert(events, at, ev)
	if len(events) > historyMax+historySlack {
		old := events[:len(events)-historyMax]
		events = events[len(old):]
		for i := range old {
			if hides(old[i].kind()) {
				s.before = s.before.with(old[i].item)
			}
		}
	}
	s.history = pack(events)
}

// met is a set of items: many in order, and few that have come since. It is immutable.
type met struct {
	sorted []uint32
	recent []uint32
}

// recentMax is how many items come before they are put among the others.
const recentMax = 64

func (m *met) has(item uint32) bool {
	return m != nil && (slices.Contains(m.recent, item) || has(m.sorted, item))
}

func (m *met) len() int {
	if m == nil {
		return 0
	}
	return len(m.sorted) + len(m.recent)
}

// with is the set with one more.
func (m *met) with(item uint32) *met {
	switch {
	case m == nil:
		return &met{recent: []uint32{item}}
	case m.has(item):
		return m
	case len(m.recent) < recentMax:
		return &met{sorted: m.sorted, recent: append(slices.Clip(m.recent), item)}
	}
	sorted := slices.Concat(m.sorted, m.recent, []uint32{item})
	slices.Sort(sorted)
	return &met{sorted: sorted}
}

// newUserState makes a state of a whole history, in the order of the log.
func newUserState(events []event, profile *store.Profile, rules *rules) *userState {
	s := &userState{profile: profile, hidden: rules.of(events)}
	told := make([]event, 0, min(len(events), historyMax)) // the newest first
	var before []uint32
	for _, ev := range slices.Backward(events) {
		switch {
		case ev.shown():
		case len(told) < historyMax:
			told = append(told, ev)
		case hides(ev.kind()):
			before = append(before, ev.item)
		}
	}
	if len(before) > 0 {
		slices.Sort(before)
		s.before = &met{sorted: slices.Clip(slices.Compact(before))}
	}
	slices.Reverse(told)
	s.history = pack(told)
	return s
}

// crowded reports whether it holds more than it should: the store still knows which are the newest.
func (s *userState) crowded() bool {
	return s.history.n+s.before.len() > seenMax+seenSlack ||
		slices.ContainsFunc(s.hidden, func(h []hide) bool { return len(h) > seenMax+shownMax+seenSlack })
}

// beginReading makes the caller the one who reads the user, and returns nil, unless another goroutine is: then what is closed when
// that ends.
func (u *user) beginReading() (another <-chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if a := u.rare(); a.reading != nil {
		return a.reading
	}
	u.aside.reading = make(chan struct{})
	return nil
}

func (u *user) endReading() {
	u.mu.Lock()
	defer u.mu.Unlock()
	close(u.aside.reading)
	u.aside.reading = nil
	u.tidy()
}

// loaded makes the history the state, unless another goroutine was first, and adds what came meanwhile. It returns nil
// when too much came for that.
func (u *user) loaded(history []event, profile *store.Profile, rules *rules) *userState {
	u.mu.Lock()
	defer u.mu.Unlock()
	if s := u.state.Load(); s != nil {
		return s
	}
	s := newUserState(history, profile, rules)
	if u.aside != nil {
		pending, missed := u.aside.pending, u.aside.missed
		u.aside.pending, u.aside.missed = nil, false
		u.tidy()
		if missed {
			return nil
		}
		for _, ev := range pending {
			s = s.with(ev, rules)
		}
	}
	u.state.Store(s)
	return s
}

// apply takes in an event of the log.
func (u *user) apply(ev event, rules *rules) {
	u.mu.Lock()
	defer u.mu.Unlock()
	s := u.state.Load()
	if s == nil { // the history is being read, and may miss the event
		a := u.rare()
		if a.missed = a.missed || len(a.pending) == pendingMax; a.missed {
			a.pending = nil
			return
		}
		a.pending = append(a.pending, ev)
		return
	}
	if s = s.with(ev, rules); s.crowded() {
		s = nil
	}
	u.state.Store(s)
}

// changed drops what was read of the profile, or is being read.
func (u *user) changed() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.state.Swap(nil) == nil {
		u.rare().missed, u.rare().pending = true, nil
	}
}
