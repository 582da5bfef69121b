package pgstore

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/goldrec/gold/store"
)

// columns are those of an entry, in the order of the constants below and of COPY's rows.
const columns = "position, partition, fact, kind, rank, at, version, value, propensity, user_id, item, session, placement, " +
	"experiment, variant, source, page, model, id"

const (
	colPosition = iota
	colPartition
	colFact
	colKind
	colRank
	colAt
	colVersion
	colValue
	colPropensity
	colUser
	colItem
	colSession
	colPlacement
	colExperiment
	colVariant
	colSource
	colPage
	colModel
	colID
	columnCount
)

// positionAt is where a row has its position, behind the number of columns and the length.
const positionAt = 2 + 4

// microsEpoch is the start of the year 2000, from which PostgreSQL counts, in microseconds since 1970.
const microsEpoch = 946_684_800_000_000

// text is s without NUL, which PostgreSQL does not take; the order of bytes stays, and untext is the inverse.
func text(s string) string {
	if !strings.ContainsAny(s, "\x00\x01") {
		return s
	}
	return strings.NewReplacer("\x00", "\x01\x01", "\x01", "\x01\x02").Replace(s)
}

func untext(s string) string {
	if strings.IndexByte(s, 1) < 0 {
		return s
	}
	return strings.NewReplacer("\x01\x01", "\x00", "\x01\x02", "\x01").Replace(s)
}

// appendRow appends an entry as a row of COPY's binary form, with a position of 0.
func appendRow(b []byte, e *store.Entry, partition int) []byte {
	in := &e.Interaction
	b = binary.BigEndian.AppendUint16(b, columnCount)
	b = append64(b, 0)
	b = append32(b, uint32(partition))
	b = append16(b, uint16(e.Fact))
	b = append16(b, uint16(in.Kind))
	if in.Rank == 0 {
		b = appendNull(b)
	} else {
		b = append32(b, uint32(in.Rank))
	}
	b = append64(b, uint64(in.Time.UnixMicro()-microsEpoch))
	b = appendNumber(b, e.Version)
	b = appendNumber(b, math.Float64bits(in.Value))
	b = appendNumber(b, math.Float64bits(in.Propensity))
	for _, s := range [...]string{
		in.User, in.Item, in.Session, in.Placement, in.Experiment, in.Variant, in.Source, in.Page, e.Model, in.ID,
	} {
		b = appendText(b, s)
	}
	return b
}

func append16(b []byte, n uint16) []byte {
	return binary.BigEndian.AppendUint16(append(b, 0, 0, 0, 2), n)
}

func append32(b []byte, n uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, 0, 0, 0, 4), n)
}

func append64(b []byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64(append(b, 0, 0, 0, 8), n)
}

func appendNull(b []byte) []byte { return append(b, 0xff, 0xff, 0xff, 0xff) }

// appendNumber leaves out a zero.
func appendNumber(b []byte, n uint64) []byte {
	if n == 0 {
		return appendNull(b)
	}
	return append64(b, n)
}

// appendText leaves out an empty text.
func appendText(b []byte, s string) []byte {
	if s == "" {
		return appendNull(b)
	}
	s = text(s)
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

// decodeRow reads a row of these columns, in PostgreSQL's binary form.
func decodeRow(raw [][]byte) (e store.Entry, err error) {
	var failed bool
	number := func(col, size int) (n uint64) {
		v := raw[col]
		failed = failed || v != nil && len(v) != size
		for _, b := range v {
			n = n<<8 | uint64(b)
		}
		return n
	}
	in := &e.Interaction
	e.Position, e.Partition = store.Position(number(colPosition, 8)), int(number(colPartition, 4))
	e.Fact, in.Kind = store.Fact(number(colFact, 2)), store.Kind(number(colKind, 2))
	in.Rank = int(number(colRank, 4))
	in.Time = time.UnixMicro(int64(number(colAt, 8)) + microsEpoch).UTC()
	e.Version = number(colVersion, 8)
	in.Value, in.Propensity = math.Float64frombits(number(colValue, 8)), math.Float64frombits(number(colPropensity, 8))
	for i, s := range [...]*string{
		&in.User, &in.Item, &in.Session, &in.Placement, &in.Experiment, &in.Variant, &in.Source, &in.Page, &e.Model, &in.ID,
	} {
		*s = untext(string(raw[colUser+i]))
	}
	if e.Fact == store.Forgotten {
		in.ID = "" // the mark of the call that wrote it
	}
	if failed || !e.Fact.Valid() {
		return e, fmt.Errorf("%w: entry %d of partition %d", ErrFormat, e.Position, e.Partition)
	}
	return e, nil
}
