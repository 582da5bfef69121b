package catalog

import (
	"math/bits"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

func (s *segment) len() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

func (s *segment) and(t *segment) {
	for i, w := range t {
		s[i] &= w
	}
}

func (s *segment) andNot(t *segment) {
	for i, w := range t {
		s[i] &^= w
	}
}

// keep removes the handles that f reports false for. base is the segment's lowest handle.
func (s *segment) keep(base uint32, f func(handle uint32) bool) {
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			low := bits.TrailingZeros64(w)
			if !f(base + uint32(i<<6+low)) {
				s[i] &^= 1 << low
			}
		}
	}
}

// appendTo appends the segment's handles to dst.
func (s *segment) appendTo(dst []uint32, base uint32) []uint32 {
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			dst = append(dst, base+uint32(i<<6+bits.TrailingZeros64(w)))
		}
	}
	return dst
}

// addTo puts the segment's handles into a bitmap.
func (s *segment) addTo(b *roaring.Bitmap, base uint32) {
	switch n := s.len(); {
	case n == 0:
	case n <= arrayMax:
		b.AddMany(s.appendTo(make([]uint32, 0, n), base))
	default:
		b.Or(roaring.AddOffset64(roaring.FromDense(s[:], true), int64(base)))
	}
}

// The handles of a posting in one segment are a container or a part of its array.

func (h handles) contains(handle uint32) bool {
	if h.many != nil {
		return h.many.contains(handle)
	}
	return h.one != 0 && h.one-1 == handle
}

func (h handles) len() int {
	switch {
	case h.many != nil:
		return h.many.len()
	case h.one != 0:
		return 1
	}
	return 0
}

// and keeps of a segment what the set has too.
func (h handles) and(key uint32, s *segment) {
	switch {
	case h.many == nil:
		one := h.one - 1
		had := h.one != 0 && one>>segmentBits == key && s.has(one)
		clear(s[:])
		if had {
			s.set(one)
		}
	case h.many.few != nil:
		andFew(s, inSegment(h.many.array(), key))
	default:
		if c := h.many.container(key); c != nil {
			c.and(s)
		} else {
			clear(s[:])
		}
	}
}

// andLen is how many handles of the set a segment has too.
func (h handles) andLen(key uint32, s *segment) int {
	n := 0
	switch {
	case h.many == nil:
		if h.one != 0 && (h.one-1)>>segmentBits == key && s.has(h.one-1) {
			n = 1
		}
	case h.many.few != nil:
		for _, handle := range inSegment(h.many.array(), key) {
			if s.has(handle) {
				n++
			}
		}
	default:
		if c := h.many.container(key); c != nil {
			n = c.andLen(s)
		}
	}
	return n
}

// appendTo appends the handles to dst, ascending.
func (h handles) appendTo(dst []uint32) []uint32 {
	switch {
	case h.many == nil:
		if h.one != 0 {
			dst = append(dst, h.one-1)
		}
	case h.many.few != nil:
		dst = append(dst, h.many.array()...)
	default:
		for _, c := range h.many.containers() {
			dst = c.appendTo(dst)
		}
	}
	return dst
}

// inSegment returns the part of an ascending array that is in a segment.
func inSegment(list []uint32, key uint32) []uint32 {
	from, _ := slices.BinarySearch(list, key<<segmentBits)
	list = list[from:]
	for to, handle := range list {
		if handle>>segmentBits != key {
			return list[:to]
		}
	}
	return list
}

// has reports whether the low bits of a handle are in s.
func (s *segment) has(handle uint32) bool {
	low := handle % segmentSize
	return s[low>>6]>>(low&63)&1 != 0
}

func (s *segment) set(handle uint32) {
	low := handle % segmentSize
	s[low>>6] |= 1 << (low & 63)
}

// andFew keeps of s what an array of its handles, or of their low bits, has too.
func andFew[H uint16 | uint32](s *segment, list []H) {
	var mask segment // on the stack: to clear it costs less than a branch for each handle
	for _, handle := range list {
		low := uint32(handle) % segmentSize
		mask[low>>6] |= 1 << (low & 63)
	}
	s.and(&mask)
}

// appendTo appends the container's handles to dst.
func (c *container) appendTo(dst []uint32) []uint32 {
	base := c.key << segmentBits
	if c.bits == nil {
		for _, low := range c.array[:c.n.Load()] {
			dst = append(dst, base+uint32(low))
		}
		return dst
	}
	for i := range c.bits {
		for w := c.bits[i].Load(); w != 0; w &= w - 1 {
			dst = append(dst, base+uint32(i<<6+bits.TrailingZeros64(w)))
		}
	}
	return dst
}

// or adds the container's handles to s.
func (c *container) or(s *segment) {
	if c.bits != nil {
		for i := range s {
			s[i] |= c.bits[i].Load()
		}
		return
	}
	for _, low := range c.array[:c.n.Load()] {
		s[low>>6] |= 1 << (low & 63)
	}
}

// and keeps of s what the container has too.
func (c *container) and(s *segment) {
	if c.bits != nil {
		for i := range s {
			s[i] &= c.bits[i].Load()
		}
		return
	}
	andFew(s, c.array[:c.n.Load()])
}

// andLen is how many handles of the container s has too.
func (c *container) andLen(s *segment) int {
	n := 0
	if c.bits != nil {
		for i, w := range s {
			if w != 0 {
				n += bits.OnesCount64(w & c.bits[i].Load())
			}
		}
		return n
	}
	for _, low := range c.array[:c.n.Load()] {
		n += int(s[low>>6] >> (low & 63) & 1)
	}
	return n
}
