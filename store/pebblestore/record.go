package pebblestore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/goldrec/gold/store"
)

// A record is an interaction without its user:
//
//	version  1 byte, recordVersion
//	kind     1 byte: the kind in the lower four bits, above them which of the optional fields follow
//	time     8 bytes, microseconds since 1970, little-endian
//	item     length and bytes
//	value    8 bytes, little-endian, if not zero
//	session, placement, variant   length and bytes each, if not empty
//
// A length is two bytes, little-endian. The log puts length and bytes of the user before the record.
const recordVersion = 1

const (
	hasValue = 1 << (4 + iota)
	hasSession
	hasPlacement
	hasVariant
)

var errDamaged = errors.New("pebblestore: damaged record")

func textLen(text string) int { return 2 + len(text) }

func optionalLen(text string) int {
	if text == "" {
		return 0
	}
	return textLen(text)
}

func recordLen(in *store.Interaction) int {
	n := 1 + 1 + 8 + textLen(in.Item) +
		optionalLen(in.Session) + optionalLen(in.Placement) + optionalLen(in.Variant)
	if math.Float64bits(in.Value) != 0 {
		n += 8
	}
	return n
}

// appendRecord appends recordLen(in) bytes.
func appendRecord(b []byte, in *store.Interaction) []byte {
	kind := byte(in.Kind)
	value := math.Float64bits(in.Value)
	if value != 0 {
		kind |= hasValue
	}
	if in.Session != "" {
		kind |= hasSession
	}
	if in.Placement != "" {
		kind |= hasPlacement
	}
	if in.Variant != "" {
		kind |= hasVariant
	}
	b = append(b, recordVersion, kind)
	b = binary.LittleEndian.AppendUint64(b, uint64(in.Time.UnixMicro()))
	b = appendText(b, in.Item)
	if value != 0 {
		b = binary.LittleEndian.AppendUint64(b, value)
	}
	for _, text := range [...]string{in.Session, in.Placement, in.Variant} {
		if text != "" {
			b = appendText(b, text)
		}
	}
	return b
}

func appendText(b []byte, text string) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(len(text)))
	return append(b, text...)
}

// decodeRecord is the inverse of appendRecord; its strings share one allocation. It returns an interaction without a
// user that is valid otherwise, or an error.
func decodeRecord(data []byte) (store.Interaction, error) {
	d := decoder{rest: string(data)}
	version, kind := d.byte(), d.byte()
	in := store.Interaction{
		Kind: store.Kind(kind & 0x0f),
		Time: time.UnixMicro(int64(d.uint64())).UTC(),
		Item: d.text(),
	}
	if kind&hasValue != 0 {
		in.Value = math.Float64frombits(d.uint64())
	}
	if kind&hasSession != 0 {
		in.Session = d.text()
	}
	if kind&hasPlacement != 0 {
		in.Placement = d.text()
	}
	if kind&hasVariant != 0 {
		in.Variant = d.text()
	}
	switch {
	case d.failed:
		return in, fmt.Errorf("%w: too short", errDamaged)
	case version != recordVersion:
		return in, fmt.Errorf("%w: version %d", errDamaged, version)
	case d.rest != "":
		return in, fmt.Errorf("%w: %d bytes too many", errDamaged, len(d.rest))
	case !in.Kind.Valid():
		return in, fmt.Errorf("%w: kind %d", errDamaged, in.Kind)
	case in.Item == "":
		return in, fmt.Errorf("%w: no item", errDamaged)
	}
	return in, nil
}

// decodeEntry reads what the log holds under a key.
func decodeEntry(key, value []byte) (store.Entry, error) {
	p, err := parseLogKey(key)
	if err != nil {
		return store.Entry{}, err
	}
	if len(value) < 2 {
		return store.Entry{}, fmt.Errorf("%w: too short", errDamaged)
	}
	n := 2 + int(binary.LittleEndian.Uint16(value))
	if n == 2 || n > len(value) {
		return store.Entry{}, fmt.Errorf("%w: user of %d bytes", errDamaged, n-2)
	}
	in, err := decodeRecord(value[n:])
	in.User = string(value[2:n])
	return store.Entry{Position: p, Interaction: in}, err
}

// decoder takes fields off a string. When there is too little it fails, once and for all.
type decoder struct {
	rest   string
	failed bool
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

func (d *decoder) uint64() (n uint64) {
	b := d.take(8)
	for i := len(b) - 1; i >= 0; i-- {
		n = n<<8 | uint64(b[i])
	}
	return n
}

func (d *decoder) text() string {
	b := d.take(2)
	if b == "" {
		return ""
	}
	return d.take(int(b[0]) | int(b[1])<<8)
}
