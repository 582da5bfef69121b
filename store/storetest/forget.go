package storetest

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

func (f *fixture) forget(t *testing.T, user string) {
	t.Helper()
	if err := f.Forget(t.Context(), user); err != nil {
		t.Fatalf("Forget: %v", err)
	}
}

// alternating is n interactions of ann and of bob, in turn.
func alternating(n int) []store.Interaction {
	batch := make([]store.Interaction, 0, 2*n)
	for i := range n {
		batch = append(batch, view("ann", i), view("bob", i))
	}
	return batch
}

// forgottenOf is what is to be left of a user: one Forgotten entry, whose place is told by got.
func (f *fixture) forgottenOf(user string, got []store.Entry) store.Entry {
	want := store.Entry{Fact: store.Forgotten, Interaction: store.Interaction{User: user, Time: f.clock.Now()}}
	for _, e := range got {
		if e.Interaction.User == user {
			want.Partition, want.Position = e.Partition, e.Position
		}
	}
	return want
}

func of(user string) func(e store.Entry) bool {
	return func(e store.Entry) bool { return e.Interaction.User == user }
}

func notOf(user string) func(e store.Entry) bool {
	return func(e store.Entry) bool { return e.Interaction.User != user }
}

func testForget(t *testing.T, f *fixture) {
	before := byPartition(f.append(t, alternating(2000)...))
	f.forget(t, "")
	f.forget(t, strings.Repeat("x", store.IDMax+1))
	f.forget(t, "\xff")
	equal(t, "after forgetting whom no store can have", before, f.scan(t, store.Place{}))
	f.forget(t, "ann")
	end := f.end(t)
	f.clock.Advance(time.Hour)
	f.forget(t, "ann")
	bobs := without(before, of("ann"))
	left := f.scan(t, store.Place{})
	equal(t, "scan", bobs, without(left, of("ann")))
	equal(t, "what is left of ann", []store.Entry{f.forgottenOf("ann", left)}, without(left, notOf("ann")))
	if n := len(f.scan(t, end)); n != 1 {
		t.Errorf("%d entries since ann was forgotten the first time, want the second Forgotten one", n)
	}
	equal(t, "scan since", bobs[1500:], without(f.scan(t, after(store.Place{}, bobs[1499])), of("ann")))
	between := store.Place{}.With(bobs[0].Partition, bobs[0].Position+1)
	equal(t, "scan since a position that is forgotten, or in another partition bob's next",
		without(bobs, func(e store.Entry) bool { return e.Position <= between.At(e.Partition) }), without(f.scan(t, between), of("ann")))
	equal(t, "history", []store.Interaction(nil), f.history(t, "ann", 10))
	equal(t, "other history", reversed(views("bob", 2000)), f.history(t, "bob", 2000))
	again := f.append(t, view("ann", 7))
	equal(t, "history after", again, f.historyEntries(t, "ann", 10))
	f.forget(t, "bob")
	equal(t, "scan after", []store.Interaction{view("ann", 7)}, interactions(f.scan(t, store.Place{})))
}

// testForgetFacts forgets users of whom the log has every fact, some, or nothing.
func testForgetFacts(t *testing.T, f *fixture) {
	for range 3 {
		f.appendFacts(t, without(someFacts("ann"), func(e store.Entry) bool { return e.Interaction.ID != "" })...)
	}
	f.appendFacts(t, someFacts("ann")...)
	f.appendFacts(t, store.Entry{Fact: store.Exposed, Interaction: store.Interaction{User: "bob", Time: base}})
	others := f.appendFacts(t, someFacts("carl")...)
	before := f.scan(t, store.Place{})
	for i, user := range []string{"ann", "bob", "nobody"} {
		end := f.end(t)
		f.forget(t, user)
		left := f.scan(t, store.Place{})
		forgotten := f.forgottenOf(user, left)
		equal(t, "what is left of "+user, []store.Entry{forgotten}, without(left, notOf(user)))
		if forgotten.Position <= end.At(forgotten.Partition) {
			t.Errorf("%s is forgotten at %d, the end was %v", user, forgotten.Position, end)
		}
		equal(t, "published", without(before, func(e store.Entry) bool { return e.Fact != store.Published }),
			without(left, func(e store.Entry) bool { return e.Fact != store.Published }))
		if n := len(without(left, func(e store.Entry) bool { return e.Fact != store.Forgotten })); n != i+1 {
			t.Errorf("%d Forgotten entries, want %d", n, i+1)
		}
	}
	equal(t, "others", byPartition(without(others, notOf("carl"))), without(f.scan(t, store.Place{}), notOf("carl")))
}

func testForgetWhileScanning(t *testing.T, f *fixture) {
	f.append(t, alternating(1000)...)
	anns, bobs := 0, 0
	for e, err := range f.Scan(t.Context(), store.Place{}) {
		if err != nil {
			t.Fatal(err)
		}
		switch e.Interaction.User {
		case "ann":
			if anns++; anns == 10 {
				f.forget(t, "ann")
			}
		case "bob":
			bobs++
		}
	}
	if anns != 10 || bobs != 1000 {
		t.Errorf("the scan showed %d of the forgotten user and %d of the other, want 10 and 1000", anns, bobs)
	}
}

