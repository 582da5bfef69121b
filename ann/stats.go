package ann

// Stats are figures of an index.
type Stats struct {
	Vectors int
	Slots   int   // room for vectors, in use or not
	Bytes   int64 // of the arrays: vectors, codes, links, keys
	// Bits of a component are what walks compare: 4, 6 or 10, or 32 where codes do not tell vectors apart and walks go by
	// the vectors, which Quantized then keeps too.
	Bits int
	// Recall is what the index finds of the ten nearest to its own vectors at an Ef of 64, were they not stored, by tests
	// against exact scans of some of those stored of late. Of fewer than 16 tests it says nothing yet, and is 0.
	Recall float64
	Tests  int // behind Recall; those long ago count less
	// EfDefault is the Ef that a search of ten without SearchOptions takes.
	EfDefault int
}

// Stats returns figures of the index. It waits for nobody.
func (h *HNSW) Stats() Stats {
	epoch := h.readers.enter(0)
	defer h.readers.leave(epoch, 0)
	g := h.graph.Load()
	s := Stats{Vectors: h.Len(), Slots: g.size(), Bits: g.near.Bits, EfDefault: h.calibration.Load().ef(10, 0)}
	s.Bytes = int64(len(g.near.Rows)+len(g.near.Apart)+len(g.rest)) +
		4*int64(len(g.rows)+len(g.norms)+len(g.links)+len(g.keys)+len(g.alive)+len(g.upper)+len(h.table.Load().cells))
	if t := h.health.Load(); t != nil {
		s.Recall, s.Tests = t.recall, t.tests
	}
	return s
}
