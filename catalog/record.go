package catalog

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// record is one version of an item with what filters ask of it, packed into one array without pointers. It is
// immutable, so that whoever has loaded it sees one version throughout. Values of facets are their numbers in
// Catalog.terms. In this order, each part where the flags say that it is there:
//
//	flags       1 byte
//	price       its minor units, its currency
//	stock
//	brand
//	created     seconds and nanoseconds since 1970
//	group
//	lists       length of and numbers of the category paths, the same of attribute values
//	texts       title, description, image, each behind its length; length of and the vector's components
//
// Numbers are variable in length (binary.AppendUvarint).
type record []byte

const (
	flagAvailable = 1 << iota
	flagPrice
	flagStock
	flagBrand
	flagCreated
	flagGroup
	flagLists
	flagTexts
)

// head is what a record begins with, taken apart.
type head struct {
	flags    byte
	minor    int64
	currency uint32 // 0: no price
	stock    int
	brand    uint32 // 0: none
	seconds  int64
	nanos    uint32
	group    uint32 // 0: none
	rest     []byte // lists and texts
}

// body is the rest of a record.
type body struct {
	categories, attributes    packedNumbers
	title, description, image string
	vector                    []byte
}

// packedNumbers are numbers one behind the other.
type packedNumbers []byte

func (p packedNumbers) next() (number uint32, rest packedNumbers) { return uvarint32(p) }

// uvarint32 reads a number from the front of b.
func uvarint32[B ~[]byte](b B) (uint32, B) {
	if x := b[0]; x < 0x80 {
		return uint32(x), b[1:]
	}
	x, n := binary.Uvarint(b)
	return uint32(x), b[n:]
}

func uvarint64[B ~[]byte](b B) (uint64, B) {
	if x := b[0]; x < 0x80 {
		return uint64(x), b[1:]
	}
	x, n := binary.Uvarint(b)
	return x, b[n:]
}

// lengthed splits off what lies behind its length.
func lengthed(b []byte) (part, rest []byte) {
	size, b := uvarint64(b)
	return b[:size], b[size:]
}

func (h *head) has(flag byte) bool { return h.flags&flag != 0 }

// head takes the front of a record apart.
func (r record) head() head {
	h := head{flags: r[0]}
	b := []byte(r[1:])
	var x uint64
	if h.has(flagPrice) {
		x, b = uvarint64(b)
		h.minor = int64(x)
		h.currency, b = uvarint32(b)
	}
	if h.has(flagStock) {
		x, b = uvarint64(b)
		h.stock = int(x)
	}
	if h.has(flagBrand) {
		h.brand, b = uvarint32(b)
	}
	if h.has(flagCreated) {
		seconds, n := binary.Varint(b)
		h.seconds = seconds
		h.nanos, b = uvarint32(b[n:])
	}
	if h.has(flagGroup) {
		h.group, b = uvarint32(b)
	}
	h.rest = b
	return h
}

// body takes the rest of a record apart.
func (h *head) body() body {
	var of body
	b := h.rest
	if h.has(flagLists) {
		var list []byte
		list, b = lengthed(b)
		of.categories = list
		list, b = lengthed(b)
		of.attributes = list
	}
	if h.has(flagTexts) {
		of.title, b = lengthedString(b)
		of.description, b = lengthedString(b)
		of.image, b = lengthedString(b)
		of.vector, _ = lengthed(b)
	}
	return of
}

// lists is the bytes that hold categories and attributes.
func (h *head) lists() []byte {
	if !h.has(flagLists) {
		return nil
	}
	_, b := lengthed(h.rest)
	_, b = lengthed(b)
	return h.rest[:len(h.rest)-len(b)]
}

// lengthedString is lengthed for a text, which shares the record's memory: a record never changes.
func lengthedString(b []byte) (string, []byte) {
	part, rest := lengthed(b)
	return unsafe.String(unsafe.SliceData(part), len(part)), rest
}

func (h *head) created() time.Time {
	if !h.has(flagCreated) {
		return time.Time{}
	}
	return time.Unix(h.seconds, int64(h.nanos)).UTC()
}

// item makes the Item of a record. ok is false when a value has gone from the catalogue, and the record with it.
func (c *Catalog) item(handle uint32, r record) (it *Item, ok bool) {
	h := r.head()
	b := h.body()
	it = &Item{
		ID: c.ID(handle), Title: b.title, Description: b.description, Image: b.image,
		Stock: h.stock, Available: h.has(flagAvailable), Created: h.created(),
	}
	if n := len(b.vector) / 4; n > 0 {
		it.Vector = make([]float32, n)
		for i := range it.Vector {
			it.Vector[i] = math.Float32frombits(binary.LittleEndian.Uint32(b.vector[4*i:]))
		}
	}
	ok = true
	value := func(number uint32) (facet uint32, v string) {
		facet, v, found := c.terms.value(number)
		ok = ok && found
		return facet, v
	}
	if h.currency != 0 {
		it.Price.Minor = h.minor
		_, it.Price.Currency = value(h.currency)
	}
	if h.brand != 0 {
		_, it.Brand = value(h.brand)
	}
	if h.group != 0 {
		_, it.Group = value(h.group)
	}
	if p := b.categories; len(p) > 0 {
		it.Categories = make([]string, 0, p.len())
		for number := uint32(0); len(p) > 0; {
			number, p = p.next()
			_, path := value(number)
			it.Categories = append(it.Categories, path)
		}
	}
	if len(b.attributes) > 0 {
		it.Attributes = c.attributes(b.attributes, value)
	}
	return it, ok
}

// len is how many numbers there are.
func (p packedNumbers) len() int {
	n := 0
	for _, x := range p {
		if x < 0x80 {
			n++
		}
	}
	return n
}

// attributes makes an item's attributes, the values of all in one array.
func (c *Catalog) attributes(p packedNumbers, value func(uint32) (uint32, string)) map[string][]string {
	all := make([]string, 0, p.len())
	attributes := make(map[string][]string, 4)
	key, begin, of := "", 0, uint32(math.MaxUint32)
	end := func() {
		if len(all) > begin {
			attributes[key] = slices.Clip(all[begin:])
		}
		begin = len(all)
	}
	for number := uint32(0); len(p) > 0; {
		number, p = p.next()
		facet, v := value(number)
		if facet != of {
			end()
			of, key = facet, c.fields.get(int(facet)).key()
		}
		all = append(all, v)
	}
	end()
	return attributes
}

// load returns a record, nil where there is none.
func (ch *chunk) load(i uint32) record {
	p := ch.records[i].Load()
	if p == nil {
		return nil
	}
	size, shift := 0, 0
	for ; *p >= 0x80; shift += 7 {
		size |= int(*p&0x7f) << shift
		p = (*byte)(unsafe.Add(unsafe.Pointer(p), 1))
	}
	size |= int(*p) << shift
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(p), 1)), size)
}

// parseNumber reads a decimal number. It looks before it parses, because a failed parse allocates.
func parseNumber(s string) (float64, bool) {
	if strings.Trim(s, "0123456789+-.eE") != "" || strings.Trim(s, "+-.eE") == "" {
		return 0, false
	}
	x, err := strconv.ParseFloat(s, 64)
	return x, err == nil
}
