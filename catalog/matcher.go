package catalog

import (
	"iter"

	"github.com/RoaringBitmap/roaring/v2"
)

// Matcher is a compiled Filter. It is safe for concurrent use, and always tells of the catalogue as it is now.
type Matcher struct {
	cat  *Catalog
	root node // nil: everything
}

// Match reports whether the filter matches the item of a handle: never one that was deleted or never given. It takes no
// lock and no allocation, and sees one version of the item.
//
// The bits that filters are worked out on lie closer together than the records that they tell of, so they are asked
// first. When the chunk's version says that an item was being written meanwhile, the answer may mix two versions of it;
// then the record is asked, and another if it has been replaced before it had answered: the values of an old one may be
// gone.
func (m *Matcher) Match(handle uint32) bool {
	ch := m.cat.chunk(handle)
	if ch == nil {
		return false
	}
	if m.root == nil {
		return ch.live.has(handle % chunkSize)
	}
	version := ch.version.Load()
	matches := ch.live.has(handle%chunkSize) && m.root.probe(m.cat, handle)
	if version&1 == 0 && ch.version.Load() == version {
		return matches
	}
	for {
		p := ch.records[handle%chunkSize].Load()
		if p == nil {
			return false
		}
		matches = m.root.match(m.cat, handle, ch.load(handle%chunkSize))
		if ch.records[handle%chunkSize].Load() == p {
			return matches
		}
	}
}

// Bitmap returns the handles of the items that match, as a bitmap of the caller's own. It costs some microseconds for
// each 65,536 handles and clause; ranges also look at every item that the other clauses leave.
func (m *Matcher) Bitmap() *roaring.Bitmap {
	b := roaring.New()
	for key, s := range m.segments() {
		s.addTo(b, key<<segmentBits)
	}
	return b
}

// Count is how many items match. It costs what Bitmap costs, without the bitmap.
func (m *Matcher) Count() int {
	if m.root == nil {
		return m.cat.Len()
	}
	n := 0
	for _, s := range m.segments() {
		n += s.len()
	}
	return n
}

// CountMax is a number that Count is not above, known at the cost of a few counters: what to choose a strategy by.
func (m *Matcher) CountMax() int {
	if m.root == nil {
		return m.cat.Len()
	}
	_, most := m.root.bounds(m.cat)
	return most
}

// segments yields what matches, by segment; the segment is overwritten by the next.
func (m *Matcher) segments() iter.Seq2[uint32, *segment] {
	if m.root == nil {
		return m.cat.segments()
	}
	return m.cat.segments(m.root)
}

// segments yields what all restricters leave of the items.
func (c *Catalog) segments(by ...restricter) iter.Seq2[uint32, *segment] {
	return func(yield func(uint32, *segment) bool) {
		e := &evaluation{cat: c}
		s := e.get()
		for key := range uint32((uint64(c.end()) + segmentSize - 1) >> segmentBits) {
			e.key = key
			c.readLive(key, s)
			for _, r := range by {
				r.restrict(e, s)
			}
			if !yield(key, s) {
				return
			}
		}
	}
}

// evaluation works one filter out over one segment. It keeps the segments that nodes have used for the next to use.
type evaluation struct {
	cat  *Catalog
	key  uint32 // the segment
	free []*segment

	unions map[restricter]*anyOf // that nodes have made
	edges  slicedPart            // room
}

// union returns the union that a node needs in every segment, of the terms that numbers finds.
func (e *evaluation) union(n restricter, numbers func() []uint32) *anyOf {
	u := e.unions[n]
	if u == nil {
		u = e.cat.union(numbers())
		if e.unions == nil {
			e.unions = map[restricter]*anyOf{}
		}
		e.unions[n] = u
	}
	return u
}

// get returns a segment of any content.
func (e *evaluation) get() *segment {
	if n := len(e.free); n > 0 {
		s := e.free[n-1]
		e.free = e.free[:n-1]
		return s
	}
	return new(segment)
}

func (e *evaluation) put(s *segment) { e.free = append(e.free, s) }

// keep removes from s the handles whose record is gone or does not match.
func (e *evaluation) keep(s *segment, n node) {
	s.keep(e.key<<segmentBits, func(handle uint32) bool {
		r := e.cat.record(handle)
		return r != nil && n.match(e.cat, handle, r)
	})
}
