package catalog

import "sync/atomic"

const (
	chunkBits = 12
	chunkSize = 1 << chunkBits
)

// chunk holds what the catalogue knows of chunkSize handles in a row.
type chunk struct {
	version   atomic.Uint32                   // odd while a handle of the chunk is being written, its postings included
	live      bitset                          // which records are not nil
	available bitset                          // which of them have Available set
	latest    atomic.Uint64                   // the highest of written
	written   [chunkSize]atomic.Uint64        // the catalogue's version that a change of the item made, 0 for none
	records   [chunkSize]atomic.Pointer[byte] // see load
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
func (c *Catalog) chunk(handle uint32) *chunk { return c.dir.get(int(handle >> chunkBits)) }

// grown returns the chunk of a handle, which it makes when there is none. Under Catalog.mu.
func (c *Catalog) grown(handle uint32) *chunk {
	i := int(handle >> chunkBits)
	ch := c.dir.get(i)
	if ch == nil {
		ch = new(chunk)
		c.dir.set(i, ch)
	}
	return ch
}

// end is a handle above those that ever had an item. The chunks below it may be nil.
func (c *Catalog) end() uint32 { return uint32(min(uint64(c.dir.len())<<chunkBits, handlesMax)) }

// readLive sets s to the handles of a segment that have an item.
func (c *Catalog) readLive(key uint32, s *segment) {
	clear(s[:])
	for i := range uint32(segmentSize / chunkSize) {
		if ch := c.chunk(key<<segmentBits + i<<chunkBits); ch != nil {
			for j := range ch.live {
				s[int(i)*len(ch.live)+j] = ch.live[j].Load()
			}
		}
	}
}

// andAvailable keeps of s, in which all handles have an item, those whose item may be shown.
func (c *Catalog) andAvailable(key uint32, s *segment) {
	for i := range uint32(segmentSize / chunkSize) {
		if ch := c.chunk(key<<segmentBits + i<<chunkBits); ch != nil {
			for j := range ch.available {
				s[int(i)*len(ch.available)+j] &= ch.available[j].Load()
			}
		}
	}
}
