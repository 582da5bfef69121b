package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

var base = time.Date(2026, 1, 2, 3, 4, 5, 678_912_000, time.UTC)

func TestMemoryGivesMemoryOfForgottenBack(t *testing.T) {
	ctx := t.Context()
	st := store.NewMemory(store.MemoryOptions{})
	for i := range 5000 {
		user := "stays"
		if i%3 != 0 {
			user = "goes"
		}
		in := store.Interaction{User: user, Item: "i", Kind: store.View, Time: base}
		if err := st.Append(ctx, []store.Entry{{Interaction: in}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.Forget(ctx, "goes"); err != nil {
		t.Fatal(err)
	}
	n := 0
	for e, err := range st.Scan(ctx, store.Place{}) {
		if e.Fact == store.Forgotten {
			continue
		}
		if err != nil || e.Interaction.User != "stays" || (e.Position-1)%3 != 0 {
			t.Fatal(e, err)
		}
		n++
	}
	if want := (5000 + 2) / 3; n != want {
		t.Fatalf("%d entries after Forget, want %d", n, want)
	}
	history, err := st.History(ctx, "stays", 10_000)
	if err != nil || len(history) != n {
		t.Fatal(len(history), err)
	}
	if got := store.MemoryRecords(st); got > 2*n {
		t.Errorf("%d records held for %d entries", got, n)
	}
}

// TestMemoryLetsGoOfTrimmed trims all that users have: nothing of them stays, and neither do their IDs.
func TestMemoryLetsGoOfTrimmed(t *testing.T) {
	ctx := t.Context()
	st := store.NewMemory(store.MemoryOptions{})
	batch := make([]store.Entry, 3000)
	for i := range batch {
		batch[i].Interaction = store.Interaction{
			ID: fmt.Sprint(i), User: fmt.Sprint("user-", i%1000), Item: "i", Kind: store.View, Time: base.Add(time.Duration(i%1000) * time.Second),
		}
	}
	if err := st.Append(ctx, batch); err != nil {
		t.Fatal(err)
	}
	if err := st.Trim(ctx, base.Add(900*time.Second)); err != nil {
		t.Fatal(err)
	}
	if n := store.MemoryUsers(st); n != 100 {
		t.Errorf("%d users are known, want 100", n)
	}
	if n := store.MemoryRecords(st); n > 400 {
		t.Errorf("%d records held for 300 entries", n)
	}
	if n := store.MemoryIDs(st); n != 300 {
		t.Errorf("%d IDs are known, want 300", n)
	}
}
