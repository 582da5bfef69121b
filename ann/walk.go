package ann

import (
	"cmp"
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/goldrec/gold/internal/simd"
)

// scratch is what one walk needs, kept for the next.
type scratch struct {
	shard   uint32      // of the readers' counts
	coder   *coder      // with the query in it
	probe   probe       // what walks compare with
	pool    []candidate // best first
	without uint32      // a slot that walks pass by, or none
	starts  []candidate // of the next walk, best first
	seen    []uint64    // a bit a slot
	met     []uint32    // the slots whose bits are set, in the order they were met
	ids     []uint32    // for what is not a walk
	scores  []float32
	set     roaring.ManyIntIterator // of a filter
	block   [flatBlock]uint32       // keys from it
	insert  insertScratch
}

func newScratch(dim int) *scratch {
	n := numbersOf(dim)
	s := &scratch{coder: newCoder(dim), without: none}
	s.probe.Code, s.insert.pair.Code = make([]int8, n), make([]int8, n)
	return s
}

// candidate is a vector met: its score, as a number that grows with it, above its slot turned over, so that of two
// candidates the better one, or of equals the one in the lower slot, is the larger number. The lowest bit is set once a walk
// has met the vector's neighbours.
type candidate uint64

const expanded candidate = 1

func newCandidate(score float32, slot uint32) candidate {
	b := math.Float32bits(score)
	b ^= uint32(int32(b)>>31) | 1<<31
	return candidate(b)<<32 | candidate(^slot<<1)
}

func (c candidate) score() float32 {
	b := uint32(c >> 32)
	return math.Float32frombits(b ^ (^uint32(int32(b)>>31) | 1<<31))
}

func (c candidate) slot() uint32 { return ^uint32(c) >> 1 & (1<<31 - 1) }

// betterFirst orders candidates as pools do.
func betterFirst(a, b candidate) int { return cmp.Compare(b, a) }

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
	n := simd.Unseen(s.met[from:from+len(list)], list, s.seen, g.read, g.stride)
	s.met = s.met[:from+n]
	return s.met[from:]
}

// poolSlots are the slots of the pool, until s.ids is used for something else.
func (s *scratch) poolSlots() []uint32 {
	s.ids = s.ids[:0]
	for _, c := range s.pool {
		s.ids = append(s.ids, c.slot())
	}
	return s.ids
}

// room returns n floats for scores.
func (s *scratch) room(n int) []float32 {
	if len(s.scores) < n {
		s.scores = make([]float32, n+64)
	}
	return s.scores[:n]
}

// offer puts c into the pool, which it keeps at n at most, and returns its place. Into a full pool only what is better than
// its last may be put.
func (s *scratch) offer(c candidate, n int) int {
	last := len(s.pool)
	if last == n {
		last--
	} else {
		s.pool = append(s.pool, 0)
	}
	return simd.Insert(s.pool, last, c)
}

// offerAll offers the pool of at most n the vectors in ids, by their scores.
func (s *scratch) offerAll(ids []uint32, scores []float32, n int) {
	worst := s.worst(n)
	for i, v := range scores {
		if c := newCandidate(v, ids[i]); c > worst {
			s.offer(c, n)
			worst = s.worst(n)
		}
	}
}

// worst is what a candidate must be better than to be offered to a pool of at most n.
func (s *scratch) worst(n int) candidate {
	if len(s.pool) < n {
		return 0
	}
	return s.pool[n-1]
}

// beam is how many vectors of the level above a walk of the bottom starts from. The best alone may be of a region that
// is near and not the nearest, with few links between the two: of 20 clusters stored one after the other, cosine, five of 200 queries
// never found theirs at any Ef.
const beam = 4

// descend goes greedily from the entry down to the best vector of a level, and by way of several above the bottom. It leaves in
// s.starts where a walk of the level is to start. There must be an entry.
func (g *graph) descend(s *scratch, entry uint64, level int) {
	slot := uint32(entry)
	s.ids = append(s.ids[:0], slot)
	at := newCandidate(s.score(g, s.ids)[0], slot)
	for l := int(entry >> 32); l > max(level, 1); l-- {
		at = g.climb(s, l, at)
	}
	s.starts = append(s.starts[:0], at)
	if level == 0 && entry>>32 > 0 {
		g.walk(s, 1, beam)
		s.startAt(beam)
	}
}

// climb goes from a vector of a level to neighbours that are better, as long as there are any.
func (g *graph) climb(s *scratch, level int, at candidate) candidate {
	for moved := true; moved; {
		moved = false
		s.ids = appendList(s.ids[:0], g.list(level, at.slot()))
		for i, v := range s.score(g, s.ids) {
			if c := newCandidate(v, s.ids[i]); c > at {
				at, moved = c, true
			}
		}
	}
	return at
}

// startAt has the next walk start from the n best of the pool.
func (s *scratch) startAt(n int) {
	s.starts = s.starts[:0]
	for _, c := range s.pool[:min(n, len(s.pool))] {
		s.starts = append(s.starts, c&^expanded)
	}
}

// walkWidth is how many vectors a walk goes on from at a time.
const walkWidth = 2

// walk fills the pool with the ef best vectors of a level that a best-first walk from s.starts meets. For the sake of memory it
// goes on from the best walkWidth vectors at once, and is a step ahead of itself: their neighbours are looked up, and the
// records of these asked for, before those of the step before are compared, and the lists that are likely to come next are
// asked for too.
func (g *graph) walk(s *scratch, level, ef int) {
	s.start(g)
	if s.without != none {
		s.seen[s.without/64] |= 1 << (s.without % 64)
		s.met = append(s.met, s.without)
	}
	for _, c := range s.starts[:min(ef, len(s.starts))] {
		slot := c.slot()
		s.seen[slot/64] |= 1 << (slot % 64)
		s.met = append(s.met, slot)
		s.pool = append(s.pool, c)
	}
	var ids []uint32 // met, and not compared yet
	for at := 0; at < len(s.pool) || len(ids) > 0; {
		from := len(s.met)
		for range walkWidth {
			if at == len(s.pool) {
				break
			}
			s.meet(g, g.list(level, s.pool[at].slot()))
			s.pool[at] |= expanded
			at = s.next(at)
		}
		ahead := s.met[from:]
		for i, n := at, 0; i < len(s.pool) && n < walkWidth; i, n = s.next(i+1), n+1 {
			simd.Prefetch(g.list(level, s.pool[i].slot()))
		}
		worst := s.worst(ef)
		for i, v := range s.score(g, ids) {
			c := newCandidate(v, ids[i])
			if c <= worst {
				continue
			}
			if place := s.offer(c, ef); place < at {
				at = place
				simd.Prefetch(g.list(level, c.slot()))
			}
			worst = s.worst(ef)
		}
		at, ids = s.next(at), ahead
	}
}

// next is the first place in the pool, from at, whose vector's neighbours have not been met.
func (s *scratch) next(at int) int {
	for at < len(s.pool) && s.pool[at]&expanded != 0 {
		at++
	}
	return at
}
