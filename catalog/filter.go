package catalog

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Filter is a typed expression over items, made by the functions below and read by [Catalog.Compile], which is also
// where one that makes no sense is refused. A nil Filter means every item. A Filter is immutable and belongs to no
// catalogue. It has two written forms: a short text, which String gives and [ParseExpression] reads, and JSON, which
// json.Marshal gives and [ParseFilter] reads.
//
// Fields are "id", "brand", "category", "currency", "group", and "attr." followed by the key of an attribute.
type Filter interface {
	fmt.Stringer // the text form; of a filter that Compile refuses it may be one that ParseExpression refuses
	filter()
}

type (
	andFilter       []Filter
	orFilter        []Filter
	notFilter       struct{ of Filter }
	availableFilter struct{}
	inFilter        struct {
		field  string
		values []string
	}
	rangeFilter struct {
		field            string
		min, max         float64
		minOpen, maxOpen bool // the end itself is outside
	}
	priceFilter struct {
		currency string
		min, max int64
	}
	createdFilter struct{ from, to time.Time }
)

func (andFilter) filter()       {}
func (orFilter) filter()        {}
func (notFilter) filter()       {}
func (availableFilter) filter() {}
func (inFilter) filter()        {}
func (rangeFilter) filter()     {}
func (priceFilter) filter()     {}
func (createdFilter) filter()   {}

// And matches what all of the filters match; without any, everything.
func And(filters ...Filter) Filter { return andFilter(slices.Clone(filters)) }

// Or matches what one of the filters matches; without any, nothing.
func Or(filters ...Filter) Filter { return orFilter(slices.Clone(filters)) }

// Not matches the items that f does not match.
func Not(f Filter) Filter { return notFilter{f} }

// Available matches the items that may be shown.
func Available() Filter { return availableFilter{} }

// Equals matches the items that have the value in the field, or among its values. Equality is that of bytes. A category
// matches with everything below it: Equals("category", "Home") takes in "Home > Kitchen".
func Equals(field, value string) Filter { return inFilter{field, []string{value}} }

// In matches what Equals matches with one of the values; without any, nothing.
func In(field string, values ...string) Filter { return inFilter{field, slices.Clone(values)} }

// Range matches the items of which the field is a number from min to max, both included; math.Inf opens an end. The
// field is "stock", "price" or an attribute. A price counts in the major unit of its own currency, whichever that is:
// Range("price", 0, 80) takes in 79.99 € and ¥80; Price says which currency. Of an attribute any value may lie in the
// range; values that are no decimal numbers do not.
func Range(field string, min, max float64) Filter {
	return rangeFilter{field: field, min: min, max: max}
}

// Less matches what Range matches below x, which is not included.
func Less(field string, x float64) Filter {
	return rangeFilter{field: field, min: math.Inf(-1), max: x, maxOpen: true}
}

// Greater matches what Range matches above x, which is not included.
func Greater(field string, x float64) Filter {
	return rangeFilter{field: field, min: x, max: math.Inf(1), minOpen: true}
}

// Price matches the items with a price in the currency from min to max, in its minor unit, both included; 0 and
// math.MaxInt64 open an end. An item without a price does not match.
func Price(currency string, min, max int64) Filter { return priceFilter{currency, min, max} }

// Created matches the items created at from or later, and before to; a zero time opens an end. An item without a time
// does not match.
func Created(from, to time.Time) Filter { return createdFilter{from, to} }
