package ann

import "slices"

// An index tests itself while it is written to: once for every n/watchEvery vectors stored, it takes one of them that was just
// stored, compares it with all others (or watchScan of them, where there are more), and sees two things. One is whether the
// nearest are among the best by records; where they cease to be, as when vectors come to lie closer together than they did,
// the codes get more bits. The other is what a walk at watchEf that must not step on the vector itself finds of them, as it
// would for a query that is not stored. That is Stats.Recall. A
// test costs a scan, so that all of them cost a few percent of storing.
const (
	watchEvery  = 128
	watchLeast  = 32 // vectors between two tests
	watchMost   = 32 // tests of a batch
	watchScan   = 1 << 18
	watchEf     = 64
	watchTop    = 10
	watchEnough = 16 // tests before anything is concluded
	watchWindow = 64 // tests of which the older half is forgotten
)

// watchedShare is what fitShare is to tests: usual data has 0.992 and more by ten bits, and data that drifts 0.98 to 0.986 by six.
func watchedShare(bits int) float64 {
	if bits == 4 {
		return fitShare(bits)
	}
	return 0.987
}

// watchSpare is among how many more than there are the nearest must be by records. Links are made by records alone, so that this
// is stricter than fitSpare, but for four bits, by which links are good enough on all that was tried.
func watchSpare(bits int) int {
	if bits == 4 {
		return fitSpare
	}
	return 1
}

// watch is what the tests have found so far, as sums that forget.
type watch struct {
	since int // vectors stored since the last test
	tests int
	near  float64 // share of the nearest among the best by records, summed over tests
	found float64 // and of those that a walk found
}

// health is what searches may know of it.
type health struct {
	recall float64
	tests  int
}

// watchIfDue tests some of the vectors just linked, and returns the graph to go on with.
func (h *HNSW) watchIfDue(g *graph, linked []uint32) {
	n := h.Len()
	h.watch.since += len(linked)
	every := max(watchLeast, n/watchEvery)
	if n < fitLeast || h.watch.since < every || len(linked) == 0 {
		return
	}
	tests := min(h.watch.since/every, watchMost, len(linked))
	h.watch.since = 0
	for i := range tests {
		h.watchOne(g, linked[len(linked)-1-i*len(linked)/tests])
	}
	w := &h.watch
	if w.tests < watchEnough {
		return
	}
	h.health.Store(&health{w.found / float64(w.tests), w.tests})
	if !g.byRows() && w.near < watchedShare(g.near.Bits)*float64(w.tests) && (g.near.Bits < allBits || g.rows != nil) {
		if *w = (watch{}); h.small(len(linked)) {
			h.moreBits(g)
		} else {
			h.refit(g, g.centre, moreBits(g.near.Bits))
		}
	}
	if w.tests >= watchWindow {
		half := float64(w.tests/2) / float64(w.tests)
		w.tests, w.near, w.found = w.tests/2, w.near*half, w.found*half
	}
}

// watchOne tests with the vector in a slot of the bottom level; walks begin above it.
func (h *HNSW) watchOne(g *graph, slot uint32) {
	if g.level(slot) > 0 || !g.isAlive(slot) {
		return
	}
	s, w := h.writer(), &h.watch
	s.setQuery(g, g.vector(nil, slot, s.coder))
	s.without = slot
	g.descend(s, g.entry.Load(), 0)
	g.walk(s, 0, watchEf)
	s.without = none
	s.keepAllowed(g, all{})
	s.rerank(g, watchTop)
	had := slices.Clone(s.pool[:min(watchTop, len(s.pool))])

	from, to := 0, h.used
	if h.used > watchScan {
		from = int(mix(g.seed, uint64(slot)) % uint64(h.used-watchScan))
		to = from + watchScan
	}
	others := func(other uint32) bool { return other != slot && g.isAlive(other) }
	s.pool = s.pool[:0]
	s.fill(g, from, to, watchTop, s.exact, others)
	best := slices.Clone(s.pool)
	if len(best) == 0 {
		return
	}
	missed := 0
	for _, c := range best {
		if !hasSlot(had, c.slot()) && (len(had) < watchTop || c.score() > had[watchTop-1].score()) {
			missed++
		}
	}
	w.tests++
	w.found += max(0, 1-float64(missed*h.used)/float64((to-from)*watchTop))
	g.setProbe(&s.probe, slot) // as links are made
	s.pool = s.pool[:0]
	s.fill(g, from, to, watchTop+watchSpare(g.near.Bits), s.score, others)
	s.setQuery(g, g.vector(nil, slot, s.coder))
	w.near += float64(reached(s.exact(g, s.poolSlots()), best)) / float64(len(best))
}

func hasSlot(pool []candidate, slot uint32) bool {
	return slices.ContainsFunc(pool, func(c candidate) bool { return c.slot() == slot })
}
