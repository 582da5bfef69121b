package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/model"
)

// result is what was measured of one model.
type result struct {
	model          string
	k, users       int // users over whom the means go
	seed           uint64
	recall, ndcg   float64 // at k
	hr10, ndcg10   float64
	fitted, scored time.Duration
	peakRSS        uint64
}

// MarshalJSON writes one line of the output; the names of its keys are part of the command's interface. With a k of 10
// there is one ndcg@10.
func (r result) MarshalJSON() ([]byte, error) {
	keys := map[string]any{
		"model": r.model, "k": r.k, "users": r.users, "seed": r.seed,
		fmt.Sprintf("recall@%d", r.k): r.recall, fmt.Sprintf("ndcg@%d", r.k): r.ndcg,
		"hr@10": r.hr10, "ndcg@10": r.ndcg10,
		"fit_seconds": r.fitted.Seconds(), "score_seconds": r.scored.Seconds(), "peak_rss_bytes": r.peakRSS,
	}
	return json.Marshal(keys)
}

// measure trains one contender and ranks with it for every test user.
func measure(ctx context.Context, c contender, train, test *model.Dataset, opt options, stderr io.Writer) (result, error) {
	debug.FreeOSMemory() // what the model before left behind is not this one's
	resetPeakRSS()
	fit := newBar(stderr, "fit "+c.name)
	start := time.Now()
	m, err := c.fit(ctx, withoutNewest(train, opt.unlearned), opt, fit.Set)
	fit.Close()
	if err != nil {
		return result{}, err
	}
	fitted := time.Now()
	score := newBar(stderr, "score "+c.name)
	report, err := eval.Evaluate(ctx, m, train, test, eval.Options{
		Cutoffs: []int{opt.k, 10}, Workers: opt.workers, Progress: score.Set,
	})
	score.Close()
	if err != nil {
		return result{}, err
	}
	return result{
		model: c.name, k: opt.k, users: report.Users, seed: opt.seed,
		recall: report.At(opt.k).Recall, ndcg: report.At(opt.k).NDCG,
		hr10: report.At(10).HitRate, ndcg10: report.At(10).NDCG,
		fitted: fitted.Sub(start), scored: time.Since(fitted), peakRSS: peakRSS(),
	}, nil
}
