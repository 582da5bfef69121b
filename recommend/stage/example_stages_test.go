package stage_test

import (
	"fmt"
	"log"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
)

// drinks is a catalogue of two brands.
func drinks() *catalog.Catalog {
	cat := catalog.New()
	for _, it := range []catalog.Item{
		{ID: "green tea", Brand: "Leaf", Attributes: map[string][]string{"product": {"tea"}}},
		{ID: "black tea", Brand: "Leaf", Attributes: map[string][]string{"product": {"tea"}}},
		{ID: "white tea", Brand: "Leaf", Attributes: map[string][]string{"product": {"tea"}}},
		{ID: "espresso", Brand: "Bean", Attributes: map[string][]string{"product": {"coffee"}}},
		{ID: "cocoa", Brand: "Bean", Attributes: map[string][]string{"product": {"cocoa"}}},
	} {
		it.Available = true
		if _, err := cat.Upsert(it); err != nil {
			log.Fatal(err)
		}
	}
	return cat
}

// show puts the whole catalogue, whose scores fall by 0.4 from item to item, through a stage and prints a page of three.
func show(s stage.Stage, q *stage.Query) {
	q.Catalog, q.N = drinks(), 3
	var list []stage.Candidate
	for h := range uint32(q.Catalog.Handles()) {
		list = append(list, stage.Candidate{Item: h, Score: 2 - 0.4*float32(h), Propensity: 1})
	}
	for _, c := range s.Apply(list, q)[:q.N] {
		fmt.Printf("%s %.1f\n", q.Catalog.ID(c.Item), c.Score)
	}
}

// What matches a filter is worth a standard deviation more.
func ExampleBoost() {
	show(&stage.Boost{Where: catalog.Equals("brand", "Bean"), By: 1}, &stage.Query{})
	// Output:
	// green tea 2.0
	// espresso 1.8
	// black tea 1.6
}

// At most two of a brand. The third of it would show on a page that were short without it.
func ExampleCap() {
	show(&stage.Cap{Field: "brand", Max: 2}, &stage.Query{})
	// Output:
	// green tea 2.0
	// black tea 1.6
	// espresso 0.8
}

// One variant of a product, the best.
func ExampleOnce() {
	show(&stage.Once{Field: "attr.product"}, &stage.Query{})
	// Output:
	// green tea 2.0
	// espresso 0.8
	// cocoa 0.4
}

// Relevance and difference weigh alike: a second tea loses against what is no tea.
func ExampleDiverse() {
	show(&stage.Diverse{Lambda: 0.5, Fields: []string{"attr.product"}}, &stage.Query{})
	// Output:
	// green tea 2.0
	// espresso 0.8
	// black tea 0.6
}

// An editor's choice for the top of the page.
func ExamplePin() {
	show(&stage.Pin{Slots: map[int]string{1: "cocoa"}}, &stage.Query{})
	// Output:
	// cocoa 0.4
	// green tea 2.0
	// black tea 1.6
}

// Every second place goes to what has to be cleared.
func ExamplePromote() {
	show(&stage.Promote{Where: catalog.In("id", "espresso", "cocoa"), Every: 2}, &stage.Query{})
	// Output:
	// green tea 2.0
	// espresso 0.8
	// black tea 1.6
}

// What a user has stated: a like is worth Like, and what is disliked goes behind everything else.
func ExamplePreferences() {
	profile := store.Profile{User: "ann", Preferences: map[string][]string{
		"attr.product": {"coffee"}, "not:attr.product": {"tea"},
	}}
	show(&stage.Preferences{Like: 2}, &stage.Query{Profile: &profile})
	// Output:
	// espresso 2.8
	// cocoa 0.4
	// green tea 0.4
}

// A stage's fields are checked when an engine opens, or by hand.
func ExampleChecked() {
	fmt.Println((&stage.Cap{Field: "colour"}).Validate())
	// Output: stage: invalid: cap: catalog: invalid field: "colour" is not a facet
}

// A source says what it is called once, and marks its candidates by the number that it got.
func ExampleQuery_Source() {
	q := stage.Query{Sources: []string{"blend"}}
	fmt.Println(q.Source("editor"), q.Source("blend"), q.Source("editor"), q.Sources)
	// Output: 1 0 1 [blend editor]
}
