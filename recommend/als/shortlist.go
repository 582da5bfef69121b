package als

import (
	"sync"

	"github.com/goldrec/gold/internal/simd"
	"github.com/goldrec/gold/recommend/model"
)

// shortlist is the vectors of some items in a row, in six bits a component: of 64 factors a cache line each. Where the vectors
// themselves lie all over memory, looking through them waits for every one.
type shortlist struct {
	factors int
	items   []uint32
	codes   simd.Codes
	memory  sync.Pool // of *serving
}

// Shortlist implements model.Shortlister. It takes about a byte for each component of each item.
func (m *Model) Shortlist(items []uint32) model.Shortlist {
	l := &shortlist{factors: m.factors, items: make([]uint32, 0, len(items))}
	for _, item := range items {
		if int(m.row(item)) < len(m.items) {
			l.items = append(l.items, item)
		}
	}
	l.memory.New = func() any { return new(serving) }
	l.codes = newCodes(m.factors, listBits, len(l.items))
	pack := packer(&l.codes, listBits)
	for i, item := range l.items {
		pack(uint32(i), m.vector(m.row(item)))
	}
	return l
}

// spare is how many more than asked for are taken by their codes, which are off by about a hundredth of what vectors are long.
const spare = 32

// Best implements model.Shortlist.
func (l *shortlist) Best(dst []uint32, u *model.User, n int, allow model.Allow) []uint32 {
	if len(u.Vector) != l.factors {
		return dst
	}
	s := l.memory.Get().(*serving)
	defer l.memory.Put(s)
	if s.aim(&l.codes, u.Vector); s.probe.Factor == 0 {
		return dst
	}
	s.best.Reset(n + spare)
	for from := 0; from < len(l.items); from += scanBlock {
		items := l.items[from:min(from+scanBlock, len(l.items))]
		rows, scores := s.rows[:len(items)], s.scores[:len(items)]
		for i := range rows {
			rows[i] = uint32(from + i)
		}
		simd.DotCodes(scores, &s.probe, &l.codes, rows)
		for i, score := range scores {
			if s.best.Wants(score) && (allow == nil || allow.Contains(items[i])) {
				s.best.Push(items[i], score)
			}
		}
	}
	for _, e := range s.best.Kept() {
		dst = append(dst, e.Item)
	}
	return dst
}
