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
	"github.com/goldrec/gold/catalog/words"
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
		{"only the last may be a beginning", "gre tea", []string{"green", "black", "pot"}}, // none has gre: the other word
		{"one letter", "k", []string{"pot"}},
		{"case and punctuation", "  ACME!! ", []string{"green"}},
		{"category", "kitchen", []string{"pot"}},
		{"digits", "2l", []string{"pot"}},
		{"final sigma", "σίσυφοσ", []string{"sisyphos"}},
		{"letters beyond ASCII", "çEL", []string{"sisyphos"}},
		{"ideographs", "茶", []string{"east"}},
		{"hyphen", "wifi", []string{"mixed"}},
		{"hyphen parts", "fi wi ", []string{"mixed"}},
		{"word longer than what counts", strings.Repeat("x", 80) + " ", []string{"mixed"}},
		{"nothing", "zebra", []string{}},
		{"any when not all", "zebra green", []string{"green", "black"}},
		{"stems", "teas ", []string{"green", "black"}},
		{"accents", "celik", []string{"sisyphos"}},
		{"one slip", "taepot", []string{"pot"}},
		{"one letter less", "kichen ", []string{"pot"}},
		{"slip in the first letter", "geapot ", []string{"pot"}},
		{"two slips", "kitchebb ", []string{"pot"}},
		{"three slips", "kitcbbbb ", []string{}},
		{"short words have no slips", "tez ", []string{}},
		{"written together", "greentea ", []string{"green", "black"}},
		{"written apart", "tea-pot ", []string{"pot"}},
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

// plainSearch is Find written down from its documentation, by looking at every item. It knows neither slips nor
// synonyms; ok is false for a query that needs them.
func plainSearch(items map[string]catalog.Item, query string, match func(*catalog.Item) bool) (scores map[string]float64, ok bool) {
	type fields [3]map[string]bool // stems
	in := map[string]fields{}
	var lengths [3]map[string]int
	var average, filled [3]float64
	written := map[string]bool{}
	for f := range lengths {
		lengths[f] = map[string]int{}
	}
	for id, it := range items {
		var has fields
		for f, text := range [...]string{it.Title, it.Brand, it.Description} {
			has[f] = map[string]bool{}
			for w := range words.All(text) {
				has[f][words.Stem(w)], written[w] = true, true
				lengths[f][id]++
			}
			if lengths[f][id] > 0 {
				average[f], filled[f] = average[f]+float64(lengths[f][id]), filled[f]+1
			}
		}
		in[id] = has
	}
	df := func(stems map[string]bool) int {
		most := 0
		for f := range 3 {
			n := 0
			for id := range in {
				for stem := range stems {
					if in[id][f][stem] {
						n++ // once for each: the estimate of a union
					}
				}
			}
			most = max(most, n)
		}
		return most
	}
	n := float64(len(items))
	idf := func(df int) float64 {
		x := min(float64(df), n)
		return math.Log1p((n - x + 0.5) / (x + 0.5))
	}
	part := func(id string, stems map[string]bool) (tf float64) {
		for f, weight := range [...]float64{3, 2, 1} {
			for stem := range stems {
				if in[id][f][stem] {
					b := [...]float64{0.5, 0, 0.75}[f]
					length := float64(lengths[f][id])
					if f == 2 && length > 1 && length < 5 {
						length = 1
					}
					norm := 1 - b + b*length/max(1, average[f]/max(1, filled[f]))
					if f == 2 {
						norm = max(1, norm)
					}
					tf += weight / norm
					break
				}
			}
		}
		return tf * 2.2 / (tf + 1.2)
	}
	type level struct {
		stems map[string]bool
		gain  float64
	}
	var slots [][]level
	all := slices.Collect(words.All(query))
	heaviest := 0.0
	for i, w := range all {
		if i > 0 && written[all[i-1]+w] {
			return nil, false
		}
		var slot []level
		own := map[string]bool{words.Stem(w): true}
		if n := df(own); n > 0 {
			slot = append(slot, level{own, idf(n)})
		}
		if i == len(all)-1 {
			longer := map[string]bool{}
			for other := range written {
				if strings.HasPrefix(other, w) && !own[words.Stem(other)] {
					longer[words.Stem(other)] = true
				}
			}
			if n := df(longer); n > 0 {
				gain := 0.7 * idf(n)
				if len(slot) > 0 {
					gain = min(gain, 0.7*slot[0].gain)
				}
				slot = append(slot, level{longer, gain})
			}
		}
		if len(slot) == 0 {
			return nil, false
		}
		slots = append(slots, slot)
		heaviest += slot[0].gain
	}
	scores = map[string]float64{}
	for _, least := range []float64{-1, heaviest / 2, 1e-9} {
		for id, it := range items {
			weight, score, found := 0.0, 0.0, 0
			for _, slot := range slots {
				for _, l := range slot {
					if p := part(id, l.stems); p > 0 {
						weight, score, found = weight+l.gain, score+l.gain*p, found+1
						break
					}
				}
			}
			if (found == len(slots) || least > 0 && found > 0 && weight >= least-1e-6) && match(&it) {
				scores[id] = score
			}
		}
		if len(scores) > 0 {
			break
		}
		for _, w := range all {
			if len([]rune(w)) > 4 {
				return nil, false // which is now taken for a slip
			}
		}
	}
	return scores, true
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
	want, ok := plainSearch(items, query, func(it *catalog.Item) bool { return it.Stock >= 1 })
	if words := strings.Fields(query); len(words) != len(slices.Compact(slices.Sorted(slices.Values(words)))) || !ok {
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

// Sets of each kind, and words whose stem is a part of them or is not, come into an index that is made of many items.
func TestIndexOfMany(t *testing.T) {
	t.Parallel()
	const n = 6000 // "all" has a bitmap, "half" an array of a segment, "few" one of handles
	title := func(i int) string {
		own := []byte{'q', byte('a' + i/26/26), byte('a' + i/26%26), byte('a' + i%26)}
		title := "all " + string(own) + []string{"ies", "y"}[i/60%2] // both with the stem in i
		if i%2 == 0 {
			title += " half"
		}
		if i%50 == 0 {
			title += " few"
		}
		return title
	}
	cat := catalog.New()
	for i := range n {
		mustUpsert(t, cat, catalog.Item{ID: fmt.Sprint(i), Title: title(i), Available: true})
	}
	total := func(query string) int {
		t.Helper()
		_, total, err := cat.Search(query+" ", nil, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		return total
	}
	for more := range 2 {
		if all, half, few := total("all"), total("half"), total("few"); all != n+more || half != n/2+more || few != n/50+more {
			t.Errorf("%d have all, %d half, %d few, with %d more", all, half, few, more)
		}
		for i := 0; i < n+more; i += 60 {
			if word := strings.Fields(title(i))[1]; total(word) != 1 {
				t.Errorf("%d have %q; want 1", total(word), word)
			}
		}
		mustUpsert(t, cat, catalog.Item{ID: fmt.Sprint(n), Title: title(n), Available: true})
	}
}
