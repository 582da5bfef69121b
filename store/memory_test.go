package store_test

import (
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
