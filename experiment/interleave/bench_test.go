package interleave_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/goldrec/gold/experiment/interleave"
)

func BenchmarkMix(b *testing.B) {
	var one, two []string
	for i := range 50 {
		one = append(one, fmt.Sprint("item-", i))
		two = append(two, fmt.Sprint("item-", (i*7)%50))
	}
	for _, m := range []interleave.Method{interleave.TeamDraft, interleave.Balanced, interleave.Probabilistic, interleave.Optimized} {
		b.Run(string(m)+"/length=20", func(b *testing.B) {
			b.ReportAllocs()
			rng := rand.New(rand.NewPCG(1, 2))
			for b.Loop() {
				mix(b, m, rng, 20, one, two)
			}
		})
	}
}
