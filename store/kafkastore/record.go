package kafkastore

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/goldrec/gold/store"
)

// The value of a record of the topic is its version and its kind, a byte each, and then
//
//	entries    how many, and each: fact, kind (a byte each), rank, time (microseconds since 1970, zigzag), version, which
//	           of value and propensity follow (a byte), those (8 bytes each, little-endian), and the texts
//	forgotten  the time, and the user
//	trimmed    the time before which entries are gone
//
// Numbers are varints, and a text is its length and its bytes. What one Append has for a partition is one record, so that
// it is stored whole or not at all.
const recordVersion = 1

const (
	kindEntries   = 1
	kindForgotten = 2
	kindTrimmed   = 3
)

// indexBits is how many bits of a position say which entry of its record it is, from 1; those above are the offset.
const indexBits = 17 // for store.BatchMax

func positionOf(offset int64, index int) store.Position {
	return store.Position(offset)<<indexBits + store.Position(index) + 1
}

// offsetOf is the offset of the record that has the entry at a position, or has the last one before it.
func offsetOf(p store.Position) int64 { return int64((p - min(p, 1)) >> indexBits) }

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// texts are those of an entry, in their order.
func texts(e *store.Entry) [10]*string {
	in := &e.Interaction
	return [...]*string{
		&in.User, &in.Item, &in.Session, &in.Placement, &in.Experiment, &in.Variant, &in.Source, &in.Page, &in.ID, &e.Model,
	}
}

func appendEntry(b []byte, e *store.Entry) []byte {
	in := &e.Interaction
	b = append(b, byte(e.Fact), byte(in.Kind))
	b = binary.AppendUvarint(b, uint64(in.Rank))
	b = binary.AppendVarint(b, in.Time.UnixMicro())
	b = binary.AppendUvarint(b, e.Version)
	at := len(b)
	b = append(b, 0)
	for bit, number := range [...]float64{in.Value, in.Propensity} {
		if bits := math.Float64bits(number); bits != 0 {
			b[at] |= 1 << bit
			b = binary.LittleEndian.AppendUint64(b, bits)
		}
	}
	for _, s := range texts(e) {
		b = appendText(b, *s)
	}
	return b
}

func forgottenRecord(user string, at time.Time) []byte {
	b := binary.AppendVarint([]byte{recordVersion, kindForgotten}, at.UnixMicro())
	return appendText(b, user)
}

func trimmedRecord(micros int64) []byte {
	return binary.AppendVarint([]byte{recordVersion, kindTrimmed}, micros)
}

// record is one of the topic.
type record struct {
	kind    byte
	entries []store.Entry // the Forgotten one of kindForgotten
	before  int64         // of kindTrimmed
}

// decoder reads what may be anything; once it has failed it reads zeros.
type decoder struct {
	b      []byte
	failed bool
}

func (d *decoder) byte() (n byte) {
	if len(d.b) == 0 {
		d.failed = true
		return 0
	}
	n, d.b = d.b[0], d.b[1:]
	return n
}

func (d *decoder) uvarint() uint64 {
	n, size := binary.Uvarint(d.b)
	if size <= 0 {
		d.failed, d.b = true, nil
		return 0
	}
	d.b = d.b[size:]
	return n
}

func (d *decoder) varint() int64 {
	n, size := binary.Varint(d.b)
	if size <= 0 {
		d.failed, d.b = true, nil
		return 0
	}
	d.b = d.b[size:]
	return n
}

func (d *decoder) float() float64 {
	if len(d.b) < 8 {
		d.failed, d.b = true, nil
		return 0
	}
	bits := binary.LittleEndian.Uint64(d.b)
	d.b = d.b[8:]
	return math.Float64frombits(bits)
}

func (d *decoder) text() string {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.failed, d.b = true, nil
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

// decodeRecord reads the value of a record. What is not one that this version writes is ErrFormat.
func decodeRecord(value []byte, partition int, offset int64) (r record, err error) {
	d := &decoder{b: value}
	version := d.byte()
	r.kind = d.byte()
	if version != recordVersion || d.failed {
		return r, fmt.Errorf("%w: record %d of partition %d is of version %d, this program reads %d", ErrFormat, offset, partition, version, recordVersion)
	}
	switch r.kind {
	case kindEntries:
		n := d.uvarint()
		if n > store.BatchMax {
			d.failed, n = true, 0
		}
		r.entries = make([]store.Entry, 0, min(n, uint64(len(d.b))/16+1))
		for i := 0; uint64(i) < n && !d.failed; i++ {
			r.entries = append(r.entries, d.entry())
			r.entries[i].Partition, r.entries[i].Position = partition, positionOf(offset, i)
		}
	case kindForgotten:
		at := d.varint()
		r.entries = []store.Entry{{
			Partition: partition, Position: positionOf(offset, 0), Fact: store.Forgotten,
			Interaction: store.Interaction{Time: time.UnixMicro(at).UTC(), User: d.text()},
		}}
	case kindTrimmed:
		r.before = d.varint()
	default:
		d.failed = true
	}
	if d.failed || len(d.b) > 0 {
		return r, fmt.Errorf("%w: record %d of partition %d cannot be read", ErrFormat, offset, partition)
	}
	return r, nil
}

func (d *decoder) entry() (e store.Entry) {
	in := &e.Interaction
	e.Fact, in.Kind = store.Fact(d.byte()), store.Kind(d.byte())
	in.Rank = int(d.uvarint())
	in.Time = time.UnixMicro(d.varint()).UTC()
	e.Version = d.uvarint()
	numbers := d.byte()
	for bit, number := range [...]*float64{&in.Value, &in.Propensity} {
		if numbers&(1<<bit) != 0 {
			*number = d.float()
		}
	}
	for _, s := range texts(&e) {
		*s = d.text()
	}
	d.failed = d.failed || !e.Fact.Valid() || e.Fact == store.Forgotten
	return e
}

func entriesRecord(n int, body []byte) []byte {
	return append(binary.AppendUvarint([]byte{recordVersion, kindEntries}, uint64(n)), body...)
}
