package catalog

// Exhaust makes the table one that has given every handle.
func (t *IDs) Exhaust() { t.n.Store(handlesMax) }

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
