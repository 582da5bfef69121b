//go:build !amd64

package simd

import "unsafe"

func dotCodes(dst []float32, p *CodeProbe, c *Codes, ids []uint32) bool {
	return dotCodesGeneric(dst, p, c, ids)
}

func unpackCodes(dst []int8, row []byte, wide bool) { unpackCodesGeneric(dst, row, wide) }

func expandCodes(dst []float32, high, middle, low []byte, scale float32) {
	expandCodesGeneric(dst, high, middle, low, scale)
}

func prefetch(unsafe.Pointer, int) {}

func insert(list []uint64, n int, x uint64) int { return insertGeneric(list, n, x) }
