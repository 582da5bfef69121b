package codec

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Reader reads one file, section by section in the order in which they were written. The first error stays: later gets
// return zero values and Close returns it. Errors of the stream come back as they are; every other wraps ErrCorrupt. It
// is not safe for concurrent use.
type Reader struct {
	*source
	prefix string
}

// source is the file that a Reader and those made of it by Within read.
type source struct {
	src    *bufio.Reader
	left   int64 // bytes of the stream not read yet; -1: not known
	number uint64

	block   []byte // what is left of the block under way
	buffer  []byte // that the block lies in
	next    byte   // tag of the record that comes next; 0: not looked at yet
	name    string // of the section that comes next
	version uint32 // of the section that comes next
	err     error
}

// NewReader begins to read a file. When src can say how long it is, by a method Len (what is left) or Size (no less than
// that) or as an *os.File, a slice gets its memory at once and nothing is allocated for more than can come; else slices
// grow as their elements arrive, and take up to three times their size meanwhile.
func NewReader(src io.Reader) (*Reader, error) {
	s := &source{src: bufio.NewReaderSize(src, 64<<10), left: sizeOf(src)}
	head := make([]byte, len(magic))
	if s.full(head); s.err != nil {
		return nil, s.err
	}
	if string(head) != magic {
		return nil, fmt.Errorf("%w: not a file of sections", ErrCorrupt)
	}
	return &Reader{source: s}, nil
}

// sizeOf is how many bytes src has left, or -1.
func sizeOf(src io.Reader) int64 {
	switch s := src.(type) {
	case interface{ Len() int }:
		return int64(s.Len())
	case interface{ Size() int64 }:
		return s.Size()
	case *os.File:
		info, err := s.Stat()
		at, seekErr := s.Seek(0, io.SeekCurrent)
		if err == nil && seekErr == nil && info.Mode().IsRegular() {
			return info.Size() - at
		}
	}
	return -1
}

// Within returns a Reader of the same file that puts the prefix before the names that it is asked for.
func (r *Reader) Within(prefix string) *Reader { return &Reader{r.source, r.prefix + prefix} }

// Section ends the section under way, which must have been read to its end, and begins the next, which must be of this
// name and of a version from 1 to newest. It returns the version, 0 after an error.
func (r *Reader) Section(name string, newest uint32) (version uint32) {
	r.finished()
	r.look()
	name = r.prefix + name
	switch {
	case r.err != nil:
		return 0
	case r.next != tagSection:
		r.Fail("ends before section %q", name)
	case r.name != name:
		r.Fail("section %q, not %q", r.name, name)
	case r.version < 1 || r.version > newest:
		r.Fail("section %q in version %d, known up to %d", name, r.version, newest)
	}
	if r.err != nil {
		return 0
	}
	r.next = 0
	return r.version
}

// Peek is the name, without the Reader's prefix, of the section that comes after the one under way, of which what has
// not been read is passed over: unlike Section it does not mind. The second result is false at the end of the file, after
// an error, and where the next section's name does not have the prefix.
func (r *Reader) Peek() (name string, ok bool) {
	r.pass()
	if r.err != nil || r.next != tagSection {
		return "", false
	}
	return strings.CutPrefix(r.name, r.prefix)
}

// Skip passes over the section that comes next, and what is left of the one under way. It costs reading them.
func (r *Reader) Skip() {
	r.pass()
	if r.err == nil && r.next == tagSection {
		r.next = 0
		r.pass()
	}
}

// Fail makes an error that wraps ErrCorrupt the first error, when there is none yet.
func (s *source) Fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
	}
}

// Err is the first error.
func (s *source) Err() error { return s.err }

// Close returns the first error, among them that the file has more than was read, and anything behind its end. It does
// not close what it read from.
func (r *Reader) Close() error {
	r.finished()
	r.look()
	if r.err == nil && r.next != tagEnd {
		r.Fail("section %q is left", r.name)
	}
	if r.err == nil {
		if _, err := r.src.ReadByte(); err == nil {
			r.Fail("more behind the end")
		} else if err != io.EOF {
			r.err = err
		}
	}
	return r.err
}

// finished fails when something of the section under way has not been read.
func (s *source) finished() {
	if s.look(); s.err == nil && (len(s.block) > 0 || s.next == tagBlock) {
		s.Fail("more in a section than was read")
	}
}

// pass reads to the end of the section under way.
func (s *source) pass() {
	s.block = nil
	for s.look(); s.err == nil && s.next == tagBlock; s.look() {
		s.load()
		s.block = nil
	}
}

// look finds out what comes next, once the block under way is used up. A section's head is read whole.
func (s *source) look() {
	if s.err != nil || s.next != 0 || len(s.block) > 0 {
		return
	}
	var tag [1]byte
	if s.full(tag[:]); s.err != nil {
		return
	}
	switch s.next = tag[0]; s.next {
	case tagBlock:
	case tagSection:
		s.head()
	case tagEnd:
		s.check(tag[:], nil)
	default:
		s.Fail("record of kind %d", tag[0])
	}
}

// head reads the head of a section behind its tag.
func (s *source) head() {
	head := make([]byte, 3, 64)
	head[0] = tagSection
	s.full(head[1:])
	n := int(binary.LittleEndian.Uint16(head[1:]))
	if n > nameMax {
		s.Fail("name of %d bytes", n)
	}
	if s.err != nil {
		return
	}
	head = append(head, make([]byte, n+4)...)
	s.full(head[3:])
	s.check(head, nil)
	s.name, s.version = string(head[3:3+n]), binary.LittleEndian.Uint32(head[3+n:])
}

// load reads the block of which the tag has been read.
func (s *source) load() {
	head := [5]byte{tagBlock}
	s.full(head[1:])
	n := int64(binary.LittleEndian.Uint32(head[1:]))
	if n > BlockMax || n == 0 || s.left >= 0 && n > s.left {
		s.Fail("block of %d bytes", n)
	}
	if s.err != nil {
		return
	}
	if int(n) > cap(s.buffer) {
		s.buffer = make([]byte, n)
	}
	s.block = s.buffer[:n]
	s.full(s.block)
	if s.check(head[:], s.block); s.err != nil {
		s.block = nil
	}
	s.next = 0
}

// check reads the sum of a record and compares it.
func (s *source) check(head, body []byte) {
	want := recordSum(s.number, head, body)
	s.number++
	var sum [4]byte
	if s.full(sum[:]); s.err == nil && binary.LittleEndian.Uint32(sum[:]) != want {
		s.Fail("checksum differs")
	}
}

// full fills b from the stream.
func (s *source) full(b []byte) {
	if s.err != nil {
		return
	}
	n, err := io.ReadFull(s.src, b)
	if s.left >= 0 {
		s.left = max(0, s.left-int64(n))
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		s.Fail("cut short")
	case err != nil:
		s.err = err
	}
}

// more makes the block under way one that has something left, and reports whether it could.
func (s *source) more() bool {
	if s.err == nil && len(s.block) == 0 {
		if s.look(); s.err == nil && s.next != tagBlock {
			s.Fail("section ends too early")
		}
		if s.err == nil {
			s.load()
		}
	}
	return s.err == nil
}
