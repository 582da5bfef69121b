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
	ranking  []uint32
	shown    [][]uint64 // for each cutoff, the items some user was shown
}

// request is one user's ranking under way.
type request struct {
	user     model.User
	seen     map[uint32]bool
	relevant map[uint32]float32 // summed weights in test
	wanted   int                // relevant items, of which the model may not know all
	scores   []float32
}

func (e *evaluation) newRanker() *ranker {
	r := &ranker{evaluation: e, shown: make([][]uint64, len(e.cutoffs))}
	for i := range r.shown {
		r.shown[i] = make([]uint64, len(e.all)/64+1)
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
	r.recall(q, user)
	if r.want(q, user); q.wanted == 0 {
		return false
	}
	q.user.Now = r.train.Now
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
	q.user.History = q.user.History[:0]
	clear(q.seen)
	known, ok := r.train.Users.Lookup(r.test.Users.ID(user))
	if !ok {
		return
	}
	history := r.train.History(known)
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
	r.rank(q)
	if sum.Users++; sum.Metrics == nil {
		sum.Metrics = make([]Metrics, len(r.cutoffs))
	}
	hit := func(item uint32) bool { return q.relevant[item] > 0 }
	for i, k := range r.cutoffs {
		sum.Metrics[i].add(Measure(r.ranking, q.wanted, hit, k))
		for _, item := range r.ranking[:min(k, len(r.ranking))] {
			r.shown[i][item/64] |= 1 << (item % 64)
		}
	}
}

// rank fills r.ranking down to the deepest cutoff.
func (r *ranker) rank(q *request) {
	r.best.Reset(slices.Max(r.cutoffs))
	for item, score := range q.scores {
		if r.best.Wants(score) && !q.seen[uint32(item)] {
			r.best.Push(uint32(item), score)
		}
	}
	r.ranking = r.ranking[:0]
	for _, s := range r.best.Sorted() {
		r.ranking = append(r.ranking, s.Item)
	}
}
