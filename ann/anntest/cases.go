package anntest

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/goldrec/gold/ann"
	"github.com/google/go-cmp/cmp"
)

func testRecall(t *testing.T, s Suite, m ann.Metric) {
	f := newFixture(t, s, m, scaled(4000), 24)
	if got := f.recall(t, s, scaled(100), 10, ann.SearchOptions{}); got < s.least(scaled(100)) {
		t.Errorf("recall@10 %.3f, want %.3f", got, s.RecallMin)
	}
	if got := f.recall(t, s, scaled(50), 100, ann.SearchOptions{Recall: 0.99}); got < min(s.RecallMin, 0.98) {
		t.Errorf("recall@100 %.3f at a target of 0.99", got)
	}
	if got := f.recall(t, s, scaled(50), 10, ann.SearchOptions{Ef: 400}); got < s.RecallMin {
		t.Errorf("recall@10 %.3f with Ef 400", got)
	}
}

func testDimensions(t *testing.T, s Suite, m ann.Metric) {
	for _, dim := range []int{1, 2, 3, 15, 17, 100, ann.DimMax} {
		n := 300
		if dim == ann.DimMax {
			n = 40
		}
		f := newFixture(t, s, m, n, dim)
		got := f.recall(t, s, 10, 5, ann.SearchOptions{Ef: 300})
		if coarse := s.ScoreTolerance > 1e-3 && dim < 16; got < min(s.RecallMin, 0.97) && !coarse {
			t.Errorf("dimension %d: recall@5 %.3f", dim, got)
		}
		if f.index.Dim() != dim || f.index.Metric() != m {
			t.Errorf("Dim %d, Metric %v; want %d, %v", f.index.Dim(), f.index.Metric(), dim, m)
		}
	}
	for _, dim := range []int{0, -1, ann.DimMax + 1} {
		if _, err := s.New(dim, m); !errors.Is(err, ann.ErrOptions) {
			t.Errorf("dimension %d: %v, want ErrOptions", dim, err)
		}
	}
}

func testEmpty(t *testing.T, s Suite, m ann.Metric) {
	ix, err := s.New(3, m)
	if err != nil {
		t.Fatal(err)
	}
	query := []float32{1, 2, 3}
	none := func(when string) {
		if got := search(t, ix, query, 5, ann.SearchOptions{}); len(got) != 0 || ix.Len() != 0 {
			t.Errorf("%s: found %v, Len %d", when, got, ix.Len())
		}
	}
	none("new")
	if ix.Delete(1) {
		t.Error("deleted what was never there")
	}
	if _, ok := ix.Vector(nil, 1); ok {
		t.Error("a vector that was never there")
	}
	if err := ix.AddBatch(t.Context(), nil, nil); err != nil {
		t.Errorf("a batch of none: %v", err)
	}
	for range 3 {
		for key := range uint32(20) {
			if err := ix.Add(key, []float32{1, float32(key), 2}); err != nil {
				t.Fatal(err)
			}
		}
		if got := search(t, ix, query, 50, ann.SearchOptions{}); len(got) != 20 {
			t.Errorf("%d results of 20 vectors", len(got))
		}
		for key := range uint32(20) {
			if !ix.Delete(key) {
				t.Errorf("key %d was not there", key)
			}
		}
		none("after deleting all")
	}
}

func testBadInput(t *testing.T, s Suite, m ann.Metric) {
	f := newFixture(t, s, m, 100, 4)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	before := search(t, f.index, []float32{1, 2, 3, 4}, 10, ann.SearchOptions{})
	for _, c := range []struct {
		name   string
		vector []float32
		want   error
	}{
		{"nil", nil, new(ann.DimensionError)},
		{"short", []float32{1, 2, 3}, new(ann.DimensionError)},
		{"long", []float32{1, 2, 3, 4, 5}, new(ann.DimensionError)},
		{"NaN", []float32{1, nan, 3, 4}, ann.ErrNotFinite},
		{"infinity", []float32{1, 2, 3, -inf}, ann.ErrNotFinite},
		{"huge", []float32{1, 2, 3, math.MaxFloat32}, ann.ErrNotFinite},
		{"zero", make([]float32, 4), ann.ErrZeroVector},
	} {
		want := c.want
		if want == ann.ErrZeroVector && m != ann.Cosine {
			want = nil
		}
		check := func(op string, err error) {
			t.Helper()
			if _, ok := want.(*ann.DimensionError); ok {
				if _, ok := errors.AsType[*ann.DimensionError](err); !ok {
					t.Errorf("%s of %s: %v, want a DimensionError", op, c.name, err)
				}
			} else if !errors.Is(err, want) {
				t.Errorf("%s of %s: %v, want %v", op, c.name, err, want)
			}
		}
		_, err := f.index.Search(nil, c.vector, 5, ann.SearchOptions{})
		check("Search", err)
		if want == nil {
			continue
		}
		check("Add", f.index.Add(f.keys[0], c.vector))
		check("AddBatch", f.index.AddBatch(t.Context(), f.keys[:2], slices.Concat(f.row(1), c.vector)))
	}
	if diff := cmp.Diff(before, search(t, f.index, []float32{1, 2, 3, 4}, 10, ann.SearchOptions{})); diff != "" {
		t.Errorf("refused vectors changed the index: %s", diff)
	}
	for _, k := range []int{0, -1, math.MinInt} {
		if got := search(t, f.index, f.row(0), k, ann.SearchOptions{}); len(got) != 0 {
			t.Errorf("k = %d: %v", k, got)
		}
	}
	for _, k := range []int{100, 101, math.MaxInt} {
		if got := search(t, f.index, f.row(0), k, ann.SearchOptions{}); len(got) != 100 {
			t.Errorf("k = %d: %d results of 100", k, len(got))
		}
	}
	for _, opts := range []ann.SearchOptions{{Ef: -1}, {Ef: math.MaxInt}, {Recall: -1}, {Recall: 1}, {Recall: 2}, {Recall: math.NaN()}} {
		if got := search(t, f.index, f.row(0), 5, opts); len(got) != 5 {
			t.Errorf("%+v: %d results", opts, len(got))
		}
	}
	if got := search(t, f.index, []float32{1e-40, 0, 0, 1e-42}, 5, ann.SearchOptions{}); len(got) != 5 {
		t.Errorf("a denormal query: %d results", len(got))
	}
}

