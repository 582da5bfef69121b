// Package eval measures how well a model finds what was held out: splits, and metrics over the full ranking of all
// items, not over a sample of them (Krichene & Rendle, On Sampled Metrics for Item Recommendation, 2020).
//
//	train, test := eval.SplitRandom(data, 0.2, seed)
//	m, err := als.Trainer{}.Train(ctx, train, model.TrainOptions{Seed: seed})
//	report, err := eval.Evaluate(ctx, m, train, test, eval.Options{Cutoffs: []int{10, 20}})
//	fmt.Println(report.At(20).Recall, report.At(10).NDCG)
//
// [Latest], [Gains] and [Paired] answer whether one model proposes better than another what users came to next, which is
// what an engine asks before a new model takes the place of the old.
//
// # Cost and concurrency
//
// [Evaluate] takes one pass of Score over all items for each user of test, spread over Workers, and the report does
// not depend on their number; [Gains] costs as many pages. Splits copy the events that they keep, 24 bytes each;
// [Latest] copies none. ctx is looked at throughout.
//
// # Caveats
//
// What a user did in train is not ranked for that user, and an item of test that was in train too is not counted as
// relevant. Users without relevant items are left out of the means.
package eval

import (
	"context"
	"math/bits"

	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/recommend/model"
)

// Options is how to evaluate. The zero value works.
type Options struct {
	Cutoffs  []int                 // the k of the metrics, each above 0; none means 10
	Recent   int                   // how many events of a history the model is shown, the newest; 0: all. None of them is ranked
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

// Evaluate ranks all items of train for every user of test, by m's Score and from the user's history in train, with ties
// by handle, and measures how high the items of test stand. Items whose weights in test do not sum up to more than zero
// are not relevant. M, a model or a blend of some, knows items by train's handles. The two datasets are joined by
// identifier, so that each may have a table of its own; items of test that train does not have count as relevant and
// never found, and users that train does not know have an empty history. The time of the requests is train.Now. It takes
// one pass of Score over all items for each user, and returns ctx's error when that ends first.
func Evaluate(ctx context.Context, m model.Scorer, train, test *model.Dataset, opt Options) (Report, error) {
	opt, err := opt.checked()
	if err != nil {
		return Report{}, err
	}
	e := newEvaluation(m, train, test, opt)
	// A fixed number of parts, so that the order of additions does not depend on the number of workers.
	parts, bounds := parallel.Spans(test.UserCount(), 256)
	sums := make([]Report, parts)
	rankers := make([]*ranker, parallel.Workers(opt.Workers, parts))
	progress := parallel.NewProgress(test.UserCount(), opt.Progress)
	err = parallel.For(ctx, opt.Workers, parts, func(worker, part int) {
		if rankers[worker] == nil {
			rankers[worker] = e.newRanker()
		}
		from, to := bounds(part)
		for from < to && ctx.Err() == nil {
			n := min(groupSize, to-from)
			rankers[worker].group(uint32(from), uint32(from+n), &sums[part])
			progress.Add(n)
			from += n
		}
	})
	if err != nil {
		return Report{}, err
	}
	return e.report(sums, rankers), nil
}

// evaluation is what the workers share.
type evaluation struct {
	model       model.Scorer
	train, test *model.Dataset
	cutoffs     []int
	options     Options
	all         []uint32 // every handle of train
	fromTest    []uint32 // handles of test's items in train, or NoItem
}

func newEvaluation(m model.Scorer, train, test *model.Dataset, opt Options) *evaluation {
	e := &evaluation{
		model: m, train: train, test: test, cutoffs: opt.Cutoffs, options: opt,
		all:      make([]uint32, train.ItemCount()),
		fromTest: translate(test, train),
	}
	for i := range e.all {
		e.all[i] = uint32(i)
	}
	return e
}

func translate(from, to *model.Dataset) []uint32 {
	table := make([]uint32, from.ItemCount())
	for h := range table {
		at, ok := to.Items.Lookup(from.Items.ID(uint32(h)))
		if table[h] = at; !ok || int(at) >= to.ItemCount() {
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
