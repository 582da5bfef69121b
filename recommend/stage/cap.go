package stage

import (
	"fmt"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/model"
)

// Cap lets at most Max items of one brand, category or seller onto a page. It goes down the list and puts what would be
// one too many of a value behind all others, in order and with a score no higher than theirs: so a page that would be
// short is filled with what was over, the best of it first. Fixed items of the page count before all others. An item of
// several values counts for each of them and is over when one of them is full; an item without a value is never over. It
// costs about 4 µs for 100 candidates.
type Cap struct {
	Field string // "brand", "category" (each whole path is a value), "currency" or an attribute such as "attr.seller"
	Max   int    // 0 means 1

	columns columns
	pool    pool[capScratch]
}

type capScratch struct {
	column *catalog.Column
	of     []uint32
	counts model.Sums
	kept   []Candidate
	over   []Candidate
}

// Validate implements Checked.
func (c *Cap) Validate() error {
	if c.Max < 0 {
		return fmt.Errorf("%w: cap: at most %d", ErrInvalid, c.Max)
	}
	return checkField("cap", c.Field)
}

// Apply implements Stage.
func (c *Cap) Apply(list []Candidate, q *Query) []Candidate {
	return capped(list, q, c.columns.in(q.Catalog, c.Field), &c.pool, max(1, c.Max))
}

// capped is what Cap and Once do, by the one column given.
func capped(list []Candidate, q *Query, by []*catalog.Column, scratch *pool[capScratch], most int) []Candidate {
	if len(by) == 0 {
		return list
	}
	s := scratch.get()
	defer scratch.put(s)
	s.column = by[0]
	s.counts.Reset()
	s.kept, s.over = s.kept[:0], s.over[:0]
	for _, c := range onPage(list, q) {
		if c.Fixed {
			s.count(c.Item)
		}
	}
	for _, c := range list {
		switch {
		case c.Fixed:
		case s.full(c.Item, most):
			s.over = append(s.over, c)
		default:
			s.kept = append(s.kept, c)
			s.count(c.Item)
		}
	}
	sink(s.kept, s.over)
	s.kept = append(s.kept, s.over...)
	arrange(list, s.kept)
	return list
}

func (s *capScratch) count(item uint32) {
	s.of = s.column.Values(s.of[:0], item)
	for _, v := range s.of {
		s.counts.Add(v, 1)
	}
}

func (s *capScratch) full(item uint32, most int) bool {
	s.of = s.column.Values(s.of[:0], item)
	for _, v := range s.of {
		if s.counts.Get(v) >= float32(most) {
			return true
		}
	}
	return false
}

// Once shows one variant of a product only, the best: of the items that have the same value in the field that names the
// product, such as "attr.product", all but the first go behind all others, as with a Cap of 1.
type Once struct {
	Field string // an attribute, or "brand", "category", "currency"

	columns columns
	pool    pool[capScratch]
}

// Validate implements Checked.
func (o *Once) Validate() error { return checkField("once", o.Field) }

// Apply implements Stage.
func (o *Once) Apply(list []Candidate, q *Query) []Candidate {
	return capped(list, q, o.columns.in(q.Catalog, o.Field), &o.pool, 1)
}
