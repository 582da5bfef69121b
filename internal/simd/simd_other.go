//go:build !amd64 && !arm64

package simd

import "unsafe"

func dot(a, b []float32) float32 { return dotGeneric(a, b) }

func l2(a, b []float32) float32 { return l2Generic(a, b) }

func axpy(alpha float32, x, y []float32) { axpyGeneric(alpha, x, y) }

func dotIDs(dst, q, rows []float32, ids []uint32) bool { return dotIDsGeneric(dst, q, rows, ids) }

func l2IDs(dst, q, rows []float32, ids []uint32) bool { return l2IDsGeneric(dst, q, rows, ids) }

func unseen(dst, list []uint32, seen []uint64, _ unsafe.Pointer, _ int) int {
	return unseenGeneric(dst, list, seen)
}
