package linalg

import (
	"math"

	"github.com/goldrec/gold/internal/simd"
)

// Cholesky puts in the upper triangle of the symmetric n × n matrix a the factor U of a = Uᵀ·U. It takes nothing from below
// the diagonal, and leaves nothing of use there. It returns false, with a spoilt, if a is not positive definite to the
// precision of float32. It panics if a is too short.
//
// It needs n³/3 operations: tileRows rows at a time, it takes off what the rows above them explain, as products of panels,
// and then factors what is left of these rows one after the other.
func Cholesky(a []float32, n int) bool {
	a = a[:n*n]
	var room panels
	for from := 0; from < n; from += tileRows {
		to := min(from+tileRows, n)
		room.takeOff(a, n, from, to)
		for i := from; i < to; i++ {
			row := a[i*n+i:][:n-i]
			for p := from; p < i; p++ {
				above := a[p*n+i:][:n-i]
				simd.Axpy(-above[0], above, row)
			}
			if !(row[0] > 0) || math.IsInf(float64(row[0]), 1) { // NaN is not either
				return false
			}
			scale(row, float32(1/math.Sqrt(float64(row[0]))))
		}
	}
	return true
}

// panels is room for a panel on either side of a product.
type panels struct {
	left  [depth * tileRows]float32
	right [depth * tileCols]float32
}

// takeOff subtracts from the rows from up to to of a, at their diagonal and right of it, the products of the columns of the
// factor above them. It begins at a multiple of tileCols, left of the diagonal, so that most tiles are whole.
func (r *panels) takeOff(a []float32, n, from, to int) {
	for top := 0; top < from; top += depth {
		steps := min(depth, from-top)
		above := a[top*n:][:steps*n]
		for p := range steps {
			for i, v := range above[p*n+from : p*n+to] {
				r.left[p*tileRows+i] = -v
			}
		}
		for j := from / tileCols * tileCols; j < n; j += tileCols {
			right, rightStep := panel(r.right[:], above, steps, n, j, tileCols)
			addTile(a, n, from, j, to-from, min(tileCols, n-j), steps, r.left[:], tileRows, right, rightStep)
		}
	}
}

func scale(x []float32, by float32) {
	for i := range x {
		x[i] *= by
	}
}

// CholeskySolve replaces b by the x of Uᵀ·U·x = b, where U is what Cholesky made. It panics if one of them is too short.
func CholeskySolve(u, b []float32, n int) {
	u, b = u[:n*n], b[:n]
	for i := range n {
		b[i] /= u[i*n+i]
		simd.Axpy(-b[i], u[i*n+i+1:(i+1)*n], b[i+1:])
	}
	for i := n - 1; i >= 0; i-- {
		b[i] = (b[i] - simd.Dot(u[i*n+i+1:(i+1)*n], b[i+1:])) / u[i*n+i]
	}
}
