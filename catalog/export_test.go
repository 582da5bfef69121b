package catalog

// Exhaust makes the table one that has given every handle.
func (t *IDs) Exhaust() { t.n.Store(handlesMax) }

// ExhaustValues makes the next value one too many.
func (c *Catalog) ExhaustValues() { c.terms.n.Store(termsMax + 1) }

// Terms is how many values and words there are, in how many chunks, how many places for sets were ever needed, and how
// many values are in the facets' lists, dead ones too.
func (c *Catalog) Terms() (live, chunks, sets, listed int) {
	for i := range c.fields.len() {
		if f := c.fields.get(i); f != nil {
			listed += len(f.values.read())
		}
	}
	for i := range c.terms.dir.len() {
		if c.terms.dir.get(i) != nil {
			chunks++
		}
	}
	return c.terms.live, chunks, int(c.terms.next), listed
}

// Chunks is how many chunks of records there are.
func (c *Catalog) Chunks() int {
	n := 0
	for i := range c.dir.len() {
		if c.dir.get(i) != nil {
			n++
		}
	}
	return n
}
