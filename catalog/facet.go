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
// byte order, none of count 0. The field is "brand", "category" (every level of every path), "currency" or an attribute
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
	f, ok := c.facets.Get(field)
	if !ok {
		return nil, nil
	}
	numbers := f.values.read()
	var counts []FacetCount
	for i, n := range m.countEach(numbers) {
		if _, v, ok := c.terms.value(numbers[i]); ok && n > 0 {
			counts = append(counts, FacetCount{v, n})
		}
	}
	slices.SortFunc(counts, func(a, b FacetCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	return counts, nil
}

// countEach counts the matching items of each term.
func (m *Matcher) countEach(numbers []uint32) []int {
	counts := make([]int, len(numbers))
	if m.root == nil {
		for i, number := range numbers {
			counts[i] = m.cat.terms.handles(number).len()
		}
		return counts
	}
	sets := make([]handles, len(numbers))
	for i, number := range numbers {
		sets[i] = m.cat.terms.handles(number)
	}
	for key, s := range m.segments() {
		for i := range sets {
			counts[i] += sets[i].andLen(key, s)
		}
	}
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
		f = &facet{name: strings.Clone(name), number: uint32(c.facets.Len()) + wordFacet + 1}
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
	number, isNew := c.terms.intern(f.number, value)
	if isNew {
		f.values.append(number)
	}
	return number
}

// removeTerm takes a handle from a term. A value that no item has any more goes: those that come and go, such as an
// attribute with a date, would fill the memory otherwise. Under Catalog.mu.
func (c *Catalog) removeTerm(number, handle uint32) {
	facet, value, last := c.terms.remove(number, handle)
	switch {
	case !last:
	case facet == wordFacet:
		c.text.Load().drop(&c.terms, value)
	default:
		c.fields.get(int(facet)).values.drop(&c.terms)
	}
}
