package catalog

import "slices"

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

// Within2 is within2.
func Within2(a, b string) bool { return within2(a, b) }

// Lexicon is the words in order, run after run, then those that came last; and how many of them have lost their number.
func (c *Catalog) Lexicon() (runs [][]string, dead int) {
	s := c.text.Load().lexicon.read()
	for _, run := range append(slices.Clone(s.runs), s.tail.read()) {
		var words []string
		for _, number := range run {
			_, w, _ := c.terms.value(number)
			words = append(words, w)
			if c.terms.isDead(number) {
				dead++
			}
		}
		runs = append(runs, words)
	}
	return runs, dead
}

// Needed is how many of the rarest of words with some weights there are, one of which what weighs least must have.
func Needed(weights []float64, least float64) int {
	p := &plan{least: least}
	var order []int
	for i, w := range weights {
		p.slots = append(p.slots, slot{weight: w})
		order = append(order, i)
	}
	return p.need(order)
}
