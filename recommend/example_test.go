package recommend_test

import (
	"context"
	"fmt"
	"log"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/experiment"
	"github.com/goldrec/gold/experiment/stats"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/popular"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
)

// How well the models find what users did next, on one's own log: here one imported from a file, of which everybody has
// bought within a department.
func ExampleEngine_Evaluate() {
	ctx := context.Background()
	var file strings.Builder
	file.WriteString("user,item,kind,time\n")
	for user := range 40 {
		for i := range 6 {
			file.WriteString(fmt.Sprintf("user-%d,%s-%d,purchase,2026-03-0%dT12:00:00Z\n", user, []string{"tea", "book"}[user%2], (user/2+i)%10, i+1))
		}
	}
	eng, err := recommend.Open(ctx, store.NewMemory(store.MemoryOptions{}), recommend.Options{
		Trainers: []recommend.Trainer{popular.Trainer{}, itemknn.Trainer{}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close()
	if _, err := eng.RecordAll(ctx, store.ReadCSV(strings.NewReader(file.String()))); err != nil {
		log.Fatal(err)
	}
	models, err := eng.Evaluate(ctx, recommend.EvaluateOptions{Cutoffs: []int{3}})
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range models {
		fmt.Printf("%s: nDCG@3 %.2f, recall@3 %.2f, of %d users\n", m.Name, m.At(3).NDCG, m.At(3).Recall, m.Users)
	}
	// Output:
	// popular: nDCG@3 0.30, recall@3 0.30, of 40 users
	// itemknn: nDCG@3 0.85, recall@3 1.00, of 40 users
	// blend: nDCG@3 0.85, recall@3 1.00, of 40 users
}

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
		Experiments: []recommend.Assigner{experiment.NewLive(set).Assigner("ranking")},
		Policies:    []recommend.Policy{{Variant: "neighbours", Parts: []string{"itemknn"}}}, // all others get the blend
		Now:         func() time.Time { return now },
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
		Experiments: []recommend.Assigner{experiment.NewLive(set).Assigner("mixing")},
		Policies:    []recommend.Policy{{Variant: "mix", Parts: []string{"itemknn", "popular"}, Interleave: true}},
		Now:         func() time.Time { return now },
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
		for _, item := range page.Items { // item.Source is "itemknn" or "popular"
			if strings.HasPrefix(item.Item, []string{"tea", "coffee"}[i%2]) {
				check(eng.Record(ctx, store.Interaction{User: user, Item: item.Item, Kind: store.Click})) // the engine knows from which page
			}
		}
	}

	duels, err := eng.CompareModels(ctx, "mix", recommend.Period{Since: now})
	check(err)
	for _, d := range duels {
		fmt.Printf("%s against %s: preferred by %d, not by %d, p = %.1g\n", d.A, d.B, d.Wins, d.Losses, d.PValue())
	}
	// Output:
	// itemknn against popular: preferred by 60, not by 0, p = 2e-18
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// Several engines on one store: each follows the log, and what is recorded on one is on the pages of all.
func ExampleEngine_Run() {
	ctx, cancel := context.WithCancel(context.Background())
	st := store.NewMemory(store.MemoryOptions{}) // or one that several processes share
	var wg sync.WaitGroup
	var engines []*recommend.Engine
	for range 2 {
		eng, err := recommend.Open(ctx, st, recommend.Options{TrainEvery: 24 * time.Hour}) // one trains, all serve what it made
		check(err)
		wg.Go(func() { check(eng.Run(ctx)) })
		engines = append(engines, eng)
	}
	check(engines[0].Record(ctx, store.Interaction{User: "ann", Item: "tea", Kind: store.Purchase}))
	for range 1000 { // it takes a moment
		page, err := engines[1].Recommend(ctx, recommend.Request{User: "bob"})
		check(err)
		if len(page.Items) > 0 && page.Items[0].Source == recommend.Trending {
			fmt.Println(page.Items[0].Item, page.Items[0].Source)
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	wg.Wait()
	// Output:
	// tea trending
}

// A source of one's own: what the shop wants to be seen.
type featured []string

func (featured) Name() string { return "featured" }

func (f featured) Propose(dst []stage.Candidate, q *stage.Query, n int) []stage.Candidate {
	for _, id := range f {
		if item, ok := q.Catalog.Lookup(id); ok && q.Allows(item) && len(dst) < n {
			dst = append(dst, stage.Candidate{Item: item, Score: 1}) // a standard deviation above what the models say
		}
	}
	return dst
}

// A stage of one's own: what costs nothing goes last.
type paidFirst struct{}

func (paidFirst) Apply(list []stage.Candidate, q *stage.Query) []stage.Candidate {
	free := func(c stage.Candidate) bool { return !c.Fixed && q.Catalog.Item(c.Item).Price.Minor == 0 }
	slices.SortStableFunc(list, func(a, b stage.Candidate) int {
		switch {
		case free(a) == free(b):
			return 0
		case free(a):
			return 1
		}
		return -1
	})
	return list
}

// Pages of a place are made with a source and a stage of one's own.
func ExamplePolicy() {
	ctx, cat := context.Background(), catalog.New()
	for id, cents := range map[string]int64{"tea": 450, "pot": 2900, "sample": 0, "leaflet": 0} {
		_, err := cat.Upsert(catalog.Item{ID: id, Price: catalog.Money{Minor: cents, Currency: "EUR"}, Available: true})
		check(err)
	}
	eng, err := recommend.Open(ctx, store.NewMemory(store.MemoryOptions{}), recommend.Options{
		Catalog: cat,
		Policies: []recommend.Policy{{
			Placement: "home",
			Sources:   []stage.Source{featured{"sample", "pot"}},
			Stages:    []stage.Stage{&stage.Preferences{}, paidFirst{}},
		}},
	})
	check(err)
	defer eng.Close()
	check(eng.Record(ctx, store.Interaction{User: "ann", Item: "tea", Kind: store.Purchase}))
	page, err := eng.Recommend(ctx, recommend.Request{User: "bob", Placement: "home", N: 3})
	check(err)
	for _, item := range page.Items {
		fmt.Println(item.Item, item.Source)
	}
	// Output:
	// pot featured
	// tea trending
	// sample featured
}

// drinks is an engine that has learned who drinks what.
func drinks(ctx context.Context) *recommend.Engine {
	eng, err := recommend.Open(ctx, store.NewMemory(store.MemoryOptions{}), recommend.Options{})
	check(err)
	for i := range 60 { // half of them drink tea, the others coffee
		for k := range 4 {
			item := fmt.Sprint([]string{"tea-", "coffee-"}[i%2], (i/2+k)%8)
			check(eng.Record(ctx, store.Interaction{User: fmt.Sprint("user-", i), Item: item, Kind: store.Purchase}))
		}
	}
	_, err = eng.Train(ctx)
	check(err)
	return eng
}

func ExampleEngine_Similar() {
	ctx := context.Background()
	eng := drinks(ctx)
	defer eng.Close()
	page, err := eng.Similar(ctx, "tea-3", 2)
	check(err)
	for item := range page.All() {
		fmt.Println(item)
	}
	// Output:
	// tea-2
	// tea-4
}

func ExampleEngine_Together() {
	ctx := context.Background()
	eng := drinks(ctx)
	defer eng.Close()
	page, err := eng.Together(ctx, []string{"tea-3", "tea-4"}, 2)
	check(err)
	for item := range page.All() {
		fmt.Println(item)
	}
	// Output:
	// tea-2
	// tea-5
}

// A search has found three things: what the user is likely to want comes first.
func ExampleEngine_Rank() {
	ctx := context.Background()
	eng := drinks(ctx)
	defer eng.Close()
	page, err := eng.Rank(ctx, "user-1", []string{"tea-1", "tea-2", "coffee-5"})
	check(err)
	fmt.Println(page.Items[0].Item)
	// Output:
	// coffee-5
}

func ExampleEngine_Status() {
	ctx := context.Background()
	eng := drinks(ctx)
	defer eng.Close()
	s := eng.Status()
	fmt.Println("version", s.Version, "of", s.Report.Interactions, "interactions,", s.Items, "items")
	// Output:
	// version 1 of 240 interactions, 16 items
}

// A part can be asked what only it knows, such as the vectors of als.
func ExampleEngine_Part() {
	ctx := context.Background()
	eng := drinks(ctx)
	defer eng.Close()
	part, ok := eng.Part("als")
	m := part.(*als.Model)
	fmt.Println(ok, m.Name())
	// Output:
	// true als
}
