package stage

import (
	"strings"

	"github.com/goldrec/gold/catalog"
)

// values gives what items have in some fields as small numbers, which are equal when the values are. It is scratch of one
// call.
type values struct {
	catalog *catalog.Catalog
	fields  []string
	numbers map[string]uint32
	key     []byte
}

// reset prepares for a page; false when a field is none.
func (v *values) reset(c *catalog.Catalog, fields ...string) bool {
	for _, field := range fields {
		if field != "brand" && field != "category" && field != "currency" && !strings.HasPrefix(field, "attr.") {
			return false
		}
	}
	v.catalog, v.fields = c, append(v.fields[:0], fields...)
	if v.numbers == nil {
		v.numbers = map[string]uint32{}
	}
	clear(v.numbers)
	return true
}

// append appends the numbers of an item's values in one of the fields.
func (v *values) append(dst []uint32, field int, item uint32) []uint32 {
	it := v.catalog.Item(item)
	if it == nil {
		return dst
	}
	switch name := v.fields[field]; name {
	case "brand":
		return v.number(dst, field, it.Brand)
	case "currency":
		return v.number(dst, field, it.Price.Currency)
	case "category":
		for _, path := range it.Categories {
			dst = v.number(dst, field, path)
		}
	default:
		for _, value := range it.Attributes[name[len("attr."):]] {
			dst = v.number(dst, field, value)
		}
	}
	return dst
}

func (v *values) number(dst []uint32, field int, value string) []uint32 {
	if value == "" {
		return dst
	}
	v.key = append(append(v.key[:0], byte(field)), value...)
	n, ok := v.numbers[string(v.key)]
	if !ok {
		n = uint32(len(v.numbers))
		v.numbers[string(v.key)] = n
	}
	return append(dst, n)
}
