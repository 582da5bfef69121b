package catalog

import (
	"cmp"
	"slices"

	"github.com/goldrec/gold/internal/topk"
)

const (
	similarWords = 24  // of an item that others are compared by: those that fewest items have
	valueWeight  = 0.5 // of a brand, category or attribute value beside a word of the title
)

// Similar finds the items that are most like the one of a handle by what is written and known of them: the rarer the words
// of its title, and of its brand, categories and attribute values, that another item shares, the more alike it is. It
// returns at most limit of those that the filter matches, the best first, equal ones by handle; never the item itself nor a
// variant of it, which has the same Group, and of the variants of another product the best. A handle without an item
// gives ErrUnknownItem.
//
// The score is that of [Catalog.Find] for a query of the item's words of which any may be missing, and 0.7
// of idf(v) for each value v that both have. It costs what such a query costs, some milliseconds with a million items.
func (c *Catalog) Similar(handle uint32, filter Filter, limit int) ([]Hit, error) {
	if limit < 0 {
		return nil, invalid("query", "limit %d", limit)
	}
	it := c.Item(handle)
	if it == nil {
		return nil, ErrUnknownItem
	}
	m, err := c.Compile(filter)
	if err != nil {
		return nil, err
	}
	own := node(&ids{map[string]struct{}{it.ID: {}}})
	if it.Group != "" {
		own = &equals{field: "group", value: it.Group}
	}
	if others := (not{own}); m.root == nil {
		m.root = others
	} else {
		m.root = and{m.root, others}
	}
	p := c.plan(it.Title + " ")
	values := c.slotsOfValues(handle)
	slices.SortStableFunc(p.slots, func(a, b slot) int { return cmp.Compare(b.weight, a.weight) })
	p.slots = slices.DeleteFunc(append(p.slots[:min(similarWords, len(p.slots))], values...), func(s slot) bool { return s.df <= 1 })
	if len(p.slots) == 0 {
		return nil, nil
	}
	sum := 0.0
	for _, s := range p.slots {
		sum += s.weight
	}
	p.words = nil
	f := &finder{cat: c, matcher: m, plan: p, limit: min(limit, SearchLimitMax)}
	if f.by, err = c.Column("group"); err != nil {
		return nil, err
	}
	for _, share := range [...]float64{0.3, 0.1, 1e-6} { // what shares most is found without a look at what shares little
		p.least = share * sum
		var best []topk.Scored
		if best, _ = f.pass(4*f.limit, p); len(f.once(best)) >= f.limit || share < 0.01 {
			return f.hits(f.once(best)), nil
		}
	}
	return nil, nil
}

// slotsOfValues returns a slot for each value of an item's facets: of each category path the most special.
func (c *Catalog) slotsOfValues(handle uint32) []slot {
	var slots []slot
	n := float64(max(1, c.Len()))
	r := c.record(handle)
	if r == nil {
		return nil
	}
	h := r.head()
	b := h.body()
	add := func(number uint32) {
		if number == 0 {
			return
		}
		u, none := c.union([]uint32{number}), c.union(nil)
		weight := valueWeight * idf(u.count, n)
		slots = append(slots, slot{
			levels: []level{{float32(weight), []fieldSets{{none, u, none}}, u.count}}, weight: weight, df: u.count,
		})
	}
	add(h.brand)
	for number, p := uint32(0), b.categories; len(p) > 0; {
		number, p = p.next()
		add(number)
	}
	for number, p := uint32(0), b.attributes; len(p) > 0; {
		number, p = p.next()
		add(number)
	}
	return slots
}
