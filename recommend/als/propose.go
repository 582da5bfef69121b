package als

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/recommend/model"
)

// scanBlock is how many items are scored at a time when all are.
const scanBlock = 512

// Propose proposes the items of the highest scores that allow contains. A few thousand items are all looked at, at a few
// nanoseconds each: some hundreds by their vectors, more by codes of these, and the best of that by their vectors. Yet more are
// searched through an index, which misses some of the best. Quick searches it once. Thorough searches ever wider when allow
// refuses most of what the index finds, and in the end looks at all that is allowed, so that the answer is always filled. A
// bitmap that allows few is gone through at once, like a list.
func (m *Model) Propose(dst []model.Scored, u *model.User, n int, allow model.Allow, effort model.Effort) []model.Scored {
	return m.propose(dst, u, n, func(s *serving, vector []float32) {
		if !m.search(s, vector, len(u.History), n, allow, effort) {
			m.scan(s, vector, n, allow)
		}
	})
}

// propose appends the best that find leaves in s.best.
func (m *Model) propose(dst []model.Scored, u *model.User, n int, find func(s *serving, vector []float32)) []model.Scored {
	if n <= 0 {
		return dst
	}
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	vector := m.embedded(s, u)
	if !slices.ContainsFunc(vector, func(v float32) bool { return v != 0 }) {
		return dst // nothing is known of the user
	}
	find(s, vector)
	for _, e := range s.best.Sorted() {
		dst = append(dst, model.Scored(e))
	}
	return dst
}

// scan fills s.best from all items that are allowed.
func (m *Model) scan(s *serving, vector []float32, n int, allow model.Allow) {
	if set, ok := allow.(*roaring.Bitmap); ok {
		if size := set.GetCardinality(); size < uint64(len(m.items)/widest) {
			p := m.pass(s, vector, n, int(size))
			s.set.Initialize(set)
			for k := s.set.NextMany(s.block[:]); k > 0; k = s.set.NextMany(s.block[:]) {
				p.offerKnown(s.block[:k])
			}
			p.done(n)
			return
		}
	}
	p := m.pass(s, vector, n, len(m.items))
	for from := 0; from < len(m.items); from += scanBlock {
		items := m.items[from:min(from+scanBlock, len(m.items))]
		rows := s.rows[:len(items)]
		for i := range rows {
			rows[i] = uint32(from + i)
		}
		p.offer(items, rows, allow)
	}
	p.done(n)
}

// search fills s.best from the index, and reports whether that is the answer. A history is mostly near its own user, and mostly
// refused, so its length is looked for on top.
func (m *Model) search(s *serving, vector []float32, history, n int, allow model.Allow, effort model.Effort) bool {
	if m.index == nil || n > len(m.items)/widest {
		return false
	}
	if effort == model.Quick {
		history = min(history, n)
	}
	for ef := max(n+history, efMin); ; ef *= 4 {
		ef = min(ef, max(n, len(m.items)/widest))
		if !m.searchFor(s, vector, n, ef, allow) {
			return false // a vector too long for the index, which no training makes
		}
		if s.best.Len() == n || effort == model.Quick {
			return true
		}
		if ef >= len(m.items)/widest {
			return false
		}
	}
}

// searchFor fills s.best with the n best allowed that one search of the index finds.
func (m *Model) searchFor(s *serving, vector []float32, n, ef int, allow model.Allow) bool {
	s.best.Reset(n)
	found, err := m.index.Search(s.found[:0], vector, n, ann.SearchOptions{Ef: ef, Filter: allow, Once: true})
	if err != nil {
		return false
	}
	s.found, s.list = found, s.list[:0]
	for _, r := range found {
		s.list = append(s.list, r.Key)
	}
	p := pass{m: m, s: s, vector: vector}
	p.offerKnown(s.list)
	return true
}
