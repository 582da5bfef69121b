// Package anntest holds the suite that every ann.Index passes. An index's own test is a few lines:
//
//	anntest.Run(t, anntest.Suite{New: func(dim int, m ann.Metric) (ann.Index, error) { … }, RecallMin: 0.95})
package anntest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/goldrec/gold/ann"
)

// Suite says how to make the index under test, and what to hold it to.
type Suite struct {
	// New returns an empty index.
	New func(dim int, m ann.Metric) (ann.Index, error)
	// RecallMin is the mean recall@10 that the default SearchOptions must reach on clustered data; 1 asks for exactness.
	// Where a case takes few queries, it allows for two standard errors of their mean.
	RecallMin float64
	// ScoreTolerance is how far a score may be from the exact one, relative to the largest; 0 is 1e-5.
	ScoreTolerance float64
}

// Run runs the suite.
func Run(t *testing.T, s Suite) {
	if s.ScoreTolerance == 0 {
		s.ScoreTolerance = 1e-5
	}
	for _, m := range []ann.Metric{ann.Cosine, ann.L2, ann.InnerProduct} {
		t.Run(m.String(), func(t *testing.T) {
			for _, c := range []struct {
				name string
				run  func(*testing.T, Suite, ann.Metric)
			}{
				{"recall", testRecall},
				{"dimensions", testDimensions},
				{"empty", testEmpty},
				{"bad input", testBadInput},
				{"few", testFew},
				{"duplicates", testDuplicates},
				{"update", testUpdate},
				{"delete", testDelete},
				{"churn", testChurn},
				{"hard", testHard},
				{"filter", testFilter},
				{"batch", testBatch},
				{"concurrency", testConcurrency},
				{"allocations", testAllocations},
			} {
				t.Run(c.name, func(t *testing.T) { c.run(t, s, m) })
			}
		})
	}
}

// Clustered returns n vectors of dim floats, row after row, around clusters of very different sizes and with norms of a
// log-normal spread: what catalogues look like. The same arguments give the same vectors; streams are independent samples
// around the same clusters.
func Clustered(n, dim int, seed, stream uint64) []float32 {
	centers := rand.New(rand.NewPCG(seed, 0))
	clusters := max(2, min(200, n/20))
	center := make([]float64, clusters*dim)
	for i := range center {
		center[i] = centers.NormFloat64()
	}
	rng := rand.New(rand.NewPCG(seed, stream+1))
	out := make([]float32, 0, n*dim)
	for range n {
		// A cluster's share falls as one over its rank.
		c := min(int(math.Pow(float64(clusters), rng.Float64()))-1, clusters-1)
		norm := math.Exp(0.4 * rng.NormFloat64())
		for j := range dim {
			out = append(out, float32(norm*(center[c*dim+j]+0.5*rng.NormFloat64())))
		}
	}
	return out
}

// Keys returns n distinct keys in no order.
func Keys(n int) []uint32 {
	keys := make([]uint32, n)
	for i := range keys {
		keys[i] = uint32(i+1) * 2654435761
	}
	return keys
}

// Recall returns the mean share of want's k best that got holds: those that score no worse than want's last, so that ties
// count.
func Recall(got, want []ann.Result) float64 {
	if len(want) == 0 {
		return 1
	}
	worst := want[len(want)-1].Score
	tolerance := float32(1e-5 * max(math.Abs(float64(worst)), math.Abs(float64(want[0].Score))))
	hits := 0
	for _, r := range got {
		if r.Score >= worst-tolerance {
			hits++
		}
	}
	return float64(min(hits, len(want))) / float64(len(want))
}

// least is what a mean of recall@10 over queries must reach. Single recalls spread by at most about 0.12.
func (s Suite) least(queries int) float64 {
	if s.RecallMin == 1 {
		return 1
	}
	return s.RecallMin - 2*0.12/math.Sqrt(float64(queries))
}

// scaled is n, or a quarter of it under the race detector, which slows the walks twentyfold.
func scaled(n int) int {
	if raceEnabled {
		return n / 4
	}
	return n
}

// fixture is an index beside the oracle.
type fixture struct {
	index   ann.Index
	oracle  *ann.Flat
	keys    []uint32
	vectors []float32
	dim     int
}

