package simd

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestUnseen(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	rows := make([]byte, 1000*100)
	for round := range 500 {
		n := rng.IntN(40)
		list := make([]uint32, n)
		for i := range list {
			list[i] = rng.Uint32N(200)
		}
		if n > 0 && round%3 == 0 {
			list[rng.IntN(n)] = None
		}
		seen, twin := make([]uint64, 5), make([]uint64, 5)
		for i := range seen {
			seen[i] = rng.Uint64() & rng.Uint64()
			twin[i] = seen[i]
		}
		if round%5 == 0 {
			seen, twin = seen[:2], twin[:2] // numbers from 128 are outside
		}
		got, want := make([]uint32, n), make([]uint32, n)
		size := []int{0, 1, 64, 100}[round%4]
		got = got[:Unseen(got, list, seen, rows, size)]
		want = want[:unseenGeneric(want, list, twin)]
		if !slices.Equal(got, want) || !slices.Equal(seen, twin) {
			t.Fatalf("list %v: %v, want %v", list, got, want)
		}
	}
	if Unseen(nil, nil, nil, nil, 0) != 0 {
		t.Error("of none")
	}
}
