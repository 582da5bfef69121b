package source_test

import (
	"fmt"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/recommend/source"
	"github.com/goldrec/gold/recommend/stage"
)

// teaShop is a catalogue of a few items, each a day newer than the one before.
func teaShop(ids ...string) (*catalog.Catalog, time.Time) {
	c, now := catalog.New(), time.Date(2026, 3, 1, 18, 30, 0, 0, time.UTC)
	for i, id := range ids {
		it := catalog.Item{ID: id, Available: true, Created: now.AddDate(0, 0, i-len(ids)), Price: catalog.Money{Minor: 1000, Currency: "EUR"}}
		if _, err := c.Upsert(it); err != nil {
			panic(err)
		}
	}
	return c, now
}

func show(s stage.Source, q *stage.Query, n int) {
	fmt.Print(s.Name(), ":")
	for _, c := range s.Propose(nil, q, n) {
		fmt.Print(" ", q.Catalog.ID(c.Item))
	}
	fmt.Println()
}

func ExampleTrending() {
	shop, now := teaShop("tea", "mug", "pot")
	counters, err := source.NewCounters(source.CountersOptions{HalfLifeDays: 1})
	if err != nil {
		panic(err)
	}
	for item, bought := range map[uint32]int{0: 3, 1: 1, 2: 5} {
		for range bought {
			counters.Add(item, 1, now.Unix(), now.Unix())
		}
	}
	show(&source.Trending{Counters: counters}, &stage.Query{Catalog: shop, Now: now}, 2)
	// Output: trending: pot tea
}

func ExampleFresh() {
	shop, now := teaShop("tea", "mug", "pot")
	show(&source.Fresh{}, &stage.Query{Catalog: shop, Now: now}, 2)
	// Output: fresh: pot mug
}

func ExampleLive() {
	shop, now := teaShop("tea", "mug", "pot")
	window, err := deals.NewWindow(deals.Daily{Start: "18:00", End: "19:00", Zone: "UTC"})
	if err != nil {
		panic(err)
	}
	var board deals.Board
	if err := board.Replace([]deals.Deal{{ID: "golden-hour", Items: []string{"mug"}, Discount: deals.FixedPrice(750, "EUR"), Window: window}}); err != nil {
		panic(err)
	}
	live := &source.Live{Board: &board}
	show(live, &stage.Query{Catalog: shop, Now: now}, 2)
	show(live, &stage.Query{Catalog: shop, Now: now.Add(time.Hour)}, 2)
	// Output:
	// live: mug
	// live:
}

func ExampleList() {
	shop, now := teaShop("tea", "mug", "pot")
	show(&source.List{ID: "spring", Items: []string{"pot", "tea"}}, &stage.Query{Catalog: shop, Now: now}, 2)
	// Output: spring: pot tea
}

func ExampleAny() {
	shop, now := teaShop("tea", "mug", "pot")
	show(source.Any{}, &stage.Query{Catalog: shop, Now: now}, 2)
	// Output: any: tea mug
}
