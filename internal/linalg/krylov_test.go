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

// spectral is an operator with the given eigenvalues, and its orthonormal eigenvectors, which are the rows of a matrix.
func spectral(n int, values []float64) (linalg.Operator, [][]float64) {
	rng := rand.New(rand.NewPCG(uint64(n), 9))
	var vectors [][]float64
	for len(vectors) < len(values) {
		v := make([]float64, n)
		for i := range v {
			v[i] = rng.NormFloat64()
		}
		for range 2 {
			for _, before := range vectors {
				dot := 0.0
				for i := range v {
					dot += v[i] * before[i]
				}
				for i := range v {
					v[i] -= dot * before[i]
				}
			}
		}
		norm := 0.0
		for _, x := range v {
			norm += x * x
		}
		for i := range v {
			v[i] /= math.Sqrt(norm)
		}
		vectors = append(vectors, v)
	}
	return func(ctx context.Context, dst, src []float32, width int) error {
		for c := range width {
			out := make([]float64, n)
			for e, v := range vectors {
				dot := 0.0
				for i := range v {
					dot += v[i] * float64(src[i*width+c])
				}
				for i := range v {
					out[i] += values[e] * dot * v[i]
				}
			}
			for i, x := range out {
				dst[i*width+c] = float32(x)
			}
		}
		return ctx.Err()
	}, vectors
}

func TestEigen(t *testing.T) {
	t.Parallel()
	slow := make([]float64, 150)
	for e := range slow {
		slow[e] = math.Pow(float64(e+1), -0.8)
	}
	for _, tt := range []struct {
		n, k, want int
		values     []float64
		within     float64
	}{
		{150, 20, 20, slow, 2e-3}, {150, 1, 1, slow, 2e-2}, {40, 40, 3, []float64{5, 3, 1}, 1e-4}, {40, 2, 2, []float64{5, 3, 1}, 1e-4},
		{7, 100, 7, []float64{7, 6, 5, 4, 3, 2, 1}, 1e-4}, {1, 1, 1, []float64{4}, 1e-5}, {9, 3, 0, []float64{0}, 0}, {0, 3, 0, nil, 0},
	} {
		t.Run(fmt.Sprintf("n=%d/k=%d", tt.n, tt.k), func(t *testing.T) {
			apply, exact := spectral(tt.n, tt.values)
			values, vectors, err := linalg.Eigen(t.Context(), apply, tt.n, tt.k, 3)
			if err != nil || len(values) != tt.want || len(vectors) != tt.n*tt.want {
				t.Fatalf("%d values, %d numbers, %v; want %d values", len(values), len(vectors), err, tt.want)
			}
			for e, v := range values {
				within := tt.within // of the half that converges first, and of the other
				if e >= len(values)/2 {
					within = 60 * tt.within
				}
				if math.Abs(float64(v)-tt.values[e]) > within*tt.values[e] {
					t.Errorf("eigenvalue %d is %v, want %v", e, v, tt.values[e])
				}
				for f := range e + 1 {
					dot := 0.0
					for i := range tt.n {
						dot += float64(vectors[i*len(values)+e]) * float64(vectors[i*len(values)+f])
					}
					if want := map[bool]float64{true: 1}[e == f]; math.Abs(dot-want) > 1e-4 {
						t.Fatalf("vectors %d and %d have the product %v", e, f, dot)
					}
				}
				dot := 0.0
				for i := range tt.n {
					dot += float64(vectors[i*len(values)+e]) * exact[e][i]
				}
				if e < len(values)/2 && math.Abs(math.Abs(dot)-1) > 1e-2 {
					t.Errorf("vector %d has the product %v with the exact one", e, dot)
				}
			}
			_, again, _ := linalg.Eigen(t.Context(), apply, tt.n, tt.k, 3)
			if !slices.Equal(vectors, again) {
				t.Error("the same seed gives others")
			}
		})
	}
}

func TestEigenFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	if _, _, err := linalg.Eigen(t.Context(), func(context.Context, []float32, []float32, int) error { return broken }, 9, 2, 1); !errors.Is(err, broken) {
		t.Errorf("the operator's error: %v", err)
	}
	nan := func(_ context.Context, dst, _ []float32, _ int) error { dst[0] = float32(math.NaN()); return nil }
	if _, _, err := linalg.Eigen(t.Context(), nan, 9, 2, 1); err == nil {
		t.Error("NaN was taken")
	}
}

func TestTMul(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 4))
	for _, size := range [][3]int{{0, 3, 3}, {1, 1, 1}, {5, 3, 40}, {300, 33, 17}, {257, 8, 32}, {600, 70, 9}} {
		n, d, e := size[0], size[1], size[2]
		a, b, c := make([]float32, n*d), make([]float32, n*e), make([]float32, d*e)
		for _, x := range [][]float32{a, b, c} {
			for i := range x {
				x[i] = float32(rng.IntN(7) - 3)
			}
		}
		want := slices.Clone(c)
		for p := range n {
			for i := range d {
				for j := range e {
					want[i*e+j] += a[p*d+i] * b[p*e+j]
				}
			}
		}
		if linalg.TMul(c, a, b, n, d, e); !slices.Equal(want, c) {
			t.Errorf("%v: another product", size)
		}
	}
}
