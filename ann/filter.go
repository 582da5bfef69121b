package ann

import (
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"
)

// A search under a filter is done in one of three ways, whichever is expected to cost least. A bitmap of few keys is gone
// through, key by key. Otherwise every vector's key is shown to the filter and those allowed are compared with the query;
// or the graph is walked as without a filter, with as large an Ef as it takes to find the k best allowed among all, and what
// is not allowed is dropped. When a walk finds fewer than k, the filter lies elsewhere than the query, and the vectors are
// gone through after all. Were it otherwise, the k found would be the nearest, since whatever is allowed and nearer was in
// the pool as well.
//
// The costs were measured on a Zen 4 core, in nanoseconds.
const (
	costLookup = 18  // finding a key's slot, when many are looked for at once
	costFilter = 5   // showing a key to a filter
	costScore  = 3   // comparing 128 components, of those allowed
	costHop    = 300 // a place in a walk's pool,
	costHopFar = 50  // and for each 128 components
)

// filterSample is how many vectors are shown to a predicate to see how much it allows.
const filterSample = 256

// filtered is Search under a filter. It leaves its results in dst.
func (h *HNSW) filtered(dst []Result, s *scratch, g *graph, k, ef int, opts SearchOptions) []Result {
	filter, from := opts.Filter, len(dst)
	set, isSet := filter.(*roaring.Bitmap)
	if opts.Once && !isSet {
		return h.walkAllowed(dst, s, g, k, ef, filter)
	}
	n := h.Len()
	allowed := g.estimate(filter, n)
	if allowed == 0 && isSet {
		return dst
	}
	far := 1 + g.dim/128
	scan := n*costFilter + allowed*costScore*far
	if lookup := allowed * (costLookup + costScore*far); isSet && lookup < scan {
		scan = lookup
	} else {
		isSet = false
	}
	wide := h.calibration.Load().wider(k, ef, int(float64(k)*float64(n)/float64(max(allowed, 1))))
	if wide < n && wide*(costHop+costHopFar*far) < scan {
		if dst = h.walkAllowed(dst, s, g, k, wide, filter); len(dst) == from+k || opts.Once {
			return dst
		}
		dst = dst[:from]
	}
	if isSet {
		return h.scanSet(dst, s, g, k, set)
	}
	return h.scan(dst, s, g, k, filter)
}

// walkAllowed is a walk of which what is not allowed is dropped.
func (h *HNSW) walkAllowed(dst []Result, s *scratch, g *graph, k, ef int, filter Filter) []Result {
	g.descend(s, g.entry.Load(), 0)
	g.walk(s, 0, ef)
	s.keepAllowed(g, filter)
	s.rerank(g, k)
	return h.collect(dst, s, g, k)
}

// estimate is about how many of n vectors a filter allows: the size of a bitmap, or a predicate's share of a sample that is
// the same every time.
func (g *graph) estimate(f Filter, n int) int {
	if set, ok := f.(*roaring.Bitmap); ok {
		return min(int(set.GetCardinality()), n)
	}
	shown, hits := 0, 0
	for i := range uint64(2 * filterSample) {
		slot := uint32(mix(1, i) % uint64(g.size()))
		if !g.isAlive(slot) {
			continue
		}
		shown++
		if f.Contains(atomic.LoadUint32(&g.keys[slot])) {
			hits++
		}
		if shown == filterSample {
			break
		}
	}
	return n * hits / max(shown, 1)
}

// keepAllowed drops from the pool what may not be found.
func (s *scratch) keepAllowed(g *graph, f Filter) {
	kept := s.pool[:0]
	for _, c := range s.pool {
		slot := c.slot()
		if g.isAlive(slot) && f.Contains(atomic.LoadUint32(&g.keys[slot])) {
			kept = append(kept, c)
		}
	}
	s.pool = kept
}

// scanSet compares the query with every vector whose key is in set.
func (h *HNSW) scanSet(dst []Result, s *scratch, g *graph, k int, set *roaring.Bitmap) []Result {
	t := h.table.Load()
	s.pool = s.pool[:0]
	s.set.Initialize(set)
	for n := s.set.NextMany(s.block[:]); n > 0; n = s.set.NextMany(s.block[:]) {
		s.ids = t.appendSlots(s.ids[:0], s.block[:n], g.keys)
		s.offerAll(s.ids, s.exact(g, s.ids), k+scanSpare)
	}
	return h.collect(dst, s, g, k)
}
