package als

import (
	"context"
	"fmt"
	"slices"

	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/internal/simd"
	"github.com/goldrec/gold/recommend/model"
)

const (
	// indexMin is how many items with a vector make an index worth while; fewer are all looked at.
	indexMin = 20_000
	// scanBlock is how many items are scored at a time when all are.
	scanBlock = 512
	// efConstruction is half of what the index takes by itself: vectors of a factorisation are easily told apart.
	efConstruction = 100
	// efMin is how wide a search of the index is at least.
	efMin = 64
	// widest is the part of the items that a search of the index may find before looking at all of them is cheaper.
	widest = 16
)

// buildIndex indexes the vectors by inner product.
func (m *Model) buildIndex(ctx context.Context, workers int, seed uint64) error {
	index, err := ann.NewHNSW(ann.Options{
		Dim: m.factors, Metric: ann.InnerProduct, Storage: ann.Quantized, EfConstruction: efConstruction,
		Capacity: len(m.known), Workers: min(max(workers, 0), 256), Seed: seed,
	})
	if err != nil {
		return fmt.Errorf("als: %w", err)
	}
	rows := make([]float32, 0, len(m.known)*m.factors)
	for _, item := range m.known {
		rows = append(rows, m.vector(item)...)
	}
	if err := index.AddBatch(ctx, m.known, rows); err != nil {
		return fmt.Errorf("als: index: %w", err)
	}
	m.index = index
	return nil
}

// Candidates proposes the items of the highest scores that allow accepts. Up to 20,000 items are all looked at, at a few
// nanoseconds each. More are searched through an index, which misses some of the best; when allow refuses most of what
// the index finds the search grows wider, and in the end all items are looked at, so that the answer is always filled.
func (m *Model) Candidates(dst []model.Scored, u *model.User, n int, allow func(item uint32) bool) []model.Scored {
	if n <= 0 {
		return dst
	}
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	vector := m.embedded(s, u)
	if !slices.ContainsFunc(vector, notZero) {
		return dst // nothing is known of the user
	}
	if !m.search(s, vector, len(u.History), n, allow) {
		m.scan(s, vector, n, allow)
	}
	for _, e := range s.best.Sorted() {
		dst = append(dst, model.Scored(e))
	}
	return dst
}

// scan fills s.best from all items.
func (m *Model) scan(s *serving, vector []float32, n int, allow func(item uint32) bool) {
	s.best.Reset(n)
	for block := range slices.Chunk(m.known, scanBlock) {
		m.offer(s, vector, block, allow)
	}
}

// offer pushes those of up to scanBlock items that are allowed.
func (m *Model) offer(s *serving, vector []float32, items []uint32, allow func(item uint32) bool) {
	scores := s.scores[:len(items)]
	simd.DotIDs(scores, vector, m.vectors, items)
	for i, score := range scores {
		if s.best.Wants(score) && (allow == nil || allow(items[i])) {
			s.best.Push(items[i], score)
		}
	}
}

// Propose is Candidates for a caller who has other sources too: of more than 20,000 items it searches the index just once,
// for n, and appends what of that allow accepts, however little that is.
func (m *Model) Propose(dst []model.Scored, u *model.User, n int, allow func(item uint32) bool) []model.Scored {
	if m.index == nil || n <= 0 {
		return m.Candidates(dst, u, n, allow)
	}
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	vector := m.embedded(s, u)
	if !slices.ContainsFunc(vector, notZero) || !m.searchFor(s, vector, n, n, allow) {
		return dst
	}
	for _, e := range s.best.Sorted() {
		dst = append(dst, model.Scored(e))
	}
	return dst
}

// search fills s.best from the index. It reports false when there is none, or too little of what it finds is allowed.
// A history is mostly near its own user, and mostly refused, so its length is looked for on top.
func (m *Model) search(s *serving, vector []float32, history, n int, allow func(item uint32) bool) bool {
	if m.index == nil {
		return false
	}
	for k := n + history; k <= len(m.known)/widest; k *= 4 {
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
func (m *Model) searchFor(s *serving, vector []float32, k, n int, allow func(item uint32) bool) bool {
	found, err := m.index.Search(s.found[:0], vector, k, ann.SearchOptions{Ef: max(k, efMin)})
	if err != nil {
		return false
	}
	s.found = found
	s.best.Reset(n)
	for part := range slices.Chunk(found, scanBlock) {
		s.items = s.items[:0]
		for _, r := range part {
			if int(r.Key) < m.items.Len() {
				s.items = append(s.items, r.Key)
			}
		}
		m.offer(s, vector, s.items, allow)
	}
	return true
}
