package simd

import (
	"math/bits"
	"unsafe"
)

// Insert puts x among the first n of list, which fall, and returns its place: after those that are not smaller. Those after it
// move up by one, so list[n] is overwritten. It costs a comparison for every eight that move on a processor with AVX-512. It
// panics unless n is below len(list).
func Insert[T ~uint64](list []T, n int, x T) int {
	_ = list[n]
	return insert(unsafe.Slice((*uint64)(unsafe.Pointer(&list[0])), len(list)), n, uint64(x))
}

func insertGeneric(list []uint64, n int, x uint64) int {
	at := 0
	for left := n; left > 0; { // no jump depends on a comparison, none of which can be foretold
		half := (left + 1) / 2
		_, smaller := bits.Sub64(list[at+half-1], x, 0)
		at += half & (int(smaller) - 1)
		left -= half
	}
	copy(list[at+1:n+1], list[at:n])
	list[at] = x
	return at
}
