package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
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
	closed bool
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

// Section ends the section under way and begins one of this name, which with the Writer's prefix is 1 to 1024 bytes, and
// version, of at least 1. Names may come twice; a Reader meets sections in their order.
func (w *Writer) Section(name string, version uint32) {
	name = w.prefix + name
	switch {
	case w.closed:
		w.Fail(errors.New("codec: section after Close"))
	case name == "" || len(name) > nameMax || version == 0:
		w.Fail(fmt.Errorf("codec: section %.64q in version %d", name, version))
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

// Close ends the file and returns the first error; again, it does nothing but return it. It does not close what it wrote
// to.
func (w *Writer) Close() error {
	if !w.closed {
		w.flush()
		w.record([]byte{tagEnd}, nil)
		w.closed, w.within = true, false
	}
	return w.err
}

// room returns the block under way with room for n bytes.
func (s *sink) room(n int) []byte {
	if !s.within {
		s.Fail(errors.New("codec: put outside of a section"))
	}
	if len(s.block)+n > cap(s.block) {
		s.flush()
	}
	return s.block
}

// bulk puts elements of so many bytes each, as many at a time as the block has room for. No element lies in two blocks.
func bulk[T any](s *sink, vs []T, size int, encode func(b []byte, vs []T)) {
	for len(vs) > 0 && s.err == nil {
		b := s.room(size)
		n := min(len(vs), (cap(b)-len(b))/size)
		s.block = b[:len(b)+n*size]
		encode(s.block[len(b):], vs[:n])
		vs = vs[n:]
	}
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
