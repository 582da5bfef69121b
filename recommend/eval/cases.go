package eval

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/goldrec/gold/recommend/model"
)

// Case is a question about one visit: after these events, what comes next?
type Case struct {
	History []model.Event // of the visit, oldest first, by the handles of the dataset that is trained on
	Next    uint32        // NoItem for an item that training does not know: it counts and is never found
	Now     int64         // the time of the request
}

// EvaluateCases ranks all items of train for each case and measures how high the next one stands; P@k of the papers on
// sessions is Metrics.Recall, or HitRate, which is the same of one item. Unlike in [Evaluate], items of the history are ranked
// like others: people come back to what they have just looked at. Handles beyond train's items are ErrInvalid's.
// Otherwise it is Evaluate.
func EvaluateCases(ctx context.Context, m model.Scorer, train *model.Dataset, cases []Case, opt Options) (Report, error) {
	opt, err := opt.checked()
	if err != nil {
		return Report{}, err
	}
	for i, c := range cases {
		if c.Next != model.NoItem && int(c.Next) >= train.ItemCount() {
			return Report{}, invalid("case %d has item %d of %d", i, c.Next, train.ItemCount())
		}
	}
	e := newEvaluation(m, train, nil, opt)
	e.cases = cases
	return e.run(ctx, len(cases))
}

func (r *ranker) fillCase(q *request, c Case) {
	q.user.History = append(q.user.History[:0], r.options.recent(c.History)...)
	q.history, q.user.Now, q.wanted = len(c.History), c.Now, 1
	clear(q.seen)
	clear(q.relevant)
	if c.Next != model.NoItem {
		q.relevant[c.Next] = 1
	}
}

// EvaluateSampled is [Evaluate] but for what is ranked: the relevant items of each user that train knows and so many others that
// are neither relevant nor in the user's history, drawn with seed and the user's place in test.
//
// Warning: its figures lie far above those of the full ranking, depend on n, and may put models in another order (Krichene & Rendle
// 2020). Use it to compare with a paper that sampled, never to choose.
func EvaluateSampled(
	ctx context.Context, m model.Scorer, train, test *model.Dataset, n int, seed uint64, opt Options,
) (Report, error) {
	opt, err := opt.checked()
	if err != nil {
		return Report{}, err
	}
	if n < 1 {
		return Report{}, invalid("a sample of %d items", n)
	}
	e := newEvaluation(m, train, test, opt)
	e.sampled = &sampler{n, seed}
	return e.run(ctx, test.UserCount())
}

type sampler struct {
	n    int
	seed uint64
}

// draw fills q.drawn; when there are not as many items, with all.
func (s *sampler) draw(q *request, items int) {
	if q.drawn == nil {
		q.drawn = map[uint32]bool{}
	}
	clear(q.drawn)
	rng := rand.New(rand.NewPCG(s.seed, uint64(q.index)))
	left := s.n
	// Of what is left to look at each item is taken with the chance that makes the number right (Knuth's algorithm S).
	free := 0
	for item := range uint32(items) {
		if !q.seen[item] && !(q.relevant[item] > 0) {
			free++
		}
	}
	for item := uint32(0); left > 0 && free > 0; item++ {
		if q.seen[item] || q.relevant[item] > 0 {
			continue
		}
		if rng.IntN(free) < left {
			q.drawn[item] = true
			left--
		}
		free--
	}
}

// SplitSessions holds out the newest visits, whoever's they are: of all visits of d in the order of their last events the last
// fraction, 0 to 1, rounded to the nearest number. Train has no event of them. Of each the cases are every event but the first,
// after those before it in the visit alone, users in their order and visits by time. Events of a user with one Session number,
// other than 0, that follow one another are a visit; those of number 0 are one too.
func SplitSessions(d *model.Dataset, fraction float64) (train *model.Dataset, cases []Case) {
	var ends []visitEnd
	for u := range uint32(d.UserCount()) {
		for n, v := range visits(d.History(u)) {
			ends = append(ends, visitEnd{visit{u, n}, v[len(v)-1].Time})
		}
	}
	slices.SortStableFunc(ends, func(a, b visitEnd) int { return cmp.Compare(a.time, b.time) })
	n := min(max(int(math.Round(fraction*float64(len(ends)))), 0), len(ends))
	held := map[visit]bool{}
	for _, e := range ends[len(ends)-n:] {
		held[e.visit] = true
	}
	train = d.WithHistories(func(user uint32, history []model.Event) (kept []model.Event) {
		for n, v := range visits(history) {
			if !held[visit{user, n}] {
				kept = append(kept, v...)
			}
		}
		return kept
	})
	for u := range uint32(d.UserCount()) {
		for n, v := range visits(d.History(u)) {
			for i := 1; held[visit{u, n}] && i < len(v); i++ {
				cases = append(cases, Case{History: v[:i], Next: v[i].Item, Now: v[i].Time})
			}
		}
	}
	return train, cases
}

// visit is the nth of a user.
type visit struct {
	user uint32
	n    int
}

// visitEnd is when a visit ends.
type visitEnd struct {
	visit
	time int64
}

// visits cuts a history where the number of the session changes.
func visits(history []model.Event) (all [][]model.Event) {
	for from, i := 0, 1; i <= len(history); i++ {
		if i == len(history) || history[i].Session != history[from].Session {
			all = append(all, history[from:i:i])
			from = i
		}
	}
	return all
}
