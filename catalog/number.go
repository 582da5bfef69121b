package catalog

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// number matches items by a number that a bit-sliced index has.
type number struct {
	of    func(c *Catalog) *sliced // nil: no item has the number, or nobody has asked for it so far
	made  func(c *Catalog) *sliced // makes it if need be; nil: no item has the number
	keys  keyRange
	check interface { // what a record says
		match(c *Catalog, handle uint32, r record) bool
	}
}

func (n *number) match(c *Catalog, handle uint32, r record) bool { return n.check.match(c, handle, r) }

func (n *number) probe(c *Catalog, handle uint32) bool {
	if x := n.of(c); x != nil {
		b := x.dir.get(int(handle >> chunkBits))
		if b == nil {
			return false
		}
		k, ok := b.key(handle % chunkSize)
		if !ok || !k.many && (k.key < n.keys.low || k.key > n.keys.high) {
			return false
		}
		if !k.many && k.key != n.keys.low && k.key != n.keys.high {
			return true
		}
	}
	r := c.record(handle)
	return r != nil && n.match(c, handle, r)
}

// restrict works out 64 handles at a time. What is written to meanwhile is asked of the records.
func (n *number) restrict(e *evaluation, s *segment) {
	x := n.made(e.cat)
	if x == nil {
		clear(s[:])
		return
	}
	for i := range segmentSize / chunkSize {
		part := (*slicedPart)(s[i*slicedGroups:])
		at := int(e.key)<<(segmentBits-chunkBits) + i
		b, ch := x.dir.get(at), e.cat.dir.get(at)
		if ch == nil {
			continue // and nothing is left of it
		}
		version := ch.version.Load()
		asked := *part
		switch {
		case b == nil:
			clear(part[:])
		default:
			b.within(part, &n.keys, &e.edges)
			if n.keys.precise {
				break
			}
			for j, edge := range e.edges {
				if edge != 0 {
					part[j] = part[j]&^edge | n.ask(e.cat, uint32(at)<<chunkBits+uint32(j)<<6, edge)
				}
			}
		}
		if version&1 != 0 || ch.version.Load() != version {
			for j, s := range asked {
				part[j] = n.ask(e.cat, uint32(at)<<chunkBits+uint32(j)<<6, s)
			}
		}
	}
}

// ask keeps those of 64 handles whose records match.
func (n *number) ask(c *Catalog, base uint32, s uint64) uint64 {
	left := s
	for rest := s; rest != 0; rest &= rest - 1 {
		bit := rest & -rest
		handle := base + uint32(bits.TrailingZeros64(bit))
		if r := c.record(handle); r == nil || !n.match(c, handle, r) {
			left &^= bit
		}
	}
	return left
}

func (n *number) bounds(c *Catalog) (least, most int) {
	if x := n.of(c); x != nil {
		return 0, min(int(x.n.Load()), c.Len())
	}
	return 0, c.Len()
}

// amount matches items whose price, in the major unit of its own currency, lies in a range.
type amount struct{ of rangeFilter }

// minors is the range in minor units of a currency with some digits.
func (n *amount) minors(digits int) (low, high int64) {
	low, high = 0, math.MaxInt64
	if !math.IsInf(n.of.min, -1) {
		whole, more := minorsBelow(n.of.min, digits)
		low = whole
		if more || n.of.minOpen {
			low = addCapped(whole, 1)
		}
	}
	if !math.IsInf(n.of.max, 1) {
		whole, more := minorsBelow(n.of.max, digits)
		high = whole
		if n.of.maxOpen && !more {
			high--
		}
	}
	return max(low, 0), high
}

func addCapped(x, y int64) int64 {
	if x > math.MaxInt64-y {
		return math.MaxInt64
	}
	return x + y
}

