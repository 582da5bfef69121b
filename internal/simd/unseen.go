package simd

import (
	"sync/atomic"
	"unsafe"
)

// None ends a list of row numbers that is not full.
const None = ^uint32(0)

// Unseen copies to dst the numbers in list, up to the first None, whose bits are not set in seen, sets their bits, and
// returns how many there are. It asks the processor to fetch their rows, of size bytes each, from the array at rows; size
// is 0 for none. It stops at a number outside seen. It panics if dst is shorter than list.
//
// Other goroutines may store to list atomically meanwhile.
func Unseen(dst, list []uint32, seen []uint64, rows []byte, size int) int {
	dst = dst[:len(list)]
	if len(list) == 0 || len(seen) == 0 {
		return 0
	}
	return unseen(dst, list, seen, unsafe.Pointer(unsafe.SliceData(rows)), size)
}

func unseenGeneric(dst, list []uint32, seen []uint64) int {
	n := 0
	for i := range list {
		id := atomic.LoadUint32(&list[i])
		if int(id/64) >= len(seen) {
			break
		}
		word, bit := &seen[id/64], uint64(1)<<(id%64)
		if *word&bit == 0 {
			*word |= bit
			dst[n] = id
			n++
		}
	}
	return n
}
