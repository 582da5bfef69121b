package catalog_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math"

	"github.com/goldrec/gold/catalog"
)

// tea makes a small shop.
func tea() *catalog.Catalog {
	cat := catalog.New()
	for _, it := range []catalog.Item{
		{ID: "iron", Title: "Cast iron teapot", Brand: "Acme", Price: catalog.Money{Minor: 8900, Currency: "EUR"}, Available: true},
		{ID: "glass-s", Title: "Glass teapot, small", Brand: "Bo", Group: "glass", Price: catalog.Money{Minor: 1900, Currency: "EUR"}, Available: true},
		{ID: "glass-l", Title: "Glass teapot, large", Brand: "Bo", Group: "glass", Price: catalog.Money{Minor: 2900, Currency: "EUR"}, Available: true},
		{ID: "mug", Title: "Mug", Description: "goes with the teapot", Brand: "Acme", Price: catalog.Money{Minor: 900, Currency: "EUR"}, Available: true},
	} {
		if _, err := cat.Upsert(it); err != nil {
			log.Fatal(err)
		}
	}
	return cat
}

func ExampleCatalog_Find() {
	cat := tea()
	found, err := cat.Find(catalog.Query{
		Text:    "taepots", // as it was typed
		Sort:    catalog.Sort{Field: "price"},
		GroupBy: "group",
		Limit:   10,
		Facets:  []string{"brand"},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, h := range found.Hits {
		fmt.Println(h.Item.ID)
	}
	fmt.Println(found.Total, found.Facets["brand"])
	// Output:
	// mug
	// glass-s
	// iron
	// 4 [{Acme 2} {Bo 2}]
}

func ExampleCatalog_Suggest() {
	suggestions, err := tea().Suggest("glass te", nil, 5)
	fmt.Println(suggestions, err)
	// Output: [{glass teapot 2}] <nil>
}

func ExampleCatalog_Similar() {
	cat := tea()
	h, _ := cat.Lookup("iron")
	hits, err := cat.Similar(h, catalog.Available(), 2)
	if err != nil {
		log.Fatal(err)
	}
	for _, hit := range hits {
		fmt.Println(hit.Item.ID)
	}
	// Output:
	// mug
	// glass-s
}

func ExampleParseExpression() {
	f, err := catalog.ParseExpression(`available and brand in (Acme, Bo) and price<80`)
	if err != nil {
		log.Fatal(err)
	}
	m, err := tea().Compile(f)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(f)
	fmt.Println(m.Count(), "of at most", m.Estimate().Max)

	_, err = catalog.ParseExpression(`available and price<cheap`)
	if e, ok := errors.AsType[*catalog.SyntaxError](err); ok {
		fmt.Println(e.Offset, e)
	}
	// Output:
	// available and brand in (Acme, Bo) and price<80
	// 3 of at most 4
	// 20 catalog: invalid filter: at byte 20: "cheap" is no number
}

func ExampleCatalog_Changes() {
	cat := tea()
	since := cat.Version()
	if err := cat.Patch("mug", catalog.Patch{Stock: new(0), Available: new(false)}); err != nil {
		log.Fatal(err)
	}
	if err := cat.Delete("iron"); err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for change, err := range cat.Changes(ctx, since) {
		if err != nil {
			break
		}
		fmt.Println(change.ID, change.Deleted)
		if change.Version == cat.Version() {
			break // else it waits for more
		}
	}
	// Output:
	// mug false
	// iron true
}

func ExampleCatalog_PatchIf() {
	cat := tea()
	h, _ := cat.Lookup("mug")
	it, version := cat.Versioned(h)
	price := catalog.Money{Minor: it.Price.Minor * 9 / 10, Currency: it.Price.Currency}
	fmt.Println(cat.PatchIf("mug", version, catalog.Patch{Price: &price}))
	fmt.Println(errors.Is(cat.PatchIf("mug", version, catalog.Patch{Price: &price}), catalog.ErrConflict))
	// Output:
	// <nil>
	// true
}

func ExampleGreater() {
	fmt.Println(catalog.And(catalog.Greater("stock", 0), catalog.Range("attr.rating", 4, math.Inf(1))))
	// Output: stock>0 and attr.rating>=4
}
