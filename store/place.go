package store

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// Position is a place in one partition of the log: it grows with every entry there, with gaps allowed. Zero is before
// the first.
type Position uint64

// PartitionsMax bounds how many partitions a log may have.
const PartitionsMax = 4096

// PartitionOf is the partition of a user, and of nobody (""), in a store that shares users out by a hash: a function of
// its arguments that never changes, the halves of a 64-bit FNV-1a, mixed. It panics when there are no partitions.
func PartitionOf(user string, partitions int) int {
	h := uint64(14695981039346656037)
	for i := range len(user) {
		h = (h ^ uint64(user[i])) * 1099511628211
	}
	h = (h ^ h>>32) * 0x9e3779b97f4a7c15
	return int((h >> 32) % uint64(partitions))
}

// Place is how far one has come in every partition of a log. The zero value is the beginning of all of them. Places
// are values: With leaves the one that it is called on as it was. Two are equal, by == too, when their positions are.
type Place struct {
	first Position // of partition 0
	rest  string   // of the others, 8 bytes each, big-endian, without zeros at the end
}

// At returns the position in a partition: 0 in one of which the place says nothing.
func (p Place) At(partition int) Position {
	if partition == 0 {
		return p.first
	}
	if partition < 0 || partition > len(p.rest)/8 {
		return 0
	}
	at := p.rest[8*(partition-1):]
	n := Position(0)
	for i := range 8 {
		n = n<<8 | Position(at[i])
	}
	return n
}

// With is p moved to a position of one partition, onwards or backwards. It allocates nothing for partition 0. It
// panics when the partition is negative or PartitionsMax and more.
func (p Place) With(partition int, position Position) Place {
	if partition < 0 || partition >= PartitionsMax {
		panic(fmt.Sprintf("store: partition %d of a place, of less than %d", partition, PartitionsMax))
	}
	if partition == 0 {
		p.first = position
		return p
	}
	rest := make([]byte, max(len(p.rest), 8*partition))
	copy(rest, p.rest)
	binary.BigEndian.PutUint64(rest[8*(partition-1):], uint64(position))
	n := len(rest)
	for n > 0 && binary.BigEndian.Uint64(rest[n-8:]) == 0 {
		n -= 8
	}
	p.rest = string(rest[:n])
	return p
}

// Covers reports whether p has come at least as far as q in every partition.
func (p Place) Covers(q Place) bool {
	for partition := range 1 + len(q.rest)/8 {
		if p.At(partition) < q.At(partition) {
			return false
		}
	}
	return true
}

// Equal reports whether p and q are the same place.
func (p Place) Equal(q Place) bool { return p == q }

// IsZero reports whether p is the beginning.
func (p Place) IsZero() bool { return p == Place{} }

// placeVersion precedes the text form.
const placeVersion = "1:"

// String is the text form.
func (p Place) String() string {
	text, _ := p.AppendText(nil) // which cannot fail
	return string(text)
}

// AppendText appends the text form, "1:" and the positions of the partitions from 0 upwards, with commas between them:
// "1:57", "1:57,0,12". The number before the colon is the version of the form.
func (p Place) AppendText(b []byte) ([]byte, error) {
	b = append(b, placeVersion...)
	for partition := range 1 + len(p.rest)/8 {
		if partition > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(p.At(partition)), 10)
	}
	return b, nil
}

// MarshalText returns the text form, as AppendText has it.
func (p Place) MarshalText() ([]byte, error) { return p.AppendText(nil) }

// UnmarshalText reads what MarshalText wrote. Any other text is ErrInvalid and leaves p as it was: it reads no more
// than PartitionsMax numbers, written as MarshalText writes them.
func (p *Place) UnmarshalText(text []byte) error {
	const numberMax = len("18446744073709551615,")
	if len(text) > len(placeVersion)+PartitionsMax*numberMax {
		return fmt.Errorf("%w: place of %d bytes", ErrInvalid, len(text))
	}
	list, ok := strings.CutPrefix(string(text), placeVersion)
	if !ok {
		return fmt.Errorf("%w: place %.64q does not begin with %q", ErrInvalid, text, placeVersion)
	}
	var q Place
	var rest []byte
	for i, number := range strings.Split(list, ",") {
		n, err := strconv.ParseUint(number, 10, 64)
		if err != nil || i == PartitionsMax {
			return fmt.Errorf("%w: place %.64q, in number %d", ErrInvalid, text, i+1)
		}
		if i == 0 {
			q.first = Position(n)
		} else {
			rest = binary.BigEndian.AppendUint64(rest, n)
		}
	}
	q.rest = string(rest)
	if q.String() != string(text) || strings.HasSuffix(q.rest, "\x00\x00\x00\x00\x00\x00\x00\x00") {
		return fmt.Errorf("%w: place %.64q is not as it is written", ErrInvalid, text)
	}
	*p = q
	return nil
}
