package catalog

// node is a compiled filter. It answers in three ways, which agree when nothing is being written.
type node interface {
	// match reports whether a record matches. It is right for one that is an item's now.
	match(c *Catalog, handle uint32, r record) bool
	// probe reports whether the item of a handle matches, from bits where there are any.
	probe(c *Catalog, handle uint32) bool
	restricter
	// bounds returns between which numbers the count of matching items is.
	bounds(c *Catalog) (least, most int)
}

// restricter keeps the handles of a segment that match. All of them have an item.
type restricter interface {
	restrict(e *evaluation, s *segment)
}

type and []node

func (n and) match(c *Catalog, handle uint32, r record) bool {
	for _, of := range n {
		if !of.match(c, handle, r) {
			return false
		}
	}
	return true
}

func (n and) probe(c *Catalog, handle uint32) bool {
	for _, of := range n {
		if !of.probe(c, handle) {
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

func (n or) match(c *Catalog, handle uint32, r record) bool {
	for _, of := range n {
		if of.match(c, handle, r) {
			return true
		}
	}
	return false
}

func (n or) probe(c *Catalog, handle uint32) bool {
	for _, of := range n {
		if of.probe(c, handle) {
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

func (n not) match(c *Catalog, handle uint32, r record) bool { return !n.of.match(c, handle, r) }

func (n not) probe(c *Catalog, handle uint32) bool { return !n.of.probe(c, handle) }

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

func (available) match(_ *Catalog, _ uint32, r record) bool { return r[0]&flagAvailable != 0 }

func (available) probe(c *Catalog, handle uint32) bool { return c.Available(handle) }

func (available) restrict(e *evaluation, s *segment) { e.cat.andAvailable(e.key, s) }

func (available) bounds(c *Catalog) (least, most int) {
	shown := int(c.shown.Load())
	return shown, shown
}
