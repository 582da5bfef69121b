package ann

import (
	"runtime"
	"unsafe"
)

// pagesLeast is the size in bytes from which an array is worth pages of its own.
const pagesLeast = 4 << 20

// arrayOf returns n zeros of T that live as long as g: on huge pages where the system has them and the array is large, since
// a walk jumps all over it and each jump would miss the address cache. The garbage collector does not know of those pages,
// so whoever reads them keeps g alive meanwhile.
func arrayOf[T uint32 | float32 | int8](g *graph, n int) []T {
	var zero T
	if n*int(unsafe.Sizeof(zero)) < pagesLeast {
		return make([]T, n)
	}
	pages := mapPages(n * int(unsafe.Sizeof(zero)))
	if pages == nil {
		return make([]T, n)
	}
	runtime.AddCleanup(g, unmapPages, pages)
	return unsafe.Slice((*T)(unsafe.Pointer(&pages[0])), n)
}
