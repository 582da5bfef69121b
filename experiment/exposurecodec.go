package experiment

import (
	"encoding/binary"
	"fmt"
	"time"
)

// A batch is the number of exposures, then for each the microseconds since 1970, the phase, and the three names, each with
// its length before it; all numbers are varints.

func encodeBatch(b []byte, batch []Exposure) []byte {
	b = binary.AppendUvarint(b, uint64(len(batch)))
	for i := range batch {
		e := &batch[i]
		b = binary.AppendVarint(b, e.Time.UnixMicro())
		b = binary.AppendUvarint(b, uint64(e.Phase))
		for _, s := range [...]string{e.Experiment, e.Unit, e.Variant} {
			b = binary.AppendUvarint(b, uint64(len(s)))
			b = append(b, s...)
		}
	}
	return b
}

// decodeBatch reads what encodeBatch wrote; anything else is ErrCorrupt.
func decodeBatch(b []byte) ([]Exposure, error) {
	d := decoder{b: b}
	n := d.uvarint()
	if n > uint64(len(b)) { // an exposure takes more than a byte
		return nil, fmt.Errorf("%w: batch of %d", ErrCorrupt, n)
	}
	batch := make([]Exposure, 0, n)
	for range n {
		e := Exposure{Time: time.UnixMicro(d.varint()).UTC(), Phase: int(d.uvarint())}
		e.Experiment, e.Unit, e.Variant = d.string(), d.string(), d.string()
		if d.bad {
			break
		}
		if err := e.Validate(); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		batch = append(batch, e)
	}
	if d.bad || len(d.b) > 0 {
		return nil, fmt.Errorf("%w: batch that does not end where it says", ErrCorrupt)
	}
	return batch, nil
}

// decoder reads from b until something is bad; then it reads zeros.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) string() string {
	n := d.uvarint()
	if d.bad || n > uint64(len(d.b)) {
		d.bad = true
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}
