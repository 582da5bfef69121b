package stage_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
)

// A source of one's own: the last items of the catalogue, as far as they are allowed.
type latest struct{}

func (latest) Name() string { return "latest" }

func (latest) Propose(dst []stage.Candidate, q *stage.Query, n int) []stage.Candidate {
	for h := q.Catalog.Handles(); h > 0 && n > 0; h-- {
		if item := uint32(h - 1); q.Allows(item) {
			dst = append(dst, stage.Candidate{Item: item})
			n--
		}
	}
	return dst
}

func ExampleSource() {
	q := stage.Query{Catalog: shelf("tea", "mug", "pot"), N: 2, Allow: model.AllowFunc(func(item uint32) bool { return item != 1 })}
	for _, c := range (latest{}).Propose(nil, &q, q.N) {
		fmt.Println(q.Catalog.ID(c.Item))
	}
	// Output:
	// pot
	// tea
}

// A stage of one's own: the second best stands first. Fixed ones stay where they are.
type swapped struct{}

func (swapped) Apply(list []stage.Candidate, q *stage.Query) []stage.Candidate {
	if len(list) > 1 && !list[0].Fixed && !list[1].Fixed {
		list[0], list[1] = list[1], list[0]
		list[0].Score = list[1].Score // whoever sorts by score later leaves it there
	}
	return list
}

func ExampleStage() {
	q := stage.Query{Catalog: shelf("tea", "mug", "pot"), N: 2}
	page := swapped{}.Apply([]stage.Candidate{{Item: 0, Score: 3}, {Item: 1, Score: 2}, {Item: 2, Score: 1}}, &q)
	for _, c := range page[:q.N] {
		fmt.Println(q.Catalog.ID(c.Item), c.Score)
	}
	// Output:
	// mug 3
	// tea 3
}

// shelf is a catalogue of items that have a name and nothing else.
func shelf(ids ...string) *catalog.Catalog {
	c := catalog.New()
	for _, id := range ids {
		if _, err := c.Upsert(catalog.Item{ID: id, Available: true}); err != nil {
			panic(err)
		}
	}
	return c
}

// A page: the user's likes first, no brand more than twice, and an editor's choice on top.
func Example() {
	shop := catalog.New()
	for _, it := range []catalog.Item{
		{ID: "tea", Brand: "Acme"}, {ID: "mug", Brand: "Acme"}, {ID: "pot", Brand: "Acme"}, {ID: "tin", Brand: "Bolt"}, {ID: "cup", Brand: "Cord"},
	} {
		if _, err := shop.Upsert(it); err != nil {
			panic(err)
		}
	}
	q := stage.Query{Catalog: shop, N: 4, Profile: &store.Profile{Preferences: map[string][]string{"brand": {"Bolt"}}}}
	list := []stage.Candidate{{Item: 0, Score: 2}, {Item: 1, Score: 1.9}, {Item: 2, Score: 1.8}, {Item: 3, Score: 1.5}}
	for _, s := range []stage.Stage{
		&stage.Preferences{Like: 0.45},
		&stage.Cap{Field: "brand", Max: 2},
		&stage.Pin{Slots: map[int]string{1: "cup"}},
	} {
		list = s.Apply(list, &q)
	}
	for _, c := range list[:q.N] {
		fmt.Println(shop.ID(c.Item), c.Score)
	}
	// Output:
	// cup 0
	// tea 2
	// tin 1.95
	// mug 1.9
}

// What was bought comes back after a month, what was looked at tomorrow.
func ExampleSeen() {
	const day = 24 * time.Hour
	seen := &stage.Seen{Hide: map[store.Kind]time.Duration{store.Purchase: 30 * day, store.View: day}}
	bought := model.Event{Item: 1, Kind: store.Purchase, Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Unix()}
	fmt.Println(time.Unix(seen.Until(nil, bought), 0).UTC().Format(time.DateOnly))
	// Output: 2026-03-31
}

// Every page is drawn, and says with which chance.
func ExampleExplore() {
	q := stage.Query{Catalog: shelf("tea", "mug", "pot"), N: 1, Rand: rand.New(rand.NewPCG(7, 9))}
	explore := &stage.Explore{Epsilon: 0.9}
	for range 3 {
		page := explore.Apply([]stage.Candidate{{Item: 0}, {Item: 1}, {Item: 2}}, &q)
		fmt.Printf("%s %.1f\n", q.Catalog.ID(page[0].Item), page[0].Propensity)
	}
	// Output:
	// tea 0.4
	// mug 0.3
	// pot 0.3
}