// minorsBelow is how many whole minor units are in a number of the major one, written in decimal as shortly as it can
// be, and whether there is a part of one more. Below 0 it is -1.
func minorsBelow(x float64, digits int) (whole int64, more bool) {
	switch {
	case x < 0:
		return -1, true
	case x > math.MaxInt64:
		return math.MaxInt64, false
	}
	text, fraction, _ := strings.Cut(strconv.FormatFloat(x, 'f', -1, 64), ".")
	fraction += strings.Repeat("0", max(0, digits-len(fraction)))
	whole, err := strconv.ParseInt(text+fraction[:digits], 10, 64)
	if err != nil {
		return math.MaxInt64, false
	}
	return whole, strings.Trim(fraction[digits:], "0") != ""
}

func (n *amount) match(c *Catalog, _ uint32, r record) bool {
	h := r.head()
	if h.currency == 0 {
		return false
	}
	_, currency, ok := c.terms.value(h.currency)
	low, high := n.minors(minorDigits(currency))
	return ok && low <= h.minor && h.minor <= high
}

func (n *amount) probe(c *Catalog, handle uint32) bool {
	r := c.record(handle)
	return r != nil && n.match(c, handle, r)
}

// restrict adds up what matches in each currency.
func (n *amount) restrict(e *evaluation, s *segment) {
	f, ok := e.cat.facets.Get("currency")
	if !ok {
		clear(s[:])
		return
	}
	values := f.values.read()
	if len(values) == 1 {
		_, currency, _ := e.cat.terms.value(values[0])
		low, high := n.minors(minorDigits(currency))
		minorsBetween(low, high).restrict(e, s)
		return
	}
	found, mine := e.get(), e.get()
	clear(found[:])
	for _, value := range values {
		_, currency, ok := e.cat.terms.value(value)
		low, high := n.minors(minorDigits(currency))
		if !ok || low > high {
			continue
		}
		*mine = *s
		e.cat.terms.handles(value).and(e.key, mine)
		minorsBetween(low, high).restrict(e, mine)
		for i, w := range mine {
			found[i] |= w
		}
	}
	s.and(found)
	e.put(found)
	e.put(mine)
}

func (n *amount) bounds(c *Catalog) (least, most int) { return 0, min(int(c.price.n.Load()), c.Len()) }

// minorsBetween matches prices from low to high, in any currency.
func minorsBetween(low, high int64) *number {
	keys := keyRange{uint64(low), uint64(high), true, true, true}
	return known(func(c *Catalog) *sliced { return &c.price }, keys, func(r record) bool {
		h := r.head()
		return h.currency != 0 && low <= h.minor && h.minor <= high
	})
}

// known makes a node over an index that every catalogue has.
func known(of func(c *Catalog) *sliced, keys keyRange, check scan) *number {
	return &number{of: of, made: of, keys: keys, check: check}
}

// stockBetween matches stocks in a range.
func stockBetween(of rangeFilter) node {
	low, high := math.Ceil(of.min), math.Floor(of.max)
	if of.minOpen && low == of.min {
		low++
	}
	if of.maxOpen && high == of.max {
		high--
	}
	if high < 0 || low > high || low >= math.MaxInt64 {
		return or{}
	}
	keys := keyRange{uint64(max(low, 0)), math.MaxInt64, true, true, true}
	if high < math.MaxInt64 {
		keys.high = uint64(high)
	}
	return known(func(c *Catalog) *sliced { return &c.stock }, keys, func(r record) bool {
		h := r.head()
		return keys.low <= uint64(h.stock) && uint64(h.stock) <= keys.high
	})
}

// createdBetween matches times. The index has their seconds.
func createdBetween(f createdFilter) node {
	keys := keyRange{high: math.MaxUint64, lowIn: true, highIn: true}
	if !f.from.IsZero() {
		keys.low, keys.lowIn = keyOfSeconds(f.from.Unix()), f.from.Nanosecond() == 0
	}
	if !f.to.IsZero() {
		keys.high, keys.highIn = keyOfSeconds(f.to.Unix()), f.to.Nanosecond() > 0
	}
	return known(func(c *Catalog) *sliced { return &c.created }, keys, func(r record) bool {
		h := r.head()
		t := h.created()
		return !t.IsZero() && !t.Before(f.from) && (f.to.IsZero() || t.Before(f.to))
	})
}

