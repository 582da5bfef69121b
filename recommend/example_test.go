package recommend_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/experiment"
	"github.com/goldrec/gold/experiment/stats"
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

// An experiment from the pages to the decision: variants choose the models, the engine writes down who saw which, and
// says from its own log how they are doing.
func ExampleEngine_CompareVariants() {
	ctx, now := context.Background(), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	set, err := experiment.Compile(experiment.Definition{Experiments: []experiment.Experiment{{
		Key: "ranking", Variants: []experiment.Variant{{Key: "blend"}, {Key: "neighbours"}},
	}}}, experiment.Options{})
	check(err)
	eng, err := recommend.Open(ctx, store.NewMemory(store.MemoryOptions{}), recommend.Options{
		Experiment: experiment.NewLive(set).Assigner("ranking"),
		Pipelines:  map[string][]string{"neighbours": {"itemknn"}}, // who is not listed gets the blend
		Now:        func() time.Time { return now },
	})
	check(err)
	defer eng.Close()
	check(eng.Record(ctx, store.Interaction{User: "eve", Item: "tea", Kind: store.Purchase}))
	for i := range 1000 {
		user := fmt.Sprint("user-", i)
		page, err := eng.Recommend(ctx, recommend.Request{User: user}) // the user is exposed
		check(err)
		if i%4 == 0 || page.Variant == "neighbours" && i%4 == 1 { // more of these click
			check(eng.Record(ctx, store.Interaction{User: user, Item: page.Items[0].Item, Kind: store.Click}))
		}
	}

	report, err := eng.CompareVariants(ctx, recommend.Trial{
		Arms:   []stats.Arm{{Variant: "blend"}, {Variant: "neighbours"}},
		Period: recommend.Period{Since: now},
	})
	check(err)
	fmt.Println(report.Experiment, report.Decision, report.Variant) // WriteText, WriteJSON and WriteHTML say it all
	clicked := report.Comparisons[0]
	fmt.Printf("%s: %.2f and %.2f of %d users\n", clicked.Metric, clicked.ControlValue, clicked.VariantValue, report.Units)
	// Output:
	// ranking ship neighbours
	// clicked: 0.25 and 0.49 of 1000 users
}

// Two models on one page: each picks in turn, and the users' clicks say whose picks they like.
func ExampleEngine_CompareModels() {
	ctx, now := context.Background(), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	set, err := experiment.Compile(experiment.Definition{Experiments: []experiment.Experiment{{
		Key: "mixing", Variants: []experiment.Variant{{Key: "mix"}}, // Coverage would keep it to some of the users
	}}}, experiment.Options{})
	check(err)
	eng, err := recommend.Open(ctx, store.NewMemory(store.MemoryOptions{}), recommend.Options{
		Experiment: experiment.NewLive(set).Assigner("mixing"),
		Pipelines:  map[string][]string{"mix": {"itemknn", "popular"}},
		Now:        func() time.Time { return now },
	})
	check(err)
	defer eng.Close()
	for i := range 60 { // half of them drink tea, the others coffee
		for k := range 4 {
			item := fmt.Sprint([]string{"tea-", "coffee-"}[i%2], (i/2+k)%8)
			check(eng.Record(ctx, store.Interaction{User: fmt.Sprint("user-", i), Item: item, Kind: store.Purchase}))
		}
	}
	_, err = eng.Train(ctx)
	check(err)
	for i := range 60 {
		user := fmt.Sprint("user-", i)
		page, err := eng.Recommend(ctx, recommend.Request{User: user, N: 4})
		check(err)
		for _, item := range page.Items { // item.Variant is "mix/itemknn" or "mix/popular"
			if strings.HasPrefix(item.Item, []string{"tea", "coffee"}[i%2]) {
				check(eng.Record(ctx, store.Interaction{User: user, Item: item.Item, Kind: store.Click, Variant: item.Variant}))
			}
		}
	}

	duels, err := eng.CompareModels(ctx, "mix", recommend.Period{Since: now})
	check(err)
	for _, d := range duels {
		fmt.Printf("%s against %s: preferred by %d, not by %d, p = %.1g\n", d.A, d.B, d.Wins, d.Losses, d.PValue())
	}
	// Output:
	// itemknn against popular: preferred by 55, not by 0, p = 6e-17
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
