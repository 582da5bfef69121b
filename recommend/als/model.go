package als

import (
	"context"
	"iter"
	"math"
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/internal/simd"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

// Model is a factorisation: immutable and safe for concurrent use.
type Model struct {
	parts
	sys    *system    // of the trained items, with the vectors of all
	rows   []uint32   // by handle: the item's vector, the last one for an item that has none
	mean   []float32  // of the trained items' vectors
	codes  simd.Codes // of the vectors, by row; without rows when there are few
	index  *ann.HNSW  // of the vectors by handle, when there are many; else nil
	memory sync.Pool  // of *serving
}

// parts is what a model is made of, and saved.
type parts struct {
	loss
	pairs   uint64    // of a user and an item that it was trained with
	users   audience  // that it was trained with
	trained int       // items before the first that was taken in later
	items   []uint32  // handle of each vector's item, NoItem for one that is gone
	vectors []float32 // of the items, and a zero one behind them
}

// serving is the memory of one call.
type serving struct {
	scratch
	row     []sparse.Entry
	tallied []uint32 // rows of the history's items
	weights []float32
	vector  []float32
	probe   simd.CodeProbe
	block   [scanBlock]uint32 // of a bitmap
	known   [scanBlock]uint32
	rows    [scanBlock]uint32
	scores  [scanBlock]float32
	list    []uint32
	best    topk.Selector
	found   []ann.Result
	set     roaring.ManyIntIterator
}

// newModel makes a model without an index.
func newModel(ctx context.Context, p parts, workers int) (*Model, error) {
	trained := p.vectors[:p.trained*p.factors]
	sys, err := newSystem(ctx, workers, trained, p.factors, p.unobserved, p.least(p.trained))
	if err != nil {
		return nil, err
	}
	sys.vectors = p.vectors
	m := &Model{parts: p, sys: sys, mean: mean(trained, p.factors)}
	handles := uint32(0)
	for _, item := range m.items {
		if item != model.NoItem {
			handles = max(handles, item+1)
		}
	}
	m.rows = make([]uint32, handles)
	for i := range m.rows {
		m.rows[i] = uint32(len(m.items))
	}
	for row, item := range m.items {
		if item != model.NoItem {
			m.rows[item] = uint32(row)
		}
	}
	m.memory.New = func() any { return &serving{scratch: *newScratch(p.factors)} }
	return m, m.encode(ctx, workers)
}

// mean is the mean of the vectors.
func mean(vectors []float32, dim int) []float32 {
	sums, n := make([]float64, dim), len(vectors)/dim
	for i, v := range vectors {
		sums[i%dim] += float64(v)
	}
	out := make([]float32, dim)
	for i, sum := range sums {
		out[i] = float32(sum / float64(max(n, 1)))
	}
	return out
}

// Name is "als".
func (m *Model) Name() string { return Name }

// Factors is the length of the vectors.
func (m *Model) Factors() int { return m.factors }

// Vector appends the vector of an item to dst; it is zero for an item without a positive weight in training. The inner
// product of an item's vector and a user's, as [Model.Embed] gives it, is the score; among items the cosine says which
// are alike.
func (m *Model) Vector(dst []float32, item uint32) []float32 {
	return append(dst, m.vector(m.row(item))...)
}

// Vectors yields every item that has a vector, and the vector: shared, and not to be changed. The order is that of the
// model, not that of handles.
func (m *Model) Vectors() iter.Seq2[uint32, []float32] {
	return func(yield func(uint32, []float32) bool) {
		for row, item := range m.items {
			if item != model.NoItem && !yield(item, m.vector(uint32(row))) {
				return
			}
		}
	}
}

func (m *Model) vector(row uint32) []float32 {
	return m.vectors[int(row)*m.factors:][:m.factors:m.factors]
}

// row is where the vector of an item stands, or the zero one.
func (m *Model) row(item uint32) uint32 {
	if uint64(item) < uint64(len(m.rows)) {
		return m.rows[item]
	}
	return uint32(len(m.items))
}

// Embed solves for the vector that training would give a user of this history, in up to 24 conjugate-gradient steps; that
// of an empty history is zero. It costs some tens of microseconds.
func (m *Model) Embed(dst []float32, history []model.Event, _ int64) []float32 {
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	n := len(dst)
	dst = append(dst, make([]float32, m.factors)...)
	m.tally(s, history)
	x := dst[n:]
	m.sys.right(&s.scratch, s.tallied, s.weights)
	m.sys.solveFrom0(x, s.tallied, s.weights, m.ridge(s.weights, m.trained), serveSteps, &s.scratch)
	bound(x, embedMax)
	return dst
}

// Follow goes on from the vector of almost the same history until it is as good as what Embed gives, which after one
// event more takes about a third of the steps. A vector of another length stays as it is.
func (m *Model) Follow(vector []float32, history []model.Event, _ int64) {
	if len(vector) != m.factors {
		return
	}
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	m.tally(s, history)
	if len(s.tallied) == 0 {
		clear(vector)
		return
	}
	m.sys.solve(vector, s.tallied, s.weights, m.ridge(s.weights, m.trained), serveSteps, &s.scratch)
	bound(vector, embedMax)
}

// embedMax bounds a user's vector as vectorMax bounds an item's: their inner product is finite.
const embedMax = 1e15

// bound clears a vector of numbers out of bounds, to which only vectors lead that somebody made up.
func bound(x []float32, most float32) {
	for _, v := range x {
		if !(v > -most && v < most) {
			clear(x)
			return
		}
	}
}

// tally sets s.tallied and s.weights to what the history says of items that have a vector. It goes by rows and not by
// handles, so that sums round the same wherever the items' handles have moved.
func (m *Model) tally(s *serving, history []model.Event) {
	s.row, s.tallied, s.weights = s.row[:0], s.tallied[:0], s.weights[:0]
	for _, e := range history {
		if row := m.row(e.Item); int(row) < len(m.items) {
			s.row = append(s.row, sparse.Entry{Col: row, Value: e.Weight})
		}
	}
	for _, e := range sparse.Tally(s.row) {
		s.tallied, s.weights = append(s.tallied, e.Col), append(s.weights, model.Confidence(e.Value))
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

// Scale is the standard deviation of the user's scores over the items of the training:
//
//	√(xᵀ(YᵀY/n)x − (x·ȳ)²)
//
// with ȳ the mean of the n vectors. It looks at no item.
func (m *Model) Scale(u *model.User) float32 {
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	x := m.embedded(s, u)
	if m.trained == 0 || m.unobserved == 0 {
		return 0
	}
	simd.DotIDs(s.ap, x, m.sys.gram, m.sys.columns)
	square := float64(simd.Dot(x, s.ap)) / (m.unobserved * float64(m.trained))
	middle := float64(simd.Dot(x, m.mean))
	return float32(math.Sqrt(max(0, square-middle*middle)))
}

// Score sets dst[i] to the inner product of the user's vector and that of items[i].
func (m *Model) Score(dst []float32, u *model.User, items []uint32) {
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	vector := m.embedded(s, u)
	for block := range slices.Chunk(items, scanBlock) {
		simd.DotIDs(dst[:len(block)], vector, m.vectors, m.placed(s, block))
		dst = dst[len(block):]
	}
}

// placed returns the rows of up to scanBlock items.
func (m *Model) placed(s *serving, items []uint32) []uint32 {
	rows := s.rows[:len(items)]
	for i, item := range items {
		rows[i] = m.row(item)
	}
	return rows
}

// ScoreUsers sets dst[i] to what Score gives for us[i]. It reads a part of the items for all users before the next, so
// that it computes where one user after the other would wait for memory.
func (m *Model) ScoreUsers(dst [][]float32, us []*model.User, items []uint32) {
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	vectors := make([][]float32, len(us))
	for i, u := range us {
		if vectors[i] = u.Vector; len(u.Vector) != m.factors {
			vectors[i] = m.Embed(nil, u.History, u.Now)
		}
	}
	for from := 0; from < len(items); from += scanBlock {
		rows := m.placed(s, items[from:min(from+scanBlock, len(items))])
		for i, vector := range vectors {
			simd.DotIDs(dst[i][from:from+len(rows)], vector, m.vectors, rows)
		}
	}
}
