package catalog

import "sync/atomic"

const (
	chunkBits = 12
	chunkSize = 1 << chunkBits
)

// chunk holds what the catalogue knows of chunkSize handles in a row.
type chunk struct {
	version   atomic.Uint32 // odd while a handle of the chunk is being written, its postings included
	live      bitset        // which records are not nil
	available bitset        // which of them have Available set
	records   [chunkSize]atomic.Pointer[record]
	ids       [chunkSize]string // written before Catalog.n counts the handle
}

type bitset [chunkSize / 64]atomic.Uint64

func (b *bitset) has(i uint32) bool { return b[i>>6].Load()>>(i&63)&1 != 0 }

func (b *bitset) set(i uint32, on bool) {
	if on {
		b[i>>6].Or(1 << (i & 63))
	} else {
		b[i>>6].And(^(uint64(1) << (i & 63)))
	}
}

// chunk returns the chunk of a handle, nil for one that was never given.
func (c *Catalog) chunk(handle uint32) *chunk {
	if handle >= c.n.Load() {
		return nil
	}
	return (*c.dir.Load())[handle>>chunkBits]
}

// grow adds a chunk. Readers keep the directory they have: what append writes lies behind its end.
func (c *Catalog) grow() {
	var dir []*chunk
	if d := c.dir.Load(); d != nil {
		dir = *d
	}
	dir = append(dir, new(chunk))
	c.dir.Store(&dir)
}

// chunks returns the chunks of a segment.
func (c *Catalog) chunks(key uint32) []*chunk {
	const each = segmentSize / chunkSize
	d := c.dir.Load()
	if d == nil {
		return nil
	}
	from := min(int(key)*each, len(*d))
	return (*d)[from:min(from+each, len(*d))]
}

// readLive sets s to the handles of a segment that have an item.
func (c *Catalog) readLive(key uint32, s *segment) {
	clear(s[:])
	for i, ch := range c.chunks(key) {
		for j := range ch.live {
			s[i*len(ch.live)+j] = ch.live[j].Load()
		}
	}
}

// andAvailable keeps of s the handles whose item may be shown.
func (c *Catalog) andAvailable(key uint32, s *segment) {
	for i, ch := range c.chunks(key) {
		for j := range ch.available {
			s[i*len(ch.available)+j] &= ch.available[j].Load()
		}
	}
}
