package catalog_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
)

// An item comes back as it was given, with every field alone and with all, at the ends of what they may be.
func TestItemsComeBack(t *testing.T) {
	t.Parallel()
	items := []catalog.Item{
		{ID: "bare"},
		{ID: "available", Available: true},
		{ID: "title", Title: strings.Repeat("long ", 10_000)},
		{ID: "description", Description: "d\x00e"},
		{ID: "image", Image: "http://x/y"},
		{ID: "brand", Brand: "Çelik"},
		{ID: "free", Price: catalog.Money{Currency: "EUR"}},
		{ID: "dear", Price: catalog.Money{Minor: math.MaxInt64, Currency: "JPY"}},
		{ID: "stock", Stock: math.MaxInt},
		{ID: "vector", Vector: []float32{0, -1.5, math.MaxFloat32, math.SmallestNonzeroFloat32}},
		{ID: "paths", Categories: []string{"B > A", "B", "B > A", "A > > B"}},
		{ID: "attributes", Attributes: map[string][]string{"öko": {"ö", "b", "a", "b"}, "a": {strings.Repeat("v", 3000)}, "b": {"b"}}},
		{ID: "long ago", Created: time.Date(-300, 1, 2, 3, 4, 5, 999_999_999, time.UTC)},
		{ID: "1970", Created: time.Unix(0, 0).UTC()},
		{ID: "far ahead", Created: time.Date(9999, 12, 31, 23, 59, 59, 1, time.UTC)},
		{
			ID: "all", Title: "t", Description: "d", Categories: []string{"c"}, Brand: "b", Price: catalog.Money{Minor: 1, Currency: "EUR"},
			Attributes: map[string][]string{"b": {"b"}, "brand": {"b"}}, Image: "i", Vector: []float32{1}, Stock: 1, Available: true, Created: epoch,
		},
	}
	cat := catalog.New()
	check := func(when string) {
		t.Helper()
		for h, it := range items {
			if diff := cmp.Diff(&it, cat.Item(uint32(h))); diff != "" {
				t.Errorf("%s: -want +got:\n%.1000s", when, diff)
			}
		}
	}
	mustUpsert(t, cat, items...)
	check("given")
	if _, _, err := cat.Search("long", nil, 0, 1); err != nil {
		t.Fatal(err)
	}
	check("with words")
	mustUpsert(t, cat, items...)
	check("given again")
	for i := range items {
		items[i].Stock, items[i].Available, items[i].Price = i, i%2 == 0, catalog.Money{Minor: 200, Currency: "USD"}
		p := catalog.Patch{Stock: &items[i].Stock, Available: &items[i].Available, Price: &items[i].Price}
		if err := cat.Patch(items[i].ID, p); err != nil {
			t.Fatal(err)
		}
	}
	check("patched")
}

// What an item leaves out comes back as nothing, and times come back in UTC.
func TestItemsComeBackPlain(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	mustUpsert(t, cat, catalog.Item{
		ID: "a", Categories: []string{}, Vector: []float32{}, Attributes: map[string][]string{"none": {}},
		Created: epoch.In(time.FixedZone("", 3600)),
	})
	want := catalog.Item{ID: "a", Created: epoch}
	if got := cat.Item(0); !cmp.Equal(&want, got) || got.Created.Location() != time.UTC {
		t.Errorf("item %+v", got)
	}
	if facets, err := cat.Facets("attr.none", nil); err != nil || facets != nil {
		t.Errorf("an attribute without values has %v, %v", facets, err)
	}
}

func TestFull(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	cat.ExhaustValues()
	if _, err := cat.Upsert(catalog.Item{ID: "a"}); !errors.Is(err, catalog.ErrFull) || cat.Handles() != 0 {
		t.Errorf("a value too many: %v, Handles = %d", err, cat.Handles())
	}
}

// Values and words that come and go take no memory: not their numbers, nor the places of sets that grew.
func TestValuesLeaveNothing(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	m, err := cat.Compile(catalog.Equals("brand", "stays"))
	if err != nil {
		t.Fatal(err)
	}
	col, err := cat.Column("attr.day")
	if err != nil {
		t.Fatal(err)
	}
	mustUpsert(t, cat, catalog.Item{ID: "stays", Brand: "stays", Title: "stays"})
	if _, _, err := cat.Search("x", nil, 0, 1); err != nil {
		t.Fatal(err)
	}
	var first uint32
	for day := range 2200 {
		v := fmt.Sprint("day ", day)
		for _, id := range []string{"a", "b"} {
			mustUpsert(t, cat, catalog.Item{ID: id, Title: v, Attributes: map[string][]string{"day": {v}}})
		}
		number := col.Values(nil, 1)[0]
		if col.Name(number) != v || number == first {
			t.Fatalf("%q is %d, called %q", v, number, col.Name(number))
		}
		if first == 0 {
			first = number
		}
	}
	if name := col.Name(first); name != "" {
		t.Errorf("the number of a value that went is called %q", name)
	}
	// Left are the brand and the last day as values; stays, day and the last day as stems and as they are written.
	if live, chunks, sets, listed := cat.Terms(); live != 9 || chunks > 2 || sets > 5 || listed > 10 {
		t.Errorf("%d values in %d chunks, %d sets, %d in lists; want 9 in 2 at most, and few", live, chunks, sets, listed)
	}
	if m.Count() != 1 || !m.Match(0) {
		t.Error("what stayed is lost")
	}
	if hits, total, err := cat.Search("219", nil, 0, 10); err != nil || total != 2 {
		t.Errorf("%d found by the beginning of a word, %v, %v; want 2", total, hits, err)
	}
}

