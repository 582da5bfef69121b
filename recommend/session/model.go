package session

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/goldrec/gold/recommend/internal/links"
	"github.com/goldrec/gold/recommend/model"
)

// Model knows visits, and goes on with one as those went on that are like it. It is safe for concurrent use: [Model.Add] tells
// it of one more visit, and whoever asks meanwhile is answered by what there was before or after, without waiting. It is a
// [model.Accumulator] and a [model.Explainer].
type Model struct {
	how     Trainer
	weights []float32             // of a click, by age
	lengths [visitMax + 1]float32 // what a visit of so many items counts
	repeat  float32
	returns *returns
	index   *index
	memory  sync.Pool // of *answer
}

// newModel makes a model that answers how, a trainer with its defaults set, says.
func newModel(how Trainer, r *returns, x *index) *Model {
	m := &Model{how: how, weights: links.Fading(how.Decay), repeat: float32(how.Repeat), returns: r, index: x}
	for n := range m.lengths {
		m.lengths[n] = float32(math.Pow(float64(max(1, n)), -how.Length))
	}
	m.memory.New = func() any { return new(answer) }
	return m
}

// Name is "session".
func (m *Model) Name() string { return Name }

// Len is how many visits the model holds.
func (m *Model) Len() int { return m.index.now.Load().visits }

// Clicks is how many items they have, those of one visit counted once. It is no more than Trainer.ClicksMax.
func (m *Model) Clicks() int { return m.index.now.Load().clicks }

// Add takes in a visit that is over: the items that were clicked on, the oldest first, by handle. It counts from the next answer
// on; how rare items are is looked at again when a tenth of the visits is new. Beyond ClicksMax the oldest visits go, an eighth of
// all at once. Of one of more than 100 clicks the newest 100 count; one of less than two says nothing, and neither do handles
// from 1<<26 on. It costs some microseconds on the average, and now and then the copying of an eighth of the index, during which
// other calls of Add wait, but nobody who asks.
func (m *Model) Add(items []uint32) {
	clicks := make([]uint32, 0, min(len(items), visitMax))
	for _, item := range items {
		if item <= handleMax {
			clicks = append(clicks, item)
		}
	}
	clicks = clicks[max(0, len(clicks)-visitMax):]
	if len(clicks) > 1 {
		m.index.add(once(clicks))
	}
}

// Accumulate adds the score of every item that one of the nearest visits has.
func (m *Model) Accumulate(sums *model.Sums, u *model.User) {
	a := m.memory.Get().(*answer)
	defer m.memory.Put(a)
	now := m.index.now.Load()
	m.score(a, now, u)
	for item, sum := range a.sums.All() {
		sums.Add(item, m.share(a, now, item, sum))
	}
}

// Score sets dst[i] to the score of items[i], 0 for one that none of the nearest visits has.
func (m *Model) Score(dst []float32, u *model.User, items []uint32) {
	a := m.memory.Get().(*answer)
	defer m.memory.Put(a)
	now := m.index.now.Load()
	m.score(a, now, u)
	for i, item := range items {
		dst[i] = m.share(a, now, item, a.sums.Get(item))
	}
}

// Propose proposes what the nearest visits have, what the present one has already among it: that is for allow to refuse, where
// repeats are not asked for. Both efforts are the same.
func (m *Model) Propose(dst []model.Scored, u *model.User, n int, allow model.Allow, _ model.Effort) []model.Scored {
	if n <= 0 {
		return dst
	}
	a := m.memory.Get().(*answer)
	defer m.memory.Put(a)
	now := m.index.now.Load()
	m.score(a, now, u)
	a.best.Reset(n)
	for item, sum := range a.sums.All() {
		score := m.share(a, now, item, sum)
		if score > 0 && a.best.Wants(score) && (allow == nil || allow.Contains(item)) {
			a.best.Push(item, score)
		}
	}
	for _, e := range a.best.Sorted() {
		dst = append(dst, model.Scored(e))
	}
	return dst
}

// Explain names the items of the present visit that the nearest visits which have the item share with it; their shares are their
// parts of how near those are.
func (m *Model) Explain(dst []model.Reason, u *model.User, item uint32, n int) []model.Reason {
	a := m.memory.Get().(*answer)
	defer m.memory.Put(a)
	m.hear(a, m.index.now.Load(), u)
	said := make([]float32, len(a.clicks))
	for _, near := range a.nearest.Sorted() {
		at := a.met[near.Item]
		items := at.segment.of(int(at.visit))
		if !slices.Contains(items, item) {
			continue
		}
		shared := float32(0)
		for i, click := range a.clicks {
			if slices.Contains(items, click) {
				shared += m.weights[a.ages[i]]
			}
		}
		for i, click := range a.clicks {
			if slices.Contains(items, click) {
				said[i] += near.Score * m.weights[a.ages[i]] / shared
			}
		}
	}
	return appendReasons(dst, a.clicks, said, n)
}

// appendReasons appends what was said by the greatest part.
func appendReasons(dst []model.Reason, clicks []uint32, said []float32, n int) []model.Reason {
	var reasons []model.Reason
	var total float32
	for i, share := range said {
		if share > 0 {
			reasons = append(reasons, model.Reason{Model: Name, Because: clicks[i], Share: share})
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
