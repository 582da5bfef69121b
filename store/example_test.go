package store_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goldrec/gold/store"
)

func ExampleMemory() {
	ctx := context.Background()
	st := store.NewMemory(store.MemoryOptions{})
	defer st.Close()
	now := time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)
	err := st.Append(ctx, []store.Entry{
		{Interaction: store.Interaction{User: "ann", Item: "tea", Kind: store.View, Time: now}},
		{Interaction: store.Interaction{User: "bob", Item: "cup", Kind: store.Cart, Time: now}},
	})
	if err != nil {
		panic(err)
	}
	place, err := st.End(ctx)
	if err != nil {
		panic(err)
	}
	purchase := []store.Entry{{Interaction: store.Interaction{
		ID: "order 7, line 1", User: "ann", Item: "pot", Kind: store.Purchase, Value: 1, Time: now,
	}}}
	for range 2 { // the second time, of which the first one's sender does not know, counts for nothing
		if err := st.Append(ctx, purchase); err != nil {
			panic(err)
		}
	}
	if err := st.Forget(ctx, "bob"); err != nil {
		panic(err)
	}
	for entry, err := range st.Scan(ctx, place) { // what is new since then
		if err != nil {
			panic(err)
		}
		place = place.With(entry.Partition, entry.Position)
		fmt.Printf("%v %v: %s %q\n", place, entry.Fact, entry.Interaction.User, entry.Interaction.Item)
	}
	// Output:
	// 1:3 interaction: ann "pot"
	// 1:4 forgotten: bob ""
}

// A writer that lost against another reads the profile again and repeats its change.
func ExampleProfiles_conflict() {
	ctx := context.Background()
	st := store.NewMemory(store.MemoryOptions{})
	defer st.Close()
	first, err := st.PutProfile(ctx, store.Profile{User: "ann", Segments: []string{"vip"}})
	if err != nil {
		panic(err)
	}
	if _, err := st.PutProfile(ctx, first); err != nil { // another writer
		panic(err)
	}
	_, err = st.PutProfile(ctx, first)
	fmt.Println(errors.Is(err, store.ErrConflict))
	current, err := st.Profile(ctx, "ann")
	fmt.Println(current.Version, err)
	// Output:
	// true
	// 2 <nil>
}
