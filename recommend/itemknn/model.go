package itemknn

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"

	"github.com/goldrec/gold/internal/accum"
	"github.com/goldrec/gold/internal/codec"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

// Model knows what goes with what: immutable and safe for concurrent use.
type Model struct {
	items  *model.IDs
	goes   *sparse.Matrix // row j: the candidates i that j speaks for, and s(i, j)
	memory sync.Pool      // of *serving
}

// serving is the memory of one call.
type serving struct {
	sums accum.Map
	row  []sparse.Entry
	best topk.Selector
}

func newModel(items *model.IDs, goes *sparse.Matrix) *Model {
	return &Model{items: items, goes: goes, memory: sync.Pool{New: func() any { return new(serving) }}}
}

// Name is "itemknn".
func (m *Model) Name() string { return name }

// Items are those of the training data.
func (m *Model) Items() *model.IDs { return m.items }

// historyMax is how many events count, the newest.
const historyMax = 1000

// tally returns what the history says of each item, c under a root.
func (s *serving) tally(history []model.Event) []sparse.Entry {
	s.row = s.row[:0]
	for _, e := range history[max(0, len(history)-historyMax):] {
		s.row = append(s.row, sparse.Entry{Col: e.Item, Value: e.Weight})
	}
	row := sparse.Tally(s.row)
	for i, e := range row {
		row[i].Value = float32(math.Sqrt(float64(e.Value)))
	}
	return row
}

// Accumulate adds to acc the user's score of every item that has one: what Score and Candidates look at, for a caller
// who wants both at once. It costs some nanoseconds for each neighbour of each item of the history.
func (m *Model) Accumulate(acc *accum.Map, u *model.User) {
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	m.accumulate(acc, s, u)
}

func (m *Model) accumulate(acc *accum.Map, s *serving, u *model.User) {
	for _, e := range s.tally(u.History) {
		candidates, likeness := m.goes.Row(int(e.Col))
		for k, i := range candidates {
			acc.Add(i, e.Value*likeness[k])
		}
	}
}

// Score sets dst[i] to how well items[i] goes with the history, 0 for what does not go with any of it.
func (m *Model) Score(dst []float32, u *model.User, items []uint32) {
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	s.sums.Reset()
	m.accumulate(&s.sums, s, u)
	for i, item := range items {
		dst[i] = s.sums.Get(item)
	}
}

// Candidates proposes what goes best with the history.
func (m *Model) Candidates(dst []model.Scored, u *model.User, n int, allow func(item uint32) bool) []model.Scored {
	if n <= 0 {
		return dst
	}
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	s.sums.Reset()
	m.accumulate(&s.sums, s, u)
	s.best.Reset(n)
	for item, score := range s.sums.All() {
		if score > 0 && s.best.Wants(score) && (allow == nil || allow(item)) {
			s.best.Push(item, score)
		}
	}
	for _, e := range s.best.Sorted() {
		dst = append(dst, model.Scored(e))
	}
	return dst
}

// Explain names the items of the history that the item goes with; their shares are their parts of the sum.
func (m *Model) Explain(dst []model.Reason, u *model.User, item uint32, n int) []model.Reason {
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	var reasons []model.Reason
	var total float32
	for _, e := range s.tally(u.History) {
		candidates, likeness := m.goes.Row(int(e.Col))
		if k, ok := slices.BinarySearch(candidates, item); ok {
			share := e.Value * likeness[k]
			reasons = append(reasons, model.Reason{Model: name, Because: e.Col, Share: share})
			total += share
		}
	}
	for i := range reasons {
		reasons[i].Share /= total
	}
	slices.SortFunc(reasons, func(a, b model.Reason) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Because, b.Because))
	})
	return append(dst, reasons[:min(max(n, 0), len(reasons))]...)
}

const version = 1

// Save writes the items, and for each the candidates that it speaks for.
func (m *Model) Save(w io.Writer) error {
	c := codec.NewWriter(w, name, version)
	c.Strings(m.items.Len(), func(i int) string { return m.items.ID(uint32(i)) })
	lengths := make([]uint32, m.goes.Rows())
	for j := range lengths {
		lengths[j] = uint32(m.goes.Offsets[j+1] - m.goes.Offsets[j])
	}
	c.Uint32s(lengths)
	c.Uint32s(m.goes.Index)
	c.Float32s(m.goes.Values)
	return c.Close()
}

// Load reads what Save wrote. The trainer's fields do not matter.
func (t Trainer) Load(r io.Reader) (model.Model, error) {
	c, err := codec.NewReader(r, name, version)
	if err != nil {
		return nil, fmt.Errorf("itemknn: load: %w", err)
	}
	items, lengths := c.Strings(), c.Uint32s()
	goes := &sparse.Matrix{Cols: len(items), Index: c.Uint32s(), Values: c.Float32s(), Offsets: make([]int, len(lengths)+1)}
	for j, n := range lengths {
		goes.Offsets[j+1] = goes.Offsets[j] + int(n)
	}
	check(c, len(items), len(lengths), goes)
	if err := c.Close(); err != nil {
		return nil, fmt.Errorf("itemknn: load: %w", err)
	}
	return newModel(model.NewIDs(items), goes), nil
}

// likenessMax bounds what a file may say, so that no score is infinite.
const likenessMax = 1e12

func check(c *codec.Reader, items, rows int, goes *sparse.Matrix) {
	if rows != items || goes.Offsets[rows] != len(goes.Index) || len(goes.Index) != len(goes.Values) {
		c.Fail("lengths that do not fit together")
		return
	}
	for j := range rows {
		index, values := goes.Row(j)
		for k, i := range index {
			if int(i) >= items || k > 0 && i <= index[k-1] || !(values[k] >= 0 && values[k] <= likenessMax) {
				c.Fail("neighbour out of range")
				return
			}
		}
	}
}
