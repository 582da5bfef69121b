package simd

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// What this processor has. AVX-512 is taken where its masks and wider sums are all there (F, BW, DQ, VL), and for the
// 8-bit kernels with VNNI.
var (
	hasAVX2   = cpu.X86.HasAVX2 && cpu.X86.HasFMA
	hasAVX512 = hasAVX2 && cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL
	hasVNNI   = hasAVX512 && cpu.X86.HasAVX512VNNI
)

func dot(a, b []float32) float32 {
	switch {
	case len(a) == 0:
		return 0
	case hasAVX512:
		return dotAVX512(&a[0], &b[0], len(a))
	case hasAVX2:
		return dotAVX2(&a[0], &b[0], len(a))
	}
	return dotGeneric(a, b)
}

func l2(a, b []float32) float32 {
	switch {
	case len(a) == 0:
		return 0
	case hasAVX512:
		return l2AVX512(&a[0], &b[0], len(a))
	case hasAVX2:
		return l2AVX2(&a[0], &b[0], len(a))
	}
	return l2Generic(a, b)
}

func axpy(alpha float32, x, y []float32) {
	switch {
	case len(x) == 0:
	case hasAVX512:
		axpyAVX512(alpha, &x[0], &y[0], len(x))
	case hasAVX2:
		axpyAVX2(alpha, &x[0], &y[0], len(x))
	default:
		axpyGeneric(alpha, x, y)
	}
}

func dotIDs(dst, q, rows []float32, ids []uint32) bool {
	switch {
	case len(ids) == 0 || len(q) == 0 || len(rows) == 0:
	case hasAVX512:
		return dotIDsAVX512(&dst[0], &q[0], &rows[0], &ids[0], len(ids), len(q), len(rows))
	case hasAVX2:
		return dotIDsAVX2(&dst[0], &q[0], &rows[0], &ids[0], len(ids), len(q), len(rows))
	}
	return dotIDsGeneric(dst, q, rows, ids)
}

func l2IDs(dst, q, rows []float32, ids []uint32) bool {
	switch {
	case len(ids) == 0 || len(q) == 0 || len(rows) == 0:
	case hasAVX512:
		return l2IDsAVX512(&dst[0], &q[0], &rows[0], &ids[0], len(ids), len(q), len(rows))
	case hasAVX2:
		return l2IDsAVX2(&dst[0], &q[0], &rows[0], &ids[0], len(ids), len(q), len(rows))
	}
	return l2IDsGeneric(dst, q, rows, ids)
}

//go:noescape
func dotAVX512(a, b *float32, n int) float32

//go:noescape
func dotAVX2(a, b *float32, n int) float32

//go:noescape
func l2AVX512(a, b *float32, n int) float32

//go:noescape
func l2AVX2(a, b *float32, n int) float32

//go:noescape
func axpyAVX512(alpha float32, x, y *float32, n int)

//go:noescape
func axpyAVX2(alpha float32, x, y *float32, n int)

//go:noescape
func dotIDsAVX512(dst, q, rows *float32, ids *uint32, n, d, size int) bool

//go:noescape
func dotIDsAVX2(dst, q, rows *float32, ids *uint32, n, d, size int) bool

//go:noescape
func l2IDsAVX512(dst, q, rows *float32, ids *uint32, n, d, size int) bool

//go:noescape
func l2IDsAVX2(dst, q, rows *float32, ids *uint32, n, d, size int) bool

func unseen(dst, list []uint32, seen []uint64, rows unsafe.Pointer, size int) int {
	if raceEnabled {
		return unseenGeneric(dst, list, seen)
	}
	return unseenAMD64(&dst[0], &list[0], len(list), &seen[0], len(seen), rows, size)
}

//go:noescape
func unseenAMD64(dst, list *uint32, n int, seen *uint64, words int, rows unsafe.Pointer, size int) int

func insert(list []uint64, n int, x uint64) int {
	if !hasAVX512 {
		return insertGeneric(list, n, x)
	}
	return insertAVX512(&list[0], n, x)
}

//go:noescape
func insertAVX512(list *uint64, n int, x uint64) int
