package popular

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"sync/atomic"
)

// entry is an item and its sum as of the landmark.
type entry struct {
	item uint32
	sum  float64
}

// rank orders entries: the greatest sum first, ties by handle.
func rank(a, b entry) int {
	return cmp.Or(cmp.Compare(b.sum, a.sum), cmp.Compare(a.item, b.item))
}

// leadersMax is how many items a ranking holds.
const leadersMax = 2048

// ranking is the writers' order of the items that lead. Every item in it ranks before every item of a positive sum that
// is not. It may come to hold fewer than leadersMax when sums shrink, and is refilled at half.
type ranking struct {
	top []entry
}

// move takes an item from its old sum to its new one and returns the part of the ranking that changed, lo to before hi.
// positive counts the items of a sum above zero, after the move.
func (r *ranking) move(was, is entry, positive int) (lo, hi int) {
	from, member := slices.BinarySearchFunc(r.top, was, rank)
	if member {
		r.top = slices.Delete(r.top, from, from+1)
	}
	to, _ := slices.BinarySearchFunc(r.top, is, rank)
	if is.sum > 0 && (to < len(r.top) || member && rank(is, was) <= 0 || len(r.top) == positive-1) {
		r.top = slices.Insert(r.top, to, is)
		if member {
			return min(from, to), max(from, to) + 1
		}
		r.top = r.top[:min(len(r.top), leadersMax)]
		return to, len(r.top)
	}
	if member {
		return from, len(r.top)
	}
	return 0, 0
}

// short reports whether the ranking wants a refill.
func (r *ranking) short(positive int) bool {
	return len(r.top) < positive && len(r.top) < leadersMax/2
}

// refill ranks all items anew and returns how many lead.
func (r *ranking) refill(sums []atomic.Pointer[chunk]) int {
	best := best{max: leadersMax}
	for e := range positiveSums(sums) {
		best.add(e)
	}
	r.top = best.sorted()
	return len(r.top)
}

// positiveSums yields the items of a sum above zero, by handle.
func positiveSums(sums []atomic.Pointer[chunk]) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for i := range sums {
			c := sums[i].Load()
			if c == nil {
				continue
			}
			for j := range c {
				sum := math.Float64frombits(c[j].Load())
				if sum > 0 && !yield(entry{uint32(i*chunkLen + j), sum}) {
					return
				}
			}
		}
	}
}

// best keeps the max entries that rank first of those added, in memory for twice as many.
type best struct {
	max     int
	entries []entry
	cut     bool // entries[:max] has been sorted: what ranks behind its last is out
}

func (b *best) add(e entry) {
	if b.cut && rank(b.entries[b.max-1], e) < 0 {
		return
	}
	b.entries = append(b.entries, e)
	if len(b.entries)/2 >= b.max {
		b.entries, b.cut = b.sorted(), true
	}
}

func (b *best) sorted() []entry {
	slices.SortFunc(b.entries, rank)
	return b.entries[:min(len(b.entries), b.max)]
}

// leaders is a ranking as readers see it: immutable, in blocks that one version shares with the next.
type leaders struct {
	len    int
	blocks []*block
}

const blockLen = 32

type block [blockLen]entry

func (l *leaders) at(i int) entry { return l.blocks[i/blockLen][i%blockLen] }

// with returns leaders that show top, of which the entries from lo to before hi differ from l's.
func (l leaders) with(top []entry, lo, hi int) leaders {
	if lo >= hi && len(top) == l.len {
		return l
	}
	next := leaders{len(top), make([]*block, (len(top)+blockLen-1)/blockLen)}
	copy(next.blocks, l.blocks)
	for b := lo / blockLen; b*blockLen < hi; b++ {
		next.blocks[b] = new(block)
		copy(next.blocks[b][:], top[b*blockLen:])
	}
	return next
}
