//go:build !linux

package ann

// mapPages returns size zero bytes outside the heap, or nil where the system gives none.
func mapPages(int) []byte { return nil }

func adviseHuge([]byte) {}

func unmapPages([]byte) {}
