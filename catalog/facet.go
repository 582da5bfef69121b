package catalog

import (
	"cmp"
	"slices"
	"strings"
	"sync/atomic"
	"unsafe"
)

// attributePrefix stands before an attribute's key in the name of its field: "attr.colour".
const attributePrefix = "attr."

// facet is one field whose values are indexed. It stays when it has no values any more.
type facet struct {
	name   string
	number uint32
	values valueList
	index  atomic.Pointer[sliced] // of an attribute's numbers; nil before the first range over it
}

// key is the key of the attribute that the facet is of.
func (f *facet) key() string {
	if f == nil {
		return ""
	}
	return strings.TrimPrefix(f.name, attributePrefix)
}

// FacetCount says how many items have a value.
type FacetCount struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// Facets counts the values of a field over the items that the filter matches: the most frequent first, equal ones in
// byte order, none of count 0. The field is "brand", "category" (every level of every path), "currency", "group" or an attribute
// such as "attr.colour". An attribute that no item has gives none. Without a filter it costs time in proportion to the
// values; with one, to the values' containers and the filter's count.
func (c *Catalog) Facets(field string, within Filter) ([]FacetCount, error) {
	if !isFacet(field) {
		return nil, invalid("field", "%.64q is not a facet", field)
	}
	m, err := c.Compile(within)
	if err != nil {
		return nil, err
	}
	counter, err := c.counter(field)
	if err != nil {
		return nil, err
	}
	if m.root == nil {
		for i, number := range counter.numbers {
			counter.counts[i] = c.terms.handles(number).len()
		}
		return counter.result(), nil
	}
	for key, s := range m.segments() {
		counter.add(key, s)
	}
	return counter.result(), nil
}

// counter counts the values of a field.
type counter struct {
	cat     *Catalog
	field   string
	numbers []uint32
	sets    []handles
	counts  []int
}

func (c *Catalog) counter(field string) (*counter, error) {
	if !isFacet(field) {
		return nil, invalid("field", "%.64q is not a facet", field)
	}
	n := &counter{cat: c, field: field}
	if f, ok := c.facets.Get(field); ok {
		n.numbers = f.values.read()
	}
	n.counts = make([]int, len(n.numbers))
	return n, nil
}

func (n *counter) reset() { clear(n.counts) }

// add counts the handles of a segment.
func (n *counter) add(key uint32, s *segment) {
	if n.sets == nil {
		n.sets = make([]handles, len(n.numbers))
		for i, number := range n.numbers {
			n.sets[i] = n.cat.terms.handles(number)
		}
	}
	for i := range n.sets {
		n.counts[i] += n.sets[i].andLen(key, s)
	}
}

// result returns the values that were counted, the most frequent first.
func (n *counter) result() []FacetCount {
	var counts []FacetCount
	for i, count := range n.counts {
		if _, v, ok := n.cat.terms.value(n.numbers[i]); ok && count > 0 {
			counts = append(counts, FacetCount{v, count})
		}
	}
	slices.SortFunc(counts, func(a, b FacetCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	return counts
}

func isFacet(field string) bool {
	switch field {
	case "brand", "category", "currency", "group":
		return true
	}
	return strings.HasPrefix(field, attributePrefix)
}

// find returns the number of a value of a facet.
func (c *Catalog) find(field, value string) (number uint32, ok bool) {
	f, ok := c.facets.Get(field)
	if !ok {
		return 0, false
	}
	return c.terms.find(f.number, value)
}

// facet returns the facet of a name, which it makes when there is none. Under Catalog.mu.
func (c *Catalog) facet(name string) *facet {
	f, ok := c.facets.Get(name)
	if !ok {
		f = &facet{name: strings.Clone(name), number: uint32(c.facets.Len()) + firstFacet}
		c.fields.set(int(f.number), f)
		c.facets.Set(f.name, f)
	}
	return f
}

// attribute returns the facet of an attribute. Under Catalog.mu.
func (c *Catalog) attribute(key string) *facet {
	name := append(append(c.scratch.name[:0], attributePrefix...), key...)
	c.scratch.name = kept(name)
	return c.facet(unsafe.String(&name[0], len(name))) // which copies what it keeps
}

// intern returns the number of a value, which gets one when it has none. Under Catalog.mu.
func (c *Catalog) intern(f *facet, value string) uint32 {
	number, isNew := c.terms.intern(f.number, value, 0)
	if isNew {
		f.values.append(number)
	}
	return number
}

// removeTerm takes a handle from a term. A value that no item has any more goes: those that come and go, such as an
// attribute with a date, would fill the memory otherwise. Under Catalog.mu.
func (c *Catalog) removeTerm(number, handle uint32) {
	facet, _, last := c.terms.remove(number, handle)
	if last && facet >= firstFacet {
		c.fields.get(int(facet)).values.drop(&c.terms)
	}
}
