package pebblestore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/goldrec/gold/store"
)

// A record is an entry without its place and its user:
//
//	version  1 byte, recordVersion
//	kind     1 byte: the kind in the lower four bits, the fact above them
//	fields   2 bytes, little-endian: a bit for each field that follows, those below
//	time     8 bytes, microseconds since 1970, little-endian
//
// and then, each if it is not empty or zero, in the order of their bits: item, value (8 bytes, little-endian), session,
// placement, variant, id, experiment, source, page, rank (2 bytes), propensity (8 bytes), model, model version (8 bytes).
// A text is its length, as a uvarint, and its bytes. The log puts the user before the record, with a length of two
// bytes, little-endian.
//
// Version 1, of which stores have records from before, had interactions only:
//
//	version  1 byte, 1
//	kind     1 byte: the kind in the lower four bits, above them which of the optional fields follow
//	time     8 bytes
//	item     length and bytes
//	value    8 bytes, if not zero
//	session, placement, variant   length and bytes each, if not empty
//
// with lengths of two bytes.
const (
	recordVersion  = 2
	recordVersion1 = 1
)

const (
	hasItem = 1 << iota
	hasValue
	hasSession
	hasPlacement
	hasVariant
	hasID
	hasExperiment
	hasSource
	hasPage
	hasRank
	hasPropensity
	hasModel
	hasModelVersion
	hasUnknown // and all above
)

// The bits of version 1, in its kind byte.
const (
	hadValue = 1 << (4 + iota)
	hadSession
	hadPlacement
	hadVariant
)

// ErrDamaged says that the directory does not hold what was written: a record is not one, or the disk has lost what it
// had acknowledged.
var ErrDamaged = errors.New("pebblestore: damaged")

// appendRecord appends the record of an entry.
func appendRecord(b []byte, e *store.Entry) []byte {
	in := &e.Interaction
	from := len(b)
	b = append(b, recordVersion, byte(in.Kind)|byte(e.Fact)<<4, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, uint64(in.Time.UnixMicro()))
	fields := uint16(0)
	text := func(bit uint16, text string) {
		if text != "" {
			fields |= bit
			b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
		}
	}
	number := func(bit uint16, n uint64) {
		if n != 0 {
			fields |= bit
			b = binary.LittleEndian.AppendUint64(b, n)
		}
	}
	text(hasItem, in.Item)
	number(hasValue, math.Float64bits(in.Value))
	text(hasSession, in.Session)
	text(hasPlacement, in.Placement)
	text(hasVariant, in.Variant)
	text(hasID, in.ID)
	text(hasExperiment, in.Experiment)
	text(hasSource, in.Source)
	text(hasPage, in.Page)
	if in.Rank != 0 {
		fields |= hasRank
		b = binary.LittleEndian.AppendUint16(b, uint16(in.Rank))
	}
	number(hasPropensity, math.Float64bits(in.Propensity))
	text(hasModel, e.Model)
	number(hasModelVersion, e.Version)
	binary.LittleEndian.PutUint16(b[from+2:], fields)
	return b
}

// appendUser appends what the log puts before the record.
func appendUser(b []byte, user string) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(len(user)))
	return append(b, user...)
}

// decodeRecord is the inverse of appendRecord; the strings share one allocation. It returns an entry without a user and
// a place, or an error.
func decodeRecord(data []byte) (e store.Entry, err error) {
	d := decoder{rest: string(data)}
	version := d.byte()
	switch version {
	case recordVersion:
		d.entry(&e)
	case recordVersion1:
		d.interaction1(&e.Interaction)
	}
	in := &e.Interaction
	switch {
	case d.failed:
		err = fmt.Errorf("%w: record too short", ErrDamaged)
	case version != recordVersion && version != recordVersion1:
		err = fmt.Errorf("%w: record of version %d", ErrDamaged, version)
	case d.rest != "":
		err = fmt.Errorf("%w: record with %d bytes too many", ErrDamaged, len(d.rest))
	case !e.Fact.Valid():
		err = fmt.Errorf("%w: %v", ErrDamaged, e.Fact)
	case !in.Kind.Valid() && (in.Kind != 0 || e.Fact == store.Interacted):
		err = fmt.Errorf("%w: kind %d", ErrDamaged, in.Kind)
	case in.Item == "" && e.Fact == store.Interacted:
		err = fmt.Errorf("%w: no item", ErrDamaged)
	}
	return e, err
}

