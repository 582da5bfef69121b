package ann

import (
	"encoding/binary"
	"hash"
	"hash/crc32"
	"io"
	"math"
)

// The encoding of numbers in files: little-endian arrays, run through a checksum on their way.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// chunk is how many bytes are converted at a time, and so how far a reader trusts a length it has not seen the data of.
const chunk = 64 << 10

// encoder writes arrays. The first error stays and ends all.
type encoder struct {
	w   io.Writer
	sum hash.Hash32
	n   int64
	buf []byte
	err error
}

func newEncoder(w io.Writer) *encoder {
	return &encoder{w: w, sum: crc32.New(castagnoli), buf: make([]byte, 0, chunk)}
}

func (e *encoder) flush() {
	if e.err == nil && len(e.buf) > 0 {
		e.sum.Write(e.buf)
		var n int
		n, e.err = e.w.Write(e.buf)
		e.n += int64(n)
	}
	e.buf = e.buf[:0]
}

func (e *encoder) uint32s(x []uint32) {
	for _, v := range x {
		if len(e.buf)+4 > chunk {
			e.flush()
		}
		e.buf = binary.LittleEndian.AppendUint32(e.buf, v)
	}
}

func (e *encoder) float32s(x []float32) {
	for _, v := range x {
		if len(e.buf)+4 > chunk {
			e.flush()
		}
		e.buf = binary.LittleEndian.AppendUint32(e.buf, math.Float32bits(v))
	}
}

func (e *encoder) bytes(x []byte) {
	for _, v := range x {
		if len(e.buf) == chunk {
			e.flush()
		}
		e.buf = append(e.buf, v)
	}
}

// checksum ends a part: it writes the checksum of all since the last one.
func (e *encoder) checksum() {
	e.flush()
	sum := e.sum.Sum32()
	e.uint32s([]uint32{sum})
	e.flush()
	e.sum.Reset()
}

// decoder reads arrays as encoder writes them. Arrays grow with the data that comes, so that a false length costs no
// memory.
type decoder struct {
	r   io.Reader
	sum hash.Hash32
	n   int64
	buf []byte
	err error
}

func newDecoder(r io.Reader) *decoder {
	return &decoder{r: r, sum: crc32.New(castagnoli), buf: make([]byte, chunk)}
}

// next returns the next n bytes, n up to chunk, or nil.
func (d *decoder) next(n int) []byte {
	if d.err != nil {
		return nil
	}
	got, err := io.ReadFull(d.r, d.buf[:n])
	d.n += int64(got)
	if err != nil {
		d.err = err
		return nil
	}
	d.sum.Write(d.buf[:n])
	return d.buf[:n]
}

// array reads n elements of width bytes.
func array[T any](d *decoder, n, width int, read func([]byte) T) []T {
	x := make([]T, 0, min(n, chunk/width))
	for len(x) < n {
		part := d.next(min(n-len(x), chunk/width) * width)
		if part == nil {
			return nil
		}
		if more := len(x) + len(part)/width; more > cap(x) {
			grown := make([]T, len(x), min(n, 2*more))
			copy(grown, x)
			x = grown
		}
		for ; len(part) > 0; part = part[width:] {
			x = append(x, read(part))
		}
	}
	return x
}

func (d *decoder) uint32s(n int) []uint32 {
	return array(d, n, 4, binary.LittleEndian.Uint32)
}

func (d *decoder) float32s(n int) []float32 {
	return array(d, n, 4, func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) })
}

func (d *decoder) bytes(n int) []byte {
	return array(d, n, 1, func(b []byte) byte { return b[0] })
}

// checksum reads the checksum of all since the last one and tells whether it is right.
func (d *decoder) checksum() bool {
	want := d.sum.Sum32()
	d.sum.Reset()
	got := d.next(4)
	d.sum.Reset()
	return got != nil && binary.LittleEndian.Uint32(got) == want
}
