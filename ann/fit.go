package ann

import "github.com/goldrec/gold/internal/simd"

// An index fits its codes to its vectors. Below fitLeast of them records have all ten bits and no centre. The first AddBatch or
// Add that reaches so many settles the centre, which is their mean from then on, and gives records as many bits as fit one cache
// line: ten up to 44 dimensions, six up to 72, and four. There, and whenever the number of vectors has doubled, the index looks
// whether its records tell them apart, and gives them more bits from then on if not: if of the nearest to some vectors too
// few are among the best by records. That costs fitQueries scans.
const (
	fitLeast   = 1024
	fitQueries = 32
	fitTop     = 11 // a vector itself and its ten nearest
	fitSpare   = 5
	fitShare   = 0.95
)

// fit puts vectors into slots, where they are to be linked, and sees that the codes fit them. It returns the graph to go on
// with.
func (h *HNSW) fit(g *graph, slots []uint32, vectors []float32) *graph {
	c := h.writer().coder
	n := h.Len() + len(slots)
	if h.Len() == 0 {
		g.fitted = 0
	}
	due := n >= fitLeast && n >= 2*g.fitted
	if due && g.fitted == 0 {
		g = h.refit(g, h.centre(g, vectors), bitsInLine(g.near.Half))
	}
	for i, slot := range slots {
		g.setVector(slot, vectors[i*g.dim:(i+1)*g.dim], c)
	}
	if due {
		g.fitted = n
		for g.near.Bits < allBits && h.crowded(g) {
			g = h.refit(g, g.centre, moreBits(g.near.Bits))
		}
	}
	return g
}

// bitsInLine is how many bits of a number a record may have so as to fit a cache line.
func bitsInLine(half int) int {
	for _, bits := range [...]int{allBits, 6} {
		if simd.FitsLine(half, bits) {
			return bits
		}
	}
	return 4
}

// moreBits is the next width.
func moreBits(bits int) int {
	if bits == 4 {
		return 6
	}
	return allBits
}

// writer is a scratch of the writer's own.
func (h *HNSW) writer() *scratch {
	h.workers(1)
	return h.writers[0]
}

// refit publishes a graph whose codes have that centre and records that many bits.
func (h *HNSW) refit(g *graph, centre []float32, bits int) *graph {
	g = newGraph(g.size(), &h.opts, g, centre, bits)
	h.graph.Store(g)
	return g
}

// centre is the mean of the vectors of the index and those about to be added, as the metric places them.
func (h *HNSW) centre(g *graph, vectors []float32) []float32 {
	c, sum, n := h.writer().coder, make([]float64, g.dim), 0
	add := func(x []float32) {
		n++
		for i, v := range x {
			sum[i] += float64(v)
		}
	}
	for slot := range uint32(h.used) {
		if g.isAlive(slot) {
			add(g.vector(nil, slot, c))
		}
	}
	for ; len(vectors) > 0; vectors = vectors[g.dim:] {
		place(c.placed, vectors[:g.dim], g.metric)
		add(c.placed)
	}
	centre := make([]float32, g.dim)
	for i, v := range sum {
		centre[i] = float32(v / float64(n))
	}
	return centre
}

// crowded tells whether the records are too coarse for the vectors: whether among the best by records there are fewer than
// fitShare of the best by all that is known.
func (h *HNSW) crowded(g *graph) bool {
	s := h.writer()
	hits, want := 0, 0
	given := func(slot uint32) bool { return int(slot) < h.used } // those to be linked are not alive yet
	var best []candidate
	for i := range fitQueries {
		slot := uint32(i * h.used / fitQueries)
		s.setQuery(g, g.vector(nil, slot, s.coder))
		s.fill(g, fitTop, s.exact, given)
		best = append(best[:0], s.pool...)
		s.fill(g, fitTop+fitSpare, s.score, given)
		want += len(best)
		for _, b := range best {
			for _, c := range s.pool {
				if b.slot() == c.slot() {
					hits++
				}
			}
		}
	}
	return float64(hits) < fitShare*float64(want)
}
