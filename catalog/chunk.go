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

// chunk returns the chunk of a handle, nil where no handle ever had an item.
func (c *Catalog) chunk(handle uint32) *chunk {
	if d := c.dir.Load(); d != nil && int(handle>>chunkBits) < len(*d) {
		return (*d)[handle>>chunkBits].Load()
	}
	return nil
}

// grown returns the chunk of a handle, which it makes when there is none. Under Catalog.mu.
func (c *Catalog) grown(handle uint32) *chunk {
	i := int(handle >> chunkBits)
	var dir []atomic.Pointer[chunk]
	if d := c.dir.Load(); d != nil {
		dir = *d
	}
	if i >= len(dir) {
		larger := make([]atomic.Pointer[chunk], i+1+i/4)
		for i := range dir {
			larger[i].Store(dir[i].Load())
		}
		dir = larger
		c.dir.Store(&dir)
	}
	if dir[i].Load() == nil {
		dir[i].Store(new(chunk))
	}
	return dir[i].Load()
}

// end is a handle above those that ever had an item. The chunks below it may be nil.
func (c *Catalog) end() uint32 {
	if d := c.dir.Load(); d != nil {
		return uint32(min(uint64(len(*d))<<chunkBits, handlesMax))
	}
	return 0
}

// chunks returns the chunks of a segment.
func (c *Catalog) chunks(key uint32) []atomic.Pointer[chunk] {
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
	chunks := c.chunks(key)
	for i := range chunks {
		if ch := chunks[i].Load(); ch != nil {
			for j := range ch.live {
				s[i*len(ch.live)+j] = ch.live[j].Load()
			}
		}
	}
}

// andAvailable keeps of s, in which all handles have an item, those whose item may be shown.
func (c *Catalog) andAvailable(key uint32, s *segment) {
	chunks := c.chunks(key)
	for i := range chunks {
		if ch := chunks[i].Load(); ch != nil {
			for j := range ch.available {
				s[i*len(ch.available)+j] &= ch.available[j].Load()
			}
		}
	}
}
