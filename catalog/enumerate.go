package catalog

import (
	"math"
	"slices"
)

// AppendHandles appends the handles that match, ascending, if they are at most max. If they are more, it reports false and
// returns dst as it was, at once where the counts of single values prove it. A filter that a value, a list of values or
// of identifiers makes narrow costs time in proportion to the items that those leave, however many others there are;
// another one costs what Count costs.
func (m *Matcher) AppendHandles(dst []uint32, max int) ([]uint32, bool) {
	least := m.cat.Len()
	if m.root != nil {
		least, _ = m.root.bounds(m.cat)
	}
	if least > max {
		return dst, false
	}
	if m.root == nil || candidates(m.cat, m.root) > fewAlways+fewPerSegment*int(m.cat.end()>>segmentBits) {
		return m.appendSegments(dst, max)
	}
	n := len(dst)
	all := appendCandidates(m.cat, m.root, dst)
	slices.Sort(all[n:])
	matching := all[:n]
	for _, handle := range slices.Compact(all[n:]) {
		if m.Match(handle) {
			matching = append(matching, handle)
		}
	}
	if len(matching)-n > max {
		return dst, false
	}
	return matching, true
}

// A segment is worked out in the time that it takes to look at some fewPerSegment single items.
const (
	fewPerSegment = 64
	fewAlways     = 256
)

// appendSegments is AppendHandles by working the filter out.
func (m *Matcher) appendSegments(dst []uint32, max int) ([]uint32, bool) {
	all := dst
	for key, s := range m.segments() {
		if len(all)-len(dst)+s.len() > max {
			return dst, false
		}
		all = s.appendTo(all, key<<segmentBits)
	}
	return all, true
}

// candidates is how many handles appendCandidates would append; math.MaxInt where it cannot.
func candidates(c *Catalog, n node) int {
	switch n := n.(type) {
	case *equals, *oneOf:
		_, most := n.bounds(c)
		return most
	case *ids:
		return len(n.set)
	case and:
		return candidates(c, narrowest(c, n))
	case or:
		sum := 0
		for _, of := range n {
			more := candidates(c, of)
			if more == math.MaxInt {
				return more
			}
			sum += more
		}
		return sum
	}
	return math.MaxInt
}

// narrowest returns the node of some that all must match that has the fewest candidates, nil of none.
func narrowest(c *Catalog, nodes []node) node {
	var best node
	least := math.MaxInt
	for _, n := range nodes {
		if count := candidates(c, n); count < least {
			best, least = n, count
		}
	}
	return best
}

// appendCandidates appends handles among which are all that a node matches, in no order, some twice.
func appendCandidates(c *Catalog, n node, dst []uint32) []uint32 {
	switch n := n.(type) {
	case *equals:
		dst = c.terms.handles(n.find(c)).appendTo(dst)
	case *oneOf:
		for _, number := range n.numbers(c) {
			dst = c.terms.handles(number).appendTo(dst)
		}
	case *ids:
		dst = append(dst, n.handles(c)...)
	case and:
		dst = appendCandidates(c, narrowest(c, n), dst)
	case or:
		for _, of := range n {
			dst = appendCandidates(c, of, dst)
		}
	}
	return dst
}
