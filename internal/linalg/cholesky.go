package linalg

import (
	"math"

	"github.com/goldrec/gold/internal/simd"
)

// Cholesky puts in the lower triangle of the symmetric n × n matrix a the factor L of a = L·Lᵀ, reading nothing above the
// diagonal. It returns false, with a spoilt, if a is not positive definite to the precision of float32. It panics if a is
// too short.
func Cholesky(a []float32, n int) bool {
	a = a[:n*n]
	for i := range n {
		row := a[i*n:][:i+1]
		for j := range i {
			other := a[j*n:][:j+1]
			row[j] = (row[j] - simd.Dot(row[:j], other[:j])) / other[j]
		}
		pivot := row[i] - simd.Dot(row[:i], row[:i])
		if !(pivot > 0) || math.IsInf(float64(pivot), 1) { // NaN is not either
			return false
		}
		row[i] = float32(math.Sqrt(float64(pivot)))
	}
	return true
}

// CholeskySolve replaces b by the x of L·Lᵀ·x = b, where L is what Cholesky made. It panics if one of them is too short.
func CholeskySolve(l, b []float32, n int) {
	l, b = l[:n*n], b[:n]
	for i := range n {
		b[i] = (b[i] - simd.Dot(l[i*n:][:i], b[:i])) / l[i*n+i]
	}
	for i := n - 1; i >= 0; i-- {
		b[i] /= l[i*n+i]
		simd.Axpy(-b[i], l[i*n:][:i], b[:i])
	}
}
