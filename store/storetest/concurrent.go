package storetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

// testConcurrentHistories has goroutines append, forget, read and scan the same users at random, notes when each call
// began and ended by a shared counter, and judges afterwards whether every read is one that a log could give: nothing
// that was not there yet, nothing that a Forget had removed, everything else, in order.
func testConcurrentHistories(t *testing.T, f *fixture) {
	const workers, steps = 8, 60
	var h history
	var wg sync.WaitGroup
	for w := range workers {
		rng := rand.New(rand.NewPCG(11, uint64(w)))
		wg.Go(func() {
			for i := range steps {
				if err := h.step(t, f, rng, fmt.Sprintf("%d-%d", w, i)); err != nil {
					t.Errorf("worker %d, step %d: %v", w, i, err)
					return
				}
			}
		})
	}
	wg.Wait()
	final := read{span: span{began: h.tick()}}
	if err := h.scan(t, f, &final); err != nil {
		t.Fatal(err)
	}
	final.ended = h.tick()
	h.reads = append(h.reads, final)
	h.judge(t)
}

// span is when a call began and ended.
type span struct{ began, ended uint64 }

func (s span) before(o span) bool { return s.ended < o.began }

type appended struct {
	span
	user      string
	partition int
	at        store.Position
	seq       int // in its batch
}

type read struct {
	span
	user  string // "" for a scan
	since store.Place
	got   []store.Entry
}

type history struct {
	clock atomic.Uint64

	mu      sync.Mutex
	appends map[string]appended // by item, which is unique
	forgets map[string][]span   // by user
	reads   []read
}

func (h *history) tick() uint64 { return h.clock.Add(1) }

func (h *history) step(t *testing.T, f *fixture, rng *rand.Rand, id string) error {
	user := string(rune('a' + rng.IntN(4)))
	r := read{user: user}
	r.began = h.tick()
	var err error
	switch rng.IntN(10) {
	default:
		return h.append(t, f, user, id, 1+rng.IntN(5))
	case 5:
		err = f.Forget(t.Context(), user)
		r.ended = h.tick()
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.forgets == nil {
			h.forgets = make(map[string][]span)
		}
		h.forgets[user] = append(h.forgets[user], r.span)
		return err
	case 6, 7:
		r.got, err = f.History(t.Context(), user, 1<<20)
		slices.Reverse(r.got)
	case 8, 9:
		r.user = ""
		if rng.IntN(2) == 0 { // half of them from the start
			r.since = h.somewhere(rng)
		}
		err = h.scan(t, f, &r)
	}
	r.ended = h.tick()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reads = append(h.reads, r)
	return err
}

// somewhere is a place that has been acknowledged.
func (h *history) somewhere(rng *rand.Rand) store.Place {
	h.mu.Lock()
	defer h.mu.Unlock()
	items := slices.Sorted(maps.Keys(h.appends))
	if len(items) == 0 {
		return store.Place{}
	}
	a := h.appends[items[rng.IntN(len(items))]]
	return store.Place{}.With(a.partition, a.at)
}

func (h *history) append(t *testing.T, f *fixture, user, id string, n int) error {
	batch := make([]store.Entry, n)
	for i := range batch {
		batch[i].Interaction = store.Interaction{User: user, Item: fmt.Sprintf("%s-%d", id, i), Kind: store.Cart, Time: base}
	}
	a := appended{user: user}
	a.began = h.tick()
	err := f.Append(t.Context(), batch)
	a.ended = h.tick()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.appends == nil {
		h.appends = make(map[string]appended)
	}
	for i, e := range batch {
		a.seq, a.partition, a.at = i, e.Partition, e.Position
		h.appends[e.Interaction.Item] = a
	}
	return err
}

func (h *history) scan(t *testing.T, f *fixture, r *read) error {
	last := r.since
	for e, err := range f.Scan(t.Context(), r.since) {
		if err != nil {
			return err
		}
		if e.Position <= last.At(e.Partition) {
			return fmt.Errorf("position %d after %v", e.Position, last)
		}
		last = after(last, e)
		r.got = append(r.got, e)
		if e.Position%64 == 0 {
			time.Sleep(time.Microsecond) // let the others in
		}
	}
	return nil
}

