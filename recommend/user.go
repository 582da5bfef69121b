package recommend

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

const (
	historyMax = 200    // newest interactions that models are shown
	seenMax    = 10_000 // newest interactions whose items count as seen
	pagesMax   = 4      // shapes of first pages kept for one user
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
	pending  []event   // recorded while the history was being read, state being nil
	picks    []pick    // of the newest mixed pages, the newest last
	exposing *exposing // nil when no exposure is being written
}

// rare returns the place aside. The caller holds mu.
func (u *user) rare() *aside {
	if u.aside == nil {
		u.aside = new(aside)
	}
	return u.aside
}

// event is an interaction with a known item.
type event struct {
	item   uint32 // catalogue handle
	kind   store.Kind
	weight float32
	time   int64 // Unix microseconds
}

// userState is what the engine knows of a user. It is replaced, never changed, but for the caches in it: so a new
// interaction drops them all at once.
type userState struct {
	history []event  // oldest first, the newest historyMax
	seen    []uint32 // sorted catalogue handles

	view  atomic.Pointer[view]
	pages atomic.Pointer[[]*cachedPage]
}

// view is a history as the model of one epoch sees it.
type view struct {
	epoch   uint64 // not the service itself, which an idle user would keep from being freed
	history []model.Event
	vector  []float32
}

// add is the state after more events. One that stands there already is left out: a history read from the store while
// it was being recorded holds it too.
func (s *userState) add(events []event) *userState {
	next := &userState{history: s.history, seen: s.seen}
	for _, ev := range events {
		if slices.Contains(next.history, ev) {
			continue
		}
		if drop := len(next.history) + 1 - historyMax; drop > 0 {
			next.history = next.history[drop:]
		}
		next.history = append(slices.Clip(next.history), ev)
		if i, found := slices.BinarySearch(next.seen, ev.item); !found {
			next.seen = slices.Insert(slices.Clip(next.seen), i, ev.item)
		}
	}
	return next
}

func (s *userState) hasSeen(item uint32) bool {
	_, found := slices.BinarySearch(s.seen, item)
	return found
}

// newUserState makes a state of a whole history, oldest first.
func newUserState(events []event) *userState {
	s := &userState{seen: make([]uint32, 0, len(events))}
	for _, ev := range events {
		s.seen = append(s.seen, ev.item)
	}
	slices.Sort(s.seen)
	s.seen = slices.Clip(slices.Compact(s.seen))
	for _, ev := range slices.Backward(events) {
		if len(s.history) == historyMax {
			break
		}
		if !slices.Contains(s.history, ev) { // as add does, so that a restart changes nothing
			s.history = append(s.history, ev)
		}
	}
	slices.Reverse(s.history)
	return s
}

// loaded makes history the state, unless another goroutine was first, and adds what came meanwhile.
func (u *user) loaded(history []event) *userState {
	u.mu.Lock()
	defer u.mu.Unlock()
	if s := u.state.Load(); s != nil {
		return s
	}
	s := newUserState(history)
	if u.aside != nil {
		s = s.add(u.aside.pending)
		u.aside.pending = nil
	}
	u.state.Store(s)
	return s
}

// record adds an event that is already in the log.
func (u *user) record(ev event) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if s := u.state.Load(); s != nil {
		u.state.Store(s.add([]event{ev}))
		return
	}
	// The history being read may miss the event. Should more arrive than are kept, the oldest are certainly in it.
	r := u.rare()
	r.pending = append(r.pending[max(0, len(r.pending)+1-historyMax):], ev)
}

// see returns the history as the model in service sees it, made once for each state and model.
func (s *userState) see(svc *service, now int64) *view {
	if v := s.view.Load(); v != nil && v.epoch == svc.epoch {
		return v
	}
	v := &view{epoch: svc.epoch, history: make([]model.Event, 0, len(s.history))}
	for _, ev := range s.history {
		if item, ok := svc.modelItem(ev.item); ok {
			v.history = append(v.history, model.Event{Item: item, Weight: ev.weight, Time: ev.time / 1e6})
		}
	}
	v.vector = embed(svc.model, v.history, now)
	s.view.Store(v)
	return v
}

func embed(m model.Model, history []model.Event, now int64) []float32 {
	if e, ok := m.(model.Embedder); ok {
		return e.Embed(nil, history, now)
	}
	return nil
}

// cachedPage is a first page that may be served again.
type cachedPage struct {
	shape   shape
	epoch   uint64
	expires int64    // Unix nanoseconds
	items   []uint32 // catalogue handles: what became unavailable since voids the page
	page    *Page
}

// shape is all of a cacheable request that its page depends on, besides the user.
type shape struct {
	n       int
	model   string
	variant string
}

func (s *userState) page(sh shape, epoch uint64, now int64) *cachedPage {
	pages := s.pages.Load()
	if pages == nil {
		return nil
	}
	for _, p := range *pages {
		if p.shape == sh && p.epoch == epoch && now < p.expires {
			return p
		}
	}
	return nil
}

// keep puts the page in front. Of two goroutines that keep at once one may lose its page, which costs a computation.
func (s *userState) keep(p *cachedPage) {
	pages := []*cachedPage{p}
	if old := s.pages.Load(); old != nil {
		for _, q := range *old {
			if q.shape != p.shape && len(pages) < pagesMax {
				pages = append(pages, q)
			}
		}
	}
	s.pages.Store(&pages)
}
