package linalg_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/goldrec/gold/internal/linalg"
)

// definite makes a symmetric positive definite matrix, of which only the upper triangle is told.
func definite(n int) []float32 {
	rng := rand.New(rand.NewPCG(uint64(n), 5))
	x, a := make([]float32, 2*n*n), make([]float32, n*n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	linalg.Gram(a, x, 2*n, n)
	for i := range n {
		a[i*n+i] += 1
		for j := range i {
			a[i*n+j] = float32(math.NaN())
		}
	}
	return a
}

func TestInvert(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 7, 8, 31, 33, 100, 256, 257, 300, 513, 600} {
		a := definite(n)
		got := slices.Clone(a)
		if ok, err := linalg.Invert(t.Context(), 1, got, n); !ok || err != nil {
			t.Fatalf("n = %d: %v, %v", n, ok, err)
		}
		for i := range n {
			for j := range i {
				a[i*n+j] = a[j*n+i]
			}
		}
		for i := range n {
			for j := range n {
				sum, size := 0.0, 0.0
				for k := range n {
					v := float64(a[i*n+k]) * float64(got[k*n+j])
					sum, size = sum+v, size+math.Abs(v)
				}
				want := 0.0
				if i == j {
					want = 1
				}
				if !(math.Abs(sum-want) < 1e-4*(size+1)) || got[i*n+j] != got[j*n+i] {
					t.Fatalf("n = %d: (a·inverse)[%d, %d] is %v", n, i, j, sum)
				}
			}
		}
		for _, workers := range []int{2, 5} {
			again := definite(n)
			if ok, _ := linalg.Invert(t.Context(), workers, again, n); !ok || !slices.Equal(got, again) {
				t.Fatalf("n = %d: another inverse with %d workers", n, workers)
			}
		}
	}
}

func TestInvertRefuses(t *testing.T) {
	t.Parallel()
	for name, a := range map[string][]float32{
		"negative": {1, 0, 0, -1}, "singular": {1, 1, 1, 1}, "NaN": {1, float32(math.NaN()), 0, 1}, "infinite": {float32(math.Inf(1)), 0, 0, 1},
	} {
		if ok, err := linalg.Invert(t.Context(), 1, a, 2); ok || err != nil {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if ok, err := linalg.Invert(ctx, 1, definite(9), 9); ok || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v, %v", ok, err)
	}
}

func BenchmarkInvert(b *testing.B) {
	for _, n := range []int{512, 2048} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			a, work := definite(n), make([]float32, n*n)
			for b.Loop() {
				copy(work, a)
				if ok, err := linalg.Invert(b.Context(), 1, work, n); !ok {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(n)*float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "gflop/s")
		})
	}
}
