package recommend_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/experiment"
	"github.com/goldrec/gold/experiment/stats"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
)

func begun() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

// printPage prints what is on a page.
func printPage(page *recommend.Page, err error) {
	check(err)
	var all []string
	for item := range page.All() {
		all = append(all, item)
	}
	fmt.Println(strings.Join(all, ", "))
}

// Record, train, ask.
func Example() {
	ctx := context.Background()
	eng, err := recommend.Open(ctx, store.NewMemory(store.MemoryOptions{}), recommend.Options{})
	check(err)
	defer eng.Close()
	for user, bought := range map[string]string{"ann": "tea pot cup", "bob": "tea pot", "eve": "coffee grinder", "fay": "coffee grinder"} {
		for item := range strings.FieldsSeq(bought) {
			check(eng.Record(ctx, store.Interaction{User: user, Item: item, Kind: store.Purchase}))
		}
	}
	_, err = eng.Train(ctx)
	check(err)
	printPage(eng.Recommend(ctx, recommend.Request{User: "bob", N: 1}))
	// Output: cup
}

// Every name in the options is checked, so that no experiment runs with pages that are all alike.
func ExampleOpen() {
	ctx, st := context.Background(), store.NewMemory(store.MemoryOptions{})
	defer st.Close() // the store stays the caller's
	_, err := recommend.Open(ctx, st, recommend.Options{
		Policies: []recommend.Policy{{Placement: "basket", Parts: []string{"item-knn"}}},
	})
	fmt.Println(errors.Is(err, recommend.ErrInvalid), err)

	eng, err := recommend.Open(ctx, st, recommend.Options{
		Trainers: []model.Trainer{popular.Trainer{}, itemknn.Trainer{Neighbors: 50}},
		Policies: []recommend.Policy{{Placement: "basket", Parts: []string{"itemknn"}}},
		Ratings:  recommend.Range{Min: 1, Max: 10},
		Seed:     7,
	})
	check(err)
	fmt.Println(eng.Status().Version, eng.Close()) // no models yet
	// Output:
	// true recommend: invalid request: policy 1 of 1: part "item-knn" is no trainer's, or there twice
	// 0 <nil>
}

// Why an item is on a page, and why others are not.
func ExampleEngine_Why() {
	ctx, cat := context.Background(), catalog.New()
	for _, id := range []string{"tea", "pot", "cup", "honey", "coffee", "grinder"} {
		_, err := cat.Upsert(catalog.Item{ID: id, Available: id != "honey"})
		check(err)
	}
	eng, err := recommend.Open(ctx, store.NewMemory(store.MemoryOptions{}), recommend.Options{
		Catalog: cat, Trainers: []model.Trainer{itemknn.Trainer{}}, Now: begun,
	})
	check(err)
	defer eng.Close()
	for _, history := range []string{"ann tea pot cup honey", "bob tea pot", "eve coffee grinder", "fay coffee grinder"} {
		user, bought, _ := strings.Cut(history, " ")
		for item := range strings.FieldsSeq(bought) {
			check(eng.Record(ctx, store.Interaction{User: user, Item: item, Kind: store.Purchase}))
		}
	}
	_, err = eng.Train(ctx)
	check(err)
	for _, item := range []string{"cup", "tea", "honey", "grinder"} {
		v, err := eng.Why(ctx, recommend.Request{User: "bob", N: 1}, item)
		check(err)
		fmt.Printf("%s: shown %v, rank %d, place %d of %d, refused %q\n", item, v.Shown, v.Rank, v.Place, v.Of, v.Refused)
		if v.Shown {
			for _, part := range v.Parts {
				for _, reason := range part.Reasons {
					fmt.Printf("  %s: %.0f %% because of %s\n", part.Model, 100*reason.Share, reason.Because)
				}
			}
		}
	}
	// Output:
	// cup: shown true, rank 1, place 1 of 3, refused ""
	//   itemknn: 50 % because of tea
	//   itemknn: 50 % because of pot
	// tea: shown false, rank 0, place 1 of 3, refused "seen"
	// honey: shown false, rank 0, place 2 of 3, refused "unavailable"
	// grinder: shown false, rank 0, place 3 of 3, refused "candidate"
}

