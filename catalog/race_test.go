package catalog_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/goldrec/gold/catalog"
)

// Writers change items in ways that keep an invariant within each item, and readers check it while they do: the brand
// always equals the colour. A reader that saw half an item would see them differ.
func TestReadersWhileWriting(t *testing.T) {
	t.Parallel()
	const items, steps = 500, 3000
	cat := catalog.New()
	upsert := func(rng *rand.Rand) error {
		v := pick(rng, colours)
		if rng.IntN(3) == 0 { // values that go again, so that their numbers die and their places are used by others
			v = strconv.Itoa(rng.IntN(1 << 30))
		}
		_, err := cat.Upsert(catalog.Item{
			ID: strconv.Itoa(rng.IntN(items)), Brand: v, Attributes: map[string][]string{"colour": {v}},
			Categories: []string{"all > " + v}, Stock: rng.IntN(5), Available: true,
			Title: "word " + v, Price: catalog.Money{Minor: 5, Currency: "EUR"},
		})
		return err
	}
	differ, err := cat.Compile(catalog.Or(
		catalog.And(catalog.Equals("brand", "red"), catalog.Not(catalog.Equals("attr.colour", "red"))),
		catalog.And(catalog.Equals("attr.colour", "blue"), catalog.Not(catalog.Equals("category", "all > blue"))),
		catalog.Not(catalog.Equals("category", "all")),
	))
	if err != nil {
		t.Fatal(err)
	}
	brand, err := cat.Column("brand")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var readers, writers sync.WaitGroup
	for g := range 3 {
		readers.Go(func() {
			rng := rand.New(rand.NewPCG(3, uint64(g)))
			for {
				select {
				case <-done:
					return
				default:
				}
				h := uint32(rng.IntN(items + 10))
				if differ.Match(h) {
					t.Errorf("handle %d: half an item seen: %+v", h, cat.Item(h))
					return
				}
				if it := cat.Item(h); it != nil && !whole(it, cat.ID(h)) {
					t.Errorf("handle %d: half an item: %+v, ID %q", h, it, cat.ID(h))
				}
				if p := cat.Price(h); p != (catalog.Money{}) && p != (catalog.Money{Minor: 5, Currency: "EUR"}) {
					t.Errorf("handle %d: price %v", h, p)
				}
				cat.Available(h)
				cat.Created(h)
				brand.Values(nil, h)
				if h%50 == 0 {
					readAll(t, cat, differ)
				}
			}
		})
	}
	for g := range 2 {
		writers.Go(func() {
			rng := rand.New(rand.NewPCG(4, uint64(g)))
			for range steps {
				id := strconv.Itoa(rng.IntN(items))
				switch rng.IntN(4) {
				case 0:
					_ = cat.Delete(id) // may be gone already
				case 1:
					_ = cat.Patch(id, catalog.Patch{Stock: new(rng.IntN(5))})
				default:
					if err := upsert(rng); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	if n := differ.Count(); n != 0 {
		t.Errorf("%d items differ when all is quiet", n)
	}
}

// One item is written over and over while its readers look at it alone: the moments at which it is half written, and those
// in which its values lose their numbers and their chunks, come as often as they can.
func TestReadersOfOneItem(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	set := func(v string) {
		_, err := cat.Upsert(catalog.Item{
			ID: "0", Title: "word " + v, Brand: v, Attributes: map[string][]string{"colour": {v}}, Categories: []string{"all > " + v},
		})
		if err != nil {
			t.Error(err)
		}
	}
	set("red")
	never, err := cat.Compile(catalog.Or(
		catalog.And(catalog.Equals("brand", "red"), catalog.Not(catalog.Equals("attr.colour", "red"))),
		catalog.And(catalog.Equals("attr.colour", "red"), catalog.Not(catalog.Equals("brand", "red"))),
		catalog.Not(catalog.Equals("category", "all")),
	))
	if err != nil {
		t.Fatal(err)
	}
	var redOrBlue atomic.Bool
	neither, err := cat.Compile(catalog.Not(catalog.In("brand", "red", "blue")))
	if err != nil {
		t.Fatal(err)
	}
	var done atomic.Bool
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for !done.Load() {
				if never.Match(0) {
					t.Error("half an item matches")
					return
				}
				if it := cat.Item(0); !whole(it, "0") {
					t.Errorf("half an item: %+v", it)
					return
				}
				if sure := redOrBlue.Load(); neither.Match(0) && sure && redOrBlue.Load() {
					t.Error("an item that is red or blue is neither")
					return
				}
			}
		})
	}
	for i := range 20_000 {
		set(strconv.Itoa(i))
	}
	set("blue")
	redOrBlue.Store(true)
	for range 10_000 {
		set("red")
		set("blue")
	}
	done.Store(true)
	readers.Wait()
}

// whole reports whether an item is as one call of upsert made it.
func whole(it *catalog.Item, id string) bool {
	v := it.Brand
	return it.ID == id && it.Title == "word "+v && len(it.Attributes) == 1 && slices.Equal(it.Attributes["colour"], []string{v}) &&
		slices.Equal(it.Categories, []string{"all > " + v})
}

func readAll(t *testing.T, cat *catalog.Catalog, m *catalog.Matcher) {
	m.Bitmap()
	m.AppendHandles(nil, 10)
	if _, err := cat.Facets("brand", catalog.Range("stock", 1, 3)); err != nil {
		t.Error(err)
	}
	if _, _, err := cat.Search("re", catalog.Available(), 0, 10); err != nil {
		t.Error(err)
	}
	last := -1
	for h := range cat.All() {
		if int(h) <= last {
			t.Errorf("All: handle %d after %d", h, last)
		}
		last = int(h)
	}
}