func testFew(t *testing.T, s Suite, m ann.Metric) {
	for n := 1; n < 12; n++ {
		f := newFixture(t, s, m, n, 6)
		if got := f.recall(t, s, 5, n+2, ann.SearchOptions{}); got != 1 {
			t.Errorf("%d vectors: recall %.3f", n, got)
		}
	}
}

func testDuplicates(t *testing.T, s Suite, m ann.Metric) {
	f := newFixture(t, s, m, 500, 8)
	same := f.row(3)
	var keys []uint32
	var rows []float32
	for key := range uint32(700) {
		keys, rows = append(keys, key), append(rows, same...)
	}
	f.both(t, func(ix ann.Index) error { return ix.AddBatch(t.Context(), keys, rows) })
	if got := f.recall(t, s, scaled(50), 10, ann.SearchOptions{}); got < min(s.RecallMin, 0.9) {
		t.Errorf("recall@10 among 700 copies of a vector: %.3f", got)
	}
}

func testUpdate(t *testing.T, s Suite, m ann.Metric) {
	f := newFixture(t, s, m, 1000, 16)
	fresh := Clustered(1000, 16, 7, 5)
	for i, key := range f.keys {
		if i%2 == 0 {
			f.both(t, func(ix ann.Index) error { return ix.Add(key, fresh[i*16:][:16]) })
		}
	}
	if f.index.Len() != 1000 {
		t.Errorf("Len %d after updates, want 1000", f.index.Len())
	}
	if got := f.recall(t, s, scaled(50), 10, ann.SearchOptions{}); got < s.least(scaled(50)) {
		t.Errorf("recall@10 %.3f", got)
	}
	for i, key := range f.keys[:20] {
		got, ok := f.index.Vector(nil, key)
		want, _ := f.oracle.Vector(nil, key)
		if !ok || len(got) != len(want) {
			t.Fatalf("no vector under key %d", key)
		}
		for j := range want {
			if math.Abs(float64(got[j]-want[j])) > s.ScoreTolerance*10 {
				t.Fatalf("vector %d is %v, want %v", i, got, want)
			}
		}
	}
	twice := slices.Concat(f.row(1), f.row(0))
	f.both(t, func(ix ann.Index) error { return ix.AddBatch(t.Context(), []uint32{9, 9}, twice) })
	if got, _ := f.index.Vector(nil, 9); f.index.Len() != 1001 || math.Abs(float64(got[0]-first(f.oracle, 9))) > s.ScoreTolerance*10 {
		t.Errorf("of two rows under a key the first stayed: %v", got)
	}
}

func first(ix ann.Index, key uint32) float32 {
	v, _ := ix.Vector(nil, key)
	return v[0]
}

func testDelete(t *testing.T, s Suite, m ann.Metric) {
	f := newFixture(t, s, m, 1500, 16)
	for i, key := range f.keys {
		if i%3 != 0 {
			f.both(t, func(ix ann.Index) error {
				if !ix.Delete(key) {
					t.Errorf("key %d was not there", key)
				}
				return nil
			})
			if f.index.Delete(key) {
				t.Errorf("deleted key %d twice", key)
			}
		}
	}
	// A neighbourhood that dies together leaves its survivors among themselves.
	ranked := search(t, f.oracle, f.row(0), 500, ann.SearchOptions{})
	for _, r := range ranked[1:250] {
		f.both(t, func(ix ann.Index) error { ix.Delete(r.Key); return nil })
	}
	if f.index.Len() != 251 {
		t.Errorf("Len %d, want 251", f.index.Len())
	}
	if got := f.recall(t, s, scaled(50), 10, ann.SearchOptions{}); got < s.least(scaled(50)) {
		t.Errorf("recall@10 %.3f after deleting two thirds", got)
	}
}

