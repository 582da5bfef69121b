// Package eval measures how well a model finds what was held out: splits, and metrics over the full ranking of all
// items, not over a sample of them (Krichene & Rendle, On Sampled Metrics for Item Recommendation, 2020).
//
//	train, test := eval.SplitRandom(data, 0.2, seed)
//	m, err := als.Trainer{}.Train(ctx, train, model.TrainOptions{Seed: seed})
//	report, err := eval.Evaluate(ctx, m, train, test, eval.Options{Cutoffs: []int{10, 20}})
//	fmt.Println(report.At(20).Recall, report.At(10).NDCG)
//
// Splits are by chance ([SplitRandom], [SplitFold]), by what came last ([SplitLast], [SplitLastTwo]), by time of each user or of
// all ([SplitTime], [SplitAt]), by user ([SplitUsers]) and by visit ([SplitSessions], for [EvaluateCases]). [Report.Values]
// has a measure user by user, of which [Bootstrap] makes an interval, and of two models' [Paired], [Difference.PValue] and
// [SignFlip] a test; [Report.Where] and [Report.ByHistory] look at some of the users. [ReadRun] and [ReadQrels] read the files
// of trec_eval, [Tune] searches for good hyper-parameters.
//
// [Latest], [Gains] and [Paired] answer whether one model proposes better than another what users came to next, which is
// what an engine asks before a new model takes the place of the old.
//
// # Cost and concurrency
//
// [Evaluate] takes one pass of Score over all items for each user of test, spread over Workers, and the report does
// not depend on their number; [Gains] costs as many pages. Splits copy the events that they keep, 24 bytes each;
// [Latest] copies none. A report keeps some 100 bytes a user and cutoff. ctx is looked at throughout.
//
// # Caveats
//
// What a user did in train is not ranked for that user, and an item of test that was in train too is not counted as
// relevant. Users without relevant items are left out of the means. An item that is scored NaN is never shown.
//
// [EvaluateSampled] ranks among a sample of items. Its figures are not those of the full ranking and may order models
// otherwise; it is there to compare with papers that did so.
package eval

import (
	"context"

	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/recommend/model"
)

// Options is how to evaluate. The zero value works.
type Options struct {
	Cutoffs  []int // the k of the metrics, each above 0; none means 10
	Recent   int   // how many events of a history the model is shown, the newest; 0: all. None of them is ranked
	Rankings int   // how much of each user's ranking the report keeps; 0: none
	Workers  int   // goroutines; 0 means GOMAXPROCS; the report does not depend on it

	// Similar says how alike two items of train are, 0 to 1, for Metrics.Diversity; nil: that is not measured. It is
	// called from many goroutines, k·(k-1)/2 times a user and cutoff. [SharedUsers] is one.
	Similar func(a, b uint32) float64

	Progress func(done, total int) // called from one goroutine at a time with a count of users; may be nil
}

// Report is what an evaluation found.
type Report struct {
	Users   int       // users with at least one relevant item, over whom the means go
	Metrics []Metrics // one for each cutoff, in the order asked for
	AUC     float64   // mean over users of the part of pairs of a relevant and another item that stand in that order; ties count half
	Each    []One     `json:"-"` // the users one by one, in the order of test
}

// One is what was found of one user, or of one case of [EvaluateCases].
type One struct {
	User     uint32    // test's handle, or the place of the case
	History  int       // events in train before Options.Recent
	Relevant int       // items to be found
	Metrics  []Metrics // one for each cutoff, without Coverage and Gini
	AUC      float64
	Ranking  []model.Scored // Options.Rankings of it, the best first
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
	return newEvaluation(m, train, test, opt).run(ctx, test.UserCount())
}

// run ranks for so many users or cases.
func (e *evaluation) run(ctx context.Context, count int) (Report, error) {
	opt := e.options
	// A fixed number of parts, so that the order of additions does not depend on the number of workers.
	parts, bounds := parallel.Spans(count, 256)
	sums := make([]Report, parts)
	rankers := make([]*ranker, parallel.Workers(opt.Workers, parts))
	progress := parallel.NewProgress(count, opt.Progress)
	err := parallel.For(ctx, opt.Workers, parts, func(worker, part int) {
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
	options     Options
	all         []uint32 // every handle of train
	fromTest    []uint32 // handles of test's items in train, or NoItem
	popularity  popularity
	cases       []Case // instead of test's users
	sampled     *sampler
}

func newEvaluation(m model.Scorer, train, test *model.Dataset, opt Options) *evaluation {
	e := &evaluation{
		model: m, train: train, test: test, options: opt,
		all:        make([]uint32, train.ItemCount()),
		popularity: popularityOf(train),
	}
	for i := range e.all {
		e.all[i] = uint32(i)
	}
	if test != nil {
		e.fromTest = translate(test, train)
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
	total := Report{}
	for _, s := range sums {
		total.Each = append(total.Each, s.Each...)
	}
	total.average(e.options.Cutoffs)
	for i := range e.options.Cutoffs {
		shown := make([]uint32, len(e.all))
		for _, r := range rankers {
			if r != nil {
				for item, n := range r.shown[i] {
					shown[item] += n
				}
			}
		}
		total.Metrics[i].Coverage, total.Metrics[i].Gini = spread(shown)
	}
	return total
}

// average fills in the means over Each.
func (r *Report) average(cutoffs []int) {
	r.Users, r.Metrics, r.AUC = len(r.Each), make([]Metrics, len(cutoffs)), 0
	for i, k := range cutoffs {
		r.Metrics[i].K = k
	}
	for _, one := range r.Each {
		r.AUC += one.AUC / float64(r.Users)
		for i := range one.Metrics {
			r.Metrics[i].add(one.Metrics[i])
		}
	}
	for i := range r.Metrics {
		r.Metrics[i].over(r.Users)
	}
}
