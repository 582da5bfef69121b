package catalog

import (
	"encoding/binary"
	"iter"
	"math"
	"slices"
	"strings"
)

// append writes the record that a head is of. It works out all flags but those of what the rest holds, and whether the
// item is available.
func (h *head) append(dst []byte) []byte {
	const kept = flagAvailable | flagCreated | flagLists | flagTexts
	flags := h.flags & kept
	at := len(dst)
	dst = append(dst, 0)
	if h.currency != 0 {
		flags |= flagPrice
		dst = binary.AppendUvarint(dst, uint64(h.minor))
		dst = binary.AppendUvarint(dst, uint64(h.currency))
	}
	if h.stock != 0 {
		flags |= flagStock
		dst = binary.AppendUvarint(dst, uint64(h.stock))
	}
	if h.brand != 0 {
		flags |= flagBrand
		dst = binary.AppendUvarint(dst, uint64(h.brand))
	}
	if h.has(flagCreated) {
		dst = binary.AppendVarint(dst, h.seconds)
		dst = binary.AppendUvarint(dst, uint64(h.nanos))
	}
	if h.group != 0 {
		flags |= flagGroup
		dst = binary.AppendUvarint(dst, uint64(h.group))
	}
	dst[at] = flags
	return append(dst, h.rest...)
}

func appendLengthed[T ~[]byte | ~string](dst []byte, part T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(part))), part...)
}

// newHead makes the head of a checked item. Values get their numbers.
func (c *Catalog) newHead(it *Item) head {
	h := head{stock: it.Stock, minor: it.Price.Minor}
	if it.Available {
		h.flags |= flagAvailable
	}
	if it.Price.Currency != "" {
		h.currency = c.intern(c.facet("currency"), it.Price.Currency)
	}
	if it.Brand != "" {
		h.brand = c.intern(c.facet("brand"), it.Brand)
	}
	if it.Group != "" {
		h.group = c.intern(c.facet("group"), it.Group)
	}
	if !it.Created.IsZero() {
		h.flags |= flagCreated
		h.seconds, h.nanos = it.Created.Unix(), uint32(it.Created.Nanosecond())
	}
	rest := c.scratch.rest[:0]
	if len(it.Categories)+len(it.Attributes) > 0 {
		h.flags |= flagLists
		rest = c.appendLists(rest, it)
	}
	if len(it.Title)+len(it.Description)+len(it.Image)+len(it.Vector) > 0 {
		h.flags |= flagTexts
		rest = appendLengthed(rest, it.Title)
		rest = appendLengthed(rest, it.Description)
		rest = appendLengthed(rest, it.Image)
		rest = binary.AppendUvarint(rest, uint64(4*len(it.Vector)))
		for _, x := range it.Vector {
			rest = binary.LittleEndian.AppendUint32(rest, math.Float32bits(x))
		}
	}
	c.scratch.rest = kept(rest)
	h.rest = rest
	return h
}

// appendLists writes the numbers of category paths and attribute values, attributes in the order of their keys.
func (c *Catalog) appendLists(dst []byte, it *Item) []byte {
	list := c.scratch.list[:0]
	for _, path := range it.Categories {
		list = binary.AppendUvarint(list, uint64(c.internPath(path)))
	}
	dst = appendLengthed(dst, list)
	list = list[:0]
	keys := c.scratch.keys[:0]
	for key, values := range it.Attributes {
		if len(values) > 0 {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		f := c.attribute(key)
		for _, v := range it.Attributes[key] {
			list = binary.AppendUvarint(list, uint64(c.intern(f, v)))
		}
	}
	clear(keys)
	c.scratch.keys, c.scratch.list = kept(keys), kept(list)
	return appendLengthed(dst, list)
}

// internPath returns the number of a category path. Everything above it has one too: a path that is known is of an item,
// which has all that is above.
func (c *Catalog) internPath(path string) uint32 {
	f := c.facet("category")
	if number, ok := c.terms.find(f.number, path); ok {
		return number
	}
	for above := range prefixes(path) {
		c.intern(f, above)
	}
	return c.intern(f, path)
}

// prefixes yields the paths above a category path, the most general first.
func prefixes(path string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for end := 0; ; end += len(PathSeparator) {
			next := strings.Index(path[end:], PathSeparator)
			if next < 0 {
				return
			}
			end += next
			if !yield(path[:end]) {
				return
			}
		}
	}
}

// scratch is room that is kept from one item to the next.
type scratch struct {
	record, rest, list []byte
	keys               []string
	name               []byte
	before, now        []uint32 // values of an item, and what is in one of the two only
	gained, lost       []uint32
}

// kept returns room to keep, unless it is large.
func kept[T any](room []T) []T {
	if cap(room) > 1<<14 {
		return nil
	}
	return room
}

// packed returns what chunk.records points to of a record: its length, then itself.
func packed(r record) *byte {
	exact := make([]byte, uvarintLen(len(r))+len(r))
	copy(exact[binary.PutUvarint(exact, uint64(len(r))):], r)
	return &exact[0]
}

func uvarintLen(x int) int {
	n := 1
	for ; x >= 0x80; x >>= 7 {
		n++
	}
	return n
}
