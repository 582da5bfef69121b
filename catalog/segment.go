package catalog

import (
	"math/bits"

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
	at, mask := 0, uint64(0) // of the word under way
	for _, low := range c.array[:c.n.Load()] {
		if i := int(low >> 6); i != at {
			s[at] &= mask
			clear(s[at+1 : i])
			at, mask = i, 0
		}
		mask |= 1 << (low & 63)
	}
	s[at] &= mask
	clear(s[at+1:])
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
