package ann

import "slices"

// Clone returns a copy, with which nothing is shared. Searches go on meanwhile; writers wait. It costs what copying the
// arrays does.
func (h *HNSW) Clone() *HNSW {
	h.mu.Lock()
	defer h.mu.Unlock()
	g := h.graph.Load()
	c := newHNSW(h.opts)
	c.graph.Store(newGraph(g.size(), &c.opts, g, g.centre, g.near.Bits))
	t := h.table.Load()
	c.table.Store(&table{cells: slices.Clone(t.cells), used: t.used})
	c.len.Store(h.len.Load())
	c.asked.open(c.Len(), c.opts.Dim)
	c.calibration.Store(h.calibration.Load())
	c.used, c.linked, c.dead = h.used, h.linked, slices.Concat(h.repairing.dead, h.dead)
	c.changed, c.moments = h.changed, h.moments
	c.moments.sum = slices.Clone(h.moments.sum)
	c.recent = stored{slices.Clone(h.recent.slots), slices.Clone(h.recent.rows)}
	// Nobody searches the copy who might still meet the retired.
	c.free = slices.Clone(h.free)
	for _, r := range h.retired {
		c.free = append(c.free, r.slots...)
	}
	return c
}
