package codec

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Uint32 puts a number.
func (s *sink) Uint32(v uint32) { s.block = binary.LittleEndian.AppendUint32(s.room(4), v) }

// Uint64 puts a number.
func (s *sink) Uint64(v uint64) { s.block = binary.LittleEndian.AppendUint64(s.room(8), v) }

// Float32 puts a number; one that is not finite is an error.
func (s *sink) Float32(v float32) {
	if !finite(float64(v)) {
		s.notFinite(v)
	}
	s.Uint32(math.Float32bits(v))
}

// Float64 puts a number; one that is not finite is an error.
func (s *sink) Float64(v float64) {
	if !finite(v) {
		s.notFinite(v)
	}
	s.Uint64(math.Float64bits(v))
}

func (s *sink) notFinite(v any) { s.Fail(fmt.Errorf("codec: cannot write %v", v)) }

// String puts a string of less than 4 GiB.
func (s *sink) String(text string) {
	if uint64(len(text)) > math.MaxUint32 {
		s.Fail(fmt.Errorf("codec: cannot write a string of %d bytes", len(text)))
	}
	s.Uint32(uint32(len(text)))
	for text != "" && s.err == nil {
		b := s.room(1)
		n := min(len(text), cap(b)-len(b))
		s.block, text = append(b, text[:n]...), text[n:]
	}
}

// Bytes puts a slice.
func (s *sink) Bytes(data []byte) {
	s.Uint64(uint64(len(data)))
	bulk(s, data, 1, func(b, data []byte) { copy(b, data) })
}

// Uint32s puts a slice.
func (s *sink) Uint32s(vs []uint32) {
	s.Uint64(uint64(len(vs)))
	bulk(s, vs, 4, func(b []byte, vs []uint32) {
		for i, v := range vs {
			binary.LittleEndian.PutUint32(b[4*i:4*i+4], v)
		}
	})
}

// Uint64s puts a slice.
func (s *sink) Uint64s(vs []uint64) {
	s.Uint64(uint64(len(vs)))
	bulk(s, vs, 8, func(b []byte, vs []uint64) {
		for i, v := range vs {
			binary.LittleEndian.PutUint64(b[8*i:8*i+8], v)
		}
	})
}

// Float32s puts a slice; a number that is not finite is an error.
func (s *sink) Float32s(vs []float32) {
	s.Uint64(uint64(len(vs)))
	bulk(s, vs, 4, func(b []byte, vs []float32) {
		for i, v := range vs {
			bits := math.Float32bits(v)
			if bits&exponent == exponent {
				s.notFinite(v)
			}
			binary.LittleEndian.PutUint32(b[4*i:4*i+4], bits)
		}
	})
}

// exponent is what the bits of a float32 that is not finite have set.
const exponent = 0x7f80_0000

// Strings puts a table of n strings, which at returns one after another.
func (s *sink) Strings(n int, at func(i int) string) {
	s.Uint64(uint64(n))
	for i := range n {
		s.String(at(i))
	}
}
