package catalog

import (
	"math/bits"
	"slices"
	"sync/atomic"
	"unsafe"
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

// handles is the set of a term's handles, as a reader has found it.
type handles struct {
	one  uint32   // the only handle, plus 1; 0: none
	many *posting // nil: see one
}

// posting is a set of handles that changes while it is read. Up to fewMax of them are an ascending array; more are laid
// out as a Roaring bitmap is (Chambi, Lemire, Kaser, Godin 2016): one container, array or bitmap, for each segment that
// has any. Adding the highest handle to an array and any change of a bitmap are made in place, where the reader sees them
// or not; other changes replace an array or a container of at most 8 KiB. Writers take turns under Catalog.mu.
type posting struct {
	n    atomic.Uint32 // handles; of few, only the first n may be read
	room uint32        // of few
	few  *uint32       // the first of an array; nil: see dir
	dir  atomic.Pointer[[]*container]
}

const fewMax = 1024 // handles that a posting keeps in one array

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
	if p.few != nil {
		_, ok := slices.BinarySearch(p.array(), handle)
		return ok
	}
	c := p.container(handle >> segmentBits)
	return c != nil && c.contains(uint16(handle))
}

// array returns the handles of a posting that has them in one array.
func (p *posting) array() []uint32 { return unsafe.Slice(p.few, p.n.Load()) }

// newFew makes a posting of n handles, which its maker writes to the array that it returns, and room for more.
func newFew(n, room int) (*posting, []uint32) {
	array := make([]uint32, room)
	p := &posting{room: uint32(room), few: &array[0]}
	p.n.Store(uint32(n))
	return p, array
}

func (p *posting) len() int { return int(p.n.Load()) }

func (c *container) contains(low uint16) bool {
	if c.bits != nil {
		return c.bits[low>>6].Load()>>(low&63)&1 != 0
	}
	_, ok := slices.BinarySearch(c.array[:c.n.Load()], low)
	return ok
}

func newPosting(a, b uint32) *posting {
	p, array := newFew(2, 2)
	array[0], array[1] = min(a, b), max(a, b)
	return p
}

// add returns the posting with a handle more, which it must not have: itself when that could be done in place.
func (p *posting) add(handle uint32) *posting {
	if p.few == nil {
		p.addToDir(handle)
		return p
	}
	list := p.array()
	n := len(list)
	switch {
	case n == fewMax:
		large := new(posting)
		for _, h := range list {
			large.addToDir(h)
		}
		large.addToDir(handle)
		return large
	case n < int(p.room) && list[n-1] < handle:
		unsafe.Slice(p.few, p.room)[n] = handle
		p.n.Store(uint32(n + 1))
		return p
	}
	at, _ := slices.BinarySearch(list, handle)
	grown, array := newFew(n+1, min(n+n/8+2, fewMax))
	copy(array, list[:at])
	array[at] = handle
	copy(array[at+1:], list[at:])
	return grown
}

func (p *posting) addToDir(handle uint32) {
	p.n.Add(1)
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

// clipped returns the posting without the room to grow: itself when it has none, or when its containers could be clipped.
func (p *posting) clipped() *posting {
	if p.few != nil {
		list := p.array()
		if len(list) == int(p.room) {
			return p
		}
		exact, array := newFew(len(list), len(list))
		copy(array, list)
		return exact
	}
	dir := slices.Clone(p.containers())
	for i, c := range dir {
		dir[i] = c.clipped()
	}
	p.replace(dir)
	return p
}

// remove returns the posting without a handle, which it must have beside others: itself when that could be done in place.
func (p *posting) remove(handle uint32) *posting {
	if p.few == nil {
		p.removeFromDir(handle)
		return p
	}
	list := p.array()
	at, _ := slices.BinarySearch(list, handle)
	less, array := newFew(len(list)-1, len(list)-1)
	copy(array, list[:at])
	copy(array[at:], list[at+1:])
	return less
}

func (p *posting) removeFromDir(handle uint32) {
	p.n.Add(^uint32(0))
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

// clipped returns the container without the room to grow: itself when it has none.
func (c *container) clipped() *container {
	n := c.n.Load()
	if int(n) >= len(c.array) { // as of a bitmap, which has no array
		return c
	}
	exact := &container{key: c.key, array: slices.Clone(c.array[:n])}
	exact.n.Store(n)
	return exact
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
