package catalog

import (
	"sync/atomic"
)

// equals matches one value of a facet. It keeps the value's number at hand, and looks for it again when there was none or
// it has lost the value.
type equals struct {
	field, value string
	number       atomic.Uint32
}

// find returns the number of the value, 0 when no item has it.
func (n *equals) find(c *Catalog) uint32 {
	number := n.number.Load()
	if number != 0 && !c.terms.isDead(number) {
		return number
	}
	number, _ = c.find(n.field, n.value)
	n.number.Store(number)
	return number
}

func (n *equals) match(c *Catalog, _ uint32, r record) bool {
	number := n.find(c)
	if number == 0 {
		return false
	}
	h := r.head()
	switch n.field {
	case "brand":
		return h.brand == number
	case "currency":
		return h.currency == number
	case "group":
		return h.group == number
	case "category":
		return h.anyCategory(c, func(path string) bool { return path == n.value })
	}
	b := h.body()
	for p := b.attributes; len(p) > 0; {
		var of uint32
		if of, p = p.next(); of == number {
			return true
		}
	}
	return false
}

// anyCategory reports whether f is true of a category path of the item, or of one above.
func (h *head) anyCategory(c *Catalog, f func(path string) bool) bool {
	b := h.body()
	for number, p := uint32(0), b.categories; len(p) > 0; {
		number, p = p.next()
		_, path, _ := c.terms.value(number)
		if f(path) {
			return true
		}
		for above := range prefixes(path) {
			if f(above) {
				return true
			}
		}
	}
	return false
}

func (n *equals) probe(c *Catalog, handle uint32) bool {
	return c.terms.handles(n.find(c)).contains(handle)
}

func (n *equals) restrict(e *evaluation, s *segment) {
	e.cat.terms.handles(n.find(e.cat)).and(e.key, s)
}

func (n *equals) bounds(c *Catalog) (least, most int) {
	count := c.terms.handles(n.find(c)).len()
	return count, count
}

// oneOf matches any of many values of a facet.
type oneOf struct {
	field  string
	values map[string]struct{}
}

func (n *oneOf) probe(c *Catalog, handle uint32) bool {
	r := c.record(handle)
	return r != nil && n.match(c, handle, r)
}

func (n *oneOf) has(value string) bool {
	_, ok := n.values[value]
	return ok
}

func (n *oneOf) match(c *Catalog, _ uint32, r record) bool {
	h := r.head()
	switch n.field {
	case "brand":
		_, brand, ok := c.terms.value(h.brand)
		return ok && n.has(brand)
	case "currency":
		_, currency, ok := c.terms.value(h.currency)
		return ok && n.has(currency)
	case "group":
		_, group, ok := c.terms.value(h.group)
		return ok && n.has(group)
	case "category":
		return h.anyCategory(c, n.has)
	}
	f, ok := c.facets.Get(n.field)
	return ok && h.anyAttribute(c, f, n.has)
}

// anyAttribute reports whether f is true of a value that the item has of a facet.
func (h *head) anyAttribute(c *Catalog, of *facet, f func(value string) bool) bool {
	b := h.body()
	for number, p := uint32(0), b.attributes; len(p) > 0; {
		number, p = p.next()
		if facet, value, ok := c.terms.value(number); ok && facet == of.number && f(value) {
			return true
		}
	}
	return false
}

func (n *oneOf) restrict(e *evaluation, s *segment) {
	e.union(n, func() []uint32 { return n.numbers(e.cat) }).restrict(e, s)
}

// numbers returns those of the values that items have.
func (n *oneOf) numbers(c *Catalog) []uint32 {
	var found []uint32
	for v := range n.values {
		if number, ok := c.find(n.field, v); ok {
			found = append(found, number)
		}
	}
	return found
}

func (n *oneOf) bounds(c *Catalog) (least, most int) {
	for _, number := range n.numbers(c) {
		count := c.terms.handles(number).len()
		least, most = max(least, count), most+count
	}
	return least, min(most, c.Len())
}

// ids matches items by their identifier.
type ids struct{ set map[string]struct{} }

func (n *ids) match(c *Catalog, handle uint32, _ record) bool { return n.probe(c, handle) }

func (n *ids) probe(c *Catalog, handle uint32) bool {
	_, ok := n.set[c.ID(handle)]
	return ok
}

// handles returns those of the identifiers.
func (n *ids) handles(c *Catalog) []uint32 {
	var found []uint32
	for id := range n.set {
		if handle, ok := c.Lookup(id); ok {
			found = append(found, handle)
		}
	}
	return found
}

func (n *ids) restrict(e *evaluation, s *segment) {
	mine := e.get()
	clear(mine[:])
	for id := range n.set {
		if h, ok := e.cat.Lookup(id); ok && h>>segmentBits == e.key {
			mine.set(h)
		}
	}
	s.and(mine)
	e.put(mine)
}

func (n *ids) bounds(c *Catalog) (least, most int) { return 0, min(len(n.set), c.Len()) }

// scan looks at each record.
type scan func(r record) bool

func (n scan) match(_ *Catalog, _ uint32, r record) bool { return n(r) }

func (n scan) probe(c *Catalog, handle uint32) bool {
	r := c.record(handle)
	return r != nil && n.match(c, handle, r)
}

func (n scan) restrict(e *evaluation, s *segment) {
	e.keep(s, n)
}

func (n scan) bounds(c *Catalog) (least, most int) { return 0, c.Len() }
