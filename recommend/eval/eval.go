// Package eval measures how well a model finds what was held out: splits, and metrics over the full ranking of all
// items, not over a sample of them (Krichene & Rendle, On Sampled Metrics for Item Recommendation, 2020).
//
//	train, test := eval.SplitRandom(data, 0.2, seed)
//	m, err := als.Trainer{}.Train(ctx, train, model.TrainOptions{Seed: seed})
//	report, err := eval.Evaluate(ctx, m, train, test, eval.Options{Cutoffs: []int{10, 20}})
//	fmt.Println(report.At(20).Recall, report.At(10).NDCG)
//
// # Caveats
//
// What a user did in train is not ranked for that user, and an item of test that was in train too is not counted as
// relevant. Users without relevant items are left out of the means.
package eval

import (
	"context"
	"fmt"
	"math/bits"
	"slices"

	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

// Options is how to evaluate. The zero value works.
type Options struct {
	Cutoffs  []int                 // the k of the metrics, each above 0; none means 10
	Workers  int                   // goroutines; 0 means GOMAXPROCS; the report does not depend on it
	Progress func(done, total int) // called from one goroutine at a time with a count of users; may be nil
}

// Report is what an evaluation found.
type Report struct {
	Users   int       // users with at least one relevant item, over whom the means go
	Metrics []Metrics // one for each cutoff, in the order asked for
}

// At returns the metrics at cutoff k, which must have been asked for; otherwise they are zero.
func (r Report) At(k int) Metrics {
	for _, m := range r.Metrics {
		if m.K == k {
			return m
		}
	}
	return Metrics{K: k}
}

// Evaluate ranks all of m's items for every user of test, by m's Score and from the user's history in train, with ties
// by handle, and measures how high the items of test stand. Items whose weights in test do not sum up to more than zero
// are not relevant. The two datasets are joined by identifier, so that each may have a table of its own; items of test
// that m does not know count as relevant and never found, and users that train does not know have an empty history.
// The time of the requests is train.Now. It takes one pass of Score over all items for each user, and returns ctx's
// error when that ends first.
func Evaluate(ctx context.Context, m model.Model, train, test *model.Dataset, opt Options) (Report, error) {
	if len(opt.Cutoffs) == 0 {
		opt.Cutoffs = []int{10}
	}
	if k := slices.Min(opt.Cutoffs); k < 1 {
		return Report{}, fmt.Errorf("eval: cutoff %d", k)
	}
	e := newEvaluation(m, train, test, opt)
	// A fixed number of parts, so that the order of additions does not depend on the number of workers.
	parts, bounds := parallel.Spans(test.Users.Len(), 256)
	sums := make([]Report, parts)
	rankers := make([]*ranker, parallel.Workers(opt.Workers, parts))
	progress := parallel.NewProgress(test.Users.Len(), opt.Progress)
	err := parallel.For(ctx, opt.Workers, parts, func(worker, part int) {
		if rankers[worker] == nil {
			rankers[worker] = e.newRanker()
		}
		from, to := bounds(part)
		for user := from; user < to && ctx.Err() == nil; user++ {
			rankers[worker].user(uint32(user), &sums[part])
		}
		progress.Add(to - from)
	})
	if err != nil {
		return Report{}, err
	}
	return e.report(sums, rankers), nil
}

// evaluation is what the workers share.
type evaluation struct {
	model       model.Model
	train, test *model.Dataset
	cutoffs     []int
	all         []uint32 // every handle of the model
	fromTrain   []uint32 // handles of train's items in the model, or NoItem
	fromTest    []uint32
}

func newEvaluation(m model.Model, train, test *model.Dataset, opt Options) *evaluation {
	e := &evaluation{
		model: m, train: train, test: test, cutoffs: opt.Cutoffs,
		all:       make([]uint32, m.Items().Len()),
		fromTrain: translate(train.Items, m.Items()),
		fromTest:  translate(test.Items, m.Items()),
	}
	for i := range e.all {
		e.all[i] = uint32(i)
	}
	return e
}

func translate(from, to *model.IDs) []uint32 {
	table := make([]uint32, from.Len())
	for h := range table {
		var ok bool
		if table[h], ok = to.Lookup(from.ID(uint32(h))); !ok {
			table[h] = model.NoItem
		}
	}
	return table
}

func (e *evaluation) report(sums []Report, rankers []*ranker) Report {
	total := Report{Metrics: make([]Metrics, len(e.cutoffs))}
	for i, k := range e.cutoffs {
		total.Metrics[i].K = k
		shown := make([]uint64, len(e.all)/64+1)
		for _, r := range rankers {
			if r != nil {
				for w := range shown {
					shown[w] |= r.shown[i][w]
				}
			}
		}
		n := 0
		for _, word := range shown {
			n += bits.OnesCount64(word)
		}
		total.Metrics[i].Coverage = float64(n) / float64(max(len(e.all), 1))
	}
	for _, s := range sums {
		total.Users += s.Users
		for i := range s.Metrics {
			total.Metrics[i].add(s.Metrics[i])
		}
	}
	for i := range total.Metrics {
		total.Metrics[i].over(total.Users)
	}
	return total
}

// ranker is one worker's scratch memory.
type ranker struct {
	*evaluation
	history  []model.Event
	vector   []float32
	scores   []float32
	best     topk.Selector
	ranking  []uint32
	seen     map[uint32]bool
	relevant map[uint32]float32
	shown    [][]uint64 // for each cutoff, the items some user was shown
}

func (e *evaluation) newRanker() *ranker {
	r := &ranker{
		evaluation: e, scores: make([]float32, len(e.all)),
		seen: map[uint32]bool{}, relevant: map[uint32]float32{}, shown: make([][]uint64, len(e.cutoffs)),
	}
	for i := range r.shown {
		r.shown[i] = make([]uint64, len(e.all)/64+1)
	}
	return r
}

// user ranks for one user and adds what the ranking counts to sum.
func (r *ranker) user(user uint32, sum *Report) {
	r.recall(user)
	relevant := r.wanted(user)
	if relevant == 0 {
		return
	}
	if sum.Users++; sum.Metrics == nil {
		sum.Metrics = make([]Metrics, len(r.cutoffs))
	}
	r.rank()
	hit := func(item uint32) bool { return r.relevant[item] > 0 }
	for i, k := range r.cutoffs {
		sum.Metrics[i].add(Measure(r.ranking, relevant, hit, k))
		for _, item := range r.ranking[:min(k, len(r.ranking))] {
			r.shown[i][item/64] |= 1 << (item % 64)
		}
	}
}

// recall looks the user's history up.
func (r *ranker) recall(user uint32) {
	r.history = r.history[:0]
	clear(r.seen)
	known, ok := r.train.Users.Lookup(r.test.Users.ID(user))
	if !ok {
		return
	}
	for _, event := range r.train.History(known) {
		if event.Item = r.fromTrain[event.Item]; event.Item != model.NoItem {
			r.history = append(r.history, event)
			r.seen[event.Item] = true
		}
	}
}

// wanted fills r.relevant and returns the number of relevant items, of which the model may not know all.
func (r *ranker) wanted(user uint32) int {
	clear(r.relevant)
	var unknown map[uint32]float32 // by test's handle
	for _, event := range r.test.History(user) {
		item := r.fromTest[event.Item]
		switch {
		case item == model.NoItem:
			if unknown == nil {
				unknown = map[uint32]float32{}
			}
			unknown[event.Item] += event.Weight
		case !r.seen[item]:
			r.relevant[item] += event.Weight
		}
	}
	n := 0
	for _, weights := range [...]map[uint32]float32{r.relevant, unknown} {
		for _, w := range weights {
			if w > 0 {
				n++
			}
		}
	}
	return n
}

// rank fills r.ranking down to the deepest cutoff.
func (r *ranker) rank() {
	u := &model.User{History: r.history, Now: r.train.Now}
	if em, ok := r.model.(model.Embedder); ok {
		r.vector = em.Embed(r.vector[:0], u.History, u.Now)
		u.Vector = r.vector
	}
	r.model.Score(r.scores, u, r.all)
	r.best.Reset(slices.Max(r.cutoffs))
	for item, score := range r.scores {
		if r.best.Wants(score) && !r.seen[uint32(item)] {
			r.best.Push(uint32(item), score)
		}
	}
	r.ranking = r.ranking[:0]
	for _, s := range r.best.Sorted() {
		r.ranking = append(r.ranking, s.Item)
	}
}
