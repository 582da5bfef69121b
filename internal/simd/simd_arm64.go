package simd

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// What this processor has. Every arm64 one that Go runs on has NEON, and most since 2018 have SDOT.
var (
	hasNEON = cpu.ARM64.HasASIMD
	hasSDOT = hasNEON && cpu.ARM64.HasASIMDDP
)

func dot(a, b []float32) float32 {
	switch {
	case len(a) == 0:
		return 0
	case hasNEON:
		return dotNEON(&a[0], &b[0], len(a))
	}
	return dotGeneric(a, b)
}

func l2(a, b []float32) float32 {
	switch {
	case len(a) == 0:
		return 0
	case hasNEON:
		return l2NEON(&a[0], &b[0], len(a))
	}
	return l2Generic(a, b)
}

func axpy(alpha float32, x, y []float32) {
	switch {
	case len(x) == 0:
	case hasNEON:
		axpyNEON(alpha, &x[0], &y[0], len(x))
	default:
		axpyGeneric(alpha, x, y)
	}
}

func dotIDs(dst, q, rows []float32, ids []uint32) bool {
	if !hasNEON || len(ids) == 0 || len(q) == 0 || len(rows) == 0 {
		return dotIDsGeneric(dst, q, rows, ids)
	}
	return dotIDsNEON(&dst[0], &q[0], &rows[0], &ids[0], len(ids), len(q), len(rows))
}

func l2IDs(dst, q, rows []float32, ids []uint32) bool {
	if !hasNEON || len(ids) == 0 || len(q) == 0 || len(rows) == 0 {
		return l2IDsGeneric(dst, q, rows, ids)
	}
	return l2IDsNEON(&dst[0], &q[0], &rows[0], &ids[0], len(ids), len(q), len(rows))
}

func unseen(dst, list []uint32, seen []uint64, rows unsafe.Pointer, size int) int {
	if raceEnabled {
		return unseenGeneric(dst, list, seen)
	}
	return unseenARM64(&dst[0], &list[0], len(list), &seen[0], len(seen), rows, size)
}

//go:noescape
func dotNEON(a, b *float32, n int) float32

//go:noescape
func l2NEON(a, b *float32, n int) float32

//go:noescape
func axpyNEON(alpha float32, x, y *float32, n int)

//go:noescape
func dotIDsNEON(dst, q, rows *float32, ids *uint32, n, d, size int) bool

//go:noescape
func l2IDsNEON(dst, q, rows *float32, ids *uint32, n, d, size int) bool

//go:noescape
func unseenARM64(dst, list *uint32, n int, seen *uint64, words int, rows unsafe.Pointer, size int) int

//go:noescape
func prefetch(p unsafe.Pointer, size int)