// testForgetLast forgets the end of the log: its positions must not be given out again.
func testForgetLast(t *testing.T, f *fixture) {
	f.append(t, view("ann", 0))
	f.append(t, views("bob", 5)...)
	end := f.end(t)
	f.forget(t, "bob")
	if got := f.end(t); !got.Covers(end) {
		t.Errorf("end is %v after Forget, was %v", got, end)
	}
	e := f.append(t, view("bob", 1))[0]
	if e.Position <= end.At(e.Partition) {
		t.Errorf("position %d given out twice: the end was %v", e.Position, end)
	}
	equal(t, "since the forgotten end", []store.Interaction{e.Interaction}, interactions(f.scan(t, end)))
}

// testForgetConcurrent forgets users while all append and scans run. What a user appended before their Forget began
// is gone when it returns; what they append afterwards stays; others lose nothing.
func testForgetConcurrent(t *testing.T, f *fixture) {
	const users, rounds = 6, 20
	stop := make(chan struct{})
	var writing, scanning sync.WaitGroup
	for u := range users {
		user := fmt.Sprintf("user-%d", u)
		writing.Go(func() {
			kept := 0
			for n := range rounds {
				if err := f.Append(t.Context(), entries(view(user, n))); err != nil {
					t.Error(err)
					return
				}
				kept++
				if u%2 == 0 && n%5 == 4 {
					if err := f.Forget(t.Context(), user); err != nil {
						t.Error(err)
					}
					kept = 0
				}
				history, err := f.History(t.Context(), user, rounds+1)
				if err != nil || len(history) != kept {
					t.Errorf("%s has %d interactions, want %d; %v", user, len(history), kept, err)
				}
			}
		})
	}
	scanning.Go(func() {
		for {
			var last store.Place
			for e, err := range f.Scan(t.Context(), store.Place{}) {
				if err != nil || e.Position <= last.At(e.Partition) {
					t.Errorf("position %d after %v, %v", e.Position, last, err)
					return
				}
				last = after(last, e)
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	writing.Wait()
	close(stop)
	scanning.Wait()
	if n, want := len(interactions(f.scan(t, store.Place{}))), users/2*rounds; n != want {
		t.Errorf("%d interactions left, want %d", n, want)
	}
}

// testForgetOrder forgets a user to whom others append meanwhile: what stays lies after the Forgotten entry, in Scan and
// in History, whatever its fact, and its IDs are known.
func testForgetOrder(t *testing.T, f *fixture) {
	const writers, most = 4, 300
	ctx, done := context.WithCancel(t.Context())
	var written [writers]int
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := 0; n < most && ctx.Err() == nil; n++ {
				batch := entries(identified("ann", w*most+n), view("ann", n))
				batch = append(batch, store.Entry{Fact: store.Exposed, Interaction: store.Interaction{User: "ann", Time: base}})
				if err := f.Append(t.Context(), batch); err != nil {
					t.Error(err)
					return
				}
				written[w]++
			}
		})
	}
	for range 10 {
		f.forgetAmong(t, "ann")
	}
	done()
	wg.Wait()
	there := make(map[string]bool)
	for _, in := range f.history(t, "ann", math.MaxInt) {
		there[in.ID] = true
	}
	for w := range writers {
		for n := range written[w] {
			e := f.append(t, identified("ann", w*most+n))[0]
			if want := !there[e.Interaction.ID]; (e.Position != 0) != want {
				t.Errorf("%s got position %d, and was in the log: %v", e.Interaction.ID, e.Position, !want)
			}
		}
	}
}

// forgetAmong forgets a user and wants what there is of them then to lie after the Forgotten entry.
func (f *fixture) forgetAmong(t *testing.T, user string) {
	if err := f.Forget(t.Context(), user); err != nil {
		t.Errorf("Forget: %v", err)
		return
	}
	time.Sleep(100 * time.Microsecond) // let the others in
	var forgotten store.Place
	for e, err := range f.Scan(t.Context(), store.Place{}) {
		if err != nil {
			t.Errorf("Scan: %v", err)
			return
		}
		if e.Fact == store.Forgotten {
			forgotten = after(forgotten, e)
		} else if forgotten.IsZero() {
			t.Errorf("%+v lies before the Forgotten entry", e)
			return
		}
	}
	history, err := f.History(t.Context(), user, math.MaxInt)
	if err != nil || forgotten.IsZero() {
		t.Errorf("forgotten at %v; history: %v", forgotten, err)
	}
	for _, e := range history {
		if e.Position <= forgotten.At(e.Partition) {
			t.Errorf("the history has %+v, forgotten at %v", e, forgotten)
		}
	}
}
