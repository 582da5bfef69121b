// Package simd holds the vector kernels under the models and indexes.
package simd

// Dot returns the inner product of a and b. It panics if b is shorter than a.
func Dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return (s0 + s1) + (s2 + s3)
}

// DotIDs sets dst[i] to the inner product of q and row ids[i] of the flat array rows, whose rows have len(q) columns.
// It panics if a row lies outside rows or dst is shorter than ids.
func DotIDs(dst, q, rows []float32, ids []uint32) {
	d := len(q)
	for i, id := range ids {
		dst[i] = Dot(q, rows[int(id)*d:][:d])
	}
}

// Axpy adds alpha·x to y. It panics if y is shorter than x.
func Axpy(alpha float32, x, y []float32) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += alpha * v
	}
}
