package catalog_test

import (
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/goldrec/gold/catalog"
)

// shelf is a small catalogue.
func fourItems() *catalog.Catalog {
	cat := catalog.New()
	euros := func(minor int64) catalog.Money { return catalog.Money{Minor: minor, Currency: "EUR"} }
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	for _, it := range []catalog.Item{
		{ID: "tea", Brand: "Acme", Price: euros(350), Categories: []string{"Home > Kitchen > Tea"}, Created: day(1), Available: true},
		{ID: "mug", Brand: "Bo", Price: euros(900), Categories: []string{"Home > Kitchen > Mugs"}, Created: day(2), Available: true},
		{ID: "ball", Brand: "Acme", Price: euros(1500), Categories: []string{"Toys"}, Created: day(3), Available: true},
		{ID: "kite", Brand: "Bo", Categories: []string{"Toys"}}, // sold out, and without a price or date
	} {
		if _, err := cat.Upsert(it); err != nil {
			log.Fatal(err)
		}
	}
	return cat
}

// show prints the identifiers of the items that a filter matches.
func show(cat *catalog.Catalog, f catalog.Filter) {
	m, err := cat.Compile(f)
	if err != nil {
		log.Fatal(err)
	}
	var found []string
	for h, it := range cat.All() {
		if m.Match(h) {
			found = append(found, it.ID)
		}
	}
	fmt.Println(found)
}

func ExampleNew() {
	cat := catalog.New()
	handle, err := cat.Upsert(catalog.Item{ID: "tea", Title: "Green tea", Available: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(handle, cat.Len(), cat.Item(handle).Title)
	// Output: 0 1 Green tea
}

func ExampleAnd() {
	show(fourItems(), catalog.And(catalog.Equals("brand", "Acme"), catalog.Equals("category", "Home")))
	show(fourItems(), catalog.And()) // asks for nothing
	// Output:
	// [tea]
	// [tea mug ball kite]
}

func ExampleOr() {
	show(fourItems(), catalog.Or(catalog.Equals("brand", "Acme"), catalog.Equals("category", "Home")))
	show(fourItems(), catalog.Or()) // has nothing that could match
	// Output:
	// [tea mug ball]
	// []
}

func ExampleNot() {
	show(fourItems(), catalog.Not(catalog.Available()))
	// Output: [kite]
}

func ExampleAvailable() {
	show(fourItems(), catalog.Available())
	// Output: [tea mug ball]
}

// A category takes in what is below it.
func ExampleEquals() {
	show(fourItems(), catalog.Equals("category", "Home > Kitchen"))
	show(fourItems(), catalog.Equals("brand", "bo")) // equality is that of bytes
	// Output:
	// [tea mug]
	// []
}

func ExampleIn() {
	show(fourItems(), catalog.In("id", "kite", "tea", "lamp"))
	// Output: [tea kite]
}

// Prices are in the minor unit of a currency, here cents. What has no price does not match.
func ExamplePrice() {
	show(fourItems(), catalog.Price("EUR", 500, 1500))
	// Output: [mug ball]
}

// The second end is open: what was created then is not in it.
func ExampleCreated() {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	show(fourItems(), catalog.Created(from, from.AddDate(0, 0, 2)))
	// Output: [tea mug]
}

func ExampleReadJSONLines() {
	file := strings.NewReader(`{"id": "tea", "title": "Green tea", "price": {"minor": 350, "currency": "EUR"}}
{"id": "mug", "available": false}
`)
	cat := catalog.New()
	n, err := cat.Load(catalog.ReadJSONLines(file), nil)
	fmt.Println(n, err)
	show(cat, catalog.Available()) // what a file does not say is available
	// Output:
	// 2 <nil>
	// [tea]
}

// Which part of an item is wrong stands in the error.
func ExampleInvalidError() {
	_, err := catalog.New().Upsert(catalog.Item{ID: "tea", Price: catalog.Money{Minor: 350, Currency: "euro"}})
	if invalid, ok := errors.AsType[*catalog.InvalidError](err); ok {
		fmt.Println(invalid.Item, invalid.Field)
	}
	fmt.Println(errors.Is(err, catalog.ErrInvalid))
	// Output:
	// tea price.currency
	// true
}

// Rows that cannot be taken are counted, and the others loaded.
func ExampleRowError() {
	file := strings.NewReader("id,stock\ntea,3\nmug,many\npot,1\n")
	cat := catalog.New()
	var lines []int
	n, err := cat.Load(catalog.ReadCSV(file), func(bad *catalog.RowError) error {
		lines = append(lines, bad.Line)
		return nil // nil goes on
	})
	fmt.Println(n, "items, bad lines", lines, err)
	// Output: 2 items, bad lines [3] <nil>
}

// A price is looked up without unpacking the item.
func ExampleCatalog_Price() {
	cat := fourItems()
	mug, _ := cat.Lookup("mug")
	fmt.Println(cat.Price(mug), cat.Available(mug))
	// Output: {900 EUR} true
}

// What changes often is changed alone.
func ExampleCatalog_Patch() {
	cat := fourItems()
	if err := cat.Patch("tea", catalog.Patch{Price: &catalog.Money{Minor: 299, Currency: "EUR"}}); err != nil {
		log.Fatal(err)
	}
	tea, _ := cat.Lookup("tea")
	fmt.Println(cat.Item(tea).Brand, cat.Price(tea).Minor)
	fmt.Println(cat.Patch("lamp", catalog.Patch{Stock: new(1)}))
	// Output:
	// Acme 299
	// catalog: unknown item: "lamp"
}

// Equal filters have equal keys, so that a cache of compiled ones can be asked by them.
func ExampleAppendKey() {
	tea, mug := catalog.Equals("brand", "Acme"), catalog.Equals("brand", "Bo")
	key := string(catalog.AppendKey(nil, tea))
	fmt.Println(key == string(catalog.AppendKey(nil, catalog.Equals("brand", "Acme"))), key == string(catalog.AppendKey(nil, mug)))
	// Output: true false
}
