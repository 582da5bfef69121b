package simd

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestInsert(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(19, 20))
		for round := range 3000 {
			list := make([]uint64, rng.IntN(70)+1)
			n := rng.IntN(len(list))
			for i := range list {
				list[i] = rng.Uint64()
				if round%2 == 0 {
					list[i] %= 8 // ties
				}
			}
			slices.SortFunc(list[:n], func(a, b uint64) int { return -slices.Compare([]uint64{a}, []uint64{b}) })
			x := list[rng.IntN(len(list))]
			place := 0
			for place < n && list[place] >= x {
				place++
			}
			want := slices.Concat(list[:place], []uint64{x}, list[place:n], list[n+1:])
			if got := Insert(list, n, x); got != place || !slices.Equal(list, want) {
				t.Fatalf("place %d of %v, want %d of %v", got, list, place, want)
			}
		}
		if !panics(func() { Insert(make([]uint64, 3), 3, 1) }) {
			t.Error("did not panic where there is no room")
		}
	})
}

func BenchmarkInsert(b *testing.B) {
	rng := rand.New(rand.NewPCG(21, 22))
	list, xs := make([]uint64, 129), make([]uint64, 1024)
	for i := range list[:128] {
		list[i] = rng.Uint64()
	}
	for i := range xs {
		xs[i] = rng.Uint64()
	}
	slices.SortFunc(list[:128], func(a, b uint64) int { return -slices.Compare([]uint64{a}, []uint64{b}) })
	for name, f := range map[string]func([]uint64, int, uint64) int{"kernel": Insert[uint64], "generic": insertGeneric} {
		b.Run(name, func(b *testing.B) {
			work, i := slices.Clone(list), 0
			for b.Loop() {
				f(work, 127, xs[i%1024])
				if i++; i%64 == 0 {
					copy(work, list)
				}
			}
		})
	}
}
