package ann

import (
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"
)

// A search under a filter is done in one of three ways, whichever is expected to cost least. A bitmap of few keys is gone
// through, key by key. Otherwise every vector's key is shown to the filter and those allowed are compared with the query;
// or the graph is walked as without a filter, with an Ef larger as the filter allows less, and what is not allowed is
// dropped. When a walk finds fewer than k, the filter lies elsewhere than the query, and the vectors are gone through after
// all. Were it otherwise, the k found would be the nearest, since whatever is allowed and nearer was in the pool as well.
//
// The costs were measured on a Zen 4 core with 64-dimensional vectors, in nanoseconds.
const (
	costLookup = 25  // finding a key's slot
	costFilter = 4   // showing a key to a filter
	costScore  = 4   // comparing 64 floats out of order, when many are
	costHop    = 180 // a hop of a walk: 32 links, a third of them new
)

// wideShare is how many vectors a walk keeps for each one, allowed or not, that it has to see: to find the k best of a tenth,
// it must find the 10·k best of all, at which a pool of 1.5 times that finds nearly all.
const wideShare = 1.5

// filterSample is how many vectors are shown to a predicate to see how much it allows.
const filterSample = 256

// filtered is Search under a filter. It leaves its results in dst.
func (h *HNSW) filtered(dst []Result, s *scratch, g *graph, k, ef int, filter Filter) []Result {
	n := h.Len()
	allowed := g.estimate(filter, n)
	if allowed == 0 && !isPredicate(filter) {
		return dst
	}
	score := costScore * (1 + g.dim/64)
	scan := n*costFilter + allowed*score
	set, isSet := filter.(*roaring.Bitmap)
	if lookup := allowed * (costLookup + score); isSet && lookup < scan {
		scan = lookup
	} else {
		isSet = false
	}
	wide := ef + int(wideShare*float64(k)*float64(n)/float64(max(allowed, 1)))
	if wide < n && wide*costHop*(1+g.dim/64)/2 < scan {
		s.probeWalk(g, wide)
		s.keepAllowed(g, filter)
		s.rerank(g, max(2*k, k+30))
		from := len(dst)
		if dst = h.collect(dst, s, g, k); len(dst) == from+k {
			return dst
		}
		dst = dst[:from]
	}
	if isSet {
		return h.scanSet(dst, s, g, k, set)
	}
	return h.scan(dst, s, g, k, filter)
}

func isPredicate(f Filter) bool {
	_, isSet := f.(*roaring.Bitmap)
	return !isSet
}

// probeWalk walks from the entry, which is there.
func (s *scratch) probeWalk(g *graph, ef int) {
	g.walk(s, 0, ef, g.descend(s, g.entry.Load(), 0))
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
		slot := c.slot &^ expanded
		if g.isAlive(slot) && f.Contains(atomic.LoadUint32(&g.keys[slot])) {
			kept = append(kept, c)
		}
	}
	s.pool = kept
}

// scanSet compares the query with every vector whose key is in set.
func (h *HNSW) scanSet(dst []Result, s *scratch, g *graph, k int, set *roaring.Bitmap) []Result {
	t := h.table.Load()
	s.best.reset(k + scanSpare)
	s.ids = s.ids[:0]
	s.keys.Initialize(set)
	for s.keys.HasNext() {
		if slot, ok := t.get(s.keys.Next(), g.keys); ok {
			if s.ids = append(s.ids, slot); len(s.ids) == flatBlock {
				s.offerIDs(g)
			}
		}
	}
	s.offerIDs(g)
	from := len(dst)
	dst = unique(s.best.appendTo(dst), from)
	return dst[:min(from+k, len(dst))]
}
