package stage_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/recommend/stage/stagetest"
)

// likeness is the similarity of Diverse's doc, from the items themselves.
func likeness(c *catalog.Catalog, a, b uint32, vector func(uint32) []float32) float64 {
	x, y := c.Item(a), c.Item(b)
	var total, parts float64
	share := func(v, w []string) {
		union, both := map[string]bool{}, 0
		for _, value := range v {
			union[value] = true
			if slices.Contains(w, value) {
				both++
			}
		}
		for _, value := range w {
			union[value] = true
		}
		if len(union) > 0 {
			total += float64(both) / float64(len(union))
			parts++
		}
	}
	one := func(s string) []string { return slices.DeleteFunc([]string{s}, func(s string) bool { return s == "" }) }
	share(one(x.Brand), one(y.Brand))
	share(x.Categories, y.Categories)
	if v, w := vector(a), vector(b); len(v) > 0 && len(v) == len(w) {
		var dot, v2, w2 float64
		for i := range v {
			dot, v2, w2 = dot+float64(v[i]*w[i]), v2+float64(v[i]*v[i]), w2+float64(w[i]*w[i])
		}
		if v2*w2 > 0 {
			total += max(0, dot/math.Sqrt(v2*w2))
			parts++
		}
	}
	return total / max(1, parts)
}

// TestDiverseOracle compares with the definition, written down naively: at each place of the page the highest value.
func TestDiverseOracle(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 4))
	c := stagetest.Catalog()
	for range 100 {
		lambda := 0.1 + 0.8*rng.Float64()
		q := &stage.Query{Catalog: c, N: 1 + rng.IntN(20)}
		var list []stage.Candidate
		for i, h := range rng.Perm(stagetest.Items)[:rng.IntN(60)] {
			list = append(list, stage.Candidate{Item: uint32(h), Score: -float32(i) * 0.07, Fixed: rng.IntN(6) == 0})
		}
		got := (&stage.Diverse{Lambda: lambda, Vector: vector}).Apply(slices.Clone(list), q)
		page := got[:min(q.N, len(got))]
		value := func(e stage.Candidate, before []stage.Candidate) float64 {
			var likest float64
			for _, other := range before {
				likest = max(likest, likeness(c, e.Item, other.Item, vector))
			}
			i := slices.IndexFunc(list, func(c stage.Candidate) bool { return c.Item == e.Item })
			return float64(list[i].Score) - (1-lambda)/lambda*likest
		}
		var before []stage.Candidate
		for _, e := range page {
			if e.Fixed {
				before = append(before, e)
			}
		}
		for i, e := range page {
			if e.Fixed {
				continue
			}
			chosen := value(e, before)
			if math.Abs(chosen-float64(e.Score)) > 1e-4 {
				t.Fatalf("place %d scores %v, want %v", i, e.Score, chosen)
			}
			for _, other := range got[i+1:] {
				if !other.Fixed && value(other, before) > chosen+1e-4 {
					t.Fatalf("place %d has %v of a value of %v, %v has %v", i, e, chosen, other, value(other, before))
				}
			}
			before = append(before, e)
		}
		// Behind the page the order is that of before.
		var behind, want []uint32
		for _, e := range got[len(page):] {
			if !e.Fixed {
				behind = append(behind, e.Item)
			}
		}
		for _, e := range list {
			if slices.Contains(behind, e.Item) {
				want = append(want, e.Item)
			}
		}
		if diff := cmp.Diff(want, behind); diff != "" {
			t.Fatal(diff)
		}
	}
}