// Long values end a chunk of terms early, where numbers are left out.
func TestLongValues(t *testing.T) {
	t.Parallel()
	const n = 3000
	cat := catalog.New()
	value := func(i int) string {
		if i%100 == 0 {
			return fmt.Sprint(i) + strings.Repeat("v", 200_000)
		}
		return fmt.Sprint(i)
	}
	for i := range n {
		mustUpsert(t, cat, catalog.Item{ID: fmt.Sprint(i), Brand: value(i)})
	}
	for i := range n {
		m, err := cat.Compile(catalog.Equals("brand", value(i)))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Bitmap().ToArray(); !slices.Equal(got, []uint32{uint32(i)}) || cat.Item(uint32(i)).Brand != value(i) {
			t.Fatalf("value %d is of %v", i, got)
		}
	}
	if facets, err := cat.Facets("brand", nil); err != nil || len(facets) != n {
		t.Errorf("%d values, %v; want %d", len(facets), err, n)
	}
	for i := range n {
		if err := cat.Delete(fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
		mustUpsert(t, cat, catalog.Item{ID: fmt.Sprint(i), Brand: value(i)})
	}
	if facets, err := cat.Facets("brand", nil); err != nil || len(facets) != n {
		t.Errorf("%d values, %v, after all came back; want %d", len(facets), err, n)
	}
	for i := range n {
		if err := cat.Delete(fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if live, chunks, _, _ := cat.Terms(); live != 0 || chunks > 1 {
		t.Errorf("%d values in %d chunks are left", live, chunks)
	}
}

// A chunk of terms ends when its text is as long as can be told in 16 bits. The few numbers that are left out stand for
// nothing, even when the value that is the first of the chunk goes and comes back.
func TestChunkOfLongText(t *testing.T) {
	t.Parallel()
	const n = 2200
	cat := catalog.New()
	value := func(i int) string {
		if i >= 900 && i < 950 {
			return fmt.Sprint(i) + strings.Repeat("v", 2000)
		}
		return fmt.Sprint(i)
	}
	for i := range n {
		mustUpsert(t, cat, catalog.Item{ID: fmt.Sprint(i), Brand: value(i)})
	}
	if err := cat.Delete("0"); err != nil {
		t.Fatal(err)
	}
	mustUpsert(t, cat, catalog.Item{ID: "0", Brand: value(0)})
	for i := range n {
		if got := cat.Item(uint32(i)).Brand; got != value(i) {
			t.Fatalf("value %d is %.20q", i, got)
		}
	}
	if facets, err := cat.Facets("brand", nil); err != nil || len(facets) != n {
		t.Errorf("%d values, %v; want %d", len(facets), err, n)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	last := cat.Version()
	step := func(what string, grows bool, do func() error) {
		t.Helper()
		if err := do(); (err == nil) != grows && what != "Intern" && what != "Search" && what != "Upsert of the same" {
			t.Errorf("%s: %v", what, err)
		}
		if now := cat.Version(); (now > last) != grows || now < last {
			t.Errorf("%s: version %d after %d", what, now, last)
		}
		last = cat.Version()
	}
	upsert := func(it catalog.Item) func() error {
		return func() error { _, err := cat.Upsert(it); return err }
	}
	step("Upsert", true, upsert(catalog.Item{ID: "a", Title: "x"}))
	step("Upsert of the same", false, upsert(catalog.Item{ID: "a", Title: "x"}))
	step("Upsert refused", false, upsert(catalog.Item{}))
	step("Patch", true, func() error { return cat.Patch("a", catalog.Patch{Stock: new(1)}) })
	step("Patch refused", false, func() error { return cat.Patch("a", catalog.Patch{Stock: new(-1)}) })
	step("Search", false, func() error { _, _, err := cat.Search("x", nil, 0, 1); return err })
	step("Intern", false, func() error { _, err := cat.IDs().Intern("b"); return err })
	step("Delete", true, func() error { return cat.Delete("a") })
	step("Delete of nothing", false, func() error { return cat.Delete("a") })
}

// A narrow filter is listed, and a wide one refused, without working the filter out, which would allocate.
func TestAppendHandlesIsCheap(t *testing.T) {
	cat := load(t, 20_000)
	tests := []struct {
		name   string
		filter catalog.Filter
		max    int
		ok     bool
	}{
		{"nil", nil, 100, false},
		{"available", catalog.Available(), 100, false},
		{"one wide value", catalog.Equals("attr.colour", "red"), 1000, false},
		{"not a narrow value", catalog.Not(catalog.Equals("brand", "brand 7")), 1000, false},
		{"one narrow value", catalog.Equals("brand", "brand 7"), 1000, true},
		{"a narrow value and more", catalog.And(catalog.Available(), catalog.Equals("brand", "brand 7"), catalog.Price("EUR", 0, 5000)), 1000, true},
		{"few values", catalog.In("brand", "brand 7", "brand 8"), 1000, true},
	}
	for _, tt := range tests {
		m, err := cat.Compile(tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		dst := make([]uint32, 0, 2000)
		ok := false
		if n := testing.AllocsPerRun(10, func() { _, ok = m.AppendHandles(dst, tt.max) }); n != 0 || ok != tt.ok {
			t.Errorf("%s: %v allocations, %v; want none, %v", tt.name, n, ok, tt.ok)
		}
	}
}

// A filter over many segments, of which values have their handles in one array, in containers and in bitmaps.
func TestAppendHandlesOfManySegments(t *testing.T) {
	t.Parallel()
	const n = 70_000
	cat := catalog.New()
	single := uint32(n - 1)
	for i := range n {
		price := catalog.Money{Minor: 1, Currency: fmt.Sprintf("AA%c", 'A'+i%26)}
		mustUpsert(t, cat, catalog.Item{ID: fmt.Sprint(i), Brand: fmt.Sprint("b", i%1500), Price: price, Stock: i % 7, Available: i%2 == 0})
	}
	mustUpsert(t, cat, catalog.Item{ID: fmt.Sprint(single), Brand: "single"})
	alone, err := cat.Compile(catalog.Equals("brand", "single"))
	if err != nil {
		t.Fatal(err)
	}
	if got := alone.Bitmap().ToArray(); !slices.Equal(got, []uint32{single}) {
		t.Errorf("the only item of its brand is %v; want %d", got, single)
	}
	facets, err := cat.Facets("brand", catalog.Range("stock", 0, math.Inf(1)))
	if err != nil || !slices.Contains(facets, catalog.FacetCount{Value: "single", Count: 1}) {
		t.Errorf("the brand of one item is not counted once: %v", err)
	}
	for name, f := range map[string]catalog.Filter{
		"array":      catalog.And(catalog.Equals("brand", "b8"), catalog.Available()),
		"container":  catalog.Equals("currency", "AAC"),
		"bitmap":     catalog.And(catalog.Available(), catalog.Range("stock", 2, 3)),
		"many":       catalog.In("brand", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "b9", "b10"),
		"ids":        catalog.In("id", "69999", "0", "65536", "none"),
		"two of and": catalog.And(catalog.Equals("currency", "AAC"), catalog.Equals("brand", "b2")),
		"or":         catalog.Or(catalog.Equals("brand", "b2"), catalog.And(catalog.Equals("brand", "b2"), catalog.Available()), catalog.In("id", "5")),
	} {
		m, err := cat.Compile(f)
		if err != nil {
			t.Fatal(err)
		}
		want := m.Bitmap().ToArray()
		if got, ok := m.AppendHandles(nil, len(want)); !ok || !slices.Equal(want, got) {
			t.Errorf("%s: %d handles, %v; want %d", name, len(got), ok, len(want))
		}
		if got, ok := m.AppendHandles(nil, len(want)-1); ok || len(got) > 0 {
			t.Errorf("%s: %d handles, where one less than there are was asked", name, len(got))
		}
	}
}

func TestColumn(t *testing.T) {
	cat := load(t, 1000)
	for _, field := range []string{"", "title", "id", "text", "colour"} {
		if col, err := cat.Column(field); !errors.Is(err, catalog.ErrInvalid) || col != nil {
			t.Errorf("Column(%q) = %v, %v; want ErrInvalid", field, col, err)
		}
	}
	early, err := cat.Column("attr.late")
	if err != nil || early.Values(nil, 0) != nil {
		t.Errorf("an attribute that no item has: %v", err)
	}
	mustUpsert(t, cat, catalog.Item{ID: "late", Attributes: map[string][]string{"late": {"yes"}}})
	if v := early.Values(nil, 1000); len(v) != 1 || early.Name(v[0]) != "yes" {
		t.Errorf("an attribute that an item has since: %v", v)
	}
	if v := early.Values(nil, 1001); v != nil {
		t.Errorf("a handle never given has %v", v)
	}
	for _, v := range []uint32{0, math.MaxUint32, 1 << 20} {
		if name := early.Name(v); name != "" {
			t.Errorf("number %d, which was never given, is %q", v, name)
		}
	}
	dst := make([]uint32, 0, 10)
	for _, field := range []string{"brand", "category", "currency", "attr.size"} {
		col, err := cat.Column(field)
		if err != nil {
			t.Fatal(err)
		}
		h := uint32(0)
		if n := testing.AllocsPerRun(100, func() { col.Name(col.Values(dst, h)[0]); h++ }); n != 0 {
			t.Errorf("column %s: %v allocations", field, n)
		}
	}
}
