package blend

import (
	"math"
	"slices"

	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

const (
	// proposals is how many candidates each part proposes at least: the depth to which parts may disagree.
	proposals = 32
	// sampled is how many of its own proposals show how far apart the scores lie of a part that cannot say it.
	sampled = 100
)

// Answer is the blend for one user, for the time of a request: what the parts say of the user is made once, when it is
// first needed, and serves proposing, scoring and explaining. It is not safe for concurrent use, and neither the user's
// history nor the Answer may be used after Close.
type Answer struct {
	blend   *Blend
	weights []float32
	voices  []voice
	own     []float32 // the user's vectors when the caller brought none
	best    topk.Selector
	scored  []model.Scored
	items   []uint32
	scores  []float32 // of the blend
	one     []float32 // of one part
	reasons []model.Reason
	item    [1]uint32 // and score: of a call for one item
	score   [1]float32
}

// voice is what one part says of the user.
type voice struct {
	user   model.User     // as the part knows them
	heard  bool           // sums and factor are made
	sums   model.Sums     // of a part that accumulates
	all    []model.Scored // and the same as a list
	factor float32        // what its scores are multiplied with: weight over standard deviation
}

func newAnswer(b *Blend) *Answer { return &Answer{blend: b, voices: make([]voice, len(b.parts))} }

// Answer begins an answer to the user. Without the blend's vector in u.Vector that is made anew.
func (b *Blend) Answer(u *model.User) *Answer {
	return b.answer(u, b.weights[class(length(u.History))])
}

func (b *Blend) answer(u *model.User, weights []float32) *Answer {
	a := b.answers.Get().(*Answer)
	a.weights = weights
	vector := u.Vector
	if len(vector) != b.dim() {
		a.own = b.Embed(a.own[:0], u.History, u.Now)
		vector = a.own
	}
	for i, d := range b.dims {
		v := &a.voices[i]
		v.user, v.heard = *u, false
		v.user.Vector = nil
		if d > 0 {
			v.user.Vector, vector = vector[:d:d], vector[d:]
		}
	}
	return a
}

// Close ends the answer; its memory serves another one.
func (a *Answer) Close() {
	for i := range a.voices {
		a.voices[i].user = model.User{} // histories belong to the caller
	}
	a.blend.answers.Put(a)
}

// hear makes what part i says, and reports whether it says anything that counts.
func (a *Answer) hear(i int) bool {
	v := &a.voices[i]
	if v.heard {
		return v.factor != 0
	}
	v.heard, v.factor = true, 0
	if a.weights[i] == 0 {
		return false
	}
	if scale := a.scale(i); scale > 0 {
		v.factor = a.weights[i] / scale
		if math.IsInf(float64(v.factor), 0) {
			v.factor = 0
		}
	}
	return v.factor != 0
}

// scale is the standard deviation of part i's scores for this user, 0 when it has nothing to say.
func (a *Answer) scale(i int) float32 {
	v := &a.voices[i]
	switch p := a.blend.parts[i].(type) {
	case model.Accumulator:
		v.sums.Reset()
		p.Accumulate(&v.sums, &v.user)
		v.all = v.sums.AppendTo(v.all[:0])
		sum, squares := moments(v.all)
		return deviation(sum, squares, max(a.blend.items, float64(len(v.all))))
	case model.Scaler:
		return p.Scale(&v.user)
	}
	a.scored = a.blend.parts[i].Propose(a.scored[:0], &v.user, sampled, nil, model.Quick)
	sum, squares := moments(a.scored)
	// Proposals that are all alike are still something said: their size stands for their spread.
	return max(deviation(sum, squares, float64(len(a.scored))), float32(math.Sqrt(squares/float64(max(1, len(a.scored))))/10))
}

// moments is the sum of the scores, and of their squares.
func moments(scored []model.Scored) (sum, squares float64) {
	for _, s := range scored {
		sum += float64(s.Score)
		squares += float64(s.Score) * float64(s.Score)
	}
	return sum, squares
}

func deviation(sum, squares, n float64) float32 {
	if n == 0 {
		return 0
	}
	mean := sum / n
	return float32(math.Sqrt(max(0, squares/n-mean*mean)))
}

// part sets dst to part i's own scores of the items.
func (a *Answer) part(dst []float32, i int, items []uint32) {
	v := &a.voices[i]
	if _, ok := a.blend.parts[i].(model.Accumulator); !ok {
		a.blend.parts[i].Score(dst, &v.user, items)
		return
	}
	for j, item := range items {
		dst[j] = v.sums.Get(item)
	}
}

// Score sets dst[j] to the blend's score of items[j]; the lengths are equal.
func (a *Answer) Score(dst []float32, items []uint32) {
	clear(dst)
	a.one = slices.Grow(a.one[:0], len(items))[:len(items)]
	for i := range a.voices {
		if !a.hear(i) {
			continue
		}
		a.part(a.one, i, items)
		for j, s := range a.one {
			dst[j] += a.voices[i].factor * s
		}
	}
}

// Rank appends the items with their scores to dst, the best first and ties by handle.
func (a *Answer) Rank(dst []model.Scored, items []uint32) []model.Scored {
	a.scores = slices.Grow(a.scores[:0], len(items))[:len(items)]
	a.Score(a.scores, items)
	from := len(dst)
	for j, item := range items {
		dst = append(dst, model.Scored{Item: item, Score: a.scores[j]})
	}
	slices.SortFunc(dst[from:], func(x, y model.Scored) int { return topk.Compare(topk.Scored(x), topk.Scored(y)) })
	return dst
}

// Best appends the n items of the highest scores above least that allow contains to dst, the best first and ties by handle. It asks
// allow only of those that would be among the best so far. Items must not be there twice.
func (a *Answer) Best(dst []model.Scored, n int, items []uint32, least float32, allow model.Allow) []model.Scored {
	a.scores = slices.Grow(a.scores[:0], len(items))[:len(items)]
	a.Score(a.scores, items)
	a.best.Reset(n)
	for j, score := range a.scores {
		if score > least && a.best.Wants(score) && (allow == nil || allow.Contains(items[j])) {
			a.best.Push(items[j], score)
		}
	}
	for _, s := range a.best.Sorted() {
		dst = append(dst, model.Scored(s))
	}
	return dst
}

// Propose appends to dst the best n of what the parts propose inside allow, the best first, ties by handle. Each part is
// asked for 32 or more and looks once. When that comes to less than n and effort is Thorough, the parts look until they
// have found n each.
func (a *Answer) Propose(dst []model.Scored, n int, allow model.Allow, effort model.Effort) []model.Scored {
	if n <= 0 {
		return dst
	}
	a.find(n, allow, effort)
	return a.Best(dst, n, a.items, float32(math.Inf(-1)), nil)
}

// Gather appends what the parts propose inside allow to dst, at least n of each where it has so many, each item once, by
// handle.
func (a *Answer) Gather(dst []uint32, n int, allow model.Allow, effort model.Effort) []uint32 {
	a.find(n, allow, effort)
	return append(dst, a.items...)
}

// find sets a.items to what the parts propose when each is asked for n or more; to no less than n, if effort says so and the
// parts have so many.
func (a *Answer) find(n int, allow model.Allow, effort model.Effort) {
	if a.gather(max(n, proposals), allow, model.Quick); len(a.items) < n && effort == model.Thorough {
		a.gather(n, allow, model.Thorough)
	}
}

// gather sets a.items to the n best proposals of each part, each item once, by handle.
func (a *Answer) gather(n int, allow model.Allow, effort model.Effort) {
	a.items = a.items[:0]
	a.accumulated(n, allow)
	a.walked(n, allow, effort)
	a.items = once(a.items)
}

// once puts the items in order, each once.
func once(items []uint32) []uint32 {
	slices.Sort(items)
	return slices.Compact(items)
}

// accumulated adds to a.items the n best of each part that accumulates.
func (a *Answer) accumulated(n int, allow model.Allow) {
	for i, p := range a.blend.parts {
		if _, ok := p.(model.Accumulator); ok && a.hear(i) {
			a.pick(a.voices[i].all, n, allow)
		}
	}
}

// walked adds to a.items the n best of each part that does not, and reports whether any of them had as many.
func (a *Answer) walked(n int, allow model.Allow, effort model.Effort) (full bool) {
	for i, p := range a.blend.parts {
		if _, ok := p.(model.Accumulator); ok || !a.hear(i) {
			continue
		}
		a.scored = p.Propose(a.scored[:0], &a.voices[i].user, n, allow, effort)
		full = full || len(a.scored) == n
		for _, s := range a.scored {
			a.items = append(a.items, s.Item)
		}
	}
	return full
}
