// Package codectest helps to test types that are stored in files of package codec.
//
// Bytes that an accident has changed never reach the type: the sums of the file tell. What somebody has forged does,
// so a fuzz target or a test of damage mends the sums first:
//
//	f.Fuzz(func(t *testing.T, file []byte) {
//		r, err := codec.NewReader(bytes.NewReader(codectest.Mend(file)))
//		…
//	})
package codectest

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// Mend returns a copy of a file of package codec in which the sum of every record is right, as far as there are whole
// records, however the file was damaged: so that the damage gets past the sums to those who read the sections. No
// accident makes such a file, but somebody may. Use it in fuzz targets and in tests of forged files.
func Mend(file []byte) []byte {
	const magic = 8
	out, number := slices.Clone(file), uint64(0)
	for at := magic; at < len(out); number++ {
		n, ok := record(out[at:])
		if !ok || at+n+4 > len(out) {
			break
		}
		sum := crc32.MakeTable(crc32.Castagnoli)
		c := crc32.Update(0, sum, binary.LittleEndian.AppendUint64(nil, number))
		binary.LittleEndian.PutUint32(out[at+n:], crc32.Update(c, sum, out[at:at+n]))
		at += n + 4
	}
	return out
}

// record returns the length of the record that b begins with, without its sum.
func record(b []byte) (n int, ok bool) {
	switch {
	case b[0] == 'S' && len(b) >= 3:
		return 3 + int(binary.LittleEndian.Uint16(b[1:])) + 4, true
	case b[0] == 'B' && len(b) >= 5:
		return 5 + int(binary.LittleEndian.Uint32(b[1:])), true
	case b[0] == 'E':
		return 1, true
	}
	return 0, false
}
