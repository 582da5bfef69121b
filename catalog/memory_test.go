package catalog_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/goldrec/gold/catalog"
)

// stock makes items as a shop has them: a title of some six words, which are as unequally frequent as words are, and one
// that no other item has; a brand, a path of three names, a price and three attribute values.
type stock struct {
	rng  *rand.Rand
	zipf *rand.Zipf
}

func newStock() *stock {
	rng := rand.New(rand.NewPCG(1, 10))
	return &stock{rng, rand.NewZipf(rng, 1.1, 10, 50_000)}
}

func (s *stock) item(i int) catalog.Item {
	var title strings.Builder
	for range 4 + s.rng.IntN(4) {
		fmt.Fprintf(&title, "Word%x ", s.zipf.Uint64())
	}
	fmt.Fprintf(&title, "no%x", i*7919)
	return catalog.Item{
		ID: "product-" + strconv.Itoa(i), Title: title.String(), Brand: fmt.Sprint("brand ", s.zipf.Uint64()/5),
		Categories: []string{fmt.Sprintf("Dep %d > Aisle %d > Shelf %d", s.rng.IntN(10), s.rng.IntN(10), s.rng.IntN(10))},
		Price:      catalog.Money{Minor: s.rng.Int64N(20_000), Currency: "EUR"},
		Attributes: map[string][]string{
			"colour": {pick(s.rng, colours)}, "size": {strconv.Itoa(s.rng.IntN(50))}, "seller": {fmt.Sprint("seller ", s.zipf.Uint64()/10)},
		},
		Available: true,
	}
}

// cost is what an item costs beside the text that is its own: identifier and title.
type cost struct{ bare, loaded, searched, objects float64 }

func memory(tb testing.TB, n int) (of cost) {
	tb.Helper()
	measure := func(load func(cat *catalog.Catalog, i int) (text int)) (*catalog.Catalog, float64, float64) {
		before := memStats()
		cat, text := catalog.New(), 0
		for i := range n {
			text += load(cat, i)
		}
		after := memStats()
		return cat, (float64(after.HeapAlloc) - float64(before.HeapAlloc) - float64(text)) / float64(n),
			float64(after.HeapObjects-before.HeapObjects) / float64(n)
	}
	upsert := func(cat *catalog.Catalog, it catalog.Item) int {
		if _, err := cat.Upsert(it); err != nil {
			tb.Fatal(err)
		}
		return len(it.ID) + len(it.Title)
	}
	var cat *catalog.Catalog
	cat, of.bare, _ = measure(func(cat *catalog.Catalog, i int) int {
		return upsert(cat, catalog.Item{ID: "product-" + strconv.Itoa(i), Available: true})
	})
	runtime.KeepAlive(cat)
	s := newStock()
	cat, of.loaded, of.objects = measure(func(cat *catalog.Catalog, i int) int { return upsert(cat, s.item(i)) })
	before := memStats()
	if _, total, err := cat.Search("no0", nil, 0, 1); err != nil || total == 0 {
		tb.Fatalf("%d found, %v", total, err)
	}
	of.searched = of.loaded + (float64(memStats().HeapAlloc)-float64(before.HeapAlloc))/float64(n)
	runtime.KeepAlive(cat)
	return of
}

func memStats() (m runtime.MemStats) {
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m
}

// An item costs at most 100 bytes beside the text that is its own, and about one object; with an index for search, 200. In
// numbers, of 100,000 items, of which each has about 13 words, one of them its own, among 150,000 words in all:
//
//	identifier      10.5 for the table, 2.3 for its start, 1 for its length
//	place           10, version 8
//	packed item     15 for price, brand, path and values, 7 for lengths, 8 of the allocator's rounding
//	sets of values  12: 7 of them in bitmaps or arrays of 2 bytes
//	numbers         5 for price and stock
//	sets of words   36: of rare words 4 bytes for each item and some 35 for the set, without room to grow
//	words           6.4 each for set and start, 6.8 for the table, 2 in order; 11 for the text of each as it is written, and 3
//	                for where its stem in a field lies in that: times 1.5, and all but the last once as they are written
//	                and once as their stem
//
// A fifth more objects than items are left for what grows with the words.
func TestMemory(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector rounds small objects up")
	}
	of := memory(t, 100_000)
	t.Logf("%.1f bytes beside its text for a bare item, %.1f for a whole one, %.1f once searched; %.2f objects", of.bare, of.loaded, of.searched, of.objects)
	if of.bare > 45 { // its two bytes may have a block of 16 alone
		t.Errorf("a bare item costs %.1f bytes; want 45 at most", of.bare)
	}
	if of.loaded > 100 {
		t.Errorf("an item costs %.1f bytes beside its text; want 100 at most", of.loaded)
	}
	if of.searched > 200 {
		t.Errorf("an item that can be searched costs %.1f bytes beside its text; want 200 at most", of.searched)
	}
	if of.objects > 1.3 {
		t.Errorf("%.2f objects an item; want about one", of.objects)
	}
}

func BenchmarkMemory(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint("n=", n), func(b *testing.B) {
			var of cost
			for b.Loop() {
				of = memory(b, n)
			}
			b.ReportMetric(of.bare, "bare-B/item")
			b.ReportMetric(of.loaded, "B/item")
			b.ReportMetric(of.searched, "searched-B/item")
			b.ReportMetric(of.objects, "objects/item")
		})
	}
}
