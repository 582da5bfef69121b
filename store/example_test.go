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
	last, err := st.Append(ctx, []store.Interaction{
		{User: "ann", Item: "tea", Kind: store.View, Time: now},
		{User: "bob", Item: "cup", Kind: store.Cart, Time: now},
	})
	if err != nil {
		panic(err)
	}
	if _, err := st.Append(ctx, []store.Interaction{{User: "ann", Item: "pot", Kind: store.Like, Time: now}}); err != nil {
		panic(err)
	}
	for entry, err := range st.Scan(ctx, last) { // what is new since then
		if err != nil {
			panic(err)
		}
		fmt.Println(entry.Position, entry.Interaction.User, entry.Interaction.Kind, entry.Interaction.Item)
	}
	// Output:
	// 3 ann like pot
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
