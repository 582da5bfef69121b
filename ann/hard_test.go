package ann_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/ann/anntest"
)

// TestIslands stores clusters one after the other, between which few links lead: a walk that begins at the one best vector of
// the level above may never see the right one.
func TestIslands(t *testing.T) {
	t.Parallel()
	if raceEnabled {
		t.Skip("slow under the race detector, and one thing after the other")
	}
	hard := anntest.NewHard("islands", 10000, 200, 1)
	h := filled(t, nil, nil, ann.Options{Dim: hard.Dim, Metric: ann.Cosine, Seed: 1})
	if err := hard.Fill(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	if got := recallOf(t, h, hard.Keys, hard.Base, hard.Queries, 64); got < 0.98 {
		t.Errorf("recall@10 %.3f", got) // 0.929 from one vector, 0.997 from four
	}
}

// TestBlurred adds vectors that ten bits do not tell apart to an index of such as they do, in batches and one by one: it sees that and
// keeps them as they are.
func TestBlurred(t *testing.T) {
	t.Parallel()
	const n, dim = 1500, 16
	rng := rand.New(rand.NewPCG(3, 5))
	keys, rows := anntest.Keys(2*n), anntest.Clustered(2*n, dim, 5, 6)
	for i := n * dim; i < len(rows); i++ {
		rows[i] = float32(i%dim) + 1e-4*float32(rng.NormFloat64())
	}
	for _, batch := range []int{1, 300} {
		h := filled(t, keys[:n], rows[:n*dim], ann.Options{Dim: dim, Metric: ann.L2, Storage: ann.Quantized, EfConstruction: 40})
		if bits := h.Stats().Bits; bits > 10 {
			t.Fatalf("%d bits for what four tell apart", bits)
		}
		for i := n; i < 2*n; i += batch {
			if err := h.AddBatch(t.Context(), keys[i:i+batch], rows[i*dim:(i+batch)*dim]); err != nil {
				t.Fatal(err)
			}
		}
		if got := recallOf(t, h, keys, rows, rows[(2*n-40)*dim:], 100); got < 0.98 || h.Stats().Bits != 32 {
			t.Errorf("by %d: recall@10 %.3f with %d bits", batch, got, h.Stats().Bits)
		}
	}
}

// TestCodesFollow stores everything again elsewhere, in batches and then one by one: ten bits still do.
func TestCodesFollow(t *testing.T) {
	t.Parallel()
	const n, dim = 2000, 64
	keys, rows := anntest.Keys(n), anntest.Clustered(n, dim, 5, 6)
	h := filled(t, keys, rows, ann.Options{Dim: dim, Metric: ann.L2, EfConstruction: 30})
	before := h.Stats().Bits
	for i := range rows {
		rows[i] += 60
	}
	for i := 0; i < n; i += 200 {
		if err := h.AddBatch(t.Context(), keys[i:i+200], rows[i*dim:(i+200)*dim]); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 40 { // and go on a little
		if err := h.Add(keys[i], rows[i*dim:][:dim]); err != nil {
			t.Fatal(err)
		}
	}
	if after := h.Stats().Bits; before != 6 || after > 10 {
		t.Errorf("%d bits before and %d after", before, after)
	}
}

// TestScansAreExact asks under filters that allow only what is far from the query, of vectors that short codes put in another order.
func TestScansAreExact(t *testing.T) {
	t.Parallel()
	const n, dim = 4000, 100
	keys, rows := anntest.Keys(n), anntest.Clustered(n, dim, 5, 6)
	flat, err := ann.NewFlat(dim, ann.L2)
	if err != nil {
		t.Fatal(err)
	}
	if err := flat.AddBatch(t.Context(), keys, rows); err != nil {
		t.Fatal(err)
	}
	h := filled(t, keys, rows, ann.Options{Dim: dim, Metric: ann.L2, EfConstruction: 30})
	for i := range 20 {
		query := rows[i*dim:][:dim]
		all, err := flat.Search(nil, query, n, ann.SearchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		far, few := roaring.New(), roaring.New()
		for j, r := range all[n/2:] {
			far.Add(r.Key)
			if j < n/20 {
				few.Add(r.Key)
			}
		}
		for kind, filter := range map[string]ann.Filter{"bitmap": far, "few": few, "predicate": ann.FilterFunc(far.Contains)} {
			got, err := h.Search(nil, query, 10, ann.SearchOptions{Filter: filter})
			if err != nil {
				t.Fatal(err)
			}
			for j, r := range got {
				if want := all[n/2+j]; r.Key != want.Key && math.Abs(float64(r.Score-want.Score)) > 1e-5*math.Abs(float64(want.Score)) {
					t.Errorf("%s: result %d is %v, want %v", kind, j, r, want)
				}
			}
			if len(got) != 10 {
				t.Errorf("%s: %d results", kind, len(got))
			}
		}
	}
}

// TestStats compares what an index says of its recall with what it is, of a good graph and of a bad one.
func TestStats(t *testing.T) {
	t.Parallel()
	const n, dim = 3000, 24
	rows, keys := anntest.Clustered(n+200, dim, 5, 6), anntest.Keys(n)
	if s := filled(t, nil, nil, ann.Options{Dim: 3}).Stats(); s.Vectors != 0 || s.Recall != 0 || s.Tests != 0 {
		t.Errorf("an empty index: %+v", s)
	}
	var said []float64
	for _, m := range []int{2, 16} {
		h := filled(t, keys, rows[:n*dim], ann.Options{Dim: dim, Metric: ann.L2, M: m, EfConstruction: 10 * m})
		s := h.Stats()
		truth := recallOf(t, h, keys, rows[:n*dim], rows[n*dim:], 64)
		if s.Vectors != n || s.Slots < n || s.Bytes < n*dim*4 || s.Tests < 16 || math.Abs(s.Recall-truth) > 0.12 {
			t.Errorf("M %d: %+v with a recall of %.3f", m, s, truth)
		}
		said = append(said, s.Recall)
	}
	if said[0] > said[1]-0.1 {
		t.Errorf("recalls of a bad graph and a good one: %.3f", said)
	}
}

// strangers are queries unlike any vector: mixtures of three.
func strangers(rows []float32, dim, n int) (queries []float32) {
	rng := rand.New(rand.NewPCG(8, 9))
	for range n {
		a, b, c := rng.IntN(len(rows)/dim), rng.IntN(len(rows)/dim), rng.IntN(len(rows)/dim)
		for j := range dim {
			queries = append(queries, rows[a*dim+j]+rows[b*dim+j]+rows[c*dim+j]+float32(rng.NormFloat64()))
		}
	}
	return queries
}

// TestCalibrate wants the recall that is asked for, or more, on queries like the index's own at once, and just that on others once
// some were asked.
func TestCalibrate(t *testing.T) {
	t.Parallel()
	const n, dim, asked = 6000, 20, 0.8
	if raceEnabled {
		t.Skip("slow under the race detector, and one thing after the other")
	}
	rng := rand.New(rand.NewPCG(6, 7))
	rows, keys := make([]float32, (n+400)*dim), anntest.Keys(n)
	for i := range rows {
		rows[i] = float32(rng.NormFloat64())
	}
	opts := ann.Options{Dim: dim, Metric: ann.L2, M: 8, EfConstruction: 60, Seed: 1}
	h := filled(t, keys, rows[:n*dim], opts)
	at := func(queries []float32) float64 { return recallAsked(t, h, keys, rows[:n*dim], queries, asked) }
	if got := at(rows[n*dim:]); got < asked-0.02 || got > asked+0.12 {
		t.Errorf("recall@10 %.3f of queries like the vectors, asked %v", got, asked)
	}
	h = filled(t, keys, rows[:n*dim], opts)
	strange := strangers(rows[:n*dim], dim, 400)
	before := at(strange)
	if err := h.Calibrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := at(strange)
	var err error
	if h, err = ann.ReadHNSW(bytes.NewReader(encode(t, h)), ann.Options{}); err != nil {
		t.Fatal(err)
	}
	if again := at(strange); again != got {
		t.Errorf("recall@10 %.3f after loading, %.3f before", again, got)
	}
	if math.Abs(got-asked) > 0.02 || math.Abs(before-asked) < 0.03 {
		t.Errorf("recall@10 %.3f of strange queries, and %.3f before, asked %v", got, before, asked)
	}
}

// recallAsked is the recall@10 of searches that ask for one.
func recallAsked(t *testing.T, h *ann.HNSW, keys []uint32, rows, queries []float32, asked float64) float64 {
	t.Helper()
	flat, err := ann.NewFlat(h.Dim(), h.Metric())
	if err != nil {
		t.Fatal(err)
	}
	if err := flat.AddBatch(t.Context(), keys, rows); err != nil {
		t.Fatal(err)
	}
	var sum float64
	for query := range slices.Chunk(queries, h.Dim()) {
		want, err := flat.Search(nil, query, 10, ann.SearchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := h.Search(nil, query, 10, ann.SearchOptions{Recall: asked})
		if err != nil {
			t.Fatal(err)
		}
		sum += anntest.Recall(got, want)
	}
	return sum * float64(h.Dim()) / float64(len(queries))
}
