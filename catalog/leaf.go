package catalog

import (
	"slices"
	"sync/atomic"
)

// equals matches one value of a facet. It keeps the value's posting at hand, and looks for it again when there was none
// or it has been dropped from the facet.
type equals struct {
	field, value string
	posting      atomic.Pointer[posting]
}

func (n *equals) find(c *Catalog) *posting {
	p := n.posting.Load()
	if p != nil && !p.dead.Load() {
		return p
	}
	if p = c.posting(n.field, n.value); p != nil {
		n.posting.Store(p)
	}
	return p
}

func (n *equals) match(r *record) bool {
	return slices.ContainsFunc(r.terms, func(p *posting) bool { return p.value == n.value && p.field == n.field })
}

func (n *equals) probe(c *Catalog, handle uint32) bool {
	p := n.find(c)
	return p != nil && p.contains(handle)
}

func (n *equals) restrict(e *evaluation, s *segment) {
	if p := n.find(e.cat); p != nil {
		if c := p.container(e.key); c != nil {
			c.and(s)
			return
		}
	}
	clear(s[:])
}

func (n *equals) bounds(c *Catalog) (least, most int) {
	p := n.find(c)
	if p == nil {
		return 0, 0
	}
	count := int(p.count.Load())
	return count, count
}

// oneOf matches any of many values of a facet.
type oneOf struct {
	field  string
	values map[string]struct{}
}

func (n *oneOf) probe(c *Catalog, handle uint32) bool {
	r := c.record(handle)
	return r != nil && n.match(r)
}

func (n *oneOf) match(r *record) bool {
	for _, p := range r.terms {
		if p.field == n.field {
			if _, ok := n.values[p.value]; ok {
				return true
			}
		}
	}
	return false
}

func (n *oneOf) restrict(e *evaluation, s *segment) { n.postings(e.cat).restrict(e, s) }

func (n *oneOf) postings(c *Catalog) anyOf {
	var found anyOf
	for v := range n.values {
		if p := c.posting(n.field, v); p != nil {
			found = append(found, p)
		}
	}
	return found
}

func (n *oneOf) bounds(c *Catalog) (least, most int) {
	for _, p := range n.postings(c) {
		count := int(p.count.Load())
		least, most = max(least, count), most+count
	}
	return least, min(most, c.Len())
}

// ids matches items by their identifier.
type ids struct{ set map[string]struct{} }

func (n *ids) match(r *record) bool {
	_, ok := n.set[r.item.ID]
	return ok
}

func (n *ids) probe(c *Catalog, handle uint32) bool {
	_, ok := n.set[c.ID(handle)]
	return ok
}

func (n *ids) restrict(e *evaluation, s *segment) {
	mine := e.get()
	clear(mine[:])
	for id := range n.set {
		if h, ok := e.cat.Lookup(id); ok && h>>segmentBits == e.key {
			low := h % segmentSize
			mine[low>>6] |= 1 << (low & 63)
		}
	}
	s.and(mine)
	e.put(mine)
}

func (n *ids) bounds(c *Catalog) (least, most int) { return 0, min(len(n.set), c.Len()) }

// scan looks at each record.
type scan func(*record) bool

func (n scan) match(r *record) bool { return n(r) }

func (n scan) probe(c *Catalog, handle uint32) bool {
	r := c.record(handle)
	return r != nil && n(r)
}

func (n scan) restrict(e *evaluation, s *segment) { e.keep(s, n) }

func (n scan) bounds(c *Catalog) (least, most int) { return 0, c.Len() }
