package pebblestore_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pebblestore"
)

func Example() {
	dir, err := os.MkdirTemp("", "gold")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()

	st, err := pebblestore.Open(dir, pebblestore.Options{})
	if err != nil {
		panic(err)
	}
	now := time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)
	batch := []store.Entry{
		{Interaction: store.Interaction{User: "ann", Item: "tea", Kind: store.View, Time: now}},
		{Interaction: store.Interaction{User: "ann", Item: "tea", Kind: store.Purchase, Value: 2, Time: now.Add(time.Minute)}},
	}
	if err := st.Append(ctx, batch); err != nil {
		panic(err) // nothing was acknowledged
	}
	fmt.Println("appended up to", batch[1].Position)
	if err := st.Close(); err != nil {
		panic(err)
	}

	st, err = pebblestore.Open(dir, pebblestore.Options{}) // another day
	if err != nil {
		panic(err)
	}
	defer st.Close()
	history, err := st.History(ctx, "ann", 10)
	if err != nil {
		panic(err)
	}
	for _, e := range history {
		fmt.Println(e.Interaction.Kind, e.Interaction.Item, e.Interaction.Value)
	}
	// Output:
	// appended up to 2
	// purchase tea 2
	// view tea 0
}
