package als

import (
	"slices"

	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/internal/simd"
	"github.com/goldrec/gold/recommend/model"
)

// scanBlock is how many items are scored at a time when all are.
const scanBlock = 512

// Propose proposes the items of the highest scores that allow contains. A few thousand items are all looked at, at a few
// nanoseconds each. More are searched through an index, which misses some of the best. Quick searches it once. Thorough
// searches ever wider when allow refuses most of what the index finds, and in the end looks at all items, so that the
// answer is always filled.
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
	switch {
	case m.index == nil:
		m.scan(s, vector, n, allow)
	case effort == model.Quick:
		m.searchFor(s, vector, n, n, allow)
	case !m.search(s, vector, len(u.History), n, allow):
		m.scan(s, vector, n, allow)
	}
	for _, e := range s.best.Sorted() {
		dst = append(dst, model.Scored(e))
	}
	return dst
}

// scan fills s.best from all items.
func (m *Model) scan(s *serving, vector []float32, n int, allow model.Allow) {
	s.best.Reset(n)
	for from := 0; from < len(m.items); from += scanBlock {
		items := m.items[from:min(from+scanBlock, len(m.items))]
		rows := s.rows[:len(items)]
		for i := range rows {
			rows[i] = uint32(from + i)
		}
		m.offer(s, vector, items, rows, allow)
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

// search fills s.best from the index. It reports false when too little of what it finds is allowed. A history is mostly
// near its own user, and mostly refused, so its length is looked for on top.
func (m *Model) search(s *serving, vector []float32, history, n int, allow model.Allow) bool {
	for k := n + history; k <= len(m.items)/widest; k *= 4 {
		if !m.searchFor(s, vector, k, n, allow) {
			return false
		}
		if s.best.Len() == n {
			return true
		}
	}
	return false
}

// searchFor fills s.best with the n best allowed of k that the index finds. It reports false for a vector too long for
// the index, which no training makes.
func (m *Model) searchFor(s *serving, vector []float32, k, n int, allow model.Allow) bool {
	s.best.Reset(n)
	found, err := m.index.Search(s.found[:0], vector, k, ann.SearchOptions{Ef: max(k, efMin)})
	if err != nil {
		return false
	}
	s.found = found
	var items [scanBlock]uint32
	for part := range slices.Chunk(found, scanBlock) {
		for i, r := range part {
			items[i] = r.Key
		}
		m.offer(s, vector, items[:len(part)], m.placed(s, items[:len(part)]), allow)
	}
	return true
}