// All rows of a file, in batches.
func ExampleEngine_RecordAll() {
	ctx := context.Background()
	eng, err := recommend.Open(ctx, store.NewMemory(store.MemoryOptions{}), recommend.Options{})
	check(err)
	defer eng.Close()
	file := strings.NewReader("user,item,kind\nann,tea,purchase\nbob,tea,view\nbob,pot,cart\n")
	n, err := eng.RecordAll(ctx, store.ReadCSV(file))
	fmt.Println(n, err)

	// A slice is a sequence that cannot fail.
	batch := []store.Interaction{{User: "eve", Item: "cup", Kind: store.View}, {User: "eve", Item: "pot", Kind: store.View}}
	n, err = eng.RecordAll(ctx, func(yield func(store.Interaction, error) bool) {
		for _, in := range batch {
			if !yield(in, nil) {
				return
			}
		}
	})
	fmt.Println(n, err)
	// Output:
	// 3 <nil>
	// 2 <nil>
}

// An interaction with an ID counts once, so that a request whose answer got lost may be sent again.
func ExampleEngine_Record() {
	ctx, st := context.Background(), store.NewMemory(store.MemoryOptions{})
	eng, err := recommend.Open(ctx, st, recommend.Options{Now: begun})
	check(err)
	defer eng.Close()
	for range 2 {
		check(eng.Record(ctx, store.Interaction{ID: "order 7, line 1", User: "ann", Item: "tea", Kind: store.Purchase, Value: 2}))
	}
	history, err := st.History(ctx, "ann", 10)
	fmt.Println(len(history), err)
	err = eng.Record(ctx, store.Interaction{User: "ann", Item: "tea"}) // of what kind?
	fmt.Println(errors.Is(err, store.ErrInvalid))
	// Output:
	// 1 <nil>
	// true
}

// What a training did.
func ExampleEngine_Train() {
	ctx := context.Background()
	eng, err := recommend.Open(ctx, store.NewMemory(store.MemoryOptions{}), recommend.Options{Now: begun})
	check(err)
	defer eng.Close()
	for i := range 40 {
		check(eng.Record(ctx, store.Interaction{User: fmt.Sprint("user-", i%20), Item: fmt.Sprint("item-", i%7), Kind: store.Like}))
	}
	report, err := eng.Train(ctx)
	check(err)
	fmt.Println("version", report.Version, report.Published, "of", report.Interactions, "interactions")
	for _, part := range report.Parts {
		fmt.Println(part.Name, part.Kept)
	}
	// Output:
	// version 1 true of 40 interactions
	// popular false
	// itemknn false
	// content false
	// als false
}

// Whatever the user did, what goes with these; and nothing that the caller has shown elsewhere.
func ExampleRequest() {
	ctx := context.Background()
	eng := drinks(ctx)
	defer eng.Close()
	printPage(eng.Recommend(ctx, recommend.Request{User: "user-1", N: 2, Seeds: []string{"tea-3"}, Exclude: []string{"tea-4"}}))
	_, err := eng.Recommend(ctx, recommend.Request{User: "user-1", Seeds: []string{"tee-3"}})
	fmt.Println(errors.Is(err, recommend.ErrInvalid)) // an unknown seed
	// Output:
	// tea-2, tea-1
	// true
}

// Why an item is on a page.
func ExamplePage() {
	ctx := context.Background()
	eng := drinks(ctx)
	defer eng.Close()
	page, err := eng.Recommend(ctx, recommend.Request{User: "user-0", N: 1, Explain: true, Model: "itemknn"})
	check(err)
	first := page.Items[0]
	fmt.Println(first.Item, first.Source, first.Rank)
	for _, why := range first.Reasons {
		fmt.Printf("%s because of %s: %.0f %%\n", why.Model, why.Because, 100*why.Share)
	}
	// Output:
	// tea-4 itemknn 1
	// itemknn because of tea-3: 54 %
	// itemknn because of tea-2: 33 %
	// itemknn because of tea-1: 13 %
}

