package storetest

import (
	"fmt"
	"sync"
	"testing"

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

func testForget(t *testing.T, f *fixture) {
	f.append(t, alternating(2000)...)
	before := f.scan(t, 0)
	f.forget(t, "nobody")
	f.forget(t, "")
	equal(t, "after forgetting nobody", before, f.scan(t, 0))
	f.forget(t, "ann")
	f.forget(t, "ann")
	var bobs []store.Entry
	for _, e := range before {
		if e.Interaction.User == "bob" {
			bobs = append(bobs, e)
		}
	}
	equal(t, "scan", bobs, f.scan(t, 0))
	equal(t, "scan since", bobs[1500:], f.scan(t, bobs[1499].Position))
	equal(t, "scan since a forgotten position", bobs[1:], f.scan(t, bobs[0].Position+1))
	equal(t, "history", []store.Interaction(nil), f.history(t, "ann", 10))
	equal(t, "other history", reversed(views("bob", 2000)), f.history(t, "bob", 2000))
	f.append(t, view("ann", 7))
	equal(t, "history after", []store.Interaction{view("ann", 7)}, f.history(t, "ann", 10))
	f.forget(t, "bob")
	equal(t, "scan after", []store.Interaction{view("ann", 7)}, f.scanned(t, 0))
}

func testForgetWhileScanning(t *testing.T, f *fixture) {
	f.append(t, alternating(1000)...)
	anns, bobs := 0, 0
	for e, err := range f.Scan(t.Context(), 0) {
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
	last := f.append(t, views("bob", 10)...)
	f.forget(t, "bob")
	f.forget(t, "ann")
	if p := f.append(t); p != last {
		t.Errorf("end is %d after Forget, was %d", p, last)
	}
	if p := f.append(t, view("ann", 1)); p <= last {
		t.Errorf("position %d given out twice: %d was there", p, last)
	}
	if n := len(f.scan(t, last)); n != 1 {
		t.Errorf("%d entries since the forgotten end, want 1", n)
	}
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
				if _, err := f.Append(t.Context(), []store.Interaction{view(user, n)}); err != nil {
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
			var last store.Position
			for e, err := range f.Scan(t.Context(), 0) {
				if err != nil || e.Position <= last {
					t.Errorf("position %d after %d, %v", e.Position, last, err)
					return
				}
				last = e.Position
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
	if n, want := len(f.scan(t, 0)), users/2*rounds; n != want {
		t.Errorf("%d entries left, want %d", n, want)
	}
}
