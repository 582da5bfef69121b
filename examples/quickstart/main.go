// Quickstart learns from a CSV of who bought what and recommends: go run . shop.csv ann
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

func main() {
	ctx := context.Background()
	file, err := os.Open(os.Args[1]) // user,item,kind,time in any order, named by the first row
	check(err)
	eng, err := recommend.Open(ctx, store.NewMemory(store.MemoryOptions{}), recommend.Options{})
	check(err)
	for in, err := range store.ReadCSV(file) {
		check(err)
		check(eng.Record(ctx, in))
	}
	_, err = eng.Train(ctx) // again now and then; the engine serves meanwhile
	check(err)

	page, err := eng.Recommend(ctx, recommend.Request{User: os.Args[2], N: 3})
	check(err)
	for item, score := range page.All() {
		fmt.Printf("%s %.3f\n", item, score)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
