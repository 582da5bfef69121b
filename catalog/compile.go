package catalog

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
)

// DepthMax is how deep filters may stand in one another.
const DepthMax = 32

// Compile makes a Matcher of a filter, which stays right whatever happens to the catalogue. A filter that makes no
// sense gives an [InvalidError]: a nil member, an unknown field, a currency that is none, NaN, a range that ends
// before it begins, or more than DepthMax levels. A value or an attribute that no item has is no error; it matches
// nothing, until an item has it.
func (c *Catalog) Compile(f Filter) (*Matcher, error) {
	m := &Matcher{cat: c}
	if f == nil {
		return m, nil
	}
	root, err := compile(f, 1)
	if err != nil {
		return nil, err
	}
	m.root = root
	return m, nil
}

func compile(f Filter, depth int) (node, error) {
	if depth > DepthMax {
		return nil, invalid("filter", "more than %d levels", DepthMax)
	}
	switch f := f.(type) {
	case nil:
		return nil, invalid("filter", "nil inside another")
	case andFilter:
		nodes, err := compileAll(f, depth)
		// Single reads of a record come last, when facets have left them few items.
		slices.SortStableFunc(nodes, func(a, b node) int { return cmp.Compare(cost(a), cost(b)) })
		return and(nodes), err
	case orFilter:
		nodes, err := compileAll(f, depth)
		return or(nodes), err
	case notFilter:
		of, err := compile(f.of, depth+1)
		return not{of}, err
	case availableFilter:
		return available{}, nil
	case inFilter:
		return compileIn(f)
	case rangeFilter:
		return compileRange(f)
	case priceFilter:
		return compilePrice(f)
	case createdFilter:
		return compileCreated(f)
	}
	return nil, invalid("filter", "unknown type %T", f)
}

func compileAll(filters []Filter, depth int) ([]node, error) {
	nodes := make([]node, len(filters))
	for i, f := range filters {
		n, err := compile(f, depth+1)
		if err != nil {
			return nil, err
		}
		nodes[i] = n
	}
	return nodes, nil
}

// cost orders the members of an and: what leaves few items and is quick comes first, what looks at single items last.
func cost(n node) int {
	switch n := n.(type) {
	case available:
		return 1
	case *number, *amount:
		return 2
	case not:
		return 1 + cost(n.of)
	case and:
		return costliest(n)
	case or:
		return costliest(n)
	}
	return 0
}

func costliest(nodes []node) int {
	most := 0
	for _, n := range nodes {
		most = max(most, cost(n))
	}
	return most
}

// valuesFew is up to how many values are each asked for, which is faster than a set for a few.
const valuesFew = 8

func compileIn(f inFilter) (node, error) {
	set := make(map[string]struct{}, len(f.values))
	for _, v := range f.values {
		set[v] = struct{}{}
	}
	switch {
	case f.field == "id":
		return &ids{set}, nil
	case !isFacet(f.field):
		return nil, invalid("filter", "unknown field %.64q; attributes are called %q and their key", f.field, attributePrefix)
	case len(set) > valuesFew:
		return &oneOf{f.field, set}, nil
	case len(set) == 1:
		return &equals{field: f.field, value: f.values[0]}, nil
	}
	var values or
	for v := range set {
		values = append(values, &equals{field: f.field, value: v})
	}
	return values, nil
}

func compileRange(f rangeFilter) (node, error) {
	switch {
	case math.IsNaN(f.min) || math.IsNaN(f.max):
		return nil, invalid("filter", "range of %.64q to or from NaN", f.field)
	case f.min > f.max || f.min == f.max && (f.minOpen || f.maxOpen):
		return nil, invalid("filter", "range of %.64q from %v to %v", f.field, f.min, f.max)
	case f.field == "stock":
		return stockBetween(f), nil
	case f.field == "price":
		return &amount{f}, nil
	case !strings.HasPrefix(f.field, attributePrefix):
		return nil, invalid("filter", "no range over field %.64q, only over stock, price, attributes and Created", f.field)
	}
	return attributeBetween(f), nil
}

func compilePrice(f priceFilter) (node, error) {
	switch {
	case !isCurrency(f.currency):
		return nil, invalid("filter", "currency %.64q is not three upper-case letters", f.currency)
	case f.min > f.max:
		return nil, invalid("filter", "price from %d to %d", f.min, f.max)
	case f.max < 0:
		return or{}, nil
	}
	return and{&equals{field: "currency", value: f.currency}, minorsBetween(max(f.min, 0), f.max)}, nil
}

func compileCreated(f createdFilter) (node, error) {
	if !f.to.IsZero() && f.to.Before(f.from) {
		return nil, invalid("filter", "created from %s to %s", f.from.Format(time.RFC3339), f.to.Format(time.RFC3339))
	}
	return createdBetween(f), nil
}
