package ann

// A graph that has little room left, or whose codes are to be made anew, is copied into another one, which takes as long as copying
// all does: 30 ms at 60,000 × 32. Small writes do not wait for that: each takes moveSlice slots over for each vector it stores or
// deletes, and what it changes of those that are over already. When all are, searches get the new one. It begins when an
// eighth of the room is left. Large batches, and small graphs, copy all at once.
const (
	moveSlice = 512
	moveLeast = 8192 // slots of a graph that is worth it
)

// moving is a graph being made beside the one in use.
type moving struct {
	to *graph // nil when none is
	at int    // slots below it are over
}

// rehashing is a table being made beside the one in use, which is nearly full.
type rehashing struct {
	to *table // nil when none is
	at int    // slots below it are in
}

// small tells whether a write of so many vectors takes less time by itself than a copy of them all.
func (h *HNSW) small(written int) bool { return h.used > moveLeast && written < h.used/256 }

// beginMoving begins to copy g into a graph of a size, with codes of that many bits relative to that centre.
func (h *HNSW) beginMoving(g *graph, size int, centre []float32, bits int) {
	to := &graph{dim: g.dim, m: g.m, metric: g.metric, storage: g.storage, seed: g.seed}
	to.allot(size, centre, bits)
	g.tracked = true
	h.moving = moving{to: to}
}

// copyAtOnce forgets a graph that is being made, since one that is copied at once takes its place.
func (h *HNSW) copyAtOnce() {
	h.moving = moving{}
	if h.used > moveLeast {
		h.copied++
	}
}

// move does as much of the copying as a write of so many vectors is to do.
func (h *HNSW) move(written int) {
	m, g := &h.moving, h.graph.Load()
	if m.to == nil && h.small(written) && h.used > g.size()-g.size()/8 {
		h.beginMoving(g, min(g.size()+g.size()/4, slotsMax), g.centre, g.near.Bits)
	}
	if m.to == nil {
		return
	}
	c := h.writer().coder
	for _, s := range h.writers {
		for _, slot := range s.insert.touched {
			if int(slot) < m.at {
				m.to.takeSlot(g, slot, c)
			}
		}
		s.insert.touched = s.insert.touched[:0]
	}
	for end := min(m.at+moveSlice*written, m.to.size()); m.at < end; m.at++ {
		m.to.takeSlot(g, uint32(m.at), c)
	}
	if m.at < m.to.size() {
		return
	}
	copy(m.to.alive, g.alive)
	m.to.fitted = g.fitted
	m.to.entry.Store(g.entry.Load())
	h.graph.Store(m.to)
	h.moving = moving{}
}

// rehashSlice does as much of making a larger table as a write of so many vectors is to do. What is stored and deleted meanwhile
// is in both.
func (h *HNSW) rehashSlice(written int) {
	r, t, g := &h.rehashing, h.table.Load(), h.graph.Load()
	if r.to == nil && h.small(written) && t.used > len(t.cells)*7/12 {
		*r = rehashing{to: newTable(max(2*h.Len(), g.size()))}
	}
	if r.to == nil {
		return
	}
	for end := min(r.at+moveSlice*written, h.used); r.at < end; r.at++ {
		if g.isAlive(uint32(r.at)) {
			r.to.put(g.keys[r.at], uint32(r.at), g.keys)
		}
	}
	if r.at == h.used {
		h.table.Store(r.to)
		*r = rehashing{}
	}
}

// takeSlot copies what old has of a slot, or makes it an empty one.
func (g *graph) takeSlot(old *graph, slot uint32, c *coder) {
	for l := range g.level(slot) + 1 {
		if int(slot) < old.size() {
			copy(g.list(l, slot), old.list(l, slot))
		} else {
			fillNone(g.list(l, slot))
		}
	}
	if int(slot) >= old.size() {
		return
	}
	g.keys[slot] = old.keys[slot]
	if !g.codedLike(old) {
		g.recode(old, slot, c)
		return
	}
	if g.rows != nil {
		copy(g.row(slot), old.row(slot))
	}
	if g.norms != nil {
		g.norms[slot] = old.norms[slot]
	}
	if !g.byRows() {
		copy(g.near.Row(slot), old.near.Row(slot))
		scale, add := old.near.Scale(slot)
		g.near.SetScale(slot, scale, add)
		if g.rows == nil {
			copy(g.restOf(slot), old.restOf(slot))
		}
	}
}

// recode makes the code of a slot of old anew.
func (g *graph) recode(old *graph, slot uint32, c *coder) {
	c.take(g, old.vector(c.taken[:0], slot, c))
	if g.rows != nil {
		copy(g.row(slot), c.placed)
	}
	g.setCode(slot, c)
}
