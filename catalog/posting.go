package catalog

import (
	"math/bits"
	"slices"
	"sync/atomic"
)

// A segment is a set of handles of which all but the low 16 bits are equal, as a bitmap. Filters are worked out one
// segment at a time.
type segment [segmentWords]uint64

const (
	segmentBits  = 16
	segmentSize  = 1 << segmentBits
	segmentWords = segmentSize / 64

	arrayMax = 4096 // handles that a container keeps as an array; as many take the space of a bitmap
)

// posting is the set of the handles that have one value of one field. It is laid out as a Roaring bitmap is (Chambi,
// Lemire, Kaser, Godin 2016): one container, array or bitmap, for each segment that has any. Unlike a roaring.Bitmap it
// changes while it is read: adding the highest handle to an array and any change of a bitmap are made in place, where
// the reader sees them or not; other changes replace a container of at most 8 KiB. Writers take turns under
// Catalog.mu.
type posting struct {
	field string
	value string
	count atomic.Int64
	dead  atomic.Bool // no longer in its field: look the value up again
	dir   atomic.Pointer[[]*container]
}

// container holds the handles of one segment: as the array while bits is nil.
type container struct {
	key   uint32        // the segment
	n     atomic.Uint32 // handles; of array, only the first n may be read
	array []uint16      // ascending
	bits  *[segmentWords]atomic.Uint64
}

func (p *posting) containers() []*container {
	if dir := p.dir.Load(); dir != nil {
		return *dir
	}
	return nil
}

// find returns the position in dir of the container of a segment, or where it belongs. A frequent value has a container
// for each segment, at the segment's own position.
func find(dir []*container, key uint32) (int, bool) {
	if i := int(key); i < len(dir) && dir[i].key == key {
		return i, true
	}
	return slices.BinarySearchFunc(dir, key, func(c *container, key uint32) int { return int(c.key) - int(key) })
}

// container returns the container of a segment, or nil.
func (p *posting) container(key uint32) *container {
	dir := p.containers()
	if i, ok := find(dir, key); ok {
		return dir[i]
	}
	return nil
}

func (p *posting) contains(handle uint32) bool {
	c := p.container(handle >> segmentBits)
	return c != nil && c.contains(uint16(handle))
}

func (c *container) contains(low uint16) bool {
	if c.bits != nil {
		return c.bits[low>>6].Load()>>(low&63)&1 != 0
	}
	_, ok := slices.BinarySearch(c.array[:c.n.Load()], low)
	return ok
}

// add puts a handle in; it must not be there.
func (p *posting) add(handle uint32) {
	p.count.Add(1)
	dir, key, low := p.containers(), handle>>segmentBits, uint16(handle)
	i, ok := find(dir, key)
	if !ok {
		c := &container{key: key, array: []uint16{low}}
		c.n.Store(1)
		p.replace(slices.Insert(slices.Clone(dir), i, c))
		return
	}
	if c := dir[i].add(low); c != dir[i] {
		dir = slices.Clone(dir)
		dir[i] = c
		p.replace(dir)
	}
}

// remove takes a handle out; it must be there.
func (p *posting) remove(handle uint32) {
	p.count.Add(-1)
	dir := p.containers()
	i, _ := find(dir, handle>>segmentBits)
	c := dir[i].remove(uint16(handle))
	switch {
	case c == dir[i]:
	case c == nil:
		p.replace(slices.Delete(slices.Clone(dir), i, i+1))
	default:
		dir = slices.Clone(dir)
		dir[i] = c
		p.replace(dir)
	}
}

func (p *posting) replace(dir []*container) { p.dir.Store(&dir) }

// add returns the container with one handle more: itself when that could be done in place.
func (c *container) add(low uint16) *container {
	n := int(c.n.Load())
	switch {
	case c.bits != nil:
		c.bits[low>>6].Or(1 << (low & 63))
		c.n.Store(uint32(n + 1))
		return c
	case n == arrayMax:
		return c.toBits().add(low)
	case n < len(c.array) && c.array[n-1] < low:
		c.array[n] = low
		c.n.Store(uint32(n + 1))
		return c
	}
	at, _ := slices.BinarySearch(c.array[:n], low)
	grown := &container{key: c.key, array: make([]uint16, min(2*n+2, arrayMax))}
	copy(grown.array, c.array[:at])
	grown.array[at] = low
	copy(grown.array[at+1:], c.array[at:n])
	grown.n.Store(uint32(n + 1))
	return grown
}

// remove returns the container with one handle less: itself when that could be done in place, nil when none is left.
func (c *container) remove(low uint16) *container {
	n := int(c.n.Load())
	switch {
	case n == 1:
		return nil
	case c.bits == nil:
		at, _ := slices.BinarySearch(c.array[:n], low)
		less := &container{key: c.key, array: slices.Concat(c.array[:at], c.array[at+1:n])}
		less.n.Store(uint32(n - 1))
		return less
	}
	c.bits[low>>6].And(^(uint64(1) << (low & 63)))
	c.n.Store(uint32(n - 1))
	if n-1 > arrayMax/2 { // half, so that one item coming and going does not convert each time
		return c
	}
	return c.toArray()
}

func (c *container) toBits() *container {
	dense := &container{key: c.key, bits: new([segmentWords]atomic.Uint64)}
	n := c.n.Load()
	for _, low := range c.array[:n] {
		w := &dense.bits[low>>6]
		w.Store(w.Load() | 1<<(low&63))
	}
	dense.n.Store(n)
	return dense
}

func (c *container) toArray() *container {
	sparse := &container{key: c.key, array: make([]uint16, 0, c.n.Load())}
	for i := range c.bits {
		for w := c.bits[i].Load(); w != 0; w &= w - 1 {
			sparse.array = append(sparse.array, uint16(i<<6+bits.TrailingZeros64(w)))
		}
	}
	sparse.n.Store(c.n.Load())
	return sparse
}
