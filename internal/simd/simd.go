// Package simd holds the vector kernels under the models and indexes.
//
// Each kernel has a twin in plain Go (generic.go) and, on amd64 and arm64, assembly chosen at run time by what the
// processor has. The kernels over codes agree with their twins bit for bit. The float32 kernels add in another order than
// their twins, so a sum of n products differs from the exact one by at most about n·2⁻²⁴·Σ|aᵢ·bᵢ|, whichever runs; on one
// machine the same input always gives the same output, and DotIDs gives a row exactly what Dot gives it alone.
//
// A call costs about five nanoseconds before the first product, which is why the kernels over rows take a whole list of
// row numbers a call.
package simd

// Dot returns the inner product of a and b. It panics if b is shorter than a.
func Dot(a, b []float32) float32 {
	b = b[:len(a)]
	return dot(a, b)
}

// L2 returns the squared Euclidean distance of a and b. It panics if b is shorter than a.
func L2(a, b []float32) float32 {
	b = b[:len(a)]
	return l2(a, b)
}

// Axpy adds alpha·x to y. It panics if y is shorter than x.
func Axpy(alpha float32, x, y []float32) {
	y = y[:len(x)]
	axpy(alpha, x, y)
}

// DotIDs sets dst[i] to the inner product of q and row ids[i] of the flat array rows, whose rows have len(q) columns.
// It panics if a row lies outside rows or dst is shorter than ids.
func DotIDs(dst, q, rows []float32, ids []uint32) {
	if !dotIDs(dst[:len(ids)], q, rows, ids) {
		panic("simd: row outside the array")
	}
}

// L2IDs sets dst[i] to the squared Euclidean distance of q and row ids[i] of rows, as DotIDs does.
func L2IDs(dst, q, rows []float32, ids []uint32) {
	if !l2IDs(dst[:len(ids)], q, rows, ids) {
		panic("simd: row outside the array")
	}
}
