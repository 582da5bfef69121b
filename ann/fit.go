package ann

import (
	"slices"

	"github.com/goldrec/gold/internal/simd"
)

// An index fits its codes to its vectors, and goes on doing so. Below fitLeast of them it has none, and walks by the vectors.
// Then the centre is their mean, and records have as many bits as fit one cache line: ten up to 44 dimensions, six up to 72,
// and four.
//
// It is due to look again when it has doubled, when as many vectors were stored as there were, and when the mean has moved (see
// moments): it takes the mean there is then, and looks whether records tell the vectors apart, that is whether the nearest to
// some are among the best by records. If not they get more bits, and in the end none: walks go by the vectors. That costs fitQueries scans. What is stored in
// between is looked at among itself, a batch or fitRecent vectors at a time. Each of these makes the codes anew in a copy of
// the graph, while searches go on in the old one.
//
// Under Quantized the ten bits are looked at too, while the vectors themselves are still at hand; where bits do not do, vectors
// are kept from then on.
const (
	fitLeast   = 1024
	fitQueries = 32
	fitTop     = 11 // a vector itself and its ten nearest
	fitSpare   = 5
	fitRecent  = 128
	fitBatch   = 64 // from how many on a batch is looked at by itself
)

// fitShare is the share of the nearest that must be among the best by records of so many bits. On data of a usual kind all are
// by six bits, and all but a few by four, which have more of their best scored again.
func fitShare(bits int) float64 {
	switch bits {
	case 4:
		return 0.95
	case 6:
		return 0.98
	}
	return 0.99
}

// wholeShare is that of ten bits, where no vectors are behind them.
const wholeShare = 0.99

// stored are vectors whose rows are still at hand: those stored in slots.
type stored struct {
	slots []uint32
	rows  []float32 // as they were given
}

// fit puts vectors into slots, where they are to be linked, and sees that the codes fit them. It returns the graph to go on
// with.
func (h *HNSW) fit(g *graph, slots []uint32, vectors []float32) *graph {
	c := h.writer().coder
	n := h.Len() + len(slots)
	if h.Len() == 0 {
		g.fitted, h.moments, h.recent = 0, moments{}, stored{}
	}
	h.changed += len(slots)
	old, due := g, false
	if n >= fitLeast {
		next := h.moments.with(vectors, c, g.metric)
		// Without vectors codes are made of codes, and less exact each time.
		moved := !g.byRows() && next.moved(g.centre) && 256*h.changed > n && (g.rows != nil || n >= 2*g.fitted)
		due = n >= 2*g.fitted || h.changed >= g.fitted || moved
		switch {
		case due && h.small(len(slots)):
			due = false // tests of itself will say whether bits do
			if moved && h.moving.to == nil {
				h.changed = 0
				h.beginMoving(g, g.size(), next.mean(), g.near.Bits)
			}
		case due && (moved || g.byRows() && (g.storage == Float32 || n >= 2*g.fitted)):
			g = h.refit(g, next.mean(), g.bitsInLine())
		}
	}
	for i, slot := range slots {
		g.setVector(slot, vectors[i*g.dim:(i+1)*g.dim], c)
	}
	if due {
		g.fitted, h.changed = n, 0
		for !g.byRows() && h.crowded(g) && (g.near.Bits < allBits || g.rows != nil) {
			g = h.refit(g, g.centre, moreBits(g.near.Bits))
		}
	}
	if n >= fitLeast {
		g = h.resolve(g, old, slots, vectors)
	}
	return g
}

// resolve looks whether codes tell what was just stored apart, and what old has vectors of, and gives it to walks by vectors if not.
func (h *HNSW) resolve(g, old *graph, slots []uint32, vectors []float32) *graph {
	if g.byRows() {
		return g
	}
	if g.rows == nil && old.byRows() {
		known := stored{rows: old.rows}
		for slot := range uint32(h.used) {
			if old.isAlive(slot) {
				known.slots = append(known.slots, slot)
			}
		}
		if h.blurred(g, known.slots, old.row) {
			g = h.refit(g, g.centre, rowBits)
			for _, slot := range known.slots {
				copy(g.row(slot), old.row(slot))
			}
			for i, slot := range slots {
				g.setVector(slot, vectors[i*g.dim:][:g.dim], h.writer().coder)
			}
		}
	}
	news := stored{slots, vectors}
	if len(slots) < fitBatch {
		if !h.recent.take(slots, vectors, g.dim) {
			return g
		}
		news, h.recent = h.recent, stored{}
	}
	return h.resolveNews(g, news, len(slots))
}

// resolveNews is that of the news, in a write of so many vectors.
func (h *HNSW) resolveNews(g *graph, news stored, written int) *graph {
	at := make(map[uint32]int, len(news.slots))
	for i, slot := range news.slots {
		at[slot] = i
	}
	c := newCoder(g.dim)
	row := func(slot uint32) []float32 {
		place(c.placed, news.rows[at[slot]*g.dim:][:g.dim], g.metric)
		return c.placed
	}
	for !g.byRows() && h.blurred(g, news.slots, row) {
		bits := rowBits
		if g.rows != nil {
			bits = moreBits(g.near.Bits)
			if h.small(written) {
				h.moreBits(g)
				return g
			}
		}
		g = h.refit(g, g.centre, bits)
		if bits == rowBits {
			for _, slot := range news.slots {
				copy(g.row(slot), row(slot))
			}
		}
	}
	return g
}

