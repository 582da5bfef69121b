package catalog_test

import (
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"
	"strings"

	"github.com/goldrec/gold/catalog"
)

func Example() {
	cat := catalog.New()
	for _, it := range []catalog.Item{
		{ID: "tea", Title: "Green tea", Categories: []string{"Home > Kitchen > Tea"}, Brand: "Acme", Stock: 3, Available: true},
		{ID: "mug", Title: "Blue mug", Categories: []string{"Home > Kitchen > Mugs"}, Brand: "Bo", Available: true},
		{ID: "ball", Title: "Ball", Categories: []string{"Toys"}, Brand: "Acme", Available: true},
	} {
		if _, err := cat.Upsert(it); err != nil {
			log.Fatal(err)
		}
	}
	kitchen, err := cat.Compile(catalog.And(catalog.Available(), catalog.Equals("category", "Home > Kitchen")))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(kitchen.Count(), "in the kitchen")

	// The matcher tells of the catalogue as it is now.
	if err := cat.Patch("tea", catalog.Patch{Stock: new(0), Available: new(false)}); err != nil {
		log.Fatal(err)
	}
	for h, it := range cat.All() {
		fmt.Println(it.ID, kitchen.Match(h))
	}
	// Output:
	// 2 in the kitchen
	// tea false
	// mug true
	// ball false
}

func ExampleItem() {
	cat := catalog.New()
	for _, it := range []catalog.Item{
		{ID: "tea", Available: true},
		{ID: "mug"}, // says nothing, and is not shown
	} {
		if _, err := cat.Upsert(it); err != nil {
			log.Fatal(err)
		}
	}
	shown, err := cat.Compile(catalog.Available())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(shown.Count(), "of", cat.Len())
	// Output: 1 of 2
}

func ExampleColumn() {
	cat := catalog.New()
	for id, brand := range []string{"Acme", "Bo", "Acme", "Acme"} {
		if _, err := cat.Upsert(catalog.Item{ID: fmt.Sprint(id), Brand: brand, Available: true}); err != nil {
			log.Fatal(err)
		}
	}
	brand, err := cat.Column("brand")
	if err != nil {
		log.Fatal(err)
	}
	// At most two of a brand.
	count := map[uint32]int{}
	var values []uint32
	for h := range uint32(cat.Handles()) {
		values = brand.Values(values[:0], h)
		if count[values[0]]++; count[values[0]] <= 2 {
			fmt.Println(h, brand.Name(values[0]))
		}
	}
	// Output:
	// 0 Acme
	// 1 Bo
	// 2 Acme
}

func ExampleMatcher_AppendHandles() {
	cat := catalog.New()
	for id, brand := range []string{"Acme", "Bo", "Acme", "Acme"} {
		if _, err := cat.Upsert(catalog.Item{ID: fmt.Sprint(id), Brand: brand, Available: true}); err != nil {
			log.Fatal(err)
		}
	}
	acme, err := cat.Compile(catalog.Equals("brand", "Acme"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(acme.AppendHandles(nil, 10))
	fmt.Println(acme.AppendHandles(nil, 2))
	// Output:
	// [0 2 3] true
	// [] false
}

func ExampleIDs() {
	cat := catalog.New()
	// Interactions may name an item before its data has come.
	early, err := cat.IDs().Intern("tea")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(early, cat.Item(early) == nil, cat.Len(), cat.Handles())

	h, err := cat.Upsert(catalog.Item{ID: "tea", Title: "Green tea", Available: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(h == early, cat.Item(h).Title, cat.IDs().ID(h))
	// Output:
	// 0 true 0 1
	// true Green tea tea
}

func ExampleCatalog_Facets() {
	cat := catalog.New()
	for i, path := range []string{"Home > Kitchen", "Home > Garden", "Home > Kitchen", "Toys"} {
		if _, err := cat.Upsert(catalog.Item{ID: fmt.Sprint(i), Categories: []string{path}}); err != nil {
			log.Fatal(err)
		}
	}
	counts, err := cat.Facets("category", catalog.Not(catalog.Equals("category", "Toys")))
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range counts {
		fmt.Println(c.Count, c.Value)
	}
	// Output:
	// 3 Home
	// 2 Home > Kitchen
	// 1 Home > Garden
}

func ExampleCatalog_Search() {
	cat := catalog.New()
	for id, title := range []string{"Green tea", "Teapot for green tea", "Mug"} {
		if _, err := cat.Upsert(catalog.Item{ID: fmt.Sprint(id), Title: title}); err != nil {
			log.Fatal(err)
		}
	}
	hits, total, err := cat.Search("green te", nil, 0, 10)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(total, "found")
	for _, h := range hits {
		fmt.Println(h.Item.Title)
	}
	// Output:
	// 2 found
	// Green tea
	// Teapot for green tea
}

func ExampleReadCSV() {
	file := strings.NewReader(`id,title,categories,price,currency,colour
tea,Green tea,Home > Kitchen|Gifts,3.50,EUR,green
mug,Mug,Home > Kitchen,cheap,EUR,red|blue
ball,Ball,Toys,9,EUR,red
`)
	cat := catalog.New()
	n, err := cat.Load(catalog.ReadCSV(file), func(bad *catalog.RowError) error {
		fmt.Println(bad)
		return nil // go on
	})
	fmt.Println(n, "items,", err)
	// Output:
	// catalog: line 3: invalid price: "cheap" is no decimal number such as 19.99
	// 2 items, <nil>
}

func ExampleParseFilter() {
	f, err := catalog.ParseFilter([]byte(`{"and": [
		{"available": true},
		{"in": {"field": "attr.colour", "values": ["red", "blue"]}},
		{"price": {"currency": "EUR", "max": 2000}}
	]}`))
	if err != nil {
		log.Fatal(err)
	}
	cat := catalog.New()
	price := catalog.Money{Minor: 1500, Currency: "EUR"}
	h, err := cat.Upsert(catalog.Item{ID: "mug", Price: price, Attributes: map[string][]string{"colour": {"red"}}, Available: true})
	if err != nil {
		log.Fatal(err)
	}
	m, err := cat.Compile(f)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Match(h))
	// Output: true
}

func ExampleRange() {
	f := catalog.Range("attr.screen", 24, math.Inf(1))
	if err := json.NewEncoder(os.Stdout).Encode(f); err != nil {
		log.Fatal(err)
	}
	// Output: {"range":{"field":"attr.screen","min":24}}
}
