package pgstore_test

import (
	"context"
	"fmt"
	"time"

	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pgstore"
)

func Example() {
	ctx := context.Background()
	st, err := pgstore.Open(ctx, "postgres://gold@db.example/shop", pgstore.Options{})
	if err != nil {
		panic(err)
	}
	defer st.Close()
	batch := []store.Entry{{Interaction: store.Interaction{
		ID: "7f3a", User: "ann", Item: "tea", Kind: store.Purchase, Value: 2, Time: time.Now(),
	}}}
	if err := st.Append(ctx, batch); err != nil {
		panic(err)
	}
	fmt.Println("in partition", batch[0].Partition, "at", batch[0].Position)
}
