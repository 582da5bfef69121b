package codec

import (
	"encoding/binary"
	"math"
)

// Uint32 gets a number.
func (s *source) Uint32() uint32 {
	var b [4]byte
	s.read(b[:])
	return binary.LittleEndian.Uint32(b[:])
}

// Uint64 gets a number.
func (s *source) Uint64() uint64 {
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
	return string(slice(s, uint64(s.Uint32()), 1, func(dst, b []byte) { copy(dst, b) }))
}

// Bytes gets a slice.
func (s *source) Bytes() []byte {
	return slice(s, s.Uint64(), 1, func(dst, b []byte) { copy(dst, b) })
}

// Uint32s gets a slice.
func (s *source) Uint32s() []uint32 {
	return slice(s, s.Uint64(), 4, func(dst []uint32, b []byte) {
		for i := range dst {
			dst[i] = binary.LittleEndian.Uint32(b[4*i:])
		}
	})
}

// Uint64s gets a slice.
func (s *source) Uint64s() []uint64 {
	return slice(s, s.Uint64(), 8, func(dst []uint64, b []byte) {
		for i := range dst {
			dst[i] = binary.LittleEndian.Uint64(b[8*i:])
		}
	})
}

// Float32s gets a slice of finite numbers.
func (s *source) Float32s() []float32 {
	return slice(s, s.Uint64(), 4, func(dst []float32, b []byte) {
		for i := range dst {
			v := math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
			if !finite(float64(v)) {
				s.Fail("number that is not finite")
				v = 0
			}
			dst[i] = v
		}
	})
}

// Strings gets a table of strings.
func (s *source) Strings() []string {
	n := s.Uint64()
	if s.left >= 0 && n > uint64(s.left)/4+uint64(len(s.block))/4 {
		s.Fail("%d strings", n)
	}
	var table []string
	for i := uint64(0); i < n && s.err == nil; i++ {
		table = append(table, s.String())
	}
	if s.err != nil {
		return nil
	}
	return table
}

// slice gets n elements of so many bytes each, which decode makes of those bytes. It is empty, not nil, for none, and
// nil after an error.
func slice[T any](s *source, n uint64, size int, decode func(dst []T, b []byte)) []T {
	known := s.left >= 0
	if known && n > uint64(s.left+int64(len(s.block)))/uint64(size) {
		s.Fail("%d elements of %d bytes", n, size)
	}
	if s.err != nil {
		return nil
	}
	room := n
	if !known {
		room = min(n, BlockMax/uint64(size))
	}
	all := make([]T, 0, room)
	for uint64(len(all)) < n && s.more() {
		have := min(uint64(len(s.block)/size), n-uint64(len(all)))
		var across [8]byte // an element that begins in one block and ends in the next
		from := s.block
		if have == 0 {
			have, from = 1, across[:size]
			s.read(from)
		} else {
			s.block = s.block[have*uint64(size):]
		}
		at := len(all)
		if need := at + int(have); need > cap(all) {
			grown := make([]T, at, min(2*uint64(need), n))
			copy(grown, all)
			all = grown
		}
		all = all[:at+int(have)]
		decode(all[at:], from)
	}
	if s.err != nil {
		return nil
	}
	return all
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
