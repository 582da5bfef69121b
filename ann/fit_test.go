package ann_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/ann/anntest"
)

// recallOf is the mean recall@10 of an index at an Ef against a Flat with the same vectors.
func recallOf(t *testing.T, ix ann.Index, keys []uint32, rows, queries []float32, ef int) float64 {
	t.Helper()
	dim := ix.Dim()
	flat, err := ann.NewFlat(dim, ix.Metric())
	if err != nil {
		t.Fatal(err)
	}
	if err := flat.AddBatch(t.Context(), keys, rows); err != nil {
		t.Fatal(err)
	}
	hits, want := 0, 0
	for ; len(queries) > 0; queries = queries[dim:] {
		truth, err := flat.Search(nil, queries[:dim], 10, ann.SearchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		found, err := ix.Search(nil, queries[:dim], 10, ann.SearchOptions{Ef: ef})
		if err != nil {
			t.Fatal(err)
		}
		is := make(map[uint32]bool)
		for _, r := range found {
			is[r.Key] = true
		}
		for _, r := range truth {
			want++
			if is[r.Key] {
				hits++
			}
		}
	}
	return float64(hits) / float64(want)
}

// TestCodesFit gives indexes vectors that short codes tell apart badly unless they are fitted: far from the origin compared
// with their distances, or many so near to each other that four bits do not part them.
func TestCodesFit(t *testing.T) {
	const dim, n = 100, 3000
	rng := rand.New(rand.NewPCG(1, 7))
	far, crowded := make([]float32, n*dim), make([]float32, n*dim)
	var centers [3 * dim]float32
	for i := range centers {
		centers[i] = float32(rng.NormFloat64())
	}
	for i := range far {
		far[i] = float32(rng.NormFloat64())
		if i%dim < 5 {
			far[i] += 100
		}
		crowded[i] = centers[i%len(centers)] + 0.03*float32(rng.NormFloat64())
	}
	keys := anntest.Keys(n)
	for name, rows := range map[string][]float32{"far": far, "crowded": crowded} {
		for _, m := range []ann.Metric{ann.Cosine, ann.L2} {
			for _, storage := range []ann.Storage{ann.Float32, ann.Quantized} {
				t.Run(fmt.Sprint(name, "/", m, "/", storage), func(t *testing.T) {
					if raceEnabled && storage == ann.Float32 {
						t.Skip("slow under the race detector; Quantized has the same codes")
					}
					h := filled(t, keys, rows, ann.Options{Dim: dim, Metric: m, Storage: storage})
					least := 0.95
					if storage == ann.Quantized { // ten bits do not order all of what is crowded
						least = 0.9
					}
					if got := recallOf(t, h, keys, rows, rows[:30*dim], 300); got < least {
						t.Errorf("recall@10 %.3f, want %v", got, least)
					}
				})
			}
		}
	}
}

// TestFitWhileGrowing adds one by one across the size at which codes are fitted, saves and loads there, empties the index and
// fills it with vectors from elsewhere.
func TestFitWhileGrowing(t *testing.T) {
	const dim, n = 80, 1200
	rows := anntest.Clustered(2*n, dim, 3, 4)
	for i := range rows {
		rows[i] += 5
		if i >= n*dim {
			rows[i] -= 30
		}
	}
	keys := anntest.Keys(2 * n)
	for _, storage := range []ann.Storage{ann.Float32, ann.Quantized} {
		t.Run(fmt.Sprint(storage), func(t *testing.T) {
			if raceEnabled && storage == ann.Float32 {
				t.Skip("slow under the race detector; Quantized has the same codes")
			}
			opts := ann.Options{Dim: dim, Metric: ann.L2, Storage: storage, EfConstruction: 60}
			h := filled(t, nil, nil, opts)
			for i := range n {
				if err := h.Add(keys[i], rows[i*dim:][:dim]); err != nil {
					t.Fatal(err)
				}
			}
			if got := recallOf(t, h, keys[:n], rows[:n*dim], rows[:30*dim], 200); got < 0.95 {
				t.Errorf("recall@10 %.3f after adding one by one", got)
			}
			h, err := ann.ReadHNSW(bytes.NewReader(encode(t, h)), ann.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := recallOf(t, h, keys[:n], rows[:n*dim], rows[:30*dim], 200); got < 0.95 {
				t.Errorf("recall@10 %.3f after loading", got)
			}
			for _, key := range keys[:n] {
				h.Delete(key)
			}
			if err := h.AddBatch(t.Context(), keys[n:], rows[n*dim:]); err != nil {
				t.Fatal(err)
			}
			if got := recallOf(t, h, keys[n:], rows[n*dim:], rows[n*dim:][:30*dim], 200); got < 0.95 {
				t.Errorf("recall@10 %.3f after starting again", got)
			}
		})
	}
}

// TestQuantizedError holds what Quantized gives back to its promise: each component off by half a step at most, which is a
// 1024th of the largest difference from the centre, itself at most twice the largest component here.
func TestQuantizedError(t *testing.T) {
	const dim, n = 37, 1500
	rows, keys := anntest.Clustered(n, dim, 1, 2), anntest.Keys(n)
	h := filled(t, keys, rows, ann.Options{Dim: dim, Metric: ann.L2, Storage: ann.Quantized, EfConstruction: 40})
	var most float32
	for _, v := range rows {
		most = max(most, v, -v)
	}
	for i, key := range keys {
		got, ok := h.Vector(nil, key)
		if !ok {
			t.Fatalf("key %d is gone", key)
		}
		for j, v := range got {
			if d := v - rows[i*dim+j]; d > 2*most/1024*1.001 || d < -2*most/1024*1.001 {
				t.Fatalf("vector %d component %d is %v, was %v", i, j, v, rows[i*dim+j])
			}
		}
	}
}

// TestQuantizedFollows adds three times as many vectors as there are, all of them elsewhere: the codes of those are relative to the
// mean of all, and not to what it was.
func TestQuantizedFollows(t *testing.T) {
	t.Parallel()
	const dim, n = 16, 1200
	rows, keys := anntest.Clustered(4*n, dim, 1, 2), anntest.Keys(4*n)
	for i := n * dim; i < len(rows); i++ {
		rows[i] += 12
	}
	var mean [dim]float64
	for i, v := range rows {
		mean[i%dim] += float64(v) / (4 * n)
	}
	h := filled(t, keys[:n], rows[:n*dim], ann.Options{Dim: dim, Metric: ann.L2, Storage: ann.Quantized, EfConstruction: 40})
	if err := h.AddBatch(t.Context(), keys[n:], rows[n*dim:]); err != nil {
		t.Fatal(err)
	}
	if bits := h.Stats().Bits; bits != 10 {
		t.Fatalf("%d bits", bits)
	}
	for i := n; i < 4*n; i++ {
		row, largest := rows[i*dim:][:dim], 0.0
		for j, v := range row {
			largest = max(largest, math.Abs(float64(v)-mean[j]))
		}
		got, _ := h.Vector(nil, keys[i])
		for j, v := range got { // half of a step, of which 512 are the largest difference
			if d := math.Abs(float64(v - row[j])); d > largest/1024*1.01 {
				t.Fatalf("vector %d component %d is off by %v, and by %v at most", i, j, d, largest/1024)
			}
		}
	}
}

// TestCalibratesOnTheLiving deletes nearly all of an index, whose slots still hold what is deleted: calibration must not take
// it for the truth.
func TestCalibratesOnTheLiving(t *testing.T) {
	const dim, n, left = 2, 260 << 5, 260
	rng := rand.New(rand.NewPCG(5, 6))
	rows, keys := make([]float32, n*dim), anntest.Keys(n)
	for i := range rows {
		rows[i] = rng.Float32()
	}
	// Those that stay come first: deletions tear the fewest of their links.
	h := filled(t, keys[:left], rows[:left*dim], ann.Options{Dim: dim, Metric: ann.L2, EfConstruction: 30})
	if err := h.AddBatch(t.Context(), keys[left:], rows[left*dim:]); err != nil {
		t.Fatal(err)
	}
	for _, key := range keys[left:] {
		h.Delete(key)
	}
	if got := recallOf(t, h, keys[:left], rows[:left*dim], rows[left*dim:][:60*dim], 0); got < 0.95 {
		t.Errorf("recall@10 %.3f", got)
	}
}
