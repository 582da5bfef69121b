package codec

import (
	"encoding/binary"
	"math"
)

// Left is how many bytes of the file are still to come, the end among them, and whether that is known: a bound for what may
// be in the sections that are left, for who takes memory for several slices at once.
func (s *source) Left() (n int64, known bool) {
	if s.left < 0 {
		return 0, false
	}
	return s.left + int64(len(s.block)), true
}

// BytesInto gets a slice that was put, of exactly so many elements, into one that is there already. So do the others.
func (s *source) BytesInto(dst []byte) {
	into(s, dst, 1, func(dst, b []byte) { copy(dst, b) })
}

// Uint32sInto gets a slice.
func (s *source) Uint32sInto(dst []uint32) {
	into(s, dst, 4, func(dst []uint32, b []byte) {
		for i := range dst {
			dst[i] = binary.LittleEndian.Uint32(b[4*i : 4*i+4])
		}
	})
}

// Float32sInto gets a slice of finite numbers.
func (s *source) Float32sInto(dst []float32) {
	into(s, dst, 4, func(dst []float32, b []byte) {
		for i := range dst {
			bits := binary.LittleEndian.Uint32(b[4*i : 4*i+4])
			if bits&exponent == exponent {
				s.Fail("number that is not finite")
				return
			}
			dst[i] = math.Float32frombits(bits)
		}
	})
}

// into gets a slice of elements of so many bytes each, which decode makes of those bytes.
func into[T any](s *source, dst []T, size int, decode func(dst []T, b []byte)) {
	if n := s.Uint64(); s.err == nil && n != uint64(len(dst)) {
		s.Fail("%d elements, not %d", n, len(dst))
	}
	for len(dst) > 0 && s.more() {
		have := min(len(s.block)/size, len(dst))
		from := s.block
		var across [8]byte // an element that begins in one block and ends in the next
		if have == 0 {
			have, from = 1, across[:size]
			s.read(from)
		} else {
			s.block = s.block[have*size:]
		}
		decode(dst[:have], from[:have*size])
		dst = dst[have:]
	}
}
