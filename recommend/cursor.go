package recommend

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/goldrec/gold/catalog"
)

// A cursor is the set of what the pages before it have shown, as 32-bit hashes of item ids: no replica has to remember
// anybody's place, and no item repeats even when the model, the history or the replica has changed in between. Two ids
// of equal hash hide one another from later pages, which for a thousand shown items happens to one candidate in four
// million.
type cursor []uint32 // sorted

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func hashID(id string) uint32 {
	h := uint32(2166136261) // FNV-1a; a murmur finaliser spreads what sequential ids leave together
	for i := range len(id) {
		h = (h ^ uint32(id[i])) * 16777619
	}
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}

func (c cursor) has(ids *catalog.IDs, item uint32) bool {
	if len(c) == 0 {
		return false
	}
	_, found := slices.BinarySearch(c, hashID(ids.ID(item)))
	return found
}

// next is the cursor after a page of items of these hashes, or "" when as much has been shown as cursors can lead to.
func (c cursor) next(items []uint32) string {
	if len(c)+len(items) >= NMax {
		return ""
	}
	var room [64]uint32 // of the usual pages
	all := append(append(room[:0], c...), items...)
	slices.Sort(all)
	var bytes [1 + 4*64 + 4]byte
	raw := append(bytes[:0], cursorVersion)
	for _, h := range all {
		raw = binary.LittleEndian.AppendUint32(raw, h)
	}
	raw = binary.LittleEndian.AppendUint32(raw, crc32.Checksum(raw, castagnoli))
	return base64.RawURLEncoding.EncodeToString(raw)
}

const cursorVersion = 1

func parseCursor(text string) (cursor, error) {
	if text == "" {
		return nil, nil
	}
	bad := fmt.Errorf("%w: cursor is not one of Page.Next", ErrInvalid)
	if len(text) > base64.RawURLEncoding.EncodedLen(1+4*NMax+4) {
		return nil, bad
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) < 5 || len(raw)%4 != 1 || raw[0] != cursorVersion {
		return nil, bad
	}
	body, sum := raw[:len(raw)-4], binary.LittleEndian.Uint32(raw[len(raw)-4:])
	if crc32.Checksum(body, castagnoli) != sum {
		return nil, bad
	}
	c := make(cursor, 0, len(body)/4)
	for rest := body[1:]; len(rest) > 0; rest = rest[4:] {
		c = append(c, binary.LittleEndian.Uint32(rest))
	}
	return c, nil
}