// between says whether a record has a value of an attribute that is a number in a range.
type between struct{ of rangeFilter }

func (n *between) has(value string) bool {
	x, ok := parseNumber(value)
	return ok && n.of.has(x)
}

func (f *rangeFilter) has(x float64) bool {
	return (f.min < x || f.min == x && !f.minOpen) && (x < f.max || x == f.max && !f.maxOpen)
}

func (n *between) match(c *Catalog, _ uint32, r record) bool {
	f, ok := c.facets.Get(n.of.field)
	if !ok {
		return false
	}
	h := r.head()
	return h.anyAttribute(c, f, n.has)
}

// attributeBetween matches numbers among the values of an attribute.
func attributeBetween(f rangeFilter) node {
	return &number{
		of: func(c *Catalog) *sliced {
			if f, ok := c.facets.Get(f.field); ok {
				return f.index.Load()
			}
			return nil
		},
		made:  func(c *Catalog) *sliced { return c.attributeIndex(f.field) },
		keys:  keysBetween(f),
		check: &between{f},
	}
}

func keysBetween(f rangeFilter) keyRange {
	low, high := keyOfFloat(f.min).key, keyOfFloat(f.max).key
	return keyRange{low: low, high: high, lowIn: f.has(floatOfKey(low)), highIn: f.has(floatOfKey(high))}
}

// attributeIndex returns the index of an attribute, which the first range over it makes; nil when no item has ever had
// the attribute.
func (c *Catalog) attributeIndex(field string) *sliced {
	f, ok := c.facets.Get(field)
	if !ok {
		return nil
	}
	if x := f.index.Load(); x != nil {
		return x
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if x := f.index.Load(); x != nil {
		return x
	}
	x := new(sliced)
	for _, value := range f.values.read() {
		for _, handle := range c.terms.handles(value).appendTo(nil) {
			h := c.record(handle).head()
			c.indexAttribute(x, f, handle, &h)
		}
	}
	f.index.Store(x)
	return x
}

// indexAttribute makes an attribute's index tell of an item as it is now. An item with two numbers is looked at whenever
// it is asked for. Under Catalog.mu.
func (c *Catalog) indexAttribute(x *sliced, f *facet, handle uint32, h *head) {
	n, key := 0, sliceKey{}
	h.anyAttribute(c, f, func(value string) bool {
		if v, ok := parseNumber(value); ok {
			if n++; n == 1 {
				key = keyOfFloat(v)
			}
		}
		return n == 2
	})
	if n == 0 {
		x.remove(handle)
		return
	}
	key.many = n == 2
	x.set(handle, key)
}

// indexNumbers makes the indexes of numbers tell of an item as it is now, which is in place of the one before. gained and
// lost are the values of facets that differ. Under Catalog.mu.
func (c *Catalog) indexNumbers(handle uint32, before, now *head, there bool, gained, lost []uint32) {
	if now.currency == 0 {
		c.price.remove(handle)
	} else if before.currency == 0 || before.minor != now.minor {
		c.price.set(handle, sliceKey{key: uint64(now.minor)})
	}
	if !there {
		c.stock.remove(handle)
	} else {
		c.stock.set(handle, sliceKey{key: uint64(now.stock)})
	}
	if !now.has(flagCreated) {
		c.created.remove(handle)
	} else if !before.has(flagCreated) || before.seconds != now.seconds || before.nanos != now.nanos {
		c.created.set(handle, sliceKey{key: keyOfSeconds(now.seconds), above: now.nanos > 0})
	}
	for _, list := range [...][]uint32{gained, lost} {
		var last *facet // values of one attribute have no order, but few attributes have an index
		for _, value := range list {
			facet, _, _ := c.terms.value(value)
			if f := c.fields.get(int(facet)); f != nil && f != last {
				if x := f.index.Load(); x != nil {
					c.indexAttribute(x, f, handle, now)
				}
				last = f
			}
		}
	}
}
