package pebblestore_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pebblestore"
)

// A directory belongs to one store at a time, here or in another process.
func ExampleOpen() {
	parent, err := os.MkdirTemp("", "gold")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(parent)
	dir := filepath.Join(parent, "data") // Open makes it
	st, err := pebblestore.Open(dir, pebblestore.Options{CacheBytes: 8 << 20})
	if err != nil {
		log.Fatal(err)
	}
	_, err = pebblestore.Open(dir, pebblestore.Options{})
	fmt.Println(errors.Is(err, pebblestore.ErrInUse))
	fmt.Println(st.Close())
	// Output:
	// true
	// <nil>
}

// An engine on a store on disk: what it trained is in service again after a restart.
func ExampleStore() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "gold")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for range 2 {
		st, err := pebblestore.Open(dir, pebblestore.Options{})
		if err != nil {
			log.Fatal(err)
		}
		eng, err := recommend.Open(ctx, st, recommend.Options{})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("version", eng.Status().Version)
		for _, user := range []string{"ann", "bob", "eve"} {
			if err := eng.Record(ctx, store.Interaction{User: user, Item: "tea", Kind: store.Like, Time: time.Now()}); err != nil {
				log.Fatal(err)
			}
		}
		if eng.Status().Version == 0 {
			if _, err := eng.Train(ctx); err != nil {
				log.Fatal(err)
			}
		}
		if err := errors.Join(eng.Close(), st.Close()); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// version 0
	// version 1
}
