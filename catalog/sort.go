package catalog

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/goldrec/gold/internal/topk"
)

// sorter keeps the first of some items in the order of a number, whose index it reads.
type sorter struct {
	cat        *Catalog
	index      *sliced // nil: no item has the number
	descending bool
	exact      *facet // an attribute, whose numbers its index does not tell apart
	keep       int
	kept       []sortKey // in order once there are keep, up to twice as many
	last       sortKey   // of kept, when there are keep: what is not before it has no place
	full       bool
}

type sortKey struct {
	rank   uint64 // in the order of numbers, or its complement; the highest number for items without one
	key    uint64 // in the index
	handle uint32
}

func (a sortKey) compare(b sortKey) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.handle, b.handle))
}

// sorter returns what a Sort asks for, nil for the zero Sort.
func (c *Catalog) sorter(by Sort) (*sorter, error) {
	s := &sorter{cat: c, descending: by.Descending}
	switch {
	case by == Sort{}:
		return nil, nil
	case by.Field == "price":
		s.index = &c.price
	case by.Field == "stock":
		s.index = &c.stock
	case by.Field == "created":
		s.index = &c.created
	case strings.HasPrefix(by.Field, attributePrefix):
		s.index = c.attributeIndex(by.Field)
		s.exact, _ = c.facets.Get(by.Field)
	default:
		return nil, invalid("sort", "no order by field %.64q, only by price, stock, created and attributes", by.Field)
	}
	return s, nil
}

func (s *sorter) reset(keep int) {
	if s != nil {
		s.keep, s.kept, s.full = keep, s.kept[:0], false
	}
}

// push offers the handles of a segment.
func (s *sorter) push(key uint32, of *segment) {
	if s.keep == 0 {
		return
	}
	for i := range segmentSize / chunkSize {
		part := *(*slicedPart)(of[i*slicedGroups:])
		at := int(key)<<(segmentBits-chunkBits) + i
		var b *slicedBlock
		if s.index != nil {
			b = s.index.dir.get(at)
		}
		if b != nil && s.full && s.last.rank != math.MaxUint64 {
			var edges slicedPart
			b.within(&part, s.better(), &edges)
		}
		for j, w := range part {
			for ; w != 0; w &= w - 1 {
				low := uint32(j<<6 + lowestBit(w))
				s.offer(b, low, uint32(at)<<chunkBits+low)
			}
		}
	}
}

// better is the keys that have a place among those kept.
func (s *sorter) better() *keyRange {
	if s.descending {
		return &keyRange{low: s.last.key, high: math.MaxUint64, lowIn: true, highIn: true, precise: true}
	}
	return &keyRange{high: s.last.key, lowIn: true, highIn: true, precise: true}
}

func (s *sorter) offer(b *slicedBlock, low, handle uint32) {
	k := sortKey{rank: math.MaxUint64, handle: handle}
	if b != nil {
		if key, ok := b.key(low); ok {
			k.key, k.rank = key.key, key.key
			if s.exact != nil {
				k.rank = s.cat.numberOf(s.exact, handle)
			}
			if s.descending {
				k.rank = ^k.rank
			}
		}
	}
	if s.full && k.compare(s.last) >= 0 {
		return
	}
	if s.kept = append(s.kept, k); len(s.kept) >= s.keep && len(s.kept) >= 2*min(s.keep, math.MaxInt/2) {
		s.shrink()
	}
}

// numberOf returns the first number of an attribute that an item has, in the order of numbers.
func (c *Catalog) numberOf(f *facet, handle uint32) (order uint64) {
	r := c.record(handle)
	if r == nil {
		return 0
	}
	h := r.head()
	h.anyAttribute(c, f, func(value string) bool {
		x, ok := parseNumber(value)
		if ok {
			order = orderOfFloat(x)
		}
		return ok
	})
	return order
}

func orderOfFloat(x float64) uint64 {
	u := math.Float64bits(x + 0) // no negative zero
	if u>>63 != 0 {
		return ^u
	}
	return u | 1<<63
}

func (s *sorter) shrink() {
	slices.SortFunc(s.kept, sortKey.compare)
	if len(s.kept) >= s.keep {
		s.kept = s.kept[:s.keep]
		s.full, s.last = true, s.kept[s.keep-1]
	}
}

// sorted returns what was kept.
func (s *sorter) sorted() []topk.Scored {
	s.shrink()
	all := make([]topk.Scored, len(s.kept))
	for i, k := range s.kept {
		all[i].Item = k.handle
	}
	return all
}
