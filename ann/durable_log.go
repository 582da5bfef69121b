package ann

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"strings"
)

// The log is what it begins with, then records, each written with one call and synced before the next is: one for every
// AddBatch, Add and Delete. A record is
//
//	mark, operation, 2 zero bytes, count, checksum of the body, checksum of these 12 bytes   16 bytes in all
//	body: count keys, then for additions count vectors as they were given
//	end mark                                                                                  1 byte
//
// with all numbers little-endian and those of the body complemented. So no sound record has a stretch of zeros that fills
// a sector of its own: the marks are not zero, and the complement of a number that is finite is not either.
//
// A power cut can therefore be told from damage. Only the last record can be cut, since those before it were synced. A
// file system may then have kept a shorter file, or one of the full length of which some sectors were never written, in
// any order, and read as zeros. (Old contents of the disk they show only when asked to be unsafe, as ext4 is with
// data=writeback; that reads as damage here.) Everything else was acknowledged, and a change in it is ErrCorrupt.
const (
	logMagic   = "gannlog2"
	logAdd     = 'a'
	logDelete  = 'd'
	logMark    = 'r'
	logEnd     = '.'
	logHead    = 16
	sectorSize = 512 // the least that a disk writes whole
)

// append logs an operation. An error leaves the log closed to further ones.
func (d *Durable) append(op byte, keys []uint32, vectors []float32) error {
	if len(keys) == 0 {
		return nil
	}
	at, err := d.log.Seek(0, io.SeekEnd)
	if err != nil {
		d.err = fmt.Errorf("ann: append to log: %w", err)
		return d.err
	}
	var b []byte
	if at == 0 {
		b = append(b, logMagic...)
	}
	if _, err := d.log.Write(appendRecord(b, op, keys, vectors)); err != nil {
		d.err = fmt.Errorf("ann: append to log: %w", err)
	} else if err := d.log.Sync(); err != nil {
		d.err = fmt.Errorf("ann: sync log: %w", err)
	}
	return d.err
}

func appendRecord(b []byte, op byte, keys []uint32, vectors []float32) []byte {
	from := len(b)
	b = append(b, make([]byte, logHead)...)
	for _, key := range keys {
		b = binary.LittleEndian.AppendUint32(b, ^key)
	}
	for _, v := range vectors {
		b = binary.LittleEndian.AppendUint32(b, ^math.Float32bits(v))
	}
	head, body := b[from:from+logHead], b[from+logHead:]
	head[0], head[1] = logMark, op
	binary.LittleEndian.PutUint32(head[4:], uint32(len(keys)))
	binary.LittleEndian.PutUint32(head[8:], crc32.Checksum(body, castagnoli))
	binary.LittleEndian.PutUint32(head[12:], crc32.Checksum(head[:12], castagnoli))
	return append(b, logEnd)
}

// cut leaves the first n bytes of the log.
func (d *Durable) cut(n int) error {
	if err := d.log.Truncate(int64(n)); err != nil {
		return fmt.Errorf("ann: cut log: %w", err)
	}
	if err := d.log.Sync(); err != nil {
		return fmt.Errorf("ann: sync log: %w", err)
	}
	return nil
}

// replay applies the log, and cuts off what a crash left of its last record.
func (d *Durable) replay() error {
	b, err := io.ReadAll(d.log)
	if err != nil {
		return fmt.Errorf("ann: read log: %w", err)
	}
	at := 0
	if bytes.HasPrefix(b, []byte(logMagic)) {
		at = len(logMagic)
	} else if first := b[:min(len(b), sectorSize)]; !zeros(first) && !strings.HasPrefix(logMagic, string(b)) {
		return fmt.Errorf("%w: the log is of another version, or damaged where it begins", ErrCorrupt)
	}
	for at > 0 && at < len(b) {
		size := d.record(b[at:])
		if size == 0 {
			break
		}
		if err := d.apply(b[at : at+size]); err != nil {
			return err
		}
		at += size
	}
	if at == len(b) {
		return nil
	}
	if !d.torn(b, at) {
		return fmt.Errorf("%w: a damaged record at byte %d of the log", ErrCorrupt, at)
	}
	return d.cut(at)
}

// recordSize returns how long the record is that begins with an intact head, and 0 where none does.
func (d *Durable) recordSize(b []byte) int {
	if len(b) < logHead || crc32.Checksum(b[:12], castagnoli) != binary.LittleEndian.Uint32(b[12:]) {
		return 0
	}
	number := 4 * int64(binary.LittleEndian.Uint32(b[4:]))
	if b[1] == logAdd {
		number *= 1 + int64(d.Dim())
	}
	return int(min(logHead+number+1, math.MaxInt))
}

// record returns the length of the record that b begins with, and 0 where it is not whole.
func (d *Durable) record(b []byte) int {
	size := d.recordSize(b)
	if size == 0 || size > len(b) || b[size-1] != logEnd ||
		crc32.Checksum(b[logHead:size-1], castagnoli) != binary.LittleEndian.Uint32(b[8:]) {
		return 0
	}
	return size
}

// torn reports whether the record at a place, which is not whole, can be what a power cut left of the last one: the file
// ends within it, or a sector of what is damaged was never written, and nothing follows.
func (d *Durable) torn(b []byte, at int) bool {
	size := d.recordSize(b[at:])
	switch {
	case len(b)-at < max(logHead, size):
		return true
	case size > 0:
		return unwritten(b, at, at+size) && zeros(b[at+size:])
	case !unwritten(b, at, at+logHead):
		return false
	}
	for i := at + 1; i < len(b); i++ { // how long it was is not known
		if b[i] == logMark && d.record(b[i:]) > 0 {
			return false
		}
	}
	return true
}

// unwritten reports whether the bytes of b from one place on are zero as far as a sector of the file goes, or those of a
// further sector before another place.
func unwritten(b []byte, from, to int) bool {
	for from < to {
		next := (from/sectorSize + 1) * sectorSize
		if zeros(b[from:min(next, len(b))]) {
			return true
		}
		from = next
	}
	return false
}

func zeros(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}

// apply does what a whole record says.
func (d *Durable) apply(b []byte) error {
	numbers := make([]uint32, (len(b)-logHead-1)/4)
	for i := range numbers {
		numbers[i] = ^binary.LittleEndian.Uint32(b[logHead+4*i:])
	}
	count := int(binary.LittleEndian.Uint32(b[4:]))
	keys := numbers[:count]
	switch b[1] {
	case logDelete:
		for _, key := range keys {
			d.HNSW.Delete(key)
		}
	case logAdd:
		vectors := make([]float32, len(numbers)-count)
		for i, bits := range numbers[count:] {
			vectors[i] = math.Float32frombits(bits)
		}
		if err := d.HNSW.AddBatch(context.Background(), keys, vectors); err != nil {
			return fmt.Errorf("%w: %v", ErrCorrupt, err)
		}
	default:
		return fmt.Errorf("%w: an unknown record in the log", ErrCorrupt)
	}
	return nil
}
