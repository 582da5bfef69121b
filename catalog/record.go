package catalog

import (
	"slices"
	"strconv"
	"strings"
)

// record is one version of an item with what filters and search ask of it. It is immutable, so that whoever has loaded
// it sees one version throughout.
type record struct {
	item    Item
	terms   []*posting // the facet values that it has, each once
	numbers []number   // the attribute values that are numbers

	words  []wordCount // ascending; nil before the first search
	weight int64       // of all words
}

type number struct {
	key   string
	value float64
}

func (r *record) has(p *posting) bool { return slices.Contains(r.terms, p) }

// newRecord makes the record of a checked item, without words. What the caller could still change is cloned; values
// that other items have too share their memory.
func (c *Catalog) newRecord(it *Item) *record {
	r := &record{item: *it, terms: make([]*posting, 0, it.termsMax())}
	r.item.Vector = slices.Clone(it.Vector)
	r.item.Categories = slices.Clone(it.Categories)
	for i, path := range it.Categories {
		r.item.Categories[i] = c.addPath(r, path)
	}
	if it.Brand != "" {
		r.item.Brand = c.addTerm(r, "brand", it.Brand)
	}
	if it.Price.Currency != "" {
		r.item.Price.Currency = c.addTerm(r, "currency", it.Price.Currency)
	}
	c.addAttributes(r, it.Attributes)
	return r
}

// termsMax is how many facet values the item has at most.
func (it *Item) termsMax() int {
	n := 2 // brand and currency
	for _, path := range it.Categories {
		n += 1 + strings.Count(path, PathSeparator)
	}
	for _, values := range it.Attributes {
		n += len(values)
	}
	return n
}

// addTerm gives the record a facet value, and returns the value as the catalogue holds it.
func (c *Catalog) addTerm(r *record, field, value string) string {
	p := c.facet(field).posting(value)
	if !r.has(p) {
		r.terms = append(r.terms, p)
	}
	return p.value
}

// addPath gives the record a category path and everything above it.
func (c *Catalog) addPath(r *record, path string) string {
	for end := 0; ; end += len(PathSeparator) {
		next := strings.Index(path[end:], PathSeparator)
		if next < 0 {
			return c.addTerm(r, "category", path)
		}
		end += next
		c.addTerm(r, "category", path[:end])
	}
}

func (c *Catalog) addAttributes(r *record, attributes map[string][]string) {
	r.item.Attributes = nil
	if len(attributes) == 0 {
		return
	}
	r.item.Attributes = make(map[string][]string, len(attributes))
	for key, values := range attributes {
		if len(values) == 0 {
			continue
		}
		field := c.facet(attributePrefix + key)
		key = strings.TrimPrefix(field.name, attributePrefix)
		values = slices.Clone(values)
		for i, v := range values {
			values[i] = c.addTerm(r, field.name, v)
			if x, ok := parseNumber(v); ok {
				r.numbers = append(r.numbers, number{key, x})
			}
		}
		r.item.Attributes[key] = values
	}
}

// parseNumber reads a decimal number. It looks before it parses, because a failed parse allocates.
func parseNumber(s string) (float64, bool) {
	if strings.Trim(s, "0123456789+-.eE") != "" || strings.Trim(s, "+-.eE") == "" {
		return 0, false
	}
	x, err := strconv.ParseFloat(s, 64)
	return x, err == nil
}
