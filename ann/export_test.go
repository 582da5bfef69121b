package ann

import (
	"encoding/binary"
	"hash/crc32"
)

// headerSize is where a header's checksum stands.
const headerSize = 4 * 16

// SumHeader makes the checksum of a saved index's header right.
func SumHeader(b []byte) []byte {
	if len(b) >= headerSize+4 {
		binary.LittleEndian.PutUint32(b[headerSize:], crc32.Checksum(b[:headerSize], castagnoli))
	}
	return b
}

// SumAll makes both checksums right.
func SumAll(b []byte) []byte {
	if len(b) >= headerSize+8 {
		body := b[headerSize+4 : len(b)-4]
		binary.LittleEndian.PutUint32(b[len(b)-4:], crc32.Checksum(body, castagnoli))
	}
	return SumHeader(b)
}
