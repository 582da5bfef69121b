package simd

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// hasDot says that this processor has SDOT. Every arm64 one that Go runs on has NEON.
var hasDot = cpu.ARM64.HasASIMDDP

func dot(a, b []float32) float32 {
	if len(a) == 0 {
		return 0
	}
	return dotNEON(&a[0], &b[0], len(a))
}

func l2(a, b []float32) float32 {
	if len(a) == 0 {
		return 0
	}
	return l2NEON(&a[0], &b[0], len(a))
}

func axpy(alpha float32, x, y []float32) {
	if len(x) > 0 {
		axpyNEON(alpha, &x[0], &y[0], len(x))
	}
}

func dotIDs(dst, q, rows []float32, ids []uint32) bool {
	d := len(q)
	for i, id := range ids {
		at := int(id) * d
		if at+d > len(rows) {
			return false
		}
		dst[i] = dot(q, rows[at:at+d])
	}
	return true
}

func l2IDs(dst, q, rows []float32, ids []uint32) bool {
	d := len(q)
	for i, id := range ids {
		at := int(id) * d
		if at+d > len(rows) {
			return false
		}
		dst[i] = l2(q, rows[at:at+d])
	}
	return true
}

func unseen(dst, list []uint32, seen []uint64, _ unsafe.Pointer, _ int) int {
	return unseenGeneric(dst, list, seen)
}

//go:noescape
func dotNEON(a, b *float32, n int) float32

//go:noescape
func l2NEON(a, b *float32, n int) float32

//go:noescape
func axpyNEON(alpha float32, x, y *float32, n int)
