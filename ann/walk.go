package ann

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/goldrec/gold/internal/simd"
)

// scratch is what one walk needs, kept for the next.
type scratch struct {
	shard  uint32 // of the readers' counts
	query  []float32
	code   []int8      // room for two codes of the query
	probe  probe       // what walks compare with
	left   probe       // what the code of a query leaves of it
	norm   float32     // squared length of the query
	pool   []candidate // best first
	seen   []uint64    // a bit a slot
	met    []uint32    // the slots whose bits are set, in the order they were met
	ids    []uint32    // for what is not a walk
	scores []float32
	rest   []float32
	best   best
	keys   roaring.IntIterator
	insert insertScratch
}

func newScratch(dim int) *scratch {
	return &scratch{query: make([]float32, dim), code: make([]int8, 2*dim)}
}

// candidate is a vector met on a walk.
type candidate struct {
	score float32
	slot  uint32 // with expanded set once its neighbours have been met
}

const expanded = 1 << 31

func (c candidate) compare(o candidate) int {
	if c.before(o) {
		return -1
	}
	return 1
}

func (c candidate) before(o candidate) bool {
	return c.score > o.score || c.score == o.score && c.slot&^expanded < o.slot&^expanded
}

// start clears s for a walk in g.
func (s *scratch) start(g *graph) {
	words := (g.size() + 63) / 64
	if len(s.seen) < words {
		s.seen = make([]uint64, words)
	} else if len(s.met) > words {
		clear(s.seen)
	} else {
		for _, id := range s.met {
			s.seen[id/64] = 0
		}
	}
	s.met, s.pool = s.met[:0], s.pool[:0]
}

// meet appends to s.met the neighbours in list that the walk has not met, and returns them.
func (s *scratch) meet(g *graph, list []uint32) []uint32 {
	from := len(s.met)
	s.met = slices.Grow(s.met, len(list))
	rows, size := g.walked()
	n := simd.Unseen(s.met[from:from+len(list)], list, s.seen, rows, size)
	s.met = s.met[:from+n]
	return s.met[from:]
}

// room returns n floats for scores.
func (s *scratch) room(n int) []float32 {
	if len(s.scores) < n {
		s.scores = make([]float32, n+64)
	}
	return s.scores[:n]
}

// score returns the scores of ids.
func (s *scratch) score(g *graph, ids []uint32) []float32 {
	dst := s.room(len(ids))
	g.scores(dst, &s.probe, ids)
	return dst
}

// offer puts c into the pool of at most ef and returns its place, or ef when it is not good enough.
func (s *scratch) offer(c candidate, ef int) int {
	n := len(s.pool)
	if n == ef {
		if !c.before(s.pool[n-1]) {
			return ef
		}
	} else {
		s.pool = append(s.pool, candidate{})
		n++
	}
	lo, hi := 0, n-1
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if c.before(s.pool[mid]) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	copy(s.pool[lo+1:n], s.pool[lo:])
	s.pool[lo] = c
	return lo
}

// descend goes greedily from the entry down to the best vector of a level, which it returns. There must be an entry.
func (g *graph) descend(s *scratch, entry uint64, level int) candidate {
	at := candidate{slot: uint32(entry)}
	s.ids = append(s.ids[:0], at.slot)
	at.score = s.score(g, s.ids)[0]
	for l := int(entry >> 32); l > level; l-- {
		for moved := true; moved; {
			moved = false
			s.ids = appendList(s.ids[:0], g.list(l, at.slot))
			for i, v := range s.score(g, s.ids) {
				if c := (candidate{v, s.ids[i]}); c.before(at) {
					at, moved = c, true
				}
			}
		}
	}
	return at
}

// walk fills the pool with the ef best vectors of a level that a best-first walk from start meets.
func (g *graph) walk(s *scratch, level, ef int, start candidate) {
	s.start(g)
	s.seen[start.slot/64] |= 1 << (start.slot % 64)
	s.met = append(s.met, start.slot)
	s.pool = append(s.pool, start)
	for at := 0; at < len(s.pool); {
		slot := s.pool[at].slot
		if slot&expanded != 0 {
			at++
			continue
		}
		s.pool[at].slot |= expanded
		ids := s.meet(g, g.list(level, slot))
		next := at + 1
		for i, v := range s.score(g, ids) {
			if len(s.pool) < ef || v >= s.pool[ef-1].score {
				next = min(next, s.offer(candidate{v, ids[i]}, ef))
			}
		}
		at = next
	}
}
