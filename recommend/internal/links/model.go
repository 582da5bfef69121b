package links

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

// Voice appends what a history says to dst: rows of the table, each with how much it counts. It is called from several
// goroutines. What it appends is finite, and the same whatever the items' handles are; a row may come twice.
type Voice func(dst []sparse.Entry, t *Table, history []model.Event) []sparse.Entry

// Model answers with a table and a voice: immutable and safe for concurrent use. It is a [model.Accumulator] and a
// [model.Explainer].
type Model struct {
	*Table
	name   string
	say    Voice
	memory *sync.Pool // of *serving
}

// serving is the memory of one call.
type serving struct {
	sums model.Sums
	said []sparse.Entry
	best topk.Selector
}

// NewModel makes a model that is called name in reasons.
func NewModel(name string, t *Table, say Voice) Model {
	return Model{t, name, say, &sync.Pool{New: func() any { return new(serving) }}}
}

// Name is what the model is called.
func (m Model) Name() string { return m.name }

// Accumulate adds the user's score of every item that has one. It costs some nanoseconds for each link of each item of the
// history.
func (m Model) Accumulate(sums *model.Sums, u *model.User) {
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	m.accumulate(sums, s, u)
}

func (m Model) accumulate(sums *model.Sums, s *serving, u *model.User) {
	s.said = m.say(s.said[:0], m.Table, u.History)
	for _, e := range s.said {
		items, weights := m.Of(e.Col)
		for k, i := range items {
			sums.Add(i, e.Value*weights[k])
		}
	}
}

// Score sets dst[i] to the score of items[i], 0 for one that nothing in the history is linked to.
func (m Model) Score(dst []float32, u *model.User, items []uint32) {
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	s.sums.Reset()
	m.accumulate(&s.sums, s, u)
	for i, item := range items {
		dst[i] = s.sums.Get(item)
	}
}

// Propose proposes the items of the highest scores above zero. Both efforts are the same: all that has a score is looked at.
func (m Model) Propose(dst []model.Scored, u *model.User, n int, allow model.Allow, _ model.Effort) []model.Scored {
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

// Explain names the items of the history that speak for the item; their shares are their parts of what speaks for it.
func (m Model) Explain(dst []model.Reason, u *model.User, item uint32, n int) []model.Reason {
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	s.said = m.say(s.said[:0], m.Table, u.History)
	var reasons []model.Reason
	var total float32
	for _, e := range s.said {
		items, weights := m.Of(e.Col)
		k, ok := slices.BinarySearch(items, item)
		if !ok || e.Value*weights[k] <= 0 {
			continue
		}
		share := e.Value * weights[k]
		total += share
		because := m.items[e.Col]
		if at := slices.IndexFunc(reasons, func(r model.Reason) bool { return r.Because == because }); at >= 0 {
			reasons[at].Share += share
			continue
		}
		reasons = append(reasons, model.Reason{Model: m.name, Because: because, Share: share})
	}
	for i := range reasons {
		reasons[i].Share /= total
	}
	slices.SortFunc(reasons, func(a, b model.Reason) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Because, b.Because))
	})
	return append(dst, reasons[:min(max(n, 0), len(reasons))]...)
}

// historyMax is how many events of a history are looked at, the newest.
const historyMax = 1000

// Tally says of each item how much the events of it speak for it, all together: the [model.Confidence] of their summed
// weight to a power, by row and each once. Items whose events do not sum up to more than zero say nothing. Of a longer
// history the newest 1,000 events count.
func Tally(dst []sparse.Entry, t *Table, history []model.Event, power float64) []sparse.Entry {
	for _, e := range model.Recent(history, historyMax) {
		if row, ok := t.Row(e.Item); ok {
			dst = append(dst, sparse.Entry{Col: row, Value: e.Weight})
		}
	}
	dst = sparse.Tally(dst)
	for i, e := range dst {
		if e.Value != 1 {
			dst[i].Value = float32(math.Pow(float64(model.Confidence(e.Value)), power))
		}
	}
	return dst
}

// Roots is a Voice: how much the history says of each item, under a square root.
func Roots(dst []sparse.Entry, t *Table, history []model.Event) []sparse.Entry {
	return Tally(dst, t, history, 0.5)
}
