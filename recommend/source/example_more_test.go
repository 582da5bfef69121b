package source_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/source"
	"github.com/goldrec/gold/recommend/stage"
)

// What is on an editor's list comes first, and what is trending after it; what everybody may see fills up.
func Example() {
	shop, now := teaShop("tea", "mug", "pot", "tray")
	counters, err := source.NewCounters(source.CountersOptions{})
	if err != nil {
		log.Fatal(err)
	}
	counters.Add(2, 5, now.Unix(), now.Unix())
	q := &stage.Query{Catalog: shop, N: 4, Now: now}
	for _, s := range []stage.Source{
		&source.List{ID: "editor", Items: []string{"tray", "a thing of the past"}},
		&source.Trending{Counters: counters},
		source.Any{},
	} {
		show(s, q, q.N)
	}
	// Output:
	// editor: tray
	// trending: pot
	// any: tea mug pot tray
}

// With a half-life of a day, what happened yesterday counts half.
func ExampleNewCounters() {
	counters, err := source.NewCounters(source.CountersOptions{HalfLifeDays: 1})
	if err != nil {
		log.Fatal(err)
	}
	const day, tea, mug = 24 * 3600, 0, 1
	counters.Add(tea, 3, 0, 0)
	counters.Add(mug, 2, day, day)
	for _, s := range counters.Top(nil, 2, nil, day) {
		fmt.Println(s.Item, s.Score)
	}
	_, err = source.NewCounters(source.CountersOptions{HalfLifeDays: -1})
	fmt.Println(err != nil)
	// Output:
	// 1 2
	// 0 1.5
	// true
}

// Counters are kept with the models, and move to the handles that items have when they are read.
func ExampleCounters_Load() {
	counters, err := source.NewCounters(source.CountersOptions{})
	if err != nil {
		log.Fatal(err)
	}
	counters.Add(0, 2, 100, 100)
	var file bytes.Buffer
	w := codec.NewWriter(&file)
	counters.Save(w)
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	r, err := codec.NewReader(&file)
	if err != nil {
		log.Fatal(err)
	}
	again, err := source.NewCounters(source.CountersOptions{})
	if err != nil {
		log.Fatal(err)
	}
	if err := again.Load(r, []uint32{7}); err != nil { // the first item has the handle 7 now
		log.Fatal(err)
	}
	fmt.Println(again.Score(7, 100), r.Close())
	// Output: 2 <nil>
}
