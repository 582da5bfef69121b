package eval

import (
	"slices"

	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

// groupScorer is a model that scores for several users at once faster than for one after the other, because it reads
// its items only once. dst[i] is us[i]'s, and as long as items; the scores are those of Score.
type groupScorer interface {
	ScoreUsers(dst [][]float32, us []*model.User, items []uint32)
}

// groupSize is how many users a worker ranks for at once.
const groupSize = 16

// ranker is one worker's scratch memory.
type ranker struct {
	*evaluation
	requests [groupSize]request
	users    []*model.User
	scores   [][]float32
	best     topk.Selector
	sorted   []topk.Scored
	ranking  []uint32
	marks    []float32
	shown    [][]uint32 // for each cutoff, how many users were shown an item
}

// request is one user's ranking under way.
type request struct {
	user     model.User
	seen     map[uint32]bool
	relevant map[uint32]float32 // summed weights in test
	wanted   int                // relevant items, of which the model may not know all
	index    uint32             // of the user or case
	history  int                // events before Options.Recent
	drawn    map[uint32]bool    // what else is ranked, when not everything is
	scores   []float32
}

func (e *evaluation) newRanker() *ranker {
	r := &ranker{evaluation: e, shown: make([][]uint32, len(e.options.Cutoffs))}
	for i := range r.shown {
		r.shown[i] = make([]uint32, len(e.all))
	}
	for i := range r.requests {
		r.requests[i] = request{seen: map[uint32]bool{}, relevant: map[uint32]float32{}}
	}
	return r
}

// group ranks for the users from from to below to, and adds what the rankings count to sum.
func (r *ranker) group(from, to uint32, sum *Report) {
	r.users, r.scores = r.users[:0], r.scores[:0]
	n := 0
	for user := from; user < to; user++ {
		if q := &r.requests[n]; r.fill(q, user) {
			r.users, r.scores = append(r.users, &q.user), append(r.scores, q.scores)
			n++
		}
	}
	if g, ok := r.model.(groupScorer); ok {
		g.ScoreUsers(r.scores, r.users, r.all)
	} else {
		for i, u := range r.users {
			r.model.Score(r.scores[i], u, r.all)
		}
	}
	for i := range n {
		r.measure(&r.requests[i], sum)
	}
}

// fill looks the user up; it reports whether anything is relevant.
func (r *ranker) fill(q *request, user uint32) bool {
	q.index = user
	if r.cases != nil {
		r.fillCase(q, r.cases[user])
	} else {
		r.recall(q, user)
		r.want(q, user)
		q.user.Now = r.train.Now
	}
	if q.wanted == 0 {
		return false
	}
	if em, ok := r.model.(model.Embedder); ok {
		q.user.Vector = em.Embed(q.user.Vector[:0], q.user.History, q.user.Now)
	}
	if q.scores == nil {
		q.scores = make([]float32, len(r.all))
	}
	return true
}

// recall takes the history from train.
func (r *ranker) recall(q *request, user uint32) {
	q.user.History, q.history = q.user.History[:0], 0
	clear(q.seen)
	known, ok := r.train.Users.Lookup(r.test.Users.ID(user))
	if !ok {
		return
	}
	history := r.train.History(known)
	q.history = len(history)
	q.user.History = append(q.user.History, r.options.recent(history)...)
	for _, event := range history {
		q.seen[event.Item] = true
	}
}

// want finds out what is relevant.
func (r *ranker) want(q *request, user uint32) {
	clear(q.relevant)
	var unknown map[uint32]float32 // by test's handle
	for _, event := range r.test.History(user) {
		item := r.fromTest[event.Item]
		switch {
		case item == model.NoItem:
			if unknown == nil {
				unknown = map[uint32]float32{}
			}
			unknown[event.Item] += event.Weight
		case !q.seen[item]:
			q.relevant[item] += event.Weight
		}
	}
	q.wanted = 0
	for _, weights := range [...]map[uint32]float32{q.relevant, unknown} {
		for _, w := range weights {
			if w > 0 {
				q.wanted++
			}
		}
	}
}

// measure ranks by the scores and adds what that counts to sum.
func (r *ranker) measure(q *request, sum *Report) {
	if r.sampled != nil {
		r.sampled.draw(q, len(r.all))
	}
	r.rank(q)
	one := One{User: q.index, History: q.history, Relevant: q.wanted, Metrics: make([]Metrics, len(r.options.Cutoffs)), AUC: r.auc(q)}
	hit := func(item uint32) bool { return q.relevant[item] > 0 }
	for i, k := range r.options.Cutoffs {
		one.Metrics[i] = Measure(r.ranking, q.wanted, hit, k)
		shown := r.ranking[:min(k, len(r.ranking))]
		one.Metrics[i].Novelty, one.Metrics[i].Popularity = r.popularity.of(shown)
		one.Metrics[i].Diversity = diversity(shown, r.options.Similar)
		for _, item := range shown {
			r.shown[i][item]++
		}
	}
	for _, s := range r.sorted[:min(r.options.Rankings, len(r.sorted))] {
		one.Ranking = append(one.Ranking, model.Scored{Item: s.Item, Score: s.Score})
	}
	sum.Each = append(sum.Each, one)
}

// ranks reports whether the item has a place in the ranking.
func (q *request) ranks(item uint32) bool {
	return !q.seen[item] && (q.drawn == nil || q.drawn[item] || q.relevant[item] > 0)
}

// rank fills r.ranking down to what is asked for.
func (r *ranker) rank(q *request) {
	r.best.Reset(max(slices.Max(r.options.Cutoffs), r.options.Rankings))
	for item, score := range q.scores {
		if r.best.Wants(score) && q.ranks(uint32(item)) {
			r.best.Push(uint32(item), score)
		}
	}
	r.sorted, r.ranking = r.best.Sorted(), r.ranking[:0]
	for _, s := range r.sorted {
		r.ranking = append(r.ranking, s.Item)
	}
}

// auc is the part of the pairs of a relevant item and another that stand in that order, ties counted half. A relevant item
// that the model does not know, or scores NaN, stands behind all others. Where nothing else is ranked it is 1.
func (r *ranker) auc(q *request) float64 {
	r.marks = r.marks[:0]
	for item, w := range q.relevant {
		if w > 0 && q.scores[item] == q.scores[item] {
			r.marks = append(r.marks, q.scores[item])
		}
	}
	slices.Sort(r.marks)
	others, below := 0, 0.0
	if q.drawn != nil {
		for item := range q.drawn {
			others++
			below += r.above(q.scores[item])
		}
	} else {
		// Over everything, and what does not count taken out again: to ask of each item whether it counts takes much longer.
		for _, score := range q.scores {
			below += r.above(score)
		}
		others = len(q.scores)
		for item := range q.seen {
			others--
			below -= r.above(q.scores[item])
		}
		for item, w := range q.relevant {
			if w > 0 {
				others--
				below -= r.above(q.scores[item])
			}
		}
	}
	if others == 0 {
		return 1
	}
	return below / float64(others) / float64(q.wanted)
}

// above is how many of r.marks, which are in rising order, stand above a score, those that are equal counted half; above NaN,
// all. Sums of such halves are exact, in any order.
func (r *ranker) above(score float32) float64 {
	switch n := len(r.marks); {
	case n == 0 || score > r.marks[n-1]:
		return 0
	case score < r.marks[0]:
		return float64(n)
	}
	from, _ := slices.BinarySearch(r.marks, score)
	to := from
	for to < len(r.marks) && r.marks[to] == score {
		to++
	}
	return float64(len(r.marks)-to) + float64(to-from)/2
}
