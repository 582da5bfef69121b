package content_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/model"
)

// terms are those of an item, with their counts, by the package's doc and without hashes.
func terms(item *catalog.Item) map[string]float64 {
	bag := map[string]float64{}
	words := func(text string, weight float64) {
		for word := range strings.FieldsSeq(text) {
			bag["word "+word] += weight
		}
	}
	words(item.Title, 3)
	words(item.Description, 1)
	if item.Brand != "" {
		bag["brand "+item.Brand] += 2
	}
	for _, path := range item.Categories {
		names := strings.Split(path, " > ")
		for i := range names {
			bag["path "+strings.Join(names[:i+1], ">")] += 2
		}
	}
	for name, values := range item.Attributes {
		for _, value := range values {
			bag[fmt.Sprint("attribute ", name, "=", value)]++
		}
	}
	return bag
}

// TestFormula holds every score against the formula of the package's doc.
func TestFormula(t *testing.T) {
	t.Parallel()
	const n = 40
	rng := rand.New(rand.NewPCG(5, 7))
	text := func(words int) string {
		var all []string
		for range words {
			all = append(all, fmt.Sprint("word", int(rng.ExpFloat64()*5)))
		}
		return strings.Join(all, " ")
	}
	var items []*catalog.Item
	df := map[string]float64{}
	for i := range n {
		items = append(items, &catalog.Item{
			ID: fmt.Sprint(i), Title: text(rng.IntN(4)), Description: text(rng.IntN(12)), Brand: []string{"", "acme", "word1"}[i%3],
			Categories: []string{fmt.Sprintf("word1 > part%d > kind%d", i%2, i%5)},
			Attributes: map[string][]string{"colour": {fmt.Sprint("c", rng.IntN(3)), "c0"}, "size": {fmt.Sprint("c", i%4)}},
		})
		for term := range terms(items[i]) {
			df[term]++
		}
	}
	vector := func(item *catalog.Item) (x map[string]float64, length float64) {
		x = map[string]float64{}
		for term, count := range terms(item) {
			x[term] = math.Log(1+count) * math.Log(1+n/df[term])
			length += x[term] * x[term]
		}
		return x, math.Sqrt(length)
	}
	m := train(t, content.Trainer{}, items...)
	for a := range items {
		for b := range items {
			x, xLength := vector(items[a])
			y, yLength := vector(items[b])
			want := 0.0
			for term, v := range x {
				want += v * y[term] / xLength / yLength
			}
			if a == b {
				want = 0 // no item recommends itself
			}
			got := []float32{0}
			if m.Score(got, like(uint32(a)), []uint32{uint32(b)}); math.Abs(float64(got[0])-want) > 1e-5 {
				t.Fatalf("items %d and %d are %v alike, want %v", a, b, got[0], want)
			}
		}
	}
}

// TestHalves is of items that have text and a vector.
func TestHalves(t *testing.T) {
	t.Parallel()
	m := train(t, content.Trainer{},
		&catalog.Item{ID: "a", Title: "tea", Vector: []float32{3, 0}}, &catalog.Item{ID: "b", Title: "tea", Vector: []float32{0, 1}},
		&catalog.Item{ID: "c", Title: "mug", Vector: []float32{1, 1}}, &catalog.Item{ID: "d", Title: "tea"}, &catalog.Item{ID: "e", Vector: []float32{1, 0}})
	got := make([]float32, 5)
	m.Score(got, like(0), []uint32{0, 1, 2, 3, 4})
	half := math.Sqrt(0.5)
	for i, want := range []float64{0, 0.5, 0.5 * half, half, half} {
		if math.Abs(float64(got[i])-want) > 1e-6 {
			t.Errorf("items 0 and %d are %v alike, want %v", i, got[i], want)
		}
	}
}

// TestLongText has the word that tells most among more than count.
func TestLongText(t *testing.T) {
	t.Parallel()
	var common []string
	for i := range 200 {
		common = append(common, fmt.Sprint("common", i))
	}
	items := []*catalog.Item{{ID: "a", Description: strings.Join(common, " ") + " samovar"}, {ID: "b", Title: "samovar"}}
	for i := range 30 {
		items = append(items, &catalog.Item{ID: fmt.Sprint(i), Description: strings.Join(common, " ")})
	}
	got := []float32{0}
	if train(t, content.Trainer{}, items...).Score(got, like(0), []uint32{1}); got[0] <= 0 {
		t.Error("the only rare word of a long text does not count")
	}
}

// TestVectorRecall is of vectors alone, enough of them for clusters.
func TestVectorRecall(t *testing.T) {
	t.Parallel()
	const n, k = 4200, 10 // above exactMax
	rng := rand.New(rand.NewPCG(21, 22))
	var b model.Builder
	for i := range n {
		item := &catalog.Item{ID: fmt.Sprint(i)}
		for range 16 {
			item.Vector = append(item.Vector, float32(rng.NormFloat64()))
		}
		b.AddItem(item)
	}
	data := b.Build()
	m := trainOn(t, content.Trainer{Neighbors: k}, data)
	exact := content.NewExact(t, data)
	found := 0
	for item := uint32(0); item < n; item += n / 20 {
		near := map[uint32]bool{}
		for _, s := range m.all(like(item)) {
			near[s.Item] = true
		}
		for _, s := range exact.Nearest(item, k) {
			if near[s.Item] {
				found++
			}
		}
	}
	// Without any structure in the vectors, 8 of 64 clusters hold well above half of the nearest, and one does not.
	if t.Logf("found %d of %d", found, 20*k); found < 100 {
		t.Errorf("found %d of %d", found, 20*k)
	}
}
