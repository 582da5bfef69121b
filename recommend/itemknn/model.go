package itemknn

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/goldrec/gold/internal/simd"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

// Model knows what goes with what: immutable and safe for concurrent use.
type Model struct {
	items  []uint32       // handle of each row's item, NoItem for one that is gone
	rows   []uint32       // by handle: the item's row, noRow for an item that nobody had
	goes   *sparse.Matrix // row j: the handles of the candidates that item j speaks for, and s(i, j)
	memory sync.Pool      // of *serving
}

const noRow = ^uint32(0)

// serving is the memory of one call.
type serving struct {
	sums    model.Sums
	reasons []model.Reason
	row     []sparse.Entry
	best    topk.Selector
}

func newModel(items []uint32, goes *sparse.Matrix) *Model {
	m := &Model{items: items, goes: goes, memory: sync.Pool{New: func() any { return new(serving) }}}
	handles := uint32(0)
	for _, item := range items {
		if item != model.NoItem {
			handles = max(handles, item+1)
		}
	}
	m.rows = slices.Repeat([]uint32{noRow}, int(handles))
	for row, item := range items {
		if item != model.NoItem {
			m.rows[item] = uint32(row)
		}
	}
	return m
}

// Name is "itemknn".
func (m *Model) Name() string { return Name }

// historyMax is how many events count, the newest.
const historyMax = 1000

// tally returns what the history says of the item of each row, c under a root. It goes by rows and not by handles, so that
// sums round the same wherever the items' handles have moved.
func (m *Model) tally(s *serving, history []model.Event) []sparse.Entry {
	s.row = s.row[:0]
	for _, e := range model.Recent(history, historyMax) {
		if uint64(e.Item) < uint64(len(m.rows)) && m.rows[e.Item] != noRow {
			s.row = append(s.row, sparse.Entry{Col: m.rows[e.Item], Value: e.Weight})
		}
	}
	row := sparse.Tally(s.row)
	for i, e := range row {
		row[i].Value = float32(math.Sqrt(float64(model.Confidence(e.Value))))
	}
	return row
}

// Accumulate adds the user's score of every item that has one: what Score and Propose look at, for a caller who wants both
// at once. It costs some nanoseconds for each neighbour of each item of the history.
func (m *Model) Accumulate(sums *model.Sums, u *model.User) {
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	m.accumulate(sums, s, u)
}

func (m *Model) accumulate(sums *model.Sums, s *serving, u *model.User) {
	row := m.tally(s, u.History)
	m.fetch(row[:min(ahead, len(row))])
	for at, e := range row {
		m.fetch(row[min(at+ahead, len(row)):min(at+ahead+1, len(row))])
		candidates, likeness := m.goes.Row(int(e.Col))
		sums.AddRow(candidates, e.Value, likeness)
	}
}

// ahead is how many rows are asked for before they are read: what adding them up waits for is memory.
const ahead = 8

// fetch asks the processor for rows.
func (m *Model) fetch(rows []sparse.Entry) {
	for _, e := range rows {
		candidates, likeness := m.goes.Row(int(e.Col))
		simd.Prefetch(candidates)
		simd.Prefetch(likeness)
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

// Propose proposes what goes best with the history. Both efforts are the same: all that has a score is looked at.
func (m *Model) Propose(dst []model.Scored, u *model.User, n int, allow model.Allow, _ model.Effort) []model.Scored {
	if n <= 0 {
		return dst
	}
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	s.sums.Reset()
	m.accumulate(&s.sums, s, u)
	s.best.Reset(n)
	for item, score := range s.sums.All() {
		if score > 0 && s.best.Wants(score) && (allow == nil || allow.Contains(item)) {
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
	m.ExplainAll(u, []uint32{item}, n, func(_ int, reasons []model.Reason) { dst = append(dst, reasons...) })
	return dst
}

// ExplainAll is Explain of one item after the other.
func (m *Model) ExplainAll(u *model.User, items []uint32, n int, emit func(i int, reasons []model.Reason)) {
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	row := m.tally(s, u.History)
	for i, item := range items {
		emit(i, m.explain(s, row, item, max(n, 0)))
	}
}

// explain gives up to n reasons of an item, in s.reasons.
func (m *Model) explain(s *serving, row []sparse.Entry, item uint32, n int) []model.Reason {
	s.reasons = s.reasons[:0]
	var total float32
	for _, e := range row {
		candidates, likeness := m.goes.Row(int(e.Col))
		if k, ok := slices.BinarySearch(candidates, item); ok {
			share := e.Value * likeness[k]
			s.reasons = append(s.reasons, model.Reason{Model: Name, Because: m.items[e.Col], Share: share})
			total += share
		}
	}
	if total == 0 {
		return nil
	}
	for i := range s.reasons {
		s.reasons[i].Share /= total
	}
	slices.SortFunc(s.reasons, func(a, b model.Reason) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Because, b.Because))
	})
	return s.reasons[:min(n, len(s.reasons))]
}
