package catalog

import "sync/atomic"

// node is a compiled filter. It answers in two ways that agree: about one record, and about a segment at once.
type node interface {
	match(c *Catalog, r *record) bool
	// restrict keeps the handles of s that match. All of them have an item.
	restrict(e *evaluation, s *segment)
	// bounds returns between which numbers the count of matching items is.
	bounds(c *Catalog) (least, most int)
}

type and []node

func (n and) match(c *Catalog, r *record) bool {
	for _, of := range n {
		if !of.match(c, r) {
			return false
		}
	}
	return true
}

func (n and) restrict(e *evaluation, s *segment) {
	for _, of := range n {
		of.restrict(e, s)
	}
}

// bounds: each member leaves out at most all that it does not match.
func (n and) bounds(c *Catalog) (least, most int) {
	live := c.Len()
	least, most = live, live
	for _, of := range n {
		l, m := of.bounds(c)
		least, most = least-(live-l), min(most, m)
	}
	return max(0, least), most
}

type or []node

func (n or) match(c *Catalog, r *record) bool {
	for _, of := range n {
		if of.match(c, r) {
			return true
		}
	}
	return false
}

// restrict asks each member only about what no member before it has matched.
func (n or) restrict(e *evaluation, s *segment) {
	rest, left := e.get(), e.get()
	*rest = *s
	for _, of := range n {
		*left = *rest
		of.restrict(e, left)
		rest.andNot(left)
	}
	s.andNot(rest)
	e.put(rest)
	e.put(left)
}

func (n or) bounds(c *Catalog) (least, most int) {
	for _, of := range n {
		l, m := of.bounds(c)
		least, most = max(least, l), most+m
	}
	return least, min(most, c.Len())
}

type not struct{ of node }

func (n not) match(c *Catalog, r *record) bool { return !n.of.match(c, r) }

func (n not) restrict(e *evaluation, s *segment) {
	out := e.get()
	*out = *s
	n.of.restrict(e, out)
	s.andNot(out)
	e.put(out)
}

func (n not) bounds(c *Catalog) (least, most int) {
	least, most = n.of.bounds(c)
	return max(0, c.Len()-most), max(0, c.Len()-least)
}

type available struct{}

func (available) match(_ *Catalog, r *record) bool { return r.item.Available }

func (available) restrict(e *evaluation, s *segment) {
	for i, ch := range e.cat.chunks(e.key) {
		for j := range ch.available {
			s[i*chunkSize/64+j] &= ch.available[j].Load()
		}
	}
}

func (available) bounds(c *Catalog) (least, most int) { return 0, c.Len() }

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

func (n *equals) match(c *Catalog, r *record) bool {
	p := n.find(c)
	return p != nil && r.has(p)
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

func (n *oneOf) match(_ *Catalog, r *record) bool {
	for _, p := range r.terms {
		if p.field == n.field {
			if _, ok := n.values[p.value]; ok {
				return true
			}
		}
	}
	return false
}

func (n *oneOf) restrict(e *evaluation, s *segment) {
	union := e.get()
	clear(union[:])
	for v := range n.values {
		if p := e.cat.posting(n.field, v); p != nil {
			if c := p.container(e.key); c != nil {
				c.or(union)
			}
		}
	}
	s.and(union)
	e.put(union)
}

func (n *oneOf) bounds(c *Catalog) (least, most int) {
	for v := range n.values {
		if p := c.posting(n.field, v); p != nil {
			count := int(p.count.Load())
			least, most = max(least, count), most+count
		}
	}
	return least, min(most, c.Len())
}

// ids matches items by their identifier.
type ids struct{ set map[string]struct{} }

func (n *ids) match(_ *Catalog, r *record) bool {
	_, ok := n.set[r.item.ID]
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

func (n scan) match(_ *Catalog, r *record) bool { return n(r) }

func (n scan) restrict(e *evaluation, s *segment) { e.keep(s, n) }

func (n scan) bounds(c *Catalog) (least, most int) { return 0, c.Len() }

// posting returns the posting of a value, or nil.
func (c *Catalog) posting(field, value string) *posting {
	f, ok := c.facets.Get(field)
	if !ok {
		return nil
	}
	p, _ := f.values.Get(value)
	return p
}
