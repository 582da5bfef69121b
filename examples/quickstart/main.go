// Quickstart learns from a CSV of who did what and recommends: go run . shop.csv ann
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
	if len(os.Args) != 3 {
		log.Fatal("use: quickstart FILE USER")
	}
	ctx := context.Background()
	file, err := os.Open(os.Args[1]) // its first row names the columns: user, item, kind, time
	check(err)
	eng, err := recommend.Open(ctx, store.NewMemory(store.MemoryOptions{}), recommend.Options{})
	check(err)
	_, err = eng.RecordAll(ctx, store.ReadCSV(file))
	check(err)
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
