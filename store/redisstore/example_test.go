package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

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
