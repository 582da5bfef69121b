package main

import (
	"context"
	"io"
	"runtime/debug"
	"time"

	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/model"
)

// result is one line of the output; the names of its keys are part of the command's interface.
type result struct {
	Model        string  `json:"model"`
	K            int     `json:"k"`
	RecallK      float64 `json:"recall@k"`
	NDCGK        float64 `json:"ndcg@k"`
	HR10         float64 `json:"hr@10"`
	NDCG10       float64 `json:"ndcg@10"`
	FitSeconds   float64 `json:"fit_seconds"`
	ScoreSeconds float64 `json:"score_seconds"`
	PeakRSSBytes uint64  `json:"peak_rss_bytes"`
	Users        int     `json:"users"` // over whom the means go
	Seed         uint64  `json:"seed"`
}

// measure trains one model and ranks with it for every test user.
func measure(
	ctx context.Context, trainer model.Trainer, train, test *model.Dataset, opt options, stderr io.Writer,
) (result, error) {
	debug.FreeOSMemory() // what the model before left behind is not this one's
	resetPeakRSS()
	fit := newBar(stderr, "fit "+trainer.Name())
	start := time.Now()
	m, err := trainer.Train(ctx, train, model.TrainOptions{Seed: opt.seed, Workers: opt.workers, Progress: fit.Set})
	fit.Close()
	if err != nil {
		return result{}, err
	}
	fitted := time.Now()
	score := newBar(stderr, "score "+trainer.Name())
	report, err := eval.Evaluate(ctx, m, train, test, eval.Options{
		Cutoffs: []int{opt.k, 10}, Workers: opt.workers, Progress: score.Set,
	})
	score.Close()
	if err != nil {
		return result{}, err
	}
	return result{
		Model: trainer.Name(), K: opt.k, Users: report.Users, Seed: opt.seed,
		RecallK: report.At(opt.k).Recall, NDCGK: report.At(opt.k).NDCG,
		HR10: report.At(10).HitRate, NDCG10: report.At(10).NDCG,
		FitSeconds: fitted.Sub(start).Seconds(), ScoreSeconds: time.Since(fitted).Seconds(),
		PeakRSSBytes: peakRSS(),
	}, nil
}
