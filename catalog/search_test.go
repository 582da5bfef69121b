package catalog_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
)

func mustUpsert(t testing.TB, cat *catalog.Catalog, items ...catalog.Item) {
	t.Helper()
	for _, it := range items {
		if _, err := cat.Upsert(it); err != nil {
			t.Fatal(err)
		}
	}
}

func ids(hits []catalog.Hit) []string {
	out := []string{}
	for _, h := range hits {
		out = append(out, h.Item.ID)
	}
	return out
}

func TestSearch(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	mustUpsert(t, cat,
		catalog.Item{ID: "green", Title: "Green Tea", Brand: "Acme", Available: true},
		catalog.Item{ID: "black", Title: "Black tea", Description: "goes with green plates"},
		catalog.Item{ID: "pot", Title: "Teapot 2L", Categories: []string{"Home > Kitchen"}},
		catalog.Item{ID: "sisyphos", Title: "ΣΊΣΥΦΟΣ", Brand: "Çelik"},
		catalog.Item{ID: "east", Title: "緑茶セット"},
		catalog.Item{ID: "mixed", Title: "wi-fi 6 router", Description: strings.Repeat("x", 100)},
	)
	tests := []struct {
		name, query string
		want        []string
	}{
		{"title before description", "green tea", []string{"green", "black"}},
		{"beginning of the last word, whole words first", "tea", []string{"green", "black", "pot"}},
		{"a finished word", "tea ", []string{"green", "black"}},
		{"only the last may be a beginning", "gre tea", []string{"green", "black", "pot"}}, // none has gre: any word
		{"one letter", "k", []string{"pot"}},
		{"case and punctuation", "  ACME!! ", []string{"green"}},
		{"category", "kitchen", []string{"pot"}},
		{"digits", "2l", []string{"pot"}},
		{"final sigma", "σίσυφοσ", []string{"sisyphos"}},
		{"letters beyond ASCII", "çEL", []string{"sisyphos"}},
		{"ideographs", "茶", []string{"east"}},
		{"hyphen", "wifi", []string{}},
		{"hyphen parts", "fi wi ", []string{"mixed"}},
		{"word longer than what counts", strings.Repeat("x", 80) + " ", []string{"mixed"}},
		{"nothing", "zebra", []string{}},
		{"any when not all", "zebra green", []string{"green", "black"}},
		{"not UTF-8", "green\xff\xfetea", []string{"green", "black"}},
		{"no word", " -- ", []string{"green", "black", "pot", "sisyphos", "east", "mixed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hits, total, err := cat.Search(tt.query, nil, 0, 10)
			if err != nil || total != len(tt.want) {
				t.Errorf("total %d, %v", total, err)
			}
			if diff := cmp.Diff(tt.want, ids(hits)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestSearchBounds(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	if hits, total, err := cat.Search("tea", nil, 0, 10); hits != nil || total != 0 || err != nil {
		t.Errorf("empty catalogue: %v, %d, %v", hits, total, err)
	}
	for i := range 1500 {
		mustUpsert(t, cat, catalog.Item{ID: fmt.Sprint(i), Title: "tea", Available: i%2 == 0})
	}
	tests := []struct {
		name          string
		query         string
		filter        catalog.Filter
		offset, limit int
		first         string
		hits, total   int
	}{
		{"no hits asked", "tea", nil, 0, 0, "", 0, 1500},
		{"a page", "tea", nil, 20, 10, "20", 10, 1500},
		{"a page of everything", "", nil, 20, 10, "20", 10, 1500},
		{"behind the end", "tea", nil, 1495, 10, "1495", 5, 1500},
		{"far behind the end", "tea", nil, math.MaxInt, math.MaxInt, "", 0, 1500},
		{"a million", "tea", nil, 0, 1_000_000, "0", 1000, 1500},
		{"filtered", "tea", catalog.Available(), 1, 10, "2", 10, 750},
		{"filter that matches nothing", "tea", catalog.In("id"), 0, 10, "", 0, 0},
		{"long query of halves of letters", strings.Repeat("\x80", 1_000_000), nil, 0, 1, "0", 1, 1500},
		{"long query", strings.Repeat("tea ", 1_000_000), nil, 0, 1, "0", 1, 1500},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hits, total, err := cat.Search(tt.query, tt.filter, tt.offset, tt.limit)
			if err != nil || total != tt.total || len(hits) != tt.hits || len(hits) > 0 && hits[0].Item.ID != tt.first {
				t.Errorf("%d hits of %d, %v; want %d of %d from %s", len(hits), total, err, tt.hits, tt.total, tt.first)
			}
		})
	}
	for _, bad := range []func() error{
		func() error { _, _, err := cat.Search("tea", nil, -1, 10); return err },
		func() error { _, _, err := cat.Search("tea", nil, 0, -1); return err },
		func() error { _, _, err := cat.Search("tea", catalog.Not(nil), 0, 1); return err },
	} {
		if err := bad(); !errors.Is(err, catalog.ErrInvalid) {
			t.Errorf("error %v; want ErrInvalid", err)
		}
	}
}

// plainSearch is Search written down from its documentation, by looking at every item.
func plainSearch(items map[string]catalog.Item, query string, match func(*catalog.Item) bool) (scores map[string]float64) {
	weigh := func(it *catalog.Item) map[string]float64 {
		weights := map[string]float64{}
		for _, f := range []struct {
			text   string
			weight float64
		}{{it.Title, 3}, {it.Brand, 2}, {it.Description, 1}} {
			for w := range strings.FieldsSeq(f.text) {
				weights[w] += f.weight
			}
		}
		return weights
	}
	all := map[string]map[string]float64{}
	length := map[string]float64{}
	average := 0.0
	for id, it := range items {
		all[id] = weigh(&it)
		for _, w := range all[id] {
			length[id] += w
			average += w / float64(len(items))
		}
	}
	count := func(id, text string, prefix bool) (n float64) {
		for w, weight := range all[id] {
			if w == text || prefix && strings.HasPrefix(w, text) {
				n += weight
			}
		}
		return n
	}
	idf := func(text string, prefix bool) float64 {
		df := 0.0
		for id := range all {
			for w := range all[id] {
				if w == text || prefix && strings.HasPrefix(w, text) {
					df++
				}
			}
		}
		df = min(df, float64(len(items)))
		return math.Log(1 + (float64(len(items))-df+0.5)/(df+0.5))
	}
	words := strings.Fields(query)
	scores = map[string]float64{}
	for _, every := range []bool{true, false} {
		for id, it := range items {
			found, score := 0, 0.0
			for i, w := range words {
				prefix := i == len(words)-1
				n := count(id, w, prefix)
				k := 1.2 * (0.25 + 0.75*length[id]/average)
				score += idf(w, prefix) * n * 2.2 / (n + k)
				if prefix {
					n := count(id, w, false)
					score += idf(w, false) * n * 2.2 / (n + k)
				}
				if n > 0 {
					found++
				}
			}
			if (found == len(words) || !every && found > 0) && match(&it) {
				scores[id] = score
			}
		}
		if len(scores) > 0 {
			break
		}
	}
	return scores
}

// A catalogue whose index has been kept current through a random history finds what a look at every item finds.
func TestSearchAgainstBruteForce(t *testing.T) {
	t.Parallel()
	vocabulary := strings.Fields("tea teapot tee mug mugs red green blue bluer kitchen 2 20 200 ärmel äpfel")
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 6))
		text := func() string {
			var words []string
			for range rng.IntN(5) {
				words = append(words, pick(rng, vocabulary))
			}
			return strings.Join(words, " ")
		}
		cat, want := catalog.New(), map[string]catalog.Item{}
		for step := range 600 {
			id := strconv.Itoa(rng.IntN(60))
			if _, had := want[id]; had && rng.IntN(4) == 0 {
				if err := cat.Delete(id); err != nil {
					t.Fatal(err)
				}
				delete(want, id)
			} else {
				want[id] = catalog.Item{ID: id, Title: text(), Brand: pick(rng, vocabulary), Description: text(), Stock: rng.IntN(4)}
				mustUpsert(t, cat, want[id])
			}
			if it, had := want[id]; had && rng.IntN(3) == 0 { // all or most of the text as it was
				switch rng.IntN(4) {
				case 0:
					it.Brand = pick(rng, vocabulary)
				case 1:
					it.Description = text()
				}
				want[id] = it
				mustUpsert(t, cat, it)
			}
			if it, had := want[id]; had && rng.IntN(3) == 0 { // which must leave the words as they are
				it.Stock, it.Available, it.Price = rng.IntN(4), !it.Available, catalog.Money{Minor: 1, Currency: "EUR"}
				want[id] = it
				if err := cat.Patch(id, catalog.Patch{Stock: &it.Stock, Available: &it.Available, Price: &it.Price}); err != nil {
					t.Fatal(err)
				}
			}
			if step < 100 || step%5 > 0 {
				continue
			}
			last := []rune(pick(rng, vocabulary))
			query := string(last[:1+rng.IntN(len(last))])
			for range rng.IntN(3) {
				query = pick(rng, vocabulary) + " " + query
			}
			checkSearch(t, fmt.Sprintf("seed %d, step %d, query %q", seed, step, query), cat, want, query)
		}
	}
}

