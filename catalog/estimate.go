package catalog

import "math/bits"

// Estimate says how many items a filter may match, before it is worked out.
type Estimate struct {
	Min, Max int // what the count certainly is not below, and not above
	Likely   int // between the two
}

// Estimate foretells Count from what is known of the filter's clauses: how many items have a value, exactly, and how
// many have a number in a range, from a sample of some thousand items. Clauses are taken to be independent, which
// those of a real filter often are not: a brand may sell shoes only. It costs well below a microsecond for each clause of
// values and a few for each range, however many items there are, and looks at no item: it is what to choose a
// strategy by, such as to enumerate what matches or to search and drop what does not.
func (m *Matcher) Estimate() Estimate {
	live := m.cat.Len()
	if m.root == nil || live == 0 {
		return Estimate{live, live, live}
	}
	least, most := m.root.bounds(m.cat)
	likely := int(share(m.cat, m.root)*float64(live) + 0.5)
	return Estimate{least, most, min(max(likely, least), most)}
}

// share estimates what part of the items a node matches.
func share(c *Catalog, n node) float64 {
	switch n := n.(type) {
	case and:
		part := 1.0
		for _, of := range n {
			part *= share(c, of)
		}
		return part
	case or:
		rest := 1.0
		for _, of := range n {
			rest *= 1 - share(c, of)
		}
		return 1 - rest
	case not:
		return 1 - share(c, n.of)
	case *number:
		return n.share(c)
	case *amount:
		low, high := n.minors(2)
		return minorsBetween(low, max(low, high)).share(c)
	}
	_, most := n.bounds(c)
	return min(1, float64(most)/float64(max(1, c.Len())))
}

const chunksSampled = 4

// share looks at the numbers of some chunks.
func (n *number) share(c *Catalog) float64 {
	x := n.made(c)
	if x == nil {
		return 0
	}
	found, live := 0, 0
	chunks := c.dir.len()
	for at := 0; at < chunks; at += max(1, chunks/chunksSampled) {
		ch := c.dir.get(at)
		if ch == nil {
			continue
		}
		var part, edges slicedPart
		for i := range part {
			part[i] = ch.live[i].Load()
			live += bits.OnesCount64(part[i])
		}
		if b := x.dir.get(at); b != nil {
			b.within(&part, &n.keys, &edges)
			for i, s := range part {
				found += bits.OnesCount64(s) - bits.OnesCount64(edges[i])/2
			}
		}
	}
	return float64(found) / float64(max(1, live))
}
