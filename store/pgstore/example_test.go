package pgstore_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pgstore"
)

// A store in a database, which other processes have open too. It is not run with the tests: it needs a server.
func Example() {
	ctx := context.Background()
	st, err := pgstore.Open(ctx, "postgres://gold@localhost/shop", pgstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()
	in := store.Interaction{ID: "order 7, line 1", User: "ann", Item: "tea", Kind: store.Purchase, Value: 2, Time: time.Now()}
	if err := st.Append(ctx, []store.Entry{{Interaction: in}}); err != nil { // with an ID it may be tried again
		log.Fatal(err)
	}
	history, err := st.History(ctx, "ann", 10)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(history))
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
