// Package codec is the container of every model file: who wrote it, what is in it, and a checksum over all of it.
//
//	magic    8 bytes, "gold" 0 'm' 'f' 1
//	kind     uint32 length and that many bytes, such as "als"
//	version  uint32, of the payload's layout
//	payload  what the Writer was given
//	length   uint64, of everything before it
//	sum      uint32, CRC-32C of everything before it
//
// Numbers are little-endian. A container reaches to the end of its stream; one inside another is a [Writer.Nested].
//
// A [Reader] sees the payload only after the sum was found right. The sum guards against accidents, not against
// somebody who writes files on purpose, so every length is checked against the bytes that are left before anything is
// allocated for it, and numbers that are not finite are refused.
package codec

import (
	"errors"
	"hash/crc32"
)

// ErrCorrupt says that a file is damaged, cut short, or not of the wanted kind and version.
var ErrCorrupt = errors.New("corrupt model file")

const (
	magic       = "gold\x00mf\x01"
	trailerSize = 8 + 4
)

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }
