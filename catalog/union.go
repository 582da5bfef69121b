package catalog

import "slices"

// anyOf is the union of the sets of terms.
type anyOf struct {
	large []*posting // laid out in containers
	lists [][]uint32 // the handles of the others, as they were when the union was made; each ascending
	few   []uint32   // and of those that have next to none; ascending
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
			if list := h.many.array(); len(list) > listMin {
				u.lists = append(u.lists, list)
			} else {
				u.few = append(u.few, list...)
			}
		default:
			u.large = append(u.large, h.many)
		}
	}
	slices.Sort(u.few)
	return u
}

// addTo adds the part of the union in a segment to s, and reports whether there is any.
func (u *anyOf) addTo(key uint32, s *segment) (some bool) {
	for _, p := range u.large {
		if c := p.container(key); c != nil {
			c.or(s)
			some = true
		}
	}
	for _, handle := range inSegment(u.few, key) {
		s.set(handle)
		some = true
	}
	for _, list := range u.lists {
		for _, handle := range inSegment(list, key) {
			s.set(handle)
			some = true
		}
	}
	return some
}

// listMin is up to how many handles are sorted in among others, so that they need not be looked for in every segment.
const listMin = 16

func (u *anyOf) restrict(e *evaluation, s *segment) {
	mine := e.get()
	clear(mine[:])
	u.addTo(e.key, mine)
	s.and(mine)
	e.put(mine)
}
