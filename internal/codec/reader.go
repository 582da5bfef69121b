package codec

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// Reader reads the payload of one container. The first error stays: later gets return zero values and Close returns
// it. It is not safe for concurrent use.
type Reader struct {
	left    []byte
	version uint32
	err     error
}

// NewReader reads src to its end and checks that it is an undamaged container of the kind, in a version from 1 to
// newest. An error of src comes back as it is; every other wraps ErrCorrupt.
func NewReader(src io.Reader, kind string, newest uint32) (*Reader, error) {
	data, err := io.ReadAll(src)
	if err != nil {
		return nil, err
	}
	if len(data) < len(magic)+trailerSize || string(data[:len(magic)]) != magic {
		return nil, fmt.Errorf("%w: not a model file", ErrCorrupt)
	}
	body, sum := data[:len(data)-4], binary.LittleEndian.Uint32(data[len(data)-4:])
	if crc32.Checksum(body, castagnoli()) != sum {
		return nil, fmt.Errorf("%w: checksum differs", ErrCorrupt)
	}
	body, size := body[:len(body)-8], binary.LittleEndian.Uint64(body[len(body)-8:])
	if size != uint64(len(body)) {
		return nil, fmt.Errorf("%w: %d bytes where %d were written", ErrCorrupt, len(body), size)
	}
	r := &Reader{left: body[len(magic):]}
	got := r.String()
	r.version = r.Uint32()
	switch {
	case r.err != nil:
		return nil, r.err
	case got != kind:
		return nil, fmt.Errorf("%w: kind %q, not %q", ErrCorrupt, got, kind)
	case r.version < 1 || r.version > newest:
		return nil, fmt.Errorf("%w: %s in version %d, known up to %d", ErrCorrupt, kind, r.version, newest)
	}
	return r, nil
}

// Version is the version the container was written with.
func (r *Reader) Version() uint32 { return r.version }

// Uint32 gets a number.
func (r *Reader) Uint32() uint32 {
	if b := r.take(1, 4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// Uint64 gets a number.
func (r *Reader) Uint64() uint64 {
	if b := r.take(1, 8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// Float32 gets a finite number.
func (r *Reader) Float32() float32 {
	v := math.Float32frombits(r.Uint32())
	if !finite(float64(v)) {
		r.Fail("number that is not finite")
		return 0
	}
	return v
}

// Float64 gets a finite number.
func (r *Reader) Float64() float64 {
	v := math.Float64frombits(r.Uint64())
	if !finite(v) {
		r.Fail("number that is not finite")
		return 0
	}
	return v
}

// String gets a string.
func (r *Reader) String() string { return string(r.take(uint64(r.Uint32()), 1)) }

// Uint32s gets a slice.
func (r *Reader) Uint32s() []uint32 {
	n := r.Uint64()
	b := r.take(n, 4)
	if b == nil {
		return nil
	}
	vs := make([]uint32, n)
	for i := range vs {
		vs[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return vs
}

// Float32s gets a slice of finite numbers.
func (r *Reader) Float32s() []float32 {
	n := r.Uint64()
	b := r.take(n, 4)
	if b == nil {
		return nil
	}
	vs := make([]float32, n)
	for i := range vs {
		v := math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		if !finite(float64(v)) {
			r.Fail("number that is not finite")
			return nil
		}
		vs[i] = v
	}
	return vs
}

// Strings gets a table of strings, which share one allocation.
func (r *Reader) Strings() []string {
	n := r.Uint64()
	lengths := r.take(n, 4)
	if lengths == nil {
		return nil
	}
	var total uint64
	for i := range n {
		total += uint64(binary.LittleEndian.Uint32(lengths[4*i:]))
	}
	all := string(r.take(total, 1))
	if r.err != nil {
		return nil
	}
	table := make([]string, n)
	for i := range table {
		size := binary.LittleEndian.Uint32(lengths[4*i:])
		table[i], all = all[:size], all[size:]
	}
	return table
}

// Nested gets what Writer.Nested put, for load to read.
func (r *Reader) Nested(load func(io.Reader) error) {
	b := r.take(r.Uint64(), 1)
	if r.err != nil {
		return
	}
	if err := load(bytes.NewReader(b)); err != nil {
		r.err = err
	}
}

// Fail marks the payload corrupt for a reason that only the caller can see, such as lengths that do not fit together.
func (r *Reader) Fail(reason string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrCorrupt, reason)
	}
}

// Err is the first error so far. Ask it before values that were read size or index anything.
func (r *Reader) Err() error { return r.err }

// Close returns the first error; bytes that nobody read are one.
func (r *Reader) Close() error {
	if len(r.left) > 0 {
		r.Fail(fmt.Sprintf("%d bytes left over", len(r.left)))
	}
	return r.err
}

// take cuts n units of size bytes from what is left, or nil, with an error, if there are not that many. It is never
// nil without an error.
func (r *Reader) take(n, size uint64) []byte {
	if r.err != nil {
		return nil
	}
	if n > uint64(len(r.left))/size {
		r.Fail("length beyond the end")
		return nil
	}
	b := r.left[:n*size]
	r.left = r.left[n*size:]
	return b
}
