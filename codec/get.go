package codec

import (
	"encoding/binary"
	"math"
	"strings"
)

// Uint32 gets a number.
func (s *source) Uint32() uint32 {
	if b := s.block; len(b) >= 4 && s.err == nil {
		s.block = b[4:]
		return binary.LittleEndian.Uint32(b)
	}
	var b [4]byte
	s.read(b[:])
	return binary.LittleEndian.Uint32(b[:])
}

// Uint64 gets a number.
func (s *source) Uint64() uint64 {
	if b := s.block; len(b) >= 8 && s.err == nil {
		s.block = b[8:]
		return binary.LittleEndian.Uint64(b)
	}
	var b [8]byte
	s.read(b[:])
	return binary.LittleEndian.Uint64(b[:])
}

// Float32 gets a finite number.
func (s *source) Float32() float32 {
	v := math.Float32frombits(s.Uint32())
	if !finite(float64(v)) {
		s.Fail("number that is not finite")
		return 0
	}
	return v
}

// Float64 gets a finite number.
func (s *source) Float64() float64 {
	v := math.Float64frombits(s.Uint64())
	if !finite(v) {
		s.Fail("number that is not finite")
		return 0
	}
	return v
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// String gets a string.
func (s *source) String() string {
	n := uint64(s.Uint32()) // 0 after an error
	if b := s.block; n <= uint64(len(b)) {
		s.block = b[n:]
		return string(b[:n])
	}
	var text strings.Builder
	text.Grow(int(s.fit(n, 1)))
	for n > 0 && s.more() {
		part := s.block[:min(n, uint64(len(s.block)))]
		text.Write(part)
		s.block, n = s.block[len(part):], n-uint64(len(part))
	}
	if s.err != nil {
		return ""
	}
	return text.String()
}

// Bytes gets a slice.
func (s *source) Bytes() []byte {
	return slice(s, 1, copyBytes)
}

// Uint32s gets a slice.
func (s *source) Uint32s() []uint32 {
	return slice(s, 4, copyUint32s)
}

// Uint64s gets a slice.
func (s *source) Uint64s() []uint64 {
	return slice(s, 8, func(dst []uint64, b []byte) {
		for i := range dst {
			dst[i] = binary.LittleEndian.Uint64(b[8*i : 8*i+8])
		}
	})
}

// Float32s gets a slice of finite numbers.
func (s *source) Float32s() []float32 {
	return slice(s, 4, s.copyFloat32s)
}

// Strings gets a table of strings.
func (s *source) Strings() []string {
	n := s.Uint64()
	room := s.fit(n, 4) // each has its length before it
	if s.err != nil {
		return nil
	}
	if s.left < 0 {
		room = min(room, BlockMax/16) // which is what a string takes itself
	}
	table := make([]string, 0, room)
	for ; n > 0 && s.err == nil; n-- {
		table = append(table, s.String())
	}
	if s.err != nil {
		return nil
	}
	return table
}

// The copies make elements of their bytes, of which there are as many.

func copyBytes(dst, b []byte) { copy(dst, b) }

func copyUint32s(dst []uint32, b []byte) {
	for i := range dst {
		dst[i] = binary.LittleEndian.Uint32(b[4*i : 4*i+4])
	}
}

func (s *source) copyFloat32s(dst []float32, b []byte) {
	for i := range dst {
		bits := binary.LittleEndian.Uint32(b[4*i : 4*i+4])
		if bits&exponent == exponent {
			s.Fail("number that is not finite")
			return
		}
		dst[i] = math.Float32frombits(bits)
	}
}

// slice gets a slice of elements of so many bytes each, which decode makes of those bytes. It is empty, not nil, for
// none, and nil after an error.
func slice[T any](s *source, size int, decode func(dst []T, b []byte)) []T {
	n := s.Uint64()
	room := s.fit(n, size)
	if s.err != nil {
		return nil
	}
	all := make([]T, 0, room)
	for uint64(len(all)) < n && s.err == nil {
		at := len(all)
		if at == cap(all) {
			grown := make([]T, at, min(2*uint64(at), n))
			copy(grown, all)
			all = grown
		}
		all = all[:cap(all)]
		fill(s, all[at:], size, decode)
	}
	if s.err != nil {
		return nil
	}
	return all
}

// fill gets the elements of dst.
func fill[T any](s *source, dst []T, size int, decode func(dst []T, b []byte)) {
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

// fit is for how many of n elements, of at least size bytes each, memory may be taken before they have come: for all when
// it is known that they may be in what is left of the stream, which otherwise is damaged, and else for no more than a
// block.
func (s *source) fit(n uint64, size int) uint64 {
	if s.left < 0 {
		return min(n, BlockMax/uint64(size))
	}
	if n > uint64(s.left+int64(len(s.block)))/uint64(size) {
		s.Fail("%d elements of %d bytes in what is left", n, size)
		return 0
	}
	return n
}

// read fills b, which is all zero after an error.
func (s *source) read(b []byte) {
	for rest := b; len(rest) > 0 && s.more(); {
		n := copy(rest, s.block)
		rest, s.block = rest[n:], s.block[n:]
	}
	if s.err != nil {
		clear(b)
	}
}
