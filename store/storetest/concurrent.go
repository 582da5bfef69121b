package storetest

import (
	"cmp"
	"fmt"
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
	user string
	at   store.Position // 0 for one that is not the last of its batch
	seq  int            // in its batch
}

type read struct {
	span
	user  string // "" for a scan
	since store.Position
	got   []store.Interaction
}

type history struct {
	clock atomic.Uint64
	end   atomic.Uint64 // a position acknowledged lately

	mu       sync.Mutex
	appends  map[string]appended // by item, which is unique
	forgets  map[string][]span   // by user
	reads    []read
	position map[string]store.Position // by item, as scans showed it
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
		r.since = store.Position(rng.Uint64N(h.end.Load()+1)) * store.Position(rng.IntN(2)) // half of them from the start
		err = h.scan(t, f, &r)
	}
	r.ended = h.tick()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reads = append(h.reads, r)
	return err
}

func (h *history) append(t *testing.T, f *fixture, user, id string, n int) error {
	batch := make([]store.Interaction, n)
	for i := range batch {
		batch[i] = store.Interaction{User: user, Item: fmt.Sprintf("%s-%d", id, i), Kind: store.Cart, Time: base}
	}
	a := appended{user: user}
	a.began = h.tick()
	p, err := f.Append(t.Context(), batch)
	a.ended = h.tick()
	h.end.Store(uint64(p))
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.appends == nil {
		h.appends = make(map[string]appended)
	}
	for i := range batch {
		a.seq = i
		if i == n-1 {
			a.at = p
		}
		h.appends[batch[i].Item] = a
	}
	return err
}

// scan notes the positions it sees: an entry has the same one in every scan.
func (h *history) scan(t *testing.T, f *fixture, r *read) error {
	last := r.since
	for e, err := range f.Scan(t.Context(), r.since) {
		if err != nil {
			return err
		}
		if e.Position <= last {
			return fmt.Errorf("position %d after %d", e.Position, last)
		}
		last = e.Position
		r.got = append(r.got, e.Interaction)
		h.mu.Lock()
		if h.position == nil {
			h.position = make(map[string]store.Position)
		}
		if p, ok := h.position[e.Interaction.Item]; ok && p != e.Position {
			t.Errorf("%s at %d and at %d", e.Interaction.Item, p, e.Position)
		}
		h.position[e.Interaction.Item] = e.Position
		h.mu.Unlock()
		if last%64 == 0 {
			time.Sleep(time.Microsecond) // let the others in
		}
	}
	return nil
}

func (h *history) judge(t *testing.T) {
	for item, a := range h.appends {
		if p, ok := h.position[item]; ok && a.at != 0 && p != a.at {
			t.Errorf("%s at %d, acknowledged at %d", item, p, a.at)
		}
	}
	for _, r := range h.reads {
		shown := make(map[string]bool, len(r.got))
		for i, in := range r.got {
			h.judgeShown(t, &r, in)
			if shown[in.Item] {
				t.Errorf("%s twice in one read", in.Item)
			}
			shown[in.Item] = true
			if i > 0 {
				h.judgeOrder(t, r.got[i-1], in)
			}
		}
		for item, a := range h.appends {
			if !shown[item] {
				h.judgeMissing(t, &r, item, a)
			}
		}
	}
}

func (h *history) judgeShown(t *testing.T, r *read, in store.Interaction) {
	a, ok := h.appends[in.Item]
	want := store.Interaction{User: a.user, Item: in.Item, Kind: store.Cart, Time: base}
	if !ok || in != want || r.before(a.span) {
		t.Errorf("a read shows %v, which was not there", in)
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

// judgeOrder has two neighbours in a read: in log order when both are known, in batch order when of one batch.
func (h *history) judgeOrder(t *testing.T, first, second store.Interaction) {
	a, b := h.appends[first.Item], h.appends[second.Item]
	p, q := h.position[first.Item], h.position[second.Item]
	if p != 0 && q != 0 && p >= q {
		t.Errorf("%s at %d before %s at %d", first.Item, p, second.Item, q)
	}
	if b.before(a.span) || a.span == b.span && cmp.Compare(a.seq, b.seq) >= 0 {
		t.Errorf("%s before %s, which was appended first", first.Item, second.Item)
	}
}

func (h *history) judgeMissing(t *testing.T, r *read, item string, a appended) {
	if r.user != "" && r.user != a.user || !a.before(r.span) {
		return
	}
	if r.since > 0 && h.position[item] <= r.since {
		return // before the scan, or where nobody knows; the scans since 0 judge that
	}
	for _, forget := range h.forgets[a.user] {
		if !forget.before(a.span) && !r.before(forget) {
			return
		}
	}
	t.Errorf("a read of %q since %d lacks %s of %s", r.user, r.since, item, a.user)
}