// What a user states is felt on the next page.
func ExampleEngine_PutProfile() {
	ctx, cat := context.Background(), catalog.New()
	for id, brand := range map[string]string{"tea": "Leaf", "coffee": "Bean"} {
		_, err := cat.Upsert(catalog.Item{ID: id, Brand: brand, Available: true})
		check(err)
	}
	eng, err := recommend.Open(ctx, store.NewMemory(store.MemoryOptions{}), recommend.Options{Catalog: cat, Now: begun})
	check(err)
	defer eng.Close()
	check(eng.Record(ctx, store.Interaction{User: "eve", Item: "tea", Kind: store.Purchase})) // tea is trending
	printPage(eng.Recommend(ctx, recommend.Request{User: "ann", N: 2}))
	_, err = eng.PutProfile(ctx, store.Profile{User: "ann", Preferences: map[string][]string{"not:brand": {"Leaf"}}})
	check(err)
	printPage(eng.Recommend(ctx, recommend.Request{User: "ann", N: 2}))
	// Output:
	// tea, coffee
	// coffee, tea
}

// A user who is forgotten is a stranger again.
func ExampleEngine_Forget() {
	ctx, st := context.Background(), store.NewMemory(store.MemoryOptions{})
	eng, err := recommend.Open(ctx, st, recommend.Options{})
	check(err)
	defer eng.Close()
	check(eng.Record(ctx, store.Interaction{User: "ann", Item: "tea", Kind: store.Purchase}))
	check(eng.Forget(ctx, "ann"))
	history, err := st.History(ctx, "ann", 10)
	fmt.Println(len(history), err)
	_, err = eng.Rollback(ctx)
	fmt.Println(errors.Is(err, recommend.ErrNoRollback))
	// Output:
	// 0 <nil>
	// true
}

// The models that were in service before come back, on every engine that follows the log.
func ExampleEngine_Rollback() {
	ctx := context.Background()
	eng := drinks(ctx)
	defer eng.Close()
	for _, user := range []string{"new-1", "new-2"} {
		check(eng.Record(ctx, store.Interaction{User: user, Item: "tea-1", Kind: store.Purchase}))
	}
	report, err := eng.Train(ctx)
	check(err)
	version, err := eng.Rollback(ctx)
	fmt.Println(report.Version, "back to", version, err)
	// Output: 2 back to 1 <nil>
}

// How much each part counts, by the length of a user's history.
func ExampleEngine_Weights() {
	ctx := context.Background()
	eng := drinks(ctx)
	defer eng.Close()
	w := eng.Weights()
	var sum float32
	for _, part := range w.Parts {
		sum += w.Of(part, 3)
	}
	fmt.Printf("%v %.2f\n", w.Parts, sum)
	// Output: [popular itemknn content als] 1.00
}

// Weights that leave views out, and take a like for as much as two purchases.
func ExampleDefaultWeights() {
	weights := recommend.DefaultWeights()
	weights[store.View], weights[store.Like] = 0, 10
	eng, err := recommend.Open(context.Background(), store.NewMemory(store.MemoryOptions{}), recommend.Options{Weights: weights})
	check(err)
	fmt.Println(weights[store.Purchase], eng.Close())
	// Output: 5 <nil>
}

// The default with one stage more.
func ExampleDefaultPolicy() {
	policy := recommend.DefaultPolicy()
	policy.Stages = append(policy.Stages, &stage.Cap{Field: "brand", Max: 2})
	eng, err := recommend.Open(context.Background(), store.NewMemory(store.MemoryOptions{}), recommend.Options{
		Policies: []recommend.Policy{policy},
	})
	check(err)
	fmt.Println(len(policy.Stages), eng.Close())
	// Output: 2 <nil>
}

