package bandit_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/goldrec/gold/experiment/bandit"
)

func BenchmarkLinear(b *testing.B) {
	for _, d := range []int{16, 64, 256} {
		rng := rand.New(rand.NewPCG(1, 2))
		l := newLinear(b, d, bandit.LinearOptions{Policy: bandit.LinUCB})
		xs := make([][]float64, 64)
		for i := range xs {
			xs[i] = features(rng, d)
		}
		b.Run(fmt.Sprintf("update/d=%d", d), func(b *testing.B) {
			i := 0
			for b.Loop() {
				if err := l.Update(xs[i%64], 1); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
		b.Run(fmt.Sprintf("choose/d=%d/candidates=20", d), func(b *testing.B) {
			for b.Loop() {
				if _, err := l.Choose(xs[:20]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBandit(b *testing.B) {
	for _, arms := range []int{4, 64} {
		m := newBandit(b, arms, bandit.Options{})
		b.Run(fmt.Sprintf("choose+update/arms=%d", arms), func(b *testing.B) {
			i := 0
			for b.Loop() {
				if err := m.Update(m.Choose().Arm, float64(i%2)); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}
