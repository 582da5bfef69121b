package catalog

// Exhaust makes the table one that has given every handle.
func (t *IDs) Exhaust() { t.n.Store(handlesMax) }

// Chunks is how many chunks of records there are.
func (c *Catalog) Chunks() int {
	n := 0
	if d := c.dir.Load(); d != nil {
		for i := range *d {
			if (*d)[i].Load() != nil {
				n++
			}
		}
	}
	return n
}
