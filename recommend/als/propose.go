package als

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/internal/simd"
	"github.com/goldrec/gold/recommend/model"
)

// scanBlock is how many items are scored at a time when all are.
const scanBlock = 512

// Propose proposes the items of the highest scores that allow contains. A few thousand items are all looked at, at a few
// nanoseconds each. More are searched through an index, which misses some of the best. Quick searches it once. Thorough
// searches ever wider when allow refuses most of what the index finds, and in the end looks at all that is allowed, so that
// the answer is always filled. A bitmap that allows few is gone through at once, in about ten nanoseconds an item.
func (m *Model) Propose(dst []model.Scored, u *model.User, n int, allow model.Allow, effort model.Effort) []model.Scored {
	if n <= 0 {
		return dst
	}
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	vector := m.embedded(s, u)
	if !slices.ContainsFunc(vector, func(v float32) bool { return v != 0 }) {
		return dst // nothing is known of the user
	}
	if !m.search(s, vector, len(u.History), n, allow, effort) {
		m.scan(s, vector, n, allow)
	}
	for _, e := range s.best.Sorted() {
		dst = append(dst, model.Scored(e))
	}
	return dst
}

// scan fills s.best from all items that are allowed.
func (m *Model) scan(s *serving, vector []float32, n int, allow model.Allow) {
	s.best.Reset(n)
	if set, ok := allow.(*roaring.Bitmap); ok && set.GetCardinality() < uint64(len(m.items)/widest) {
		m.scanSet(s, vector, set)
		return
	}
	for from := 0; from < len(m.items); from += scanBlock {
		items := m.items[from:min(from+scanBlock, len(m.items))]
		rows := s.rows[:len(items)]
		for i := range rows {
			rows[i] = uint32(from + i)
		}
		m.offer(s, vector, items, rows, allow)
	}
}

// scanSet pushes the items in the set.
func (m *Model) scanSet(s *serving, vector []float32, set *roaring.Bitmap) {
	s.set.Initialize(set)
	var items [scanBlock]uint32
	for n := s.set.NextMany(items[:]); n > 0; n = s.set.NextMany(items[:]) {
		known := slices.DeleteFunc(items[:n], func(item uint32) bool { return int(m.row(item)) == len(m.items) })
		m.offer(s, vector, known, m.placed(s, known), nil)
	}
}

// offer pushes those of up to scanBlock items that are allowed, and not gone.
func (m *Model) offer(s *serving, vector []float32, items, rows []uint32, allow model.Allow) {
	scores := s.scores[:len(items)]
	simd.DotIDs(scores, vector, m.vectors, rows)
	for i, score := range scores {
		item := items[i]
		if s.best.Wants(score) && item != model.NoItem && (allow == nil || allow.Contains(item)) {
			s.best.Push(item, score)
		}
	}
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
	s.found = found
	var items [scanBlock]uint32
	for part := range slices.Chunk(found, scanBlock) {
		for i, r := range part {
			items[i] = r.Key
		}
		m.offer(s, vector, items[:len(part)], m.placed(s, items[:len(part)]), nil)
	}
	return true
}
