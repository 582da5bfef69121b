package recommend_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

// A shop opens an engine on its catalogue, records what happens, trains now and then, and asks.
func ExampleEngine() {
	ctx, now := context.Background(), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	cat := catalog.New()
	for _, id := range []string{"green tea", "teapot", "honey", "coffee", "grinder", "milk jug"} {
		if _, err := cat.Upsert(catalog.Item{ID: id, Available: id != "honey"}); err != nil {
			log.Fatal(err)
		}
	}
	eng, err := recommend.Open(ctx, store.NewMemory(store.MemoryOptions{}), recommend.Options{
		Catalog: cat, Now: func() time.Time { return now },
	})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close()
	for user, bought := range map[string][]string{
		"ann": {"green tea", "teapot", "honey"}, "bob": {"green tea", "teapot"},
		"eve": {"coffee", "grinder", "milk jug"}, "fay": {"coffee", "grinder"},
	} {
		for _, item := range bought {
			if err := eng.Record(ctx, store.Interaction{User: user, Item: item, Kind: store.Purchase}); err != nil {
				log.Fatal(err)
			}
		}
	}
	if _, err := eng.Train(ctx); err != nil {
		log.Fatal(err)
	}

	// A newcomer has clicked on the grinder a moment ago.
	if err := eng.Record(ctx, store.Interaction{User: "new", Item: "grinder", Kind: store.Click}); err != nil {
		log.Fatal(err)
	}
	page, err := eng.Recommend(ctx, recommend.Request{User: "new", N: 2})
	if err != nil {
		log.Fatal(err)
	}
	for item := range page.All() {
		fmt.Println(item)
	}
	// Output:
	// coffee
	// milk jug
}

// A filter and a cursor: the second page goes on where the first ended, without repeats.
func ExampleEngine_Recommend() {
	ctx := context.Background()
	cat := catalog.New()
	for i, id := range []string{"a", "b", "c", "d", "e"} {
		item := catalog.Item{ID: id, Brand: "Acme", Price: catalog.Money{Minor: int64(100 * i), Currency: "EUR"}, Available: true}
		if _, err := cat.Upsert(item); err != nil {
			log.Fatal(err)
		}
	}
	eng, err := recommend.Open(ctx, store.NewMemory(store.MemoryOptions{}), recommend.Options{Catalog: cat})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close()
	req := recommend.Request{N: 2, Filter: catalog.Price("EUR", 100, 1000)}
	for {
		page, err := eng.Recommend(ctx, req)
		if err != nil {
			log.Fatal(err)
		}
		for item := range page.All() {
			fmt.Print(" ", item)
		}
		fmt.Println()
		if req.Cursor = page.Next; req.Cursor == "" {
			break
		}
	}
	// Output:
	//  b c
	//  d e
}