// take keeps vectors, and tells whether there are enough of them to look at.
func (r *stored) take(slots []uint32, vectors []float32, dim int) bool {
	for i, slot := range slots {
		row := vectors[i*dim:][:dim]
		if at := slices.Index(r.slots, slot); at >= 0 {
			copy(r.rows[at*dim:], row)
			continue
		}
		r.slots, r.rows = append(r.slots, slot), append(r.rows, row...)
	}
	return len(r.slots) >= fitRecent
}

// bitsInLine is how many bits of a number a record may have so as to fit a cache line. Codes of four numbers, with what is beside
// them, are no shorter than the vector.
func (g *graph) bitsInLine() int {
	half := numbersOf(g.dim) / 2
	if half <= 2 && g.storage == Quantized {
		return rowBits
	}
	for _, bits := range [...]int{allBits, 6} {
		if simd.FitsLine(half, bits) {
			return bits
		}
	}
	return 4
}

// moreBits is the next width.
func moreBits(bits int) int {
	switch bits {
	case 4:
		return 6
	case 6:
		return allBits
	}
	return rowBits
}

// moreBits has records of more bits made beside those in use.
func (h *HNSW) moreBits(g *graph) {
	if h.moving.to == nil || h.moving.to.near.Bits <= g.near.Bits {
		centre := g.centre
		if h.moments.moved(centre) {
			centre = h.moments.mean()
		}
		h.beginMoving(g, g.size()+g.size()/8, centre, moreBits(g.near.Bits))
	}
}

// writer is a scratch of the writer's own.
func (h *HNSW) writer() *scratch {
	h.workers(1)
	return h.writers[0]
}

// refit publishes a graph whose codes have that centre and records that many bits.
func (h *HNSW) refit(g *graph, centre []float32, bits int) *graph {
	h.copyAtOnce()
	g = newGraph(g.size(), &h.opts, g, centre, bits)
	h.graph.Store(g)
	return g
}

// crowded tells whether the records are too coarse for the vectors: whether among the best by records there are fewer than
// fitShare of the best by all that is known.
func (h *HNSW) crowded(g *graph) bool {
	s := h.writer()
	hits, want := 0, 0
	given := func(uint32) bool { return true } // alive or not: those to be linked are not yet
	var best []candidate
	for i := range fitQueries {
		slot := uint32(i * h.used / fitQueries)
		s.setQuery(g, g.vector(nil, slot, s.coder))
		s.pool = s.pool[:0]
		s.fill(g, 0, h.used, fitTop, s.exact, given)
		best = append(best[:0], s.pool...)
		s.pool = s.pool[:0]
		s.fill(g, 0, h.used, fitTop+fitSpare, s.score, given)
		hits += reached(s.exact(g, s.poolSlots()), best)
		want += len(best)
	}
	return float64(hits) < fitShare(g.near.Bits)*float64(want)
}

// reached counts the scores that are as good as the last of the best, of which there are no more.
func reached(scores []float32, best []candidate) (n int) {
	for _, v := range scores {
		if v >= best[len(best)-1].score() {
			n++
		}
	}
	return min(n, len(best))
}

// blurred tells whether codes are too coarse for the vectors in slots, of which row gives what the metric places: whether of
// the nearest of them to one another too few are found, by records where there are vectors behind them, and else by ten bits.
func (h *HNSW) blurred(g *graph, slots []uint32, row func(slot uint32) []float32) bool {
	s := h.writer()
	m := g.inner()
	queries := min(2*fitQueries, len(slots))
	asked, pools := make([]float32, 0, queries*g.dim), make([][]candidate, queries)
	for i := range queries {
		asked = append(asked, row(slots[i*len(slots)/queries])...)
	}
	ids, found := make([]uint32, queries), make([]float32, queries)
	for i := range ids {
		ids[i] = uint32(i)
	}
	for i, slot := range slots {
		scores(found, row(slot), asked, ids, m)
		for q := range pools {
			s.pool = pools[q]
			s.offerAll(slots[i:i+1], found[q:q+1], fitTop)
			pools[q] = s.pool
		}
	}
	score, n, share := s.exact, fitTop, wholeShare
	if g.rows != nil {
		score, n, share = s.score, fitTop+fitSpare, fitShare(g.near.Bits)
	}
	hits, want := 0, 0
	for i, best := range pools {
		s.setQuery(g, asked[i*g.dim:][:g.dim])
		s.pool = nil
		for part := range slices.Chunk(slots, flatBlock) {
			s.offerAll(part, score(g, part), n)
		}
		var again []float32
		for _, slot := range s.poolSlots() {
			scores(found[:1], row(slot), asked[i*g.dim:][:g.dim], ids[:1], m)
			again = append(again, found[0])
		}
		hits, want = hits+reached(again, best), want+len(best)
	}
	return float64(hits) < share*float64(want)
}
