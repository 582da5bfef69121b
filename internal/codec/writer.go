package codec

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"
)

// chunk is how many bytes are gathered before they are written.
const chunk = 64 << 10

// Writer writes one container. The first error stays: later puts do nothing and Close returns it. It is not safe for
// concurrent use.
type Writer struct {
	w     io.Writer
	buf   []byte
	table *crc32.Table
	sum   uint32
	size  uint64
	err   error
}

// NewWriter begins a container of a kind and version on w. Nothing is complete before Close.
func NewWriter(w io.Writer, kind string, version uint32) *Writer {
	cw := &Writer{w: w, buf: make([]byte, 0, chunk), table: castagnoli()}
	cw.raw([]byte(magic))
	cw.String(kind)
	cw.Uint32(version)
	return cw
}

// Uint32 puts a number.
func (w *Writer) Uint32(v uint32) { w.room(4); w.buf = binary.LittleEndian.AppendUint32(w.buf, v) }

// Uint64 puts a number.
func (w *Writer) Uint64(v uint64) { w.room(8); w.buf = binary.LittleEndian.AppendUint64(w.buf, v) }

// Float32 puts a number; one that is not finite makes the container an error.
func (w *Writer) Float32(v float32) {
	if !finite(float64(v)) {
		w.fail(fmt.Errorf("codec: cannot write %v", v))
	}
	w.Uint32(math.Float32bits(v))
}

// Float64 puts a number; one that is not finite makes the container an error.
func (w *Writer) Float64(v float64) {
	if !finite(v) {
		w.fail(fmt.Errorf("codec: cannot write %v", v))
	}
	w.Uint64(math.Float64bits(v))
}

// String puts a string of less than 4 GiB.
func (w *Writer) String(s string) {
	w.length32(len(s))
	w.raw([]byte(s))
}

// Uint32s puts a slice.
func (w *Writer) Uint32s(vs []uint32) {
	w.Uint64(uint64(len(vs)))
	for _, v := range vs {
		w.Uint32(v)
	}
}

// Float32s puts a slice of finite numbers.
func (w *Writer) Float32s(vs []float32) {
	w.Uint64(uint64(len(vs)))
	for _, v := range vs {
		w.Float32(v)
	}
}

// Strings puts a table of strings.
func (w *Writer) Strings(n int, at func(i int) string) {
	w.Uint64(uint64(n))
	for i := range n {
		w.length32(len(at(i)))
	}
	for i := range n {
		w.raw([]byte(at(i)))
	}
}

// Nested puts what save writes, which may be a container itself. It is gathered in memory first.
func (w *Writer) Nested(save func(io.Writer) error) {
	if w.err != nil {
		return
	}
	var b bytes.Buffer
	if err := save(&b); err != nil {
		w.fail(err)
		return
	}
	w.Uint64(uint64(b.Len()))
	w.raw(b.Bytes())
}

// Close ends the container and returns the first error. It does not close the underlying writer.
func (w *Writer) Close() error {
	w.flush()
	w.Uint64(w.size)
	w.flush()
	w.Uint32(w.sum)
	w.flush()
	return w.err
}

func (w *Writer) length32(n int) {
	if uint64(n) > math.MaxUint32 {
		w.fail(fmt.Errorf("codec: string of %d bytes", n))
	}
	w.Uint32(uint32(n))
}

func (w *Writer) raw(p []byte) {
	for part := range slices.Chunk(p, chunk) {
		w.room(len(part))
		w.buf = append(w.buf, part...)
	}
}

func (w *Writer) room(n int) {
	if len(w.buf)+n > chunk {
		w.flush()
	}
}

func (w *Writer) flush() {
	w.sum = crc32.Update(w.sum, w.table, w.buf)
	w.size += uint64(len(w.buf))
	if w.err == nil {
		_, w.err = w.w.Write(w.buf)
	}
	w.buf = w.buf[:0]
}

func (w *Writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
