package anntest

import (
	"math/rand/v2"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/goldrec/gold/ann"
)

// testFilter holds filters of every selectivity, near the query, far from it and without regard to it, to the oracle.
func testFilter(t *testing.T, s Suite, m ann.Metric) {
	const dim = 16
	n := scaled(3000)
	f := newFixture(t, s, m, n, dim)
	rng := rand.New(rand.NewPCG(4, 4))
	query := Clustered(1, dim, 7, 1)
	ranked := search(t, f.oracle, query, n, ann.SearchOptions{})
	for _, size := range []int{0, 1, 5, n / 100, n / 10, n / 3, n - n/3, n - 1, n} {
		near, far, random := roaring.New(), roaring.New(), roaring.New()
		for i, j := range rng.Perm(n)[:size] {
			near.Add(ranked[i].Key)
			far.Add(ranked[n-1-i].Key)
			random.Add(f.keys[j])
		}
		random.Add(3) // not in the index
		for name, set := range map[string]*roaring.Bitmap{"near": near, "far": far, "random": random} {
			for kind, filter := range map[string]ann.Filter{"bitmap": set, "predicate": ann.FilterFunc(set.Contains)} {
				opts := ann.SearchOptions{Filter: filter}
				got := search(t, f.index, query, 10, opts)
				if len(got) != min(size, 10) {
					t.Errorf("%s %s of %d: %d results", name, kind, size, len(got))
				}
				for _, r := range got {
					if !set.Contains(r.Key) {
						t.Errorf("%s %s of %d: key %d is not allowed", name, kind, size, r.Key)
					}
				}
			}
			if got := f.recall(t, s, scaled(20), 10, ann.SearchOptions{Filter: set}); got < s.least(scaled(20)) {
				t.Errorf("%s of %d: recall@10 %.3f", name, size, got)
			}
		}
	}
}
