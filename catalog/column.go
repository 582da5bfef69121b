package catalog

import "sync/atomic"

// Column gives the values that items have in one field as numbers, by which they can be compared and counted without a
// string: what brand of an item, which sellers on a page. It is safe for concurrent use, tells of the catalogue as it is
// now, and allocates nothing but what it appends.
//
// Equal values of one field have equal numbers and others have others, for as long as any item has the value; numbers
// are not dense, and never 0. A value that went from the catalogue and came back has another number, which no value had
// before. They are of this catalogue in this process: nothing to store.
type Column struct {
	cat   *Catalog
	field string
	facet atomic.Pointer[facet] // of an attribute, once it has one
}

// Column returns the column of a field: "brand", "category", "currency", "group", or "attr." and the key of an attribute, which
// need not be there yet. Another field gives an [InvalidError].
func (c *Catalog) Column(field string) (*Column, error) {
	if !isFacet(field) {
		return nil, invalid("field", "%.64q is not a facet", field)
	}
	return &Column{cat: c, field: field}, nil
}

// Values appends the numbers of the values that the item of a handle has, in its order: of categories the paths that the
// item names, without those above. It appends none for a handle without an item. A brand or currency costs some
// nanoseconds once the item is in the processor's cache, an attribute as much again for each attribute of the item.
func (col *Column) Values(dst []uint32, handle uint32) []uint32 {
	r := col.cat.record(handle)
	if r == nil {
		return dst
	}
	h := r.head()
	switch col.field {
	case "brand":
		return appendNumber(dst, h.brand)
	case "currency":
		return appendNumber(dst, h.currency)
	case "group":
		return appendNumber(dst, h.group)
	}
	b := h.body()
	if col.field == "category" {
		for number, p := uint32(0), b.categories; len(p) > 0; {
			number, p = p.next()
			dst = append(dst, number)
		}
		return dst
	}
	f := col.attribute()
	if f == nil {
		return dst
	}
	for number, p := uint32(0), b.attributes; len(p) > 0; {
		number, p = p.next()
		if facet, _, _ := col.cat.terms.value(number); facet == f.number {
			dst = append(dst, number)
		}
	}
	return dst
}

func appendNumber(dst []uint32, number uint32) []uint32 {
	if number == 0 {
		return dst
	}
	return append(dst, number)
}

// attribute returns the facet of the column, nil when no item has had it so far.
func (col *Column) attribute() *facet {
	f := col.facet.Load()
	if f == nil {
		f, _ = col.cat.facets.Get(col.field)
		col.facet.Store(f)
	}
	return f
}

// Name returns the value of a number, and "" for one that no value has now.
func (col *Column) Name(value uint32) string {
	if col.cat.terms.isDead(value) {
		return ""
	}
	_, name, _ := col.cat.terms.value(value)
	return name
}
