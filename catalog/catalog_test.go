package catalog_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
)

func TestUpsertRefuses(t *testing.T) {
	t.Parallel()
	inf := float32(math.Inf(1))
	tests := []struct {
		name, field string
		item        catalog.Item
	}{
		{"empty id", "id", catalog.Item{}},
		{"long id", "id", catalog.Item{ID: strings.Repeat("x", 513)}},
		{"id not UTF-8", "id", catalog.Item{ID: "\xff"}},
		{"title not UTF-8", "title", catalog.Item{ID: "a", Title: "\xff"}},
		{"description not UTF-8", "description", catalog.Item{ID: "a", Description: "\xff"}},
		{"brand not UTF-8", "brand", catalog.Item{ID: "a", Brand: "\xff"}},
		{"image not UTF-8", "image", catalog.Item{ID: "a", Image: "\xff"}},
		{"category not UTF-8", "categories", catalog.Item{ID: "a", Categories: []string{"\xff"}}},
		{"empty category", "categories", catalog.Item{ID: "a", Categories: []string{""}}},
		{"empty name in path", "categories", catalog.Item{ID: "a", Categories: []string{"Home >  > Mugs"}}},
		{"path ends early", "categories", catalog.Item{ID: "a", Categories: []string{"Home > "}}},
		{"currency in lower case", "price.currency", catalog.Item{ID: "a", Price: catalog.Money{Minor: 1, Currency: "eur"}}},
		{"no currency", "price.currency", catalog.Item{ID: "a", Price: catalog.Money{Minor: 1}}},
		{"price below 0", "price.minor", catalog.Item{ID: "a", Price: catalog.Money{Minor: -1, Currency: "EUR"}}},
		{"stock below 0", "stock", catalog.Item{ID: "a", Stock: -1}},
		{"NaN", "vector", catalog.Item{ID: "a", Vector: []float32{0, float32(math.NaN())}}},
		{"Inf", "vector", catalog.Item{ID: "a", Vector: []float32{inf}}},
		{"empty attribute", "attributes", catalog.Item{ID: "a", Attributes: map[string][]string{"": {"x"}}}},
		{"empty value", "attributes", catalog.Item{ID: "a", Attributes: map[string][]string{"x": {""}}}},
		{"value not UTF-8", "attributes", catalog.Item{ID: "a", Attributes: map[string][]string{"x": {"\xff"}}}},
		{"too many values", "attributes", catalog.Item{ID: "a", Attributes: map[string][]string{"x": strings.Fields(strings.Repeat("v ", 1001))}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cat := catalog.New()
			_, err := cat.Upsert(tt.item)
			e, ok := errors.AsType[*catalog.InvalidError](err)
			if !ok || e.Field != tt.field || !errors.Is(err, catalog.ErrInvalid) {
				t.Errorf("error %v; want an InvalidError of field %s", err, tt.field)
			}
			if cat.Len() != 0 || cat.Handles() != 0 {
				t.Error("the refused item left something behind")
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	deep := catalog.Available()
	for range catalog.DepthMax {
		deep = catalog.Not(deep)
	}
	type foreign struct{ catalog.Filter }
	tests := map[string]catalog.Filter{
		"nil member of And":       catalog.And(catalog.Available(), nil),
		"nil member of Or":        catalog.Or(nil),
		"Not nil":                 catalog.Not(nil),
		"unknown field":           catalog.Equals("colour", "red"),
		"title is not a field":    catalog.In("title", "x"),
		"range over a word field": catalog.Range("brand", 0, 1),
		"range over nothing":      catalog.Less("group", 1),
		"empty range":             catalog.Greater("stock", math.Inf(1)),
		"half-open and empty":     catalog.Less("stock", math.Inf(-1)),
		"NaN":                     catalog.Range("stock", math.NaN(), 1),
		"range backwards":         catalog.Range("stock", 2, 1),
		"price backwards":         catalog.Price("EUR", 2, 1),
		"no currency":             catalog.Price("", 1, 2),
		"created backwards":       catalog.Created(epoch, epoch.Add(-time.Second)),
		"too deep":                deep,
		"foreign type":            foreign{catalog.Available()},
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if m, err := catalog.New().Compile(f); !errors.Is(err, catalog.ErrInvalid) || m != nil {
				t.Errorf("Compile = %v, %v; want ErrInvalid", m, err)
			}
		})
	}
}

func TestUnknownItem(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	if err := cat.Delete("x"); !errors.Is(err, catalog.ErrUnknownItem) {
		t.Errorf("Delete in an empty catalogue: %v", err)
	}
	if _, err := cat.Upsert(catalog.Item{ID: "a"}); err != nil {
		t.Fatal(err)
	}
	if err := cat.Delete("x"); !errors.Is(err, catalog.ErrUnknownItem) || cat.Len() != 1 {
		t.Errorf("Delete of another item: %v, Len = %d", err, cat.Len())
	}
	if err := cat.Patch("x", catalog.Patch{Stock: new(1)}); !errors.Is(err, catalog.ErrUnknownItem) {
		t.Errorf("Patch of another item: %v", err)
	}
	if err := cat.Patch("a", catalog.Patch{Stock: new(-1)}); !errors.Is(err, catalog.ErrInvalid) {
		t.Errorf("Patch to stock -1: %v", err)
	}
	if err := cat.Patch("a", catalog.Patch{Price: &catalog.Money{Minor: 5}}); !errors.Is(err, catalog.ErrInvalid) {
		t.Errorf("Patch to a price without currency: %v", err)
	}
	if it, id := cat.Item(1), cat.ID(1); it != nil || id != "" || cat.Available(1) {
		t.Errorf("handle never given: item %v, ID %q", it, id)
	}
}

func TestHandlesAreStable(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	for i := range 10_000 {
		h, err := cat.Upsert(catalog.Item{ID: fmt.Sprint(i), Available: true})
		if err != nil || int(h) != i {
			t.Fatalf("item %d: handle %d, %v", i, h, err)
		}
	}
	if err := cat.Delete("7777"); err != nil {
		t.Fatal(err)
	}
	if cat.Item(7777) != nil || cat.ID(7777) != "7777" || cat.Available(7777) || cat.Len() != 9999 || cat.Handles() != 10_000 {
		t.Error("a deleted item is not wholly gone, or its handle is")
	}
	if err := cat.Delete("7777"); !errors.Is(err, catalog.ErrUnknownItem) {
		t.Errorf("second Delete: %v", err)
	}
	if h, err := cat.Upsert(catalog.Item{ID: "7777"}); h != 7777 || err != nil {
		t.Errorf("the item comes back as %d, %v", h, err)
	}
}

// What the caller does to its own item afterwards must not reach the catalogue.
func TestUpsertCopies(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	it := catalog.Item{ID: "a", Categories: []string{"x"}, Vector: []float32{1}, Attributes: map[string][]string{"k": {"v"}}}
	want := catalog.Item{ID: "a", Categories: []string{"x"}, Vector: []float32{1}, Attributes: map[string][]string{"k": {"v"}}}
	if _, err := cat.Upsert(it); err != nil {
		t.Fatal(err)
	}
	it.Categories[0], it.Vector[0], it.Attributes["k"][0], it.Attributes["n"] = "y", 2, "w", nil
	if diff := cmp.Diff(&want, cat.Item(0)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Sets of more than one segment, and of both kinds of container and the ways between them.
func TestManySegments(t *testing.T) {
	t.Parallel()
	const n = 70_000
	cat := catalog.New()
	brand := func(i int) string {
		switch {
		case i%1000 == 0:
			return "rare"
		case i%3 == 0:
			return "third"
		}
		return ""
	}
	for i := range n {
		if _, err := cat.Upsert(catalog.Item{ID: fmt.Sprint(i), Brand: brand(i), Stock: i}); err != nil {
			t.Fatal(err)
		}
	}
	check := func(when string, keep func(i int) bool) {
		for _, b := range []string{"rare", "third"} {
			m, err := cat.Compile(catalog.And(catalog.Range("stock", 10, math.Inf(1)), catalog.Equals("brand", b)))
			if err != nil {
				t.Fatal(err)
			}
			var want []uint32
			for i := 10; i < n; i++ {
				if brand(i) == b && keep(i) {
					want = append(want, uint32(i))
				}
			}
			if got := m.Bitmap().ToArray(); !cmp.Equal(want, got) {
				t.Errorf("%s: brand %s: %d items; want %d", when, b, len(got), len(want))
			}
		}
	}
	check("loaded", func(int) bool { return true })
	for i := range n {
		if i%30 != 0 {
			if err := cat.Delete(fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	check("thinned", func(i int) bool { return i%30 == 0 })
	for i := n - 1; i >= 0; i-- {
		if _, err := cat.Upsert(catalog.Item{ID: fmt.Sprint(i), Brand: brand(i), Stock: i}); err != nil {
			t.Fatal(err)
		}
	}
	check("filled backwards", func(int) bool { return true })
}

// Values that come and go leave nothing behind, and a matcher finds a value that comes back.
func TestValuesComeAndGo(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	m, err := cat.Compile(catalog.Equals("attr.day", "3"))
	if err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		for day := range 10 {
			if _, err := cat.Upsert(catalog.Item{ID: "a", Attributes: map[string][]string{"day": {fmt.Sprint(day)}}}); err != nil {
				t.Fatal(err)
			}
			if got := m.Match(0); got != (day == 3) {
				t.Errorf("round %d, day %d: Match = %v", round, day, got)
			}
			facets, err := cat.Facets("attr.day", nil)
			if diff := cmp.Diff([]catalog.FacetCount{{Value: fmt.Sprint(day), Count: 1}}, facets); err != nil || diff != "" {
				t.Errorf("Facets: %v (-want +got):\n%s", err, diff)
			}
		}
	}
	if _, err := cat.Upsert(catalog.Item{ID: "a"}); err != nil {
		t.Fatal(err)
	}
	if facets, err := cat.Facets("attr.day", nil); err != nil || facets != nil {
		t.Errorf("Facets of a field that is gone: %v, %v", facets, err)
	}
	if _, err := cat.Facets("title", nil); !errors.Is(err, catalog.ErrInvalid) {
		t.Errorf("Facets(title): %v; want ErrInvalid", err)
	}
}

// A handle without an item is legal everywhere, and none of its neighbours' memory is spent on it.
func TestHandlesWithoutItems(t *testing.T) {
	t.Parallel()
	const n = 100_000
	cat := catalog.New()
	for i := range n {
		if h, err := cat.IDs().Intern(fmt.Sprint(i)); err != nil || int(h) != i {
			t.Fatalf("Intern = %d, %v; want %d", h, err, i)
		}
	}
	m, err := cat.Compile(catalog.Not(catalog.Available()))
	if err != nil {
		t.Fatal(err)
	}
	nothing := func(h uint32) {
		if cat.Item(h) != nil || cat.Available(h) || m.Match(h) || cat.ID(h) != fmt.Sprint(h) {
			t.Errorf("handle %d: item %v, ID %q, Match %v", h, cat.Item(h), cat.ID(h), m.Match(h))
		}
	}
	nothing(0)
	nothing(n - 1)
	if cat.Handles() != n || cat.Len() != 0 || m.Count() != 0 || cat.Chunks() != 0 {
		t.Errorf("%d handles, %d items, %d match, in %d chunks", cat.Handles(), cat.Len(), m.Count(), cat.Chunks())
	}
	if err := cat.Delete("5"); !errors.Is(err, catalog.ErrUnknownItem) {
		t.Errorf("Delete of a handle without an item: %v", err)
	}
	if h, err := cat.Upsert(catalog.Item{ID: "70000"}); h != 70_000 || err != nil {
		t.Errorf("Upsert = %d, %v; want the handle interned before", h, err)
	}
	for h, it := range cat.All() {
		if h != 70_000 || it.ID != "70000" {
			t.Errorf("All yields %d, %q", h, it.ID)
		}
	}
	nothing(n - 1)
	nothing(69_999)
	nothing(1)
	if got := m.Bitmap().ToArray(); !cmp.Equal([]uint32{70_000}, got) || cat.Chunks() != 1 || cat.Handles() != n {
		t.Errorf("matches %v, in %d chunks", got, cat.Chunks())
	}
	if hits, total, err := cat.Search("", nil, 0, 10); err != nil || total != 1 || len(hits) != 1 {
		t.Errorf("Search finds %d of %d, %v", len(hits), total, err)
	}
}
