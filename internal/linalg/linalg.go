// Package linalg holds the dense float32 algebra that training and exact scoring need: a Gram matrix, a product with a
// transposed matrix, and Cholesky. Matrices are row-major slices without gaps.
//
// Sums run in blocks of rows, each in the order of the contracted index; on one machine the same input always gives the
// same output.
package linalg

// A tile is what a kernel call adds to: tileRows × tileCols sums, which fit the registers of a processor with AVX-512.
const (
	tileRows = 8
	tileCols = 32
)

// depth is how much of the contracted index is taken at a time, so that a block of tileCols columns stays in the
// first-level cache.
const depth = 256

// Gram adds aᵀ·a to c, where a has n rows of d columns and c is d × d and symmetric. It panics if either is too short.
//
// It needs 2·n·d² operations by the book and does about half of them, since c is symmetric.
func Gram(c, a []float32, n, d int) {
	a, c = a[:n*d], c[:d*d]
	var edge [2][depth * tileCols]float32
	for from := 0; from < n; from += depth {
		rows := min(depth, n-from)
		block := a[from*d:][:rows*d]
		for j := 0; j < d; j += tileCols {
			right, rightStep := panel(edge[1][:], block, rows, d, j, tileCols)
			for i := j / tileRows * tileRows; i < d; i += tileRows {
				left, leftStep := panel(edge[0][:], block, rows, d, i, tileRows)
				addTile(c, d, i, j, min(tileRows, d-i), min(tileCols, d-j), rows, left, leftStep, right, rightStep)
			}
		}
	}
	for i := range d {
		for j := range i {
			c[j*d+i] = c[i*d+j]
		}
	}
}

// TMul adds aᵀ·b to c, where a has n rows of d columns, b n rows of e columns, and c is d × e. It panics if one of them is
// too short.
func TMul(c, a, b []float32, n, d, e int) {
	a, b, c = a[:n*d], b[:n*e], c[:d*e]
	var edge [2][depth * tileCols]float32
	for from := 0; from < n; from += depth {
		rows := min(depth, n-from)
		lefts, rights := a[from*d:][:rows*d], b[from*e:][:rows*e]
		for j := 0; j < e; j += tileCols {
			right, rightStep := panel(edge[1][:], rights, rows, e, j, tileCols)
			for i := 0; i < d; i += tileRows {
				left, leftStep := panel(edge[0][:], lefts, rows, d, i, tileRows)
				addTile(c, e, i, j, min(tileRows, d-i), min(tileCols, e-j), rows, left, leftStep, right, rightStep)
			}
		}
	}
}

// panel returns width columns of block from column at, and the step from row to row: the block itself, or where it has
// fewer columns left, a copy in room filled up with zeros.
func panel(room, block []float32, rows, d, at, width int) ([]float32, int) {
	if at+width <= d {
		return block[at:], d
	}
	for r := range rows {
		to := room[r*width:][:width]
		clear(to[copy(to, block[r*d+at:(r+1)*d]):])
	}
	return room, width
}

// MulT adds a·bᵀ to c, where a is m × k, b is n × k and c is m × n. It panics if one of them is too short.
func MulT(c, a, b []float32, m, n, k int) {
	a, b, c = a[:m*k], b[:n*k], c[:m*n]
	if m == 0 || n == 0 {
		return
	}
	left := make([]float32, (m+tileRows-1)/tileRows*tileRows*min(k, depth))
	var right [depth * tileCols]float32
	for from := 0; from < k; from += depth {
		steps := min(depth, k-from)
		for i := 0; i < m; i += tileRows {
			turn(left[i*steps:], a[i*k+from:], min(tileRows, m-i), k, steps, tileRows)
		}
		for j := 0; j < n; j += tileCols {
			turn(right[:], b[j*k+from:], min(tileCols, n-j), k, steps, tileCols)
			for i := 0; i < m; i += tileRows {
				addTile(c, n, i, j, min(tileRows, m-i), min(tileCols, n-j), steps, left[i*steps:], tileRows, right[:], tileCols)
			}
		}
	}
}

// turn writes rows of x, which are stride apart, as columns of a panel of width columns, and zeros where there are fewer. It
// takes eight rows at a time where it can, since it is the stores that it waits for.
func turn(panel, x []float32, rows, stride, steps, width int) {
	if rows < width {
		clear(panel[:steps*width])
	}
	r := 0
	for ; r+8 <= rows; r += 8 {
		turnEight(panel[r:], x[r*stride:], stride, steps, width)
	}
	for ; r < rows; r++ {
		for p, v := range x[r*stride:][:steps] {
			panel[p*width+r] = v
		}
	}
}

func turnEight(panel, x []float32, stride, steps, width int) {
	row := func(i int) []float32 { return x[i*stride:][:steps] }
	x0, x1, x2, x3 := row(0), row(1), row(2), row(3)
	x4, x5, x6, x7 := row(4), row(5), row(6), row(7)
	for p := range steps {
		to := (*[8]float32)(panel[p*width:])
		to[0], to[1], to[2], to[3] = x0[p], x1[p], x2[p], x3[p]
		to[4], to[5], to[6], to[7] = x4[p], x5[p], x6[p], x7[p]
	}
}

// addTile adds the product of two panels to the rows × cols of c from (i, j); c has d columns.
func addTile(c []float32, d, i, j, rows, cols, steps int, left []float32, leftStep int, right []float32, rightStep int) {
	if rows == tileRows && cols == tileCols {
		tile(c[i*d+j:], d, steps, left, leftStep, right, rightStep)
		return
	}
	var part [tileRows * tileCols]float32
	tile(part[:], tileCols, steps, left, leftStep, right, rightStep)
	for r := range rows {
		to := c[(i+r)*d+j:][:cols]
		for q, v := range part[r*tileCols:][:cols] {
			to[q] += v
		}
	}
}

// tileGeneric adds to the tile at c, whose rows are d apart, the sum over p below steps of left[p·leftStep+i] ·
// right[p·rightStep+j].
func tileGeneric(c []float32, d, steps int, left []float32, leftStep int, right []float32, rightStep int) {
	var sums [tileRows][tileCols]float32
	for p := range steps {
		r := (*[tileCols]float32)(right[p*rightStep:])
		for i, x := range left[p*leftStep:][:tileRows] {
			row := &sums[i]
			for j := range row {
				row[j] += x * r[j]
			}
		}
	}
	for i := range sums {
		to := c[i*d:][:tileCols]
		for j, v := range sums[i] {
			to[j] += v
		}
	}
}
