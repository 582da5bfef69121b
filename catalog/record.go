package catalog

import (
	"encoding/binary"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// record is one version of an item with what filters and search ask of it, packed into one array without pointers. It is
// immutable, so that whoever has loaded it sees one version throughout. Values of facets and words are their numbers in
// Catalog.terms. In this order, each part where the flags say that it is there:
//
//	flags       1 byte
//	price       its minor units, its currency
//	stock
//	brand
//	created     seconds and nanoseconds since 1970
//	words       length of: number less the word before, weight; ascending
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
	flagWords
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
	words    []byte
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

func uvarint64(b []byte) (uint64, []byte) {
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
	if h.has(flagWords) {
		h.words, b = lengthed(b)
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
	if len(h.words) > 0 {
		flags |= flagWords
		dst = appendLengthed(dst, h.words)
	}
	dst[at] = flags
	return append(dst, h.rest...)
}

func appendLengthed[T ~[]byte | ~string](dst []byte, part T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(part))), part...)
}

// newHead makes the head of a checked item, without words. Values get their numbers.
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

// packed returns what chunk.records points to of a record: its length, then itself.
func (c *Catalog) packed(h *head) *byte {
	r := h.append(c.scratch.record[:0])
	c.scratch.record = kept(r)
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

// parseNumber reads a decimal number. It looks before it parses, because a failed parse allocates.
func parseNumber(s string) (float64, bool) {
	if strings.Trim(s, "0123456789+-.eE") != "" || strings.Trim(s, "+-.eE") == "" {
		return 0, false
	}
	x, err := strconv.ParseFloat(s, 64)
	return x, err == nil
}
