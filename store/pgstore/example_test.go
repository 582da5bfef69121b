package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/goldrec/gold/deals"
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

// A new store whose log has more partitions, in a schema of another name, that gives up sooner. It is not run with the tests.
func ExampleOpen() {
	st, err := pgstore.Open(context.Background(), "postgres://gold@localhost/shop", pgstore.Options{
		Schema: "recommendations", Partitions: 32, Timeout: 2 * time.Second,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()
}

// Claims of the deals of a board, by all processes that have the store open. It is not run with the tests.
func ExampleLedger() {
	ctx := context.Background()
	st, err := pgstore.Open(ctx, "postgres://gold@db.example/shop", pgstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()
	var board deals.Board // filled as in package deals
	claims := deals.NewClaims(&board, st.Ledger(0), deals.ClaimsOptions{})
	go claims.Run(ctx, time.Minute) // expires and forgets, also in deals that nobody asks for
	claim, err := claims.Hold(ctx, deals.Order{ID: "order-7", Deal: "mugs", User: deals.User{ID: "ann"}, Units: 1})
	if errors.Is(err, pgstore.ErrUnknown) {
		claim, err = claims.Hold(ctx, deals.Order{ID: "order-7", Deal: "mugs", User: deals.User{ID: "ann"}, Units: 1})
	}
	fmt.Println(claim.State, err)
}
