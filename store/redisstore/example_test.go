package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/redisstore"
)

// A page that is rendered once and shown to the same user for a minute, by whichever process. It is not run with the tests: it
// needs a cluster.
func Example() {
	ctx := context.Background()
	cache, err := redisstore.NewCache(ctx, []string{"localhost:6379"}, redisstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer cache.Close()
	page, err := cache.Get(ctx, "ann", "home")
	if errors.Is(err, store.ErrNotFound) {
		page = []byte("<html>")
		err = cache.Put(ctx, "ann", "home", page, time.Minute)
	}
	if err != nil {
		log.Print(err) // and go on without it
	}
	fmt.Println(len(page))
}

// Keys of another program beside these, and a process that would rather go on without than wait. It is not run with the tests.
func ExampleNewCache() {
	cache, err := redisstore.NewCache(context.Background(), []string{"localhost:6379"}, redisstore.Options{
		Prefix: "shop", Timeout: 50 * time.Millisecond,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer cache.Close()
}

// Claims of the deals of a board, by all processes that reach the cluster. It is not run with the tests.
func ExampleLedger() {
	ctx := context.Background()
	ledger, err := redisstore.NewLedger(ctx, []string{"redis-0:6379", "redis-1:6379"}, redisstore.LedgerOptions{Replicas: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer ledger.Close()
	var board deals.Board // filled as in package deals
	claims := deals.NewClaims(&board, ledger, deals.ClaimsOptions{})
	go claims.Run(ctx, time.Minute) // expires and forgets, also in deals that nobody asks for
	order := deals.Order{ID: "order-7", Deal: "mugs", User: deals.User{ID: "ann"}, Units: 1}
	claim, err := claims.Hold(ctx, order)
	for errors.Is(err, redisstore.ErrUnknown) {
		claim, err = claims.Hold(ctx, order)
	}
	fmt.Println(claim.State, err)
}

// A ledger of its own for each department, so that one server need not bear them all. It is not run with the tests.
func ExampleNewLedger() {
	ledger, err := redisstore.NewLedger(context.Background(), []string{"redis-0:6379"}, redisstore.LedgerOptions{Name: "garden"})
	if errors.Is(err, redisstore.ErrEvicts) {
		log.Fatal("claims need servers with maxmemory-policy noeviction")
	}
	if err != nil {
		log.Fatal(err)
	}
	defer ledger.Close()
}
