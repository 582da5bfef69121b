package ann

import "golang.org/x/sys/unix"

// mapPages returns size zero bytes outside the heap, or nil where the system gives none.
func mapPages(size int) []byte {
	pages, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil
	}
	return pages
}

// adviseHuge asks for huge pages under b.
func adviseHuge(b []byte) {
	_ = unix.Madvise(b, unix.MADV_HUGEPAGE) // small pages do too
}

func unmapPages(pages []byte) {
	_ = unix.Munmap(pages) // fails only for what is not mapped
}
