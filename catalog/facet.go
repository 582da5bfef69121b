package catalog

import (
	"cmp"
	"slices"
	"strings"

	"github.com/goldrec/gold/internal/idmap"
)

// attributePrefix stands before an attribute's key in the name of its field: "attr.colour".
const attributePrefix = "attr."

// facet is one field whose values are indexed.
type facet struct {
	name   string
	values idmap.Map[*posting]
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
	var postings []*posting
	for _, p := range f.values.All() {
		postings = append(postings, p)
	}
	var counts []FacetCount
	for i, n := range m.countEach(postings) {
		if n > 0 {
			counts = append(counts, FacetCount{postings[i].value, n})
		}
	}
	slices.SortFunc(counts, func(a, b FacetCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	return counts, nil
}

// countEach counts the matching items of each posting.
func (m *Matcher) countEach(postings []*posting) []int {
	counts := make([]int, len(postings))
	if m.root == nil {
		for i, p := range postings {
			counts[i] = int(p.count.Load())
		}
		return counts
	}
	for key, s := range m.segments() {
		for i, p := range postings {
			if c := p.container(key); c != nil {
				counts[i] += c.andLen(s)
			}
		}
	}
	return counts
}

func isFacet(field string) bool {
	switch field {
	case "brand", "category", "currency":
		return true
	}
	return strings.HasPrefix(field, attributePrefix)
}

// posting returns the posting of a value, or nil.
func (c *Catalog) posting(field, value string) *posting {
	f, ok := c.facets.Get(field)
	if !ok {
		return nil
	}
	p, _ := f.values.Get(value)
	return p
}

// facet returns the facet of a name, which it makes when there is none. Under Catalog.mu.
func (c *Catalog) facet(name string) *facet {
	f, ok := c.facets.Get(name)
	if !ok {
		f = &facet{name: strings.Clone(name)}
		c.facets.Set(f.name, f)
	}
	return f
}

// posting returns the posting of a value, which it makes when there is none. Under Catalog.mu.
func (f *facet) posting(value string) *posting {
	p, ok := f.values.Get(value)
	if !ok {
		p = &posting{field: f.name, value: strings.Clone(value)}
		f.values.Set(p.value, p)
	}
	return p
}

// drop takes a posting that has become empty out of its facet, and a facet that has become empty out of the catalogue.
// Values that come and go, such as an attribute with a date, would fill the memory otherwise. Under Catalog.mu.
func (c *Catalog) drop(p *posting) {
	if p.count.Load() > 0 {
		return
	}
	f, ok := c.facets.Get(p.field)
	if !ok {
		return
	}
	f.values.Delete(p.value)
	p.dead.Store(true)
	if f.values.Len() == 0 {
		c.facets.Delete(f.name)
	}
}
