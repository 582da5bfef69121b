package als

import (
	"context"
	"slices"
	"sync"

	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/internal/simd"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

// Model is a factorisation: immutable and safe for concurrent use.
type Model struct {
	loss
	*system
	items  *model.IDs
	known  []uint32  // items that have a vector
	index  *ann.HNSW // of those, when there are many; else nil
	memory sync.Pool // of *serving
}

// serving is the memory of one call.
type serving struct {
	scratch
	row     []sparse.Entry
	items   []uint32
	weights []float32
	vector  []float32
	scores  [scanBlock]float32
	best    topk.Selector
	found   []ann.Result
}

// newModel makes a model without an index.
func newModel(
	ctx context.Context, l loss, items *model.IDs, vectors []float32, workers int,
) (*Model, error) {
	sys, err := newSystem(ctx, workers, vectors, l.factors, l.unobserved)
	if err != nil {
		return nil, err
	}
	m := &Model{loss: l, system: sys, items: items}
	for i := range uint32(items.Len()) {
		if slices.ContainsFunc(m.vector(i), notZero) {
			m.known = append(m.known, i)
		}
	}
	m.memory.New = func() any { return &serving{scratch: *newScratch(l.factors)} }
	return m, nil
}

func notZero(v float32) bool { return v != 0 }

// Name is "als".
func (m *Model) Name() string { return name }

// Items are those of the training data.
func (m *Model) Items() *model.IDs { return m.items }

// Factors is the length of the vectors.
func (m *Model) Factors() int { return m.factors }

// Vector appends the vector of an item to dst; it is zero for an item without a positive weight in training.
func (m *Model) Vector(dst []float32, item uint32) []float32 { return append(dst, m.vector(item)...) }

func (m *Model) vector(item uint32) []float32 { return m.vectors[int(item)*m.factors:][:m.factors] }

// Embed solves for the vector that training would give a user of this history, in a few conjugate-gradient steps; that
// of an empty history is zero. It costs some tens of microseconds.
func (m *Model) Embed(dst []float32, history []model.Event, _ int64) []float32 {
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	n := len(dst)
	dst = append(dst, make([]float32, m.factors)...)
	m.tally(s, history)
	x := dst[n:]
	m.solve(x, s.items, s.weights, m.ridge(s.weights, len(m.known)), serveSteps, &s.scratch)
	for _, v := range x {
		if !(v > -embedMax && v < embedMax) {
			clear(x) // only vectors that somebody made up lead here
			break
		}
	}
	return dst
}

// embedMax bounds a user's vector as vectorMax bounds an item's: their inner product is finite.
const embedMax = 1e15

// tally sets s.items and s.weights to what the history says of items that have a vector.
func (m *Model) tally(s *serving, history []model.Event) {
	s.row, s.items, s.weights = s.row[:0], s.items[:0], s.weights[:0]
	for _, e := range history {
		s.row = append(s.row, sparse.Entry{Col: e.Item, Value: e.Weight})
	}
	for _, e := range sparse.Tally(s.row) {
		s.items, s.weights = append(s.items, e.Col), append(s.weights, e.Value)
	}
}

// embedded returns the user's vector, solved for if the caller has not.
func (m *Model) embedded(s *serving, u *model.User) []float32 {
	if len(u.Vector) == m.factors {
		return u.Vector
	}
	s.vector = m.Embed(s.vector[:0], u.History, u.Now)
	return s.vector
}

// Score sets dst[i] to the inner product of the user's vector and that of items[i].
func (m *Model) Score(dst []float32, u *model.User, items []uint32) {
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	simd.DotIDs(dst, m.embedded(s, u), m.vectors, items)
}

// ScoreUsers sets dst[i] to what Score gives for us[i]. It reads a part of the items for all users before the next, so
// that it computes where one user after the other would wait for memory.
func (m *Model) ScoreUsers(dst [][]float32, us []*model.User, items []uint32) {
	vectors := make([][]float32, len(us))
	for i, u := range us {
		if vectors[i] = u.Vector; len(u.Vector) != m.factors {
			vectors[i] = m.Embed(nil, u.History, u.Now)
		}
	}
	for from := 0; from < len(items); from += scanBlock {
		block := items[from:min(from+scanBlock, len(items))]
		for i, vector := range vectors {
			simd.DotIDs(dst[i][from:from+len(block)], vector, m.vectors, block)
		}
	}
}
