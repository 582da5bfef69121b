// Package codec is the form of model and index files: named sections, written and read as streams.
//
//	w := codec.NewWriter(file)
//	w.Section("als", 1)
//	w.Uint32(uint32(factors))
//	w.Float32s(vectors)
//	err := w.Close()
//
//	r, err := codec.NewReader(file)
//	r.Section("als", 1)
//	factors, vectors := r.Uint32(), r.Float32s()
//	err = r.Close()
//
// A file costs the memory of one block besides what is written from or read into. Its layout, numbers little-endian:
//
//	magic    8 bytes, "gold" 0 's' 'e' 2
//	section  'S', uint16 length and that many bytes of its name, uint32 version, uint32 sum
//	block    'B', uint32 length up to [BlockMax] and that many bytes, uint32 sum; of the section before it
//	end      'E', uint32 sum
//
// A sum is the CRC-32C of the record and of its number in the file, so that a block that is damaged, missing, doubled or
// in another's place is found before anything is made of it. It guards against accidents and not against somebody who
// writes files on purpose; therefore every length is held against what is left of the stream before memory is taken for
// it, and numbers that are not finite are refused.
//
// # Cost and concurrency
//
// Reading and writing are streams: of a large slice one block of at most [BlockMax] is held besides the slice itself,
// and a Reader that knows how long its file is takes the memory of a slice at once. Neither a [Writer] nor a [Reader]
// is safe for concurrent use. Errors stay: puts and gets after the first do nothing, so that only Close, and what a
// length is held against, need be looked at.
//
// # Caveats
//
// A section is what one type wrote, with a version of its own; what it holds is not described in the file. What is read
// of a section must be all of it, unless the next is looked for by [Reader.Peek] or [Reader.Skip]. Nothing is known of a
// file to be whole before Close said so: act on what was read after that.
package codec

import (
	"errors"
	"hash/crc32"
)

// ErrCorrupt says that a file is damaged, cut short, or not of the wanted kind and version.
var ErrCorrupt = errors.New("corrupt file")

// BlockMax is the most bytes of one block.
const BlockMax = 1 << 20

const (
	magic = "gold\x00se\x02"

	tagSection = 'S'
	tagBlock   = 'B'
	tagEnd     = 'E'

	nameMax = 1 << 10
)

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }
