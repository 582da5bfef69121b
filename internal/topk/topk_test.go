package topk_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/goldrec/gold/internal/topk"
	"github.com/google/go-cmp/cmp"
)

func TestAgainstSorting(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	var s topk.Selector
	for range 300 {
		all := make([]topk.Scored, rng.IntN(60))
		for i := range all {
			all[i] = topk.Scored{Item: uint32(i), Score: float32(rng.IntN(12))} // many ties
		}
		n := rng.IntN(70)
		want := slices.Clone(all)
		slices.SortFunc(want, topk.Compare)
		want = want[:min(n, len(want))]
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		s.Reset(n)
		for _, e := range all {
			s.Push(e.Item, e.Score)
		}
		if diff := cmp.Diff(want, slices.Clone(s.Sorted()), cmp.Transformer("nil", emptied)); diff != "" {
			t.Fatal(diff)
		}
	}
}

func emptied(s []topk.Scored) []topk.Scored {
	if len(s) == 0 {
		return nil
	}
	return s
}

func TestEdges(t *testing.T) {
	t.Parallel()
	var s topk.Selector
	s.Push(1, 1)
	if s.Len() != 0 {
		t.Error("the zero value kept something")
	}
	for _, n := range []int{-1, 0} {
		s.Reset(n)
		s.Push(1, 1)
		if s.Len() != 0 || s.Wants(math.MaxFloat32) {
			t.Errorf("n = %d kept something", n)
		}
	}
	nan := float32(math.NaN())
	s.Reset(2)
	for id, score := range []float32{nan, -1, nan, -2, nan, -3, nan} {
		s.Push(uint32(id), score)
	}
	if diff := cmp.Diff([]topk.Scored{{Item: 1, Score: -1}, {Item: 3, Score: -2}}, s.Sorted()); diff != "" {
		t.Error(diff)
	}
	s.Reset(math.MaxInt) // must not allocate for what is never pushed
	s.Push(5, 5)
	if s.Len() != 1 {
		t.Error("lost the only one")
	}
}

func TestAllocatesNothing(t *testing.T) {
	var s topk.Selector
	run := func() {
		s.Reset(20)
		for i := range uint32(500) {
			s.Push(i, float32(i*2654435761%1000))
		}
		s.Sorted()
	}
	run()
	if n := testing.AllocsPerRun(20, run); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkPush(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	scores := make([]float32, 100_000)
	for i := range scores {
		scores[i] = rng.Float32()
	}
	var s topk.Selector
	b.ReportAllocs()
	for b.Loop() {
		s.Reset(100)
		for i, score := range scores {
			s.Push(uint32(i), score)
		}
		s.Sorted()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(scores)), "ns/push")
}