func (h *history) judge(t *testing.T) {
	for _, r := range h.reads {
		shown := make(map[string]bool, len(r.got))
		var previous store.Entry
		forgotten := make(map[string]bool)
		for _, e := range r.got {
			if e.Fact == store.Forgotten {
				if forgotten[e.Interaction.User] {
					t.Errorf("%s twice Forgotten in one read", e.Interaction.User)
				}
				forgotten[e.Interaction.User] = true
				continue
			}
			h.judgeShown(t, &r, e)
			if shown[e.Interaction.Item] {
				t.Errorf("%s twice in one read", e.Interaction.Item)
			}
			shown[e.Interaction.Item] = true
			if previous.Position != 0 {
				h.judgeOrder(t, previous, e)
			}
			previous = e
		}
		for item, a := range h.appends {
			if !shown[item] {
				h.judgeMissing(t, &r, item, a)
			}
		}
		h.judgeForgotten(t, &r, forgotten)
	}
}

func (h *history) judgeShown(t *testing.T, r *read, e store.Entry) {
	in := e.Interaction
	a, ok := h.appends[in.Item]
	want := store.Entry{Partition: a.partition, Position: a.at, Interaction: store.Interaction{
		User: a.user, Item: in.Item, Kind: store.Cart, Time: base,
	}}
	if !ok || e != want || r.before(a.span) {
		t.Errorf("a read shows %v, which was not there; appended %+v", e, a)
	}
	if r.user != "" && r.user != in.User {
		t.Errorf("the history of %s shows %v", r.user, in)
	}
	for _, forget := range h.forgets[a.user] {
		if a.before(forget) && forget.before(r.span) {
			t.Errorf("a read shows %v, which was forgotten", in)
		}
	}
}

// judgeOrder has two neighbours in a read: in log order, and in batch order when of one batch.
func (h *history) judgeOrder(t *testing.T, first, second store.Entry) {
	a, b := h.appends[first.Interaction.Item], h.appends[second.Interaction.Item]
	if first.Partition != second.Partition {
		return
	}
	if first.Position >= second.Position {
		t.Errorf("%s at %d before %s at %d", first.Interaction.Item, first.Position, second.Interaction.Item, second.Position)
	}
	if b.before(a.span) || a.span == b.span && a.seq >= b.seq {
		t.Errorf("%s before %s, which was appended first", first.Interaction.Item, second.Interaction.Item)
	}
}

func (h *history) judgeMissing(t *testing.T, r *read, item string, a appended) {
	if r.user != "" && r.user != a.user || !a.before(r.span) || a.at <= r.since.At(a.partition) {
		return
	}
	for _, forget := range h.forgets[a.user] {
		if !forget.before(a.span) && !r.before(forget) {
			return
		}
	}
	t.Errorf("a read of %q since %v lacks %s of %s", r.user, r.since, item, a.user)
}

// judgeForgotten wants a scan from the start to show that a user is forgotten whom a Forget before it has, and nobody
// else.
func (h *history) judgeForgotten(t *testing.T, r *read, forgotten map[string]bool) {
	if r.user != "" || !r.since.IsZero() {
		return
	}
	for user, forgets := range h.forgets {
		ended := slices.ContainsFunc(forgets, func(forget span) bool { return forget.before(r.span) })
		running := slices.ContainsFunc(forgets, func(forget span) bool { return !forget.before(r.span) && !r.before(forget) })
		if ended && !running && !forgotten[user] {
			t.Errorf("a scan does not show that %s is forgotten", user)
		}
	}
	for user := range forgotten {
		if !slices.ContainsFunc(h.forgets[user], func(forget span) bool { return !r.before(forget) }) {
			t.Errorf("a scan shows %s forgotten, whom nobody has", user)
		}
	}
}