// decodeEntry reads what the log holds under a key.
func decodeEntry(key, value []byte) (store.Entry, error) {
	p, err := parseLogKey(key)
	if err != nil {
		return store.Entry{}, err
	}
	if len(value) < 2 {
		return store.Entry{}, fmt.Errorf("%w: record too short", ErrDamaged)
	}
	n := 2 + int(binary.LittleEndian.Uint16(value))
	if n > len(value) {
		return store.Entry{}, fmt.Errorf("%w: user of %d bytes", ErrDamaged, n-2)
	}
	e, err := decodeRecord(value[n:])
	if err == nil && (n == 2) != (e.Fact == store.Published) {
		return store.Entry{}, fmt.Errorf("%w: %v with a user of %d bytes", ErrDamaged, e.Fact, n-2)
	}
	e.Position, e.Interaction.User = p, string(value[2:n])
	return e, err
}

// decoder takes fields off a string. When there is too little it fails, once and for all.
type decoder struct {
	rest   string
	failed bool
}

// entry reads a record of the present version, behind its version.
func (d *decoder) entry(e *store.Entry) {
	in := &e.Interaction
	kind, fields := d.byte(), d.uint16()
	e.Fact, in.Kind = store.Fact(kind>>4), store.Kind(kind&0x0f)
	in.Time = time.UnixMicro(int64(d.uint64())).UTC()
	text := func(bit uint16, into *string) {
		if fields&bit != 0 {
			*into = d.text()
		}
	}
	number := func(bit uint16) uint64 {
		if fields&bit == 0 {
			return 0
		}
		return d.uint64()
	}
	text(hasItem, &in.Item)
	in.Value = math.Float64frombits(number(hasValue))
	text(hasSession, &in.Session)
	text(hasPlacement, &in.Placement)
	text(hasVariant, &in.Variant)
	text(hasID, &in.ID)
	text(hasExperiment, &in.Experiment)
	text(hasSource, &in.Source)
	text(hasPage, &in.Page)
	if fields&hasRank != 0 {
		in.Rank = int(d.uint16())
	}
	in.Propensity = math.Float64frombits(number(hasPropensity))
	text(hasModel, &e.Model)
	e.Version = number(hasModelVersion)
	d.failed = d.failed || fields >= hasUnknown
}

// interaction1 reads a record of version 1, behind its version.
func (d *decoder) interaction1(in *store.Interaction) {
	kind := d.byte()
	in.Kind = store.Kind(kind & 0x0f)
	in.Time = time.UnixMicro(int64(d.uint64())).UTC()
	in.Item = d.text1()
	if kind&hadValue != 0 {
		in.Value = math.Float64frombits(d.uint64())
	}
	if kind&hadSession != 0 {
		in.Session = d.text1()
	}
	if kind&hadPlacement != 0 {
		in.Placement = d.text1()
	}
	if kind&hadVariant != 0 {
		in.Variant = d.text1()
	}
}

func (d *decoder) take(n int) string {
	if n > len(d.rest) {
		d.failed, d.rest = true, ""
		return ""
	}
	taken := d.rest[:n]
	d.rest = d.rest[n:]
	return taken
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != "" {
		return b[0]
	}
	return 0
}

func (d *decoder) uint16() uint16 {
	low := d.byte()
	return uint16(low) | uint16(d.byte())<<8
}

func (d *decoder) uint64() (n uint64) {
	b := d.take(8)
	for i := len(b) - 1; i >= 0; i-- {
		n = n<<8 | uint64(b[i])
	}
	return n
}

// text reads a text whose length is a uvarint of one or two bytes: none is longer than that tells.
func (d *decoder) text() string {
	n := int(d.byte())
	if n >= 0x80 {
		high := d.byte()
		d.failed = d.failed || high >= 0x80
		n = n&0x7f | int(high)<<7
	}
	return d.take(n)
}

func (d *decoder) text1() string { return d.take(int(d.uint16())) }
