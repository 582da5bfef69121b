package simd

import (
	"math/rand/v2"
	"testing"
)

// TestDotCodesRefusesWhole is TestDotCodesRefuses for records that have whole blocks, which the kernels here do themselves.
func TestDotCodesRefusesWhole(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(15, 16))
		for _, bits := range []int{4, 6, 10} {
			c, _, _ := records(rng, 3, 40, bits)
			p, dst := probe(rng, 40), make([]float32, 5)
			DotCodes(dst, p, &c, []uint32{2, 0, 1, 2, 2})
			for _, id := range []uint32{3, 4, 1 << 31, 1<<32 - 1} {
				for at := range 5 {
					ids := make([]uint32, 5)
					ids[at] = id
					if !panics(func() { DotCodes(dst, p, &c, ids) }) {
						t.Errorf("bits=%d: row %d of 3 at place %d did not panic", bits, id, at)
					}
				}
			}
		}
	})
}
