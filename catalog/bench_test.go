package catalog_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/goldrec/gold/catalog"
)

// product makes an item as a shop has them: a path of three, one of 1,000 brands, two attributes, a price.
func product(rng *rand.Rand, i int) catalog.Item {
	dep, aisle := rng.IntN(10), rng.IntN(10)
	return catalog.Item{
		ID:         "sku-" + strconv.Itoa(i),
		Title:      fmt.Sprintf("Thing %d of aisle %d", i, aisle),
		Brand:      "brand " + strconv.Itoa(rng.IntN(1000)),
		Categories: []string{fmt.Sprintf("Dep %d > Aisle %d > Shelf %d", dep, aisle, rng.IntN(10))},
		Price:      catalog.Money{Minor: rng.Int64N(10000), Currency: "EUR"},
		Attributes: map[string][]string{"colour": {colours[rng.IntN(3)]}, "size": {strconv.Itoa(rng.IntN(50))}},
		Stock:      rng.IntN(20),
		Available:  rng.IntN(10) > 0,
	}
}

func load(tb testing.TB, n int) *catalog.Catalog {
	tb.Helper()
	rng := rand.New(rand.NewPCG(1, 1))
	cat := catalog.New()
	for i := range n {
		if _, err := cat.Upsert(product(rng, i)); err != nil {
			tb.Fatal(err)
		}
	}
	return cat
}

// shop returns the catalogue of a million items that the reading benchmarks share.
var shop = sync.OnceValue(func() *catalog.Catalog { return load(new(testing.B), 1_000_000) })

func BenchmarkUpsert(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	items := make([]catalog.Item, 100_000)
	for i := range items {
		items[i] = product(rng, i)
	}
	for _, kind := range []string{"new", "changed"} {
		b.Run(kind, func(b *testing.B) {
			b.ReportAllocs()
			cat := catalog.New()
			i := 0
			for b.Loop() {
				it := items[(i*7919)%len(items)]
				if kind == "new" {
					it.ID = strconv.Itoa(i)
				}
				if _, err := cat.Upsert(it); err != nil {
					b.Fatal(err)
				}
				i++
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
		})
	}
}

// BenchmarkLoad fills a catalogue with a million items, whose making is part of the time but not of the bytes.
func BenchmarkLoad(b *testing.B) {
	const n = 1_000_000
	for b.Loop() {
		before := heap()
		cat := load(b, n)
		b.ReportMetric(float64(heap()-before)/n, "bytes/item")
		runtime.KeepAlive(cat)
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "items/s")
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkPatch(b *testing.B) {
	cat := shop()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		id := "sku-" + strconv.Itoa((i*7919)%cat.Len())
		if err := cat.Patch(id, catalog.Patch{Stock: new(i % 20), Available: new(i%10 > 0)}); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func filters() map[string]catalog.Filter {
	return map[string]catalog.Filter{
		"nil":          nil,
		"available":    catalog.Available(),
		"brand":        catalog.Equals("brand", "brand 7"),
		"category":     catalog.Equals("category", "Dep 3 > Aisle 4"),
		"price":        catalog.Price("EUR", 1000, 2000),
		"three":        catalog.And(catalog.Available(), catalog.Equals("category", "Dep 3 > Aisle 4"), catalog.Less("price", 80)),
		"three, broad": catalog.And(catalog.Available(), catalog.In("category", "Dep 3", "Dep 4"), catalog.Range("attr.size", 10, 30)),
		"typical": catalog.And(catalog.Available(), catalog.Equals("category", "Dep 3"),
			catalog.Range("attr.size", 10, math.Inf(1)), catalog.Not(catalog.Equals("attr.colour", "red"))),
	}
}

func BenchmarkMatch(b *testing.B) {
	cat := shop()
	for name, f := range filters() {
		for _, order := range []string{"in order", "random"} {
			b.Run(name+"/"+order, func(b *testing.B) {
				m, err := cat.Compile(f)
				if err != nil {
					b.Fatal(err)
				}
				step := uint32(1)
				if order == "random" {
					step = 611_953
				}
				n, h, matched := uint32(cat.Handles()), uint32(0), 0
				b.ReportAllocs()
				for b.Loop() {
					if m.Match(h) {
						matched++
					}
					if h += step; h >= n {
						h -= n
					}
				}
			})
		}
	}
}

func BenchmarkCount(b *testing.B) {
	cat := shop()
	for name, f := range filters() {
		b.Run(name+"/n=1000000", func(b *testing.B) {
			m, err := cat.Compile(f)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				m.Count()
			}
			b.ReportMetric(float64(m.Count()), "matches")
		})
	}
}

// BenchmarkFilter is what a filter of three clauses costs over a million items: to compile it, to foretell its count, and
// to work it out as a bitmap.
func BenchmarkFilter(b *testing.B) {
	cat := shop()
	for _, text := range []string{
		`available and category:"Dep 3 > Aisle 4" and price<80`,
		`available and category:"Dep 3" and price<80 EUR`,
		`available and brand in ("brand 1", "brand 2", "brand 3") and price<80`,
		`available and 10<=attr.size<=30 and 20<=price<60`,
	} {
		f, err := catalog.ParseExpression(text)
		if err != nil {
			b.Fatal(err)
		}
		m, err := cat.Compile(f)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("parse and compile/"+text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f, _ := catalog.ParseExpression(text)
				if _, err := cat.Compile(f); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("estimate/"+text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Estimate()
			}
			b.ReportMetric(float64(m.Estimate().Likely), "likely")
			b.ReportMetric(float64(m.Count()), "matches")
		})
		b.Run("count/"+text+"/n=1000000", func(b *testing.B) {
			m.Count()
			begin := cpuTime(b)
			for b.Loop() {
				m.Count()
			}
			b.ReportMetric(float64(cpuTime(b)-begin)/float64(b.N), "cpu-ns/op")
		})
		b.Run("bitmap/"+text+"/n=1000000", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Bitmap()
			}
			b.ReportMetric(float64(m.Count()), "matches")
		})
	}
}

func BenchmarkFacets(b *testing.B) {
	cat := shop()
	for _, field := range []string{"brand", "category"} {
		b.Run(field+"/n=1000000", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := cat.Facets(field, catalog.Equals("category", "Dep 3")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestReadsDoNotAllocate(t *testing.T) {
	cat := load(t, 10_000)
	for name, f := range filters() {
		m, err := cat.Compile(f)
		if err != nil {
			t.Fatal(err)
		}
		h := uint32(0)
		if n := testing.AllocsPerRun(1000, func() {
			m.Match(h)
			cat.Available(h)
			cat.Price(h)
			cat.Created(h)
			cat.Lookup("sku-7")
			h++
		}); n != 0 {
			t.Errorf("filter %q: %v allocations", name, n)
		}
	}
}
