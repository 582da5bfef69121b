package gold_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

// A catalogue, a log of what people did, and an engine between the two.
func Example() {
	ctx, cat := context.Background(), catalog.New()
	for _, id := range []string{"tea", "pot", "cup", "coffee", "grinder"} {
		if _, err := cat.Upsert(catalog.Item{ID: id, Available: true}); err != nil {
			log.Fatal(err)
		}
	}
	eng, err := recommend.Open(ctx, store.NewMemory(store.MemoryOptions{}), recommend.Options{Catalog: cat})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close()
	history := strings.NewReader(`user,item,kind
ann,tea,purchase
ann,pot,purchase
ann,cup,purchase
bob,tea,purchase
bob,pot,purchase
eve,coffee,purchase
eve,grinder,purchase
`)
	if _, err := eng.RecordAll(ctx, store.ReadCSV(history)); err != nil {
		log.Fatal(err)
	}
	if _, err := eng.Train(ctx); err != nil {
		log.Fatal(err)
	}
	page, err := eng.Recommend(ctx, recommend.Request{User: "bob", N: 1})
	if err != nil {
		log.Fatal(err)
	}
	for item := range page.All() {
		fmt.Println(item)
	}
	// Output: cup
}
