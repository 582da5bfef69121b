package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/goldrec/gold/recommend/eval"
)

// result is what was measured of one model.
type result struct {
	model          string
	k, users       int // users over whom the means go
	seed           uint64
	at, at10       eval.Metrics // at k, and at 10
	auc            float64
	fitted, scored time.Duration
	peakRSS        uint64

	recalls, ndcgs []float64 // at k, user by user
	lengths        []segment // by length of history
}

// segment is what was found of users of one length of history.
type segment struct {
	name         string
	users        int
	recall, ndcg float64
}

// historyBounds are the lengths of histories that are looked at apart.
var historyBounds = []int{5, 10, 20, 50, 100} // read-only

// interval is where the mean of all users like these lies.
func (r result) interval(values []float64) eval.Interval { return eval.Bootstrap(values, 0.95, r.seed) }

// MarshalJSON writes one line of the output; the names of its keys are part of the command's interface. With a k of 10
// there is one ndcg@10.
func (r result) MarshalJSON() ([]byte, error) {
	at := func(name string) string { return fmt.Sprintf("%s@%d", name, r.k) }
	recall, ndcg := r.interval(r.recalls), r.interval(r.ndcgs)
	return json.Marshal(map[string]any{
		"model": r.model, "k": r.k, "users": r.users, "seed": r.seed,
		at("recall"): r.at.Recall, at("ndcg"): r.at.NDCG, at("mrr"): r.at.MRR, at("map"): r.at.MAP, at("precision"): r.at.Precision,
		at("coverage"): r.at.Coverage, at("novelty"): r.at.Novelty, at("gini"): r.at.Gini, at("popularity"): r.at.Popularity,
		at("recall_interval"): [2]float64{recall.Low, recall.High}, at("ndcg_interval"): [2]float64{ndcg.Low, ndcg.High},
		"hr@10": r.at10.HitRate, "ndcg@10": r.at10.NDCG, "auc": r.auc,
		"fit_seconds": r.fitted.Seconds(), "score_seconds": r.scored.Seconds(), "peak_rss_bytes": r.peakRSS,
	})
}

// measure trains one contender and ranks with it for every question.
func measure(ctx context.Context, c contender, x exam, opt options, stderr io.Writer) (result, error) {
	debug.FreeOSMemory() // what the model before left behind is not this one's
	resetPeakRSS()
	fit := newBar(stderr, "fit "+c.name)
	start := time.Now()
	m, err := c.fit(ctx, withoutNewest(x.train, opt.unlearned), opt, fit.Set)
	fit.Close()
	if err != nil {
		return result{}, err
	}
	fitted := time.Now()
	score := newBar(stderr, "score "+c.name)
	look := eval.Options{Cutoffs: []int{opt.k, 10}, Workers: opt.workers, Progress: score.Set}
	if opt.ranking != "" {
		look.Rankings = max(opt.k, 10)
	}
	report, err := x.rank(ctx, m, look)
	score.Close()
	if err != nil {
		return result{}, err
	}
	r := result{
		model: c.name, k: opt.k, users: report.Users, seed: opt.seed, at: report.At(opt.k), at10: report.At(10), auc: report.AUC,
		fitted: fitted.Sub(start), scored: time.Since(fitted), peakRSS: peakRSS(),
		recalls: report.Values(opt.k, func(m eval.Metrics) float64 { return m.Recall }),
		ndcgs:   report.Values(opt.k, func(m eval.Metrics) float64 { return m.NDCG }),
	}
	for _, s := range report.ByHistory(historyBounds...) {
		r.lengths = append(r.lengths, segment{s.Name, s.Users, s.At(opt.k).Recall, s.At(opt.k).NDCG})
	}
	if opt.ranking != "" {
		err = x.writeRanking(opt.ranking, c.name, report)
	}
	return r, err
}

// writeRanking writes a run for trec_eval to the file and, beside it, what is relevant.
func (x exam) writeRanking(path, name string, report eval.Report) error {
	err := toFile(path, func(w io.Writer) error { return eval.WriteRun(w, name, report, x.train, x.test) })
	if err != nil {
		return err
	}
	return toFile(path+".qrels", func(w io.Writer) error {
		for _, one := range report.Each {
			user := x.test.Users.ID(one.User)
			had := map[string]bool{}
			if u, ok := x.train.Users.Lookup(user); ok {
				for _, e := range x.train.History(u) {
					had[x.train.Items.ID(e.Item)] = true
				}
			}
			for _, e := range x.test.History(one.User) {
				if id := x.test.Items.ID(e.Item); !had[id] {
					had[id] = true
					if _, err := fmt.Fprintf(w, "%s 0 %s 1\n", user, id); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
}

func toFile(path string, write func(w io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	err = write(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