// testChurn replaces half of the index again and again: the answers stay as good, and the memory is used again.
func testChurn(t *testing.T, s Suite, m ann.Metric) {
	n := scaled(2000)
	f := newFixture(t, s, m, n, 16)
	rng := rand.New(rand.NewPCG(1, 1))
	next := uint32(1)
	for round := range 4 {
		fresh := Clustered(n/2, 16, 7, uint64(10+round))
		var keys []uint32
		for _, i := range rng.Perm(len(f.keys))[:n/2] {
			f.both(t, func(ix ann.Index) error { ix.Delete(f.keys[i]); return nil })
			f.keys[i] = next
			keys = append(keys, next)
			next++
		}
		f.both(t, func(ix ann.Index) error { return ix.AddBatch(t.Context(), keys, fresh) })
	}
	if f.index.Len() != n {
		t.Errorf("Len %d, want %d", f.index.Len(), n)
	}
	if got := f.recall(t, s, scaled(100), 10, ann.SearchOptions{}); got < s.least(scaled(100)) {
		t.Errorf("recall@10 %.3f after four rounds", got)
	}
}

func testBatch(t *testing.T, s Suite, m ann.Metric) {
	ix, err := s.New(8, m)
	if err != nil {
		t.Fatal(err)
	}
	n := scaled(3000)
	keys, rows := Keys(n), Clustered(n, 8, 7, 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ix.AddBatch(ctx, keys, rows); !errors.Is(err, context.Canceled) {
		t.Errorf("AddBatch on a context that is done: %v", err)
	}
	stored := 0
	for _, key := range keys {
		if _, ok := ix.Vector(nil, key); ok {
			stored++
		}
	}
	if stored != ix.Len() {
		t.Errorf("%d vectors are there, Len is %d", stored, ix.Len())
	}
	if err := ix.AddBatch(t.Context(), keys, rows); err != nil || ix.Len() != n {
		t.Errorf("Len %d, %v", ix.Len(), err)
	}
	if _, ok := errors.AsType[*ann.DimensionError](ix.AddBatch(t.Context(), keys, rows[1:])); !ok {
		t.Error("a batch one float short was taken")
	}
}

// testConcurrency searches, adds, updates and deletes at once. Run it under the race detector.
func testConcurrency(t *testing.T, s Suite, m ann.Metric) {
	const dim, n = 12, 600
	f := newFixture(t, s, m, n, dim)
	fresh := Clustered(n, dim, 7, 3)
	done := make(chan struct{})
	var writers, readers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 2))
			for i := range scaled(600) {
				j := rng.IntN(n/2)*2 + w // each writer has keys of its own
				switch i % 3 {
				case 0:
					f.index.Delete(f.keys[j])
				case 1, 2:
					if err := f.index.Add(f.keys[j], fresh[j*dim:][:dim]); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	for r := range 2 {
		readers.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(r), 3))
			var dst []ann.Result
			for {
				select {
				case <-done:
					return
				default:
				}
				opts := ann.SearchOptions{}
				if rng.IntN(4) == 0 {
					opts.Filter = ann.FilterFunc(func(key uint32) bool { return key%2 == 0 })
				}
				got, err := f.index.Search(dst[:0], f.row(rng.IntN(n)), 10, opts)
				if err != nil {
					t.Error(err)
					return
				}
				if len(got) < 10 {
					t.Errorf("%d results of more than 300 vectors", len(got))
				}
				checkForm(t, got, 10)
				f.index.Vector(nil, f.keys[rng.IntN(n)])
				dst = got
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
}

func testAllocations(t *testing.T, s Suite, m ann.Metric) {
	f := newFixture(t, s, m, 1000, 16)
	dst := make([]ann.Result, 0, 64)
	even := ann.FilterFunc(func(key uint32) bool { return key%2 == 0 })
	few, half := roaring.New(), roaring.New()
	for i, key := range f.keys {
		if i%2 == 0 {
			half.Add(key)
		}
		if i%20 == 0 {
			few.Add(key)
		}
	}
	for name, opts := range map[string]ann.SearchOptions{
		"all": {}, "predicate": {Filter: even}, "bitmap of half": {Filter: half}, "bitmap of few": {Filter: few},
	} {
		got := testing.AllocsPerRun(50, func() {
			dst, _ = f.index.Search(dst[:0], f.row(1), 20, opts)
		})
		if got != 0 && !raceEnabled {
			t.Errorf("%s: %v allocations a search", name, got)
		}
	}
}