// What a user viewed may be shown again after a day, and coffee a week after it was bought.
func ExamplePolicy_seen() {
	ctx, cat, now := context.Background(), catalog.New(), begun()
	for _, id := range []string{"tea", "coffee", "pot"} {
		_, err := cat.Upsert(catalog.Item{ID: id, Available: true})
		check(err)
	}
	eng, err := recommend.Open(ctx, store.NewMemory(store.MemoryOptions{}), recommend.Options{
		Catalog: cat,
		Policies: []recommend.Policy{{Seen: &stage.Seen{
			Hide:  map[store.Kind]time.Duration{store.View: 24 * time.Hour},
			Again: catalog.Equals("id", "coffee"), AgainAfter: 7 * 24 * time.Hour,
		}}},
		Now: func() time.Time { return now },
	})
	check(err)
	defer eng.Close()
	check(eng.Record(ctx,
		store.Interaction{User: "ann", Item: "tea", Kind: store.View},
		store.Interaction{User: "ann", Item: "coffee", Kind: store.Purchase},
		store.Interaction{User: "ann", Item: "pot", Kind: store.Purchase},
	))
	for _, days := range []int{0, 2, 8} {
		now = begun().AddDate(0, 0, days)
		page, err := eng.Recommend(ctx, recommend.Request{User: "ann"})
		check(err)
		var shown []string
		for item := range page.All() {
			shown = append(shown, item)
		}
		slices.Sort(shown)
		fmt.Println(days, shown)
	}
	// Output:
	// 0 []
	// 2 [tea]
	// 8 [coffee tea]
}

// counter counts pages by placement.
type counter map[string]int

func (c counter) Observe(_ context.Context, e recommend.Exposure) { c[e.Placement]++ }

// An observer hears of every page. This one is for one goroutine; one that engines use has to be safe for many.
func ExampleObserver() {
	ctx, seen := context.Background(), counter{}
	eng, err := recommend.Open(ctx, store.NewMemory(store.MemoryOptions{}), recommend.Options{Observer: seen})
	check(err)
	defer eng.Close()
	for range 3 {
		_, err := eng.Recommend(ctx, recommend.Request{User: "ann", Placement: "home"})
		check(err)
	}
	fmt.Println(seen["home"])
	// Output: 3
}

// Sums are kept from look to look: the second look reads only what is new.
func ExampleComparison() {
	ctx := context.Background()
	set, err := experiment.Compile(experiment.Definition{Experiments: []experiment.Experiment{{
		Key: "ranking", Variants: []experiment.Variant{{Key: "blend"}, {Key: "neighbours"}},
	}}}, experiment.Options{})
	check(err)
	eng, err := recommend.Open(ctx, store.NewMemory(store.MemoryOptions{}), recommend.Options{
		Experiments: []recommend.Assigner{experiment.NewLive(set).Assigner("ranking")},
		Policies:    []recommend.Policy{{Variant: "neighbours", Parts: []string{"itemknn"}}},
		Now:         begun,
	})
	check(err)
	defer eng.Close()
	check(eng.Record(ctx, store.Interaction{User: "eve", Item: "tea", Kind: store.Purchase})) // an empty page exposes nobody
	comparison, err := eng.Compare(recommend.Trial{
		Arms:   []stats.Arm{{Variant: "blend"}, {Variant: "neighbours"}},
		Period: recommend.Period{Since: begun()},
	})
	check(err)
	for look := range 2 {
		for i := range 50 {
			user := fmt.Sprint("user-", look, "-", i)
			page, err := eng.Recommend(ctx, recommend.Request{User: user})
			check(err)
			if i%3 == 0 {
				check(eng.Record(ctx, store.Interaction{User: user, Item: page.Items[0].Item, Kind: store.Click}))
			}
		}
		report, err := comparison.Report(ctx)
		check(err)
		fmt.Println(report.Units, report.Decision)
	}
	// Output:
	// 50 wait
	// 100 wait
}

// A model that is a little worse by chance takes service, one that is worse by far does not.
func ExampleGate() {
	fmt.Println(recommend.Gate{Users: 500, NDCG: 0.198, NDCGBefore: 0.200, StdErr: 0.004}.Worse())
	fmt.Println(recommend.Gate{Users: 500, NDCG: 0.150, NDCGBefore: 0.200, StdErr: 0.004}.Worse())
	// Output:
	// false
	// true
}
