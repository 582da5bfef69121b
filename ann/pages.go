package ann

import (
	"runtime"
	"unsafe"
)

// arena is the memory of a graph's arrays, handed out piece by piece. It is asked for everything twice: at first, without
// room, it only adds up.
type arena struct {
	room []byte
	size int
}

const (
	lineSize = 64      // of a cache line, where every array begins
	pageSize = 2 << 20 // of a huge page

	// pagesLeast is from how many bytes memory is worth pages of its own.
	pagesLeast = 4 << 20
)

// bytes returns n zeros, or nil while the arena only adds up.
func (a *arena) bytes(n int) []byte {
	whole := (n + lineSize - 1) &^ (lineSize - 1)
	if a.room == nil {
		a.size += whole
		return nil
	}
	b := a.room[:n:n]
	a.room = a.room[whole:]
	return b
}

// arrayOf returns n zeros of T from the arena.
func arrayOf[T uint32 | float32](a *arena, n int) []T {
	var zero T
	b := a.bytes(n * int(unsafe.Sizeof(zero)))
	if len(b) == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&b[0])), n)
}

// open gives the arena the room it was asked for, which lives as long as g: on huge pages where the system has them and it is
// large, since a walk jumps all over it and each jump would miss the address cache. The garbage collector does not know of
// those pages, so whoever reads them keeps g alive meanwhile.
func (a *arena) open(g *graph) {
	if a.size >= pagesLeast {
		if pages := mapPages(a.size + pageSize); pages != nil {
			runtime.AddCleanup(g, unmapPages, pages)
			a.room = aligned(pages, pageSize)
			adviseHuge(a.room)
			return
		}
	}
	a.room = aligned(make([]byte, a.size+lineSize), lineSize)
}

// aligned is the part of b from the first address that size divides.
func aligned(b []byte, size uintptr) []byte {
	return b[-uintptr(unsafe.Pointer(&b[0]))&(size-1):]
}