func newFixture(t *testing.T, s Suite, m ann.Metric, n, dim int) *fixture {
	t.Helper()
	f := &fixture{keys: Keys(n), vectors: Clustered(n, dim, 7, 0), dim: dim}
	var err error
	if f.index, err = s.New(dim, m); err != nil {
		t.Fatal(err)
	}
	if f.oracle, err = ann.NewFlat(dim, m); err != nil {
		t.Fatal(err)
	}
	for _, ix := range []ann.Index{f.index, f.oracle} {
		if err := ix.AddBatch(t.Context(), f.keys, f.vectors); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// row returns the vector of keys[i].
func (f *fixture) row(i int) []float32 { return f.vectors[i*f.dim:][:f.dim] }

// both applies a write to the index and to the oracle.
func (f *fixture) both(t *testing.T, write func(ann.Index) error) {
	t.Helper()
	for _, ix := range []ann.Index{f.index, f.oracle} {
		if err := write(ix); err != nil {
			t.Fatal(err)
		}
	}
}

// recall searches for queries fresh vectors and returns the mean recall@k, having checked each answer's form.
func (f *fixture) recall(t *testing.T, s Suite, queries, k int, opts ann.SearchOptions) float64 {
	t.Helper()
	var sum float64
	q := Clustered(queries, f.dim, 7, 1)
	for i := range queries {
		query := q[i*f.dim:][:f.dim]
		got := search(t, f.index, query, k, opts)
		want := search(t, f.oracle, query, k, opts)
		if len(got) != len(want) {
			t.Fatalf("query %d: %d results, %d exist", i, len(got), len(want))
		}
		f.checkScores(t, s, query, got)
		sum += Recall(f.exactly(query, got), want)
	}
	return sum / float64(queries)
}

// checkScores compares the scores of results with the exact ones.
func (f *fixture) checkScores(t *testing.T, s Suite, query []float32, got []ann.Result) {
	t.Helper()
	var row []float32
	for _, r := range got {
		var ok bool
		if row, ok = f.oracle.Vector(row[:0], r.Key); !ok {
			t.Fatalf("found key %d, which is not in the index", r.Key)
		}
		want, size := exactScore(query, row, f.index.Metric())
		if math.Abs(float64(r.Score)-want) > s.ScoreTolerance*size {
			t.Fatalf("key %d scores %v, exactly %v", r.Key, r.Score, want)
		}
	}
}

// exactly is results with the oracle's scores, so that an index of codes is judged by what it finds.
func (f *fixture) exactly(query []float32, got []ann.Result) []ann.Result {
	got = slices.Clone(got)
	for i, r := range got {
		row, _ := f.oracle.Vector(nil, r.Key)
		score, _ := exactScore(query, row, f.index.Metric())
		got[i].Score = float32(score)
	}
	return got
}

// exactScore scores in float64, and gives the size that an error is to be seen against.
func exactScore(query, row []float32, m ann.Metric) (score, size float64) {
	var dot, qq, rr float64
	for i, v := range query {
		dot += float64(v) * float64(row[i])
		qq += float64(v) * float64(v)
		rr += float64(row[i]) * float64(row[i])
	}
	switch m {
	case ann.Cosine:
		return dot / math.Sqrt(qq*rr), 1
	case ann.L2:
		return -(qq + rr - 2*dot), qq + rr
	}
	return dot, math.Sqrt(qq * rr)
}

// search fails the test on an error and on results that are out of order or not distinct.
func search(t *testing.T, ix ann.Index, query []float32, k int, opts ann.SearchOptions) []ann.Result {
	t.Helper()
	got, err := ix.Search(nil, query, k, opts)
	if err != nil {
		t.Fatal(err)
	}
	checkForm(t, got, k)
	return got
}

func checkForm(t *testing.T, got []ann.Result, k int) {
	t.Helper()
	if len(got) > max(k, 0) {
		t.Fatalf("%d results for k = %d", len(got), k)
	}
	seen := make(map[uint32]bool, len(got))
	for i, r := range got {
		if seen[r.Key] {
			t.Fatalf("key %d twice in %v", r.Key, got)
		}
		seen[r.Key] = true
		if i > 0 && (r.Score > got[i-1].Score || r.Score == got[i-1].Score && r.Key < got[i-1].Key) {
			t.Fatalf("results %d and %d are out of order: %v, %v", i-1, i, got[i-1], r)
		}
	}
}
