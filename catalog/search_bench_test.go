package catalog_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goldrec/gold/catalog"
)

// shelf makes titles of some seven words that can be said, as unequally frequent as words are, with now and then a model
// number that no other item has.
type shelf struct {
	rng   *rand.Rand
	zipf  *rand.Zipf
	words []string
}

func newShelf() *shelf {
	rng := rand.New(rand.NewPCG(3, 11))
	s := &shelf{rng: rng, zipf: rand.NewZipf(rng, 1.05, 20, 150_000)}
	seen := map[string]bool{}
	for len(s.words) <= 150_000 {
		var w strings.Builder
		for range 1 + rng.IntN(2) + min(len(s.words)/500, 1) {
			w.WriteString(pick(rng, []string{"b", "br", "c", "ch", "d", "f", "g", "gr", "h", "l", "m", "n", "p", "pl", "r", "s", "st", "t", "tr", "v", "w"}))
			w.WriteString(pick(rng, []string{"a", "e", "i", "o", "u", "ea", "oo"}))
			w.WriteString(pick(rng, []string{"", "", "b", "ck", "d", "g", "l", "m", "n", "nd", "p", "r", "rt", "st", "t", "x"}))
		}
		if !seen[w.String()] {
			seen[w.String()] = true
			s.words = append(s.words, w.String())
		}
	}
	return s
}

func (s *shelf) item(i int) catalog.Item {
	title := make([]string, 0, 10)
	for range 5 + s.rng.IntN(5) {
		title = append(title, s.words[s.zipf.Uint64()])
	}
	if i%4 == 0 {
		title = append(title, fmt.Sprintf("x%d", i*7919))
	}
	return catalog.Item{
		ID: fmt.Sprint("product-", i), Title: strings.Join(title, " "), Brand: s.words[s.zipf.Uint64()/2],
		Categories: []string{fmt.Sprintf("Dep %d > Aisle %d", s.rng.IntN(10), s.rng.IntN(50))},
		Price:      catalog.Money{Minor: s.rng.Int64N(20_000), Currency: "EUR"},
		Available:  s.rng.IntN(10) > 0, Created: epoch.Add(time.Duration(s.rng.IntN(1e6)) * time.Minute),
	}
}

var shelves = sync.OnceValues(func() (*catalog.Catalog, *shelf) {
	s, cat := newShelf(), catalog.New()
	for i := range 1_000_000 {
		mustUpsert(new(testing.B), cat, s.item(i))
	}
	if _, err := cat.Find(catalog.Query{Text: "x"}); err != nil {
		panic(err)
	}
	return cat, s
})

// shopperQuery is one to four words of an item's title.
func (s *shelf) query(cat *catalog.Catalog, n int) string {
	all := strings.Fields(cat.Item(uint32(s.rng.IntN(cat.Len()))).Title)
	s.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return strings.Join(all[:min(n, len(all))], " ")
}

// BenchmarkSearch finds the first 20 of a million items for queries as shoppers type them, and reports the time of the
// processor that 50 and 95 of 100 stay below.
func BenchmarkSearch(b *testing.B) {
	cat, s := shelves()
	kinds := map[string]func() string{
		"one word ":   func() string { return s.query(cat, 1) + " " },
		"two words ":  func() string { return s.query(cat, 2) + " " },
		"four words ": func() string { return s.query(cat, 4) + " " },
		"unfinished": func() string {
			q := s.query(cat, 2)
			return q[:len(q)-s.rng.IntN(3)%len(q)]
		},
		"two letters":     func() string { return s.query(cat, 1)[:2] },
		"misremembered":   func() string { return misremember(s.rng, s.query(cat, 5)) + " " },
		"mixed":           nil,
		"mixed, by price": nil, "mixed, with facets": nil, "mixed, suggestions": nil,
	}
	names := []string{"one word ", "two words ", "four words ", "unfinished", "two letters", "misremembered"}
	for _, kind := range append(names, "mixed", "mixed, by price", "mixed, with facets", "mixed, suggestions") {
		b.Run(strings.TrimSpace(kind)+"/n=1000000", func(b *testing.B) {
			b.ReportAllocs()
			var times []time.Duration
			for i := 0; b.Loop(); i++ {
				of := kind
				if kinds[of] == nil {
					of = names[i%len(names)]
				}
				q := catalog.Query{Text: kinds[of](), Limit: 20, Filter: catalog.Available()}
				switch kind {
				case "mixed, by price":
					q.Sort = catalog.Sort{Field: "price"}
				case "mixed, with facets":
					q.Facets = []string{"category"}
				}
				begin := cpuTime(b)
				var err error
				if kind == "mixed, suggestions" {
					_, err = cat.Suggest(strings.TrimSpace(q.Text), q.Filter, 8)
				} else {
					_, err = cat.Find(q)
				}
				times = append(times, cpuTime(b)-begin)
				if err != nil {
					b.Fatal(err)
				}
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2]), "cpu-ns-p50")
			b.ReportMetric(float64(times[len(times)*95/100]), "cpu-ns-p95")
		})
	}
}
