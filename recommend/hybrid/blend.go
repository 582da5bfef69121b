package hybrid

import (
	"cmp"
	"slices"

	"github.com/goldrec/gold/internal/accum"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

// proposals is how many candidates each part proposes at least: the depth to which parts may disagree.
const proposals = 64

// proposer is a part that proposes cheaply when it need not find all that a narrow filter leaves.
type proposer interface {
	Propose(dst []model.Scored, u *model.User, n int, allow func(item uint32) bool) []model.Scored
}

// accumulator is a part whose scores are sparse: it gives all that are not zero at once, which serves proposing and
// scoring in one pass.
type accumulator interface {
	Accumulate(acc *accum.Map, u *model.User)
}

// scratch is the memory of one call.
type scratch struct {
	users  []model.User
	sums   []accum.Map // of the parts that accumulate
	best   topk.Selector
	scored []model.Scored
	items  []uint32
	scores []float32 // of one part
	blend  []float32
}

func (m *Model) begin(u *model.User) *scratch {
	s := m.scratch.Get().(*scratch)
	s.users = m.users(s.users[:0], u)
	if len(s.sums) == 0 {
		s.sums = make([]accum.Map, len(m.parts))
	}
	return s
}

func (m *Model) end(s *scratch) {
	clear(s.users) // histories belong to the caller
	m.scratch.Put(s)
}

// Score blends the parts' scores.
func (m *Model) Score(dst []float32, u *model.User, items []uint32) {
	s := m.begin(u)
	defer m.end(s)
	clear(dst)
	for i, w := range m.weights[class(length(u.History))] {
		if w == 0 {
			continue
		}
		s.scores = slices.Grow(s.scores[:0], len(items))[:len(items)]
		m.parts[i].Score(s.scores, &s.users[i], items)
		for j, v := range s.scores {
			dst[j] += w * v
		}
	}
}

// Candidates blends the scores of what the parts propose.
func (m *Model) Candidates(dst []model.Scored, u *model.User, n int, allow func(item uint32) bool) []model.Scored {
	if n <= 0 {
		return dst
	}
	s := m.begin(u)
	defer m.end(s)
	weights := m.weights[class(length(u.History))]
	if m.gather(s, weights, max(n, proposals), allow, false); len(s.items) < n {
		m.gather(s, weights, n, allow, true)
	}
	s.blend = slices.Grow(s.blend[:0], len(s.items))[:len(s.items)]
	clear(s.blend)
	for i, w := range weights {
		if w == 0 {
			continue
		}
		for j, v := range m.scores(s, i) {
			s.blend[j] += w * v
		}
	}
	s.best.Reset(n)
	for j, item := range s.items {
		s.best.Push(item, s.blend[j])
	}
	for _, c := range s.best.Sorted() {
		dst = append(dst, model.Scored(c))
	}
	return dst
}

// gather sets s.items to all proposals, each once, by handle. A thorough one has every part fill its n if it can.
func (m *Model) gather(s *scratch, weights []float32, n int, allow func(item uint32) bool, thorough bool) {
	s.items = s.items[:0]
	for i, w := range weights {
		if w == 0 {
			continue
		}
		m.propose(s, i, n, allow, thorough)
	}
	slices.Sort(s.items)
	s.items = slices.Compact(s.items)
}

// propose adds part i's best n.
func (m *Model) propose(s *scratch, i, n int, allow func(item uint32) bool, thorough bool) {
	a, ok := m.parts[i].(accumulator)
	if !ok {
		if p, ok := m.parts[i].(proposer); ok && !thorough {
			s.scored = p.Propose(s.scored[:0], &s.users[i], n, allow)
		} else {
			s.scored = m.parts[i].Candidates(s.scored[:0], &s.users[i], n, allow)
		}
		for _, c := range s.scored {
			s.items = append(s.items, c.Item)
		}
		return
	}
	s.sums[i].Reset()
	a.Accumulate(&s.sums[i], &s.users[i])
	s.best.Reset(n)
	for item, score := range s.sums[i].All() {
		if s.best.Wants(score) && (allow == nil || allow(item)) {
			s.best.Push(item, score)
		}
	}
	for _, c := range s.best.Sorted() {
		s.items = append(s.items, c.Item)
	}
}

// scores returns part i's scores of s.items; gather has been there before.
func (m *Model) scores(s *scratch, i int) []float32 {
	s.scores = slices.Grow(s.scores[:0], len(s.items))[:len(s.items)]
	if _, ok := m.parts[i].(accumulator); !ok {
		m.parts[i].Score(s.scores, &s.users[i], s.items)
		return s.scores
	}
	for j, item := range s.items {
		s.scores[j] = s.sums[i].Get(item)
	}
	return s.scores
}

// Explain names the parts that make the score and, where a part can say it, the items of the history behind them.
func (m *Model) Explain(dst []model.Reason, u *model.User, item uint32, n int) []model.Reason {
	s := m.begin(u)
	defer m.end(s)
	var all []model.Reason
	var total float32
	weights := m.weights[class(length(u.History))]
	for i, p := range m.parts {
		var score [1]float32
		p.Score(score[:], &s.users[i], []uint32{item})
		part := max(0, weights[i]*score[0])
		if part == 0 {
			continue
		}
		total += part
		all = append(all, reasons(p, &s.users[i], item, n, part)...)
	}
	for i := range all {
		all[i].Share /= total
	}
	slices.SortStableFunc(all, func(a, b model.Reason) int { return cmp.Compare(b.Share, a.Share) })
	return append(dst, all[:min(max(n, 0), len(all))]...)
}

// reasons are a part's own, their shares out of what the part gives to the score.
func reasons(p model.Model, u *model.User, item uint32, n int, part float32) []model.Reason {
	if ex, ok := p.(model.Explainer); ok {
		if why := ex.Explain(nil, u, item, n); len(why) > 0 {
			for i := range why {
				why[i].Share *= part
			}
			return why
		}
	}
	return []model.Reason{{Model: p.Name(), Because: model.NoItem, Share: part}}
}
