package catalog

import "slices"

// anyOf is the union of the sets of terms.
type anyOf struct {
	large []*posting // laid out in containers
	few   []uint32   // the handles of the others, as they were when the union was made; ascending
	count int        // handles, those of two terms twice
}

// union returns the items that have one of the terms.
func (c *Catalog) union(numbers []uint32) *anyOf {
	u := new(anyOf)
	for _, number := range numbers {
		h := c.terms.handles(number)
		u.count += h.len()
		switch {
		case h.many == nil && h.one == 0:
		case h.many == nil:
			u.few = append(u.few, h.one-1)
		case h.many.few != nil:
			u.few = append(u.few, h.many.array()...)
		default:
			u.large = append(u.large, h.many)
		}
	}
	slices.Sort(u.few)
	return u
}

func (u *anyOf) restrict(e *evaluation, s *segment) { anyOfUnions{u}.restrict(e, s) }

// anyOfUnions is the union of unions.
type anyOfUnions []*anyOf

func (us anyOfUnions) restrict(e *evaluation, s *segment) {
	mine := e.get()
	clear(mine[:])
	for _, u := range us {
		for _, p := range u.large {
			if c := p.container(e.key); c != nil {
				c.or(mine)
			}
		}
		for _, handle := range inSegment(u.few, e.key) {
			mine.set(handle)
		}
	}
	s.and(mine)
	e.put(mine)
}

// numberSet is a set of numbers, as bits.
type numberSet struct {
	base  uint32
	words []uint64
}

func newNumberSet(numbers []uint32) numberSet {
	if len(numbers) == 0 {
		return numberSet{}
	}
	s := numberSet{base: slices.Min(numbers)}
	s.words = make([]uint64, (slices.Max(numbers)-s.base)/64+1)
	for _, x := range numbers {
		s.words[(x-s.base)/64] |= 1 << ((x - s.base) % 64)
	}
	return s
}

func (s *numberSet) has(x uint32) bool {
	i := (x - s.base) / 64 // of a number below base: far beyond the end
	return int(i) < len(s.words) && s.words[i]>>((x-s.base)%64)&1 != 0
}
