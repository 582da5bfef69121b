package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// blockSize is how much a Writer gathers before it writes a block.
const blockSize = 256 << 10

// Writer writes one file. The first error stays: later puts do nothing and Close returns it. It is not safe for
// concurrent use.
type Writer struct {
	*sink
	prefix string
}

// sink is the file that a Writer and those made of it by Within write.
type sink struct {
	dst    io.Writer
	block  []byte // the payload of the block under way
	number uint64 // of the record to be written next
	within bool   // a section has begun
	err    error
}

// NewWriter begins a file on dst.
func NewWriter(dst io.Writer) *Writer {
	w := &Writer{sink: &sink{dst: dst, block: make([]byte, 0, blockSize)}}
	w.write([]byte(magic))
	return w
}

// Within returns a Writer of the same file that puts the prefix before the names of its sections.
func (w *Writer) Within(prefix string) *Writer { return &Writer{w.sink, w.prefix + prefix} }

// Section ends the section under way and begins one of this name and version, of at least 1.
func (w *Writer) Section(name string, version uint32) {
	name = w.prefix + name
	if len(name) > nameMax || name == "" || version == 0 {
		w.Fail(fmt.Errorf("codec: section %q in version %d", name, version))
	}
	w.flush()
	head := []byte{tagSection}
	head = binary.LittleEndian.AppendUint16(head, uint16(len(name)))
	head = append(head, name...)
	head = binary.LittleEndian.AppendUint32(head, version)
	w.record(head, nil)
	w.within = true
}

// Err is the first error.
func (s *sink) Err() error { return s.err }

// Fail makes err the first error, when there is none yet.
func (s *sink) Fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// Close ends the file and returns the first error. It does not close what it wrote to.
func (w *Writer) Close() error {
	w.flush()
	w.record([]byte{tagEnd}, nil)
	if w.err == nil {
		w.err = errClosed
		return nil
	}
	return w.err
}

var errClosed = errors.New("codec: writer is closed")

// Uint32 puts a number.
func (s *sink) Uint32(v uint32) { s.block = binary.LittleEndian.AppendUint32(s.room(4), v) }

// Uint64 puts a number.
func (s *sink) Uint64(v uint64) { s.block = binary.LittleEndian.AppendUint64(s.room(8), v) }

// Float32 puts a finite number.
func (s *sink) Float32(v float32) {
	s.finite(float64(v))
	s.Uint32(math.Float32bits(v))
}

// Float64 puts a finite number.
func (s *sink) Float64(v float64) {
	s.finite(v)
	s.Uint64(math.Float64bits(v))
}

func (s *sink) finite(v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		s.Fail(fmt.Errorf("codec: cannot write %v", v))
	}
}

// String puts a string.
func (s *sink) String(text string) {
	s.Uint32(uint32(len(text)))
	for text != "" {
		b := s.room(1)
		n := min(len(text), cap(b)-len(b))
		s.block, text = append(b, text[:n]...), text[n:]
	}
}

// Bytes puts a slice.
func (s *sink) Bytes(data []byte) {
	s.Uint64(uint64(len(data)))
	for len(data) > 0 {
		b := s.room(1)
		n := min(len(data), cap(b)-len(b))
		s.block, data = append(b, data[:n]...), data[n:]
	}
}

// Uint32s puts a slice.
func (s *sink) Uint32s(vs []uint32) {
	s.Uint64(uint64(len(vs)))
	for _, v := range vs {
		s.Uint32(v)
	}
}

// Uint64s puts a slice.
func (s *sink) Uint64s(vs []uint64) {
	s.Uint64(uint64(len(vs)))
	for _, v := range vs {
		s.Uint64(v)
	}
}

// Float32s puts a slice of finite numbers.
func (s *sink) Float32s(vs []float32) {
	s.Uint64(uint64(len(vs)))
	for _, v := range vs {
		s.Float32(v)
	}
}

// Strings puts a table of n strings.
func (s *sink) Strings(n int, at func(i int) string) {
	s.Uint64(uint64(n))
	for i := range n {
		s.String(at(i))
	}
}

// room returns the block under way with room for n bytes.
func (s *sink) room(n int) []byte {
	if !s.within {
		s.Fail(errors.New("codec: put before a section"))
	}
	if len(s.block)+n > cap(s.block) {
		s.flush()
	}
	return s.block
}

// flush writes the block under way.
func (s *sink) flush() {
	if len(s.block) > 0 {
		s.record(binary.LittleEndian.AppendUint32([]byte{tagBlock}, uint32(len(s.block))), s.block)
	}
	s.block = s.block[:0]
}

// record writes a record and its sum.
func (s *sink) record(head, body []byte) {
	sum := recordSum(s.number, head, body)
	s.number++
	s.write(head)
	s.write(body)
	s.write(binary.LittleEndian.AppendUint32(nil, sum))
}

func (s *sink) write(b []byte) {
	if s.err == nil && len(b) > 0 {
		_, s.err = s.dst.Write(b)
	}
}

// recordSum is the sum of a record, which also says where in the file it stands.
func recordSum(number uint64, head, body []byte) uint32 {
	sum := crc32.Update(0, castagnoli(), binary.LittleEndian.AppendUint64(nil, number))
	sum = crc32.Update(sum, castagnoli(), head)
	return crc32.Update(sum, castagnoli(), body)
}
