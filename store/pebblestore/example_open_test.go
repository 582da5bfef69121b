package pebblestore_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

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

// What a store on disk has acknowledged is there when it is opened again: a profile here, and a model that is in service.
func ExampleStore() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "gold")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	st, err := pebblestore.Open(dir, pebblestore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	_, err = st.PutProfile(ctx, store.Profile{User: "ann", Segments: []string{"vip"}})
	if err != nil {
		log.Fatal(err)
	}
	version, err := st.PutModel(ctx, "recommend", strings.NewReader("what a model saves"))
	if err != nil {
		log.Fatal(err)
	}
	if err := errors.Join(st.SetCurrent(ctx, "recommend", version, 0), st.Close()); err != nil {
		log.Fatal(err)
	}

	if st, err = pebblestore.Open(dir, pebblestore.Options{}); err != nil {
		log.Fatal(err)
	}
	defer st.Close()
	profile, err := st.Profile(ctx, "ann")
	fmt.Println(profile.Segments, profile.Version, err)
	fmt.Println(st.Current(ctx, "recommend"))
	for user, err := range st.Segment(ctx, "vip") {
		fmt.Println(user, err)
	}
	// Output:
	// [vip] 1 <nil>
	// 1 <nil>
	// ann <nil>
}