func checkSearch(t *testing.T, when string, cat *catalog.Catalog, items map[string]catalog.Item, query string) {
	t.Helper()
	want := plainSearch(items, query, func(it *catalog.Item) bool { return it.Stock >= 1 })
	if words := strings.Fields(query); len(words) != len(slices.Compact(slices.Sorted(slices.Values(words)))) {
		return // a word twice counts once, which plainSearch does not know
	}
	hits, total, err := cat.Search(query, catalog.Range("stock", 1, math.Inf(1)), 0, 100)
	if err != nil || total != len(want) || len(hits) != total {
		t.Fatalf("%s: %d hits of %d, %v; want %d", when, len(hits), total, err, len(want))
	}
	for i, h := range hits {
		score, ok := want[h.Item.ID]
		if !ok || math.Abs(score-float64(h.Score)) > 1e-5 {
			t.Fatalf("%s: item %s scores %v; want %v, %v", when, h.Item.ID, h.Score, score, ok)
		}
		if i > 0 && (hits[i-1].Score < h.Score || hits[i-1].Score == h.Score && hits[i-1].Handle > h.Handle) {
			t.Fatalf("%s: hits out of order", when)
		}
	}
}

func BenchmarkSearch(b *testing.B) {
	cat := shop()
	for _, query := range []string{"thing 4711", "aisle 7 thing 12345", "thing aisle 3"} {
		b.Run(query+"/n=1000000", func(b *testing.B) {
			b.ReportAllocs()
			total := 0
			for b.Loop() {
				var err error
				if _, total, err = cat.Search(query, catalog.Available(), 0, 20); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(total), "matches")
		})
	}
}
