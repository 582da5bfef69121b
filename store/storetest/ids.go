package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

// identified is the nth interaction of a user, with an ID.
func identified(user string, n int) store.Interaction {
	in := view(user, n)
	in.ID = fmt.Sprint("id-", n)
	return in
}

// wantStored says which entries of a batch must have been stored, and which not.
func wantStored(t *testing.T, what string, batch []store.Entry, stored ...bool) {
	t.Helper()
	for i, e := range batch {
		if (e.Position != 0) != stored[i] {
			t.Errorf("%s: entry %d got position %d, stored: %v", what, i, e.Position, stored[i])
		}
	}
}

func testIDRetry(t *testing.T, f *fixture) {
	first := f.append(t, identified("ann", 1), view("ann", 2), identified("ann", 3))
	wantStored(t, "first", first, true, true, true)
	end := f.end(t)
	wantStored(t, "retry", f.append(t, identified("ann", 1), identified("ann", 3)), false, false)
	if got := f.end(t); got != end {
		t.Errorf("end %v after a retry, was %v", got, end)
	}
	other := view("ann", 4) // whatever else it says, the ID is known
	other.ID = "id-1"
	exposed := store.Entry{Fact: store.Exposed, Interaction: other}
	mixed := f.appendFacts(t, store.Entry{Interaction: other}, exposed, store.Entry{Interaction: identified("bob", 1)},
		store.Entry{Interaction: view("ann", 2)}, store.Entry{Interaction: identified("ann", 5)}, store.Entry{Interaction: identified("ann", 5)})
	wantStored(t, "mixed", mixed, false, false, true, true, true, false)
	if mixed[2].Position == 0 || mixed[2].Interaction != identified("bob", 1) {
		t.Errorf("entry %+v", mixed[2])
	}
	// Users and IDs whose bytes together are the same.
	split := f.append(t, store.Interaction{User: "a", ID: "bc", Item: "i", Kind: store.View, Time: base},
		store.Interaction{User: "ab", ID: "c", Item: "i", Kind: store.View, Time: base},
		store.Interaction{User: "a", ID: "b", Item: "i", Kind: store.View, Time: base},
		store.Interaction{User: "a", ID: "bc", Item: "i", Kind: store.View, Time: base})
	wantStored(t, "split elsewhere", split, true, true, true, false)
	want := slices.Concat(first, mixed, split)
	want = without(want, func(e store.Entry) bool { return e.Position == 0 })
	equal(t, "scan", byPartition(want), f.scan(t, store.Place{}))
	equal(t, "history", []store.Interaction{identified("ann", 5), view("ann", 2), identified("ann", 3), view("ann", 2), identified("ann", 1)},
		f.history(t, "ann", 10))
}

func testIDForget(t *testing.T, f *fixture) {
	f.append(t, identified("ann", 1), identified("bob", 1))
	f.appendFacts(t, store.Entry{Fact: store.Exposed, Interaction: identified("ann", 2)})
	f.forget(t, "ann")
	again := f.append(t, identified("ann", 1), identified("bob", 1), identified("ann", 2))
	wantStored(t, "after Forget", again, true, false, true)
	wantStored(t, "and once more", f.append(t, identified("ann", 1), identified("ann", 2)), false, false)
	equal(t, "history", []store.Entry{again[2], again[0]}, f.historyEntries(t, "ann", 10))
}

func testIDTrim(t *testing.T, f *fixture) {
	f.append(t, identified("ann", 1), identified("ann", 2), identified("ann", 3))
	if err := f.Trim(t.Context(), base.Add(3*time.Second)); err != nil { // leaves the third
		t.Fatal(err)
	}
	wantStored(t, "after Trim", f.append(t, identified("ann", 1), identified("ann", 2), identified("ann", 3)), true, true, false)
	wantStored(t, "and once more", f.append(t, identified("ann", 1), identified("ann", 2)), false, false)
}

// testIDConcurrent has goroutines try the same batches, in orders of their own, some of them of several at once: every ID
// is stored once, and exactly one call is told so.
func testIDConcurrent(t *testing.T, f *fixture) {
	const workers, ids = 8, 120
	var mu sync.Mutex
	at := make(map[string]store.Position)
	var wg sync.WaitGroup
	for w := range workers {
		rng := rand.New(rand.NewPCG(5, uint64(w)))
		wg.Go(func() {
			order := rng.Perm(ids)
			if w < workers/2 {
				slices.Sort(order) // neck and neck
			}
			for chunk := range slices.Chunk(order, 1+w%3) {
				batch := make([]store.Entry, len(chunk))
				for i, n := range chunk {
					batch[i].Interaction = identified(fmt.Sprint("user-", n%3), n)
				}
				if err := f.Append(t.Context(), batch); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for _, e := range batch {
					if p := at[e.Interaction.ID]; p != 0 && e.Position != 0 {
						t.Errorf("%s stored at %d and at %d", e.Interaction.ID, p, e.Position)
					}
					at[e.Interaction.ID] = max(at[e.Interaction.ID], e.Position)
				}
				mu.Unlock()
				// Whoever was told that it is there already can see it.
				history, err := f.History(t.Context(), batch[0].Interaction.User, 10*ids)
				if err != nil || !slices.ContainsFunc(history, func(e store.Entry) bool { return e.Interaction.ID == batch[0].Interaction.ID }) {
					t.Errorf("%s is not in the history, %v", batch[0].Interaction.ID, err)
				}
			}
		})
	}
	wg.Wait()
	seen := f.scan(t, store.Place{})
	if len(seen) != ids {
		t.Errorf("%d entries, want %d", len(seen), ids)
	}
	for _, e := range seen {
		if at[e.Interaction.ID] != e.Position {
			t.Errorf("%s at %d, acknowledged at %d", e.Interaction.ID, e.Position, at[e.Interaction.ID])
		}
	}
}
