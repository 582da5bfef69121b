package ann

import (
	"math"

	"github.com/goldrec/gold/internal/simd"
)

// componentMax keeps every score finite: the squared distance of two vectors of DimMax components stays below the largest
// float32.
const componentMax = 1 << 56

// check returns what is wrong with a vector under a metric, if anything.
func check(vector []float32, dim int, m Metric) error {
	if len(vector) != dim {
		return &DimensionError{Got: len(vector), Want: dim}
	}
	for _, v := range vector {
		if !(v <= componentMax && v >= -componentMax) { // NaN is neither
			return ErrNotFinite
		}
	}
	if m != Cosine {
		return nil
	}
	for _, v := range vector {
		if v != 0 {
			return nil
		}
	}
	return ErrZeroVector
}

// checkBatch checks the shape of a batch and each of its rows.
func checkBatch(keys []uint32, vectors []float32, dim int, m Metric) error {
	if len(vectors) != len(keys)*dim {
		return &DimensionError{Got: len(vectors), Want: len(keys) * dim}
	}
	for i := range keys {
		if err := check(vectors[i*dim:(i+1)*dim], dim, m); err != nil {
			return err
		}
	}
	return nil
}

// place copies vector to dst as metric m compares it: under Cosine scaled to length 1.
func place(dst, vector []float32, m Metric) {
	copy(dst, vector)
	if m == Cosine {
		normalize(dst)
	}
}

// normalize scales x, which is finite and not zero, to length 1.
func normalize(x []float32) {
	n := float64(simd.Dot(x, x))
	if n < 0x1p-60 || n > 0x1p60 { // squares of float32 may vanish or overflow
		n = 0
		for _, v := range x {
			n += float64(v) * float64(v)
		}
	}
	inv := 1 / math.Sqrt(n)
	for i, v := range x {
		x[i] = float32(float64(v) * inv)
	}
}

// scores sets dst[i] to the score of q, placed, and row ids[i] of rows.
func scores(dst, q, rows []float32, ids []uint32, m Metric) {
	if m != L2 {
		simd.DotIDs(dst, q, rows, ids)
		return
	}
	dst = dst[:len(ids)]
	simd.L2IDs(dst, q, rows, ids)
	for i, v := range dst {
		dst[i] = -v
	}
}
