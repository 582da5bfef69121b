package linalg

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

func matrix(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// checkClose holds got to the float64 sums within four standard errors of a running sum of terms squares: about
// terms·√terms units in the last place of one.
func checkClose(t *testing.T, what string, got []float32, want []float64, terms int) {
	t.Helper()
	bound := 0x1p-22 * (16 + float64(terms)*math.Sqrt(float64(terms)))
	for i := range want {
		if math.Abs(float64(got[i])-want[i]) > bound {
			t.Fatalf("%s: [%d] = %v, want %v within %v", what, i, got[i], want[i], bound)
		}
	}
}

func TestGram(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 1))
		for _, n := range []int{0, 1, 5, 256, 300} {
			for _, d := range []int{1, 7, 8, 31, 32, 33, 40, 64, 100} {
				a := matrix(rng, n*d)
				c := make([]float32, d*d)
				want := make([]float64, d*d)
				for i := range d {
					c[i*d+i], want[i*d+i] = 2, 2 // it adds
				}
				for p := range n {
					for i := range d {
						for j := range d {
							want[i*d+j] += float64(a[p*d+i]) * float64(a[p*d+j])
						}
					}
				}
				Gram(c, a, n, d)
				checkClose(t, fmt.Sprintf("n=%d d=%d", n, d), c, want, n)
			}
		}
	})
}

func TestMulT(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(2, 2))
		for _, s := range [][3]int{{0, 3, 2}, {3, 0, 2}, {3, 2, 0}, {1, 1, 1}, {8, 32, 5}, {9, 33, 300}, {17, 70, 64}} {
			m, n, k := s[0], s[1], s[2]
			a, b, c := matrix(rng, m*k), matrix(rng, n*k), matrix(rng, m*n)
			want := make([]float64, m*n)
			for i := range m {
				for j := range n {
					want[i*n+j] = float64(c[i*n+j])
					for p := range k {
						want[i*n+j] += float64(a[i*k+p]) * float64(b[j*k+p])
					}
				}
			}
			MulT(c, a, b, m, n, k)
			checkClose(t, fmt.Sprint(s), c, want, k)
		}
	})
}

// TestCholesky multiplies the factor by itself. Its rounding is within n+2 units of |Uᵀ|·|U|, which is at most the root of
// a[i,i]·a[j,j] (Higham, Accuracy and Stability of Numerical Algorithms, theorem 10.3).
func TestCholesky(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 3))
		for _, n := range []int{1, 2, 3, 7, 8, 9, 17, 31, 32, 33, 64, 100, 128, 300} {
			a := make([]float32, n*n)
			for i := range n {
				a[i*n+i] = float32(n) / 4
			}
			Gram(a, matrix(rng, 2*n*n), 2*n, n)
			u := slices.Clone(a)
			for i := range n {
				for j := range i {
					u[i*n+j] = float32(math.NaN()) // it must not look there
				}
			}
			if !Cholesky(u, n) {
				t.Fatalf("n=%d: not positive definite", n)
			}
			for i := range n {
				for j := i; j < n; j++ {
					var sum float64
					for p := range i + 1 {
						sum += float64(u[p*n+i]) * float64(u[p*n+j])
					}
					bound := float64(n+2) * 0x1p-24 * math.Sqrt(float64(a[i*n+i])*float64(a[j*n+j]))
					if got := float64(a[i*n+j]); !(math.Abs(sum-got) <= bound) {
						t.Fatalf("n=%d: row %d, column %d of the product is %v, want %v within %v", n, i, j, sum, got, bound)
					}
				}
			}
			checkSolve(t, a, u, matrix(rng, n))
		}
	})
}

// checkSolve sees that the system whose matrix is a gives x back.
func checkSolve(t *testing.T, a, u, x []float32) {
	t.Helper()
	n := len(x)
	b := make([]float32, n)
	for i := range n {
		for j := range n {
			b[i] += a[i*n+j] * x[j]
		}
	}
	CholeskySolve(u, b, n)
	for i := range n {
		if !(math.Abs(float64(b[i]-x[i])) <= 1e-3) {
			t.Fatalf("n=%d: x[%d] = %v, want %v", n, i, b[i], x[i])
		}
	}
}

func TestCholeskyRefuses(t *testing.T) {
	nan := float32(math.NaN())
	for name, a := range map[string][]float32{
		"zero": {0, 0, 0, 0}, "negative": {-1, 0, 0, 1}, "indefinite": {1, 2, 2, 1}, "NaN": {1, nan, nan, 1},
		"infinite": {float32(math.Inf(1)), 0, 0, 1},
	} {
		if Cholesky(a, 2) {
			t.Errorf("%s: taken", name)
		}
	}
	if !Cholesky(nil, 0) {
		t.Error("the empty matrix is positive definite")
	}
}

func BenchmarkGram(b *testing.B) {
	rng := rand.New(rand.NewPCG(4, 4))
	for _, d := range []int{64, 128} {
		const n = 4096
		a, c := matrix(rng, n*d), make([]float32, d*d)
		rate := func(b *testing.B) {
			b.ReportMetric(float64(b.N)*n*float64(d)*float64(d+1)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		}
		b.Run(fmt.Sprintf("gold/d=%d", d), func(b *testing.B) {
			for b.Loop() {
				Gram(c, a, n, d)
			}
			rate(b)
		})
		b.Run(fmt.Sprintf("gonum/d=%d", d), func(b *testing.B) {
			for b.Loop() {
				blas32.Syrk(blas.Trans, 1, blas32.General{Rows: n, Cols: d, Stride: d, Data: a},
					1, blas32.Symmetric{N: d, Stride: d, Data: c, Uplo: blas.Lower})
			}
			rate(b)
		})
	}
}

func BenchmarkMulT(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 5))
	const m, n, k = 256, 2048, 64
	x, y, c := matrix(rng, m*k), matrix(rng, n*k), make([]float32, m*n)
	rate := func(b *testing.B) {
		b.ReportMetric(float64(b.N)*2*m*n*k/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
	}
	b.Run("gold", func(b *testing.B) {
		for b.Loop() {
			MulT(c, x, y, m, n, k)
		}
		rate(b)
	})
	b.Run("gonum", func(b *testing.B) {
		for b.Loop() {
			blas32.Gemm(blas.NoTrans, blas.Trans, 1, blas32.General{Rows: m, Cols: k, Stride: k, Data: x},
				blas32.General{Rows: n, Cols: k, Stride: k, Data: y}, 1, blas32.General{Rows: m, Cols: n, Stride: n, Data: c})
		}
		rate(b)
	})
}

func BenchmarkCholesky(b *testing.B) {
	const n = 64
	rng := rand.New(rand.NewPCG(6, 6))
	a := make([]float32, n*n)
	Gram(a, matrix(rng, 2*n*n), 2*n, n)
	l, x := make([]float32, n*n), make([]float32, n)
	for b.Loop() {
		copy(l, a)
		Cholesky(l, n)
		CholeskySolve(l, x, n)
	}
}
