package recommend

import (
	"context"
	"fmt"

	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/model"
)

// EvaluateOptions is how to evaluate. The zero value works.
type EvaluateOptions struct {
	// Split divides the data into what is learned from and what should be found. nil: the newest fifth of each user's
	// history, by time, should be found ([eval.SplitTime]).
	Split func(all *model.Dataset) (train, test *model.Dataset)
	// Trainers make the models. nil: those of the engine.
	Trainers []model.Trainer
	Cutoffs  []int // the k of the metrics, each above 0; none means 10
}

// Evaluated is how well a model did.
type Evaluated struct {
	Name string // of a part, or Blended
	eval.Report
}

// Evaluate says how well models find what users did next, on the engine's own log: it trains them on the older part of
// each history and looks how high they rank the rest, each for itself, in the order of the trainers, and then blended.
// Nothing takes service and nothing is stored. It takes as long as a first training, and a pass over all items for every
// user; memory is that of a training, of which one runs at a time.
//
// What pages would be besides, by their policies, sources and stages, is not evaluated: that says an experiment alone.
func (e *Engine) Evaluate(ctx context.Context, opt EvaluateOptions) ([]Evaluated, error) {
	if opt.Trainers == nil {
		opt.Trainers = e.opts.Trainers
	}
	if opt.Split == nil {
		opt.Split = func(all *model.Dataset) (train, test *model.Dataset) { return eval.SplitTime(all, 0.2) }
	}
	var done []Evaluated
	err := e.alone(ctx, func(ctx context.Context) error {
		snap, err := e.snapshot(ctx, nil)
		if err == nil {
			done, err = e.evaluate(ctx, snap.data, opt)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("recommend: evaluate: %w", err)
	}
	return done, nil
}

func (e *Engine) evaluate(ctx context.Context, all *model.Dataset, opt EvaluateOptions) ([]Evaluated, error) {
	train, test := opt.Split(all)
	parts, weights, _, err := blend.Fit(ctx, opt.Trainers, train, e.learnOptions("train"))
	if err != nil {
		return nil, err
	}
	blended, err := blend.New(parts, weights)
	if err != nil {
		return nil, err
	}
	var done []Evaluated
	look := eval.Options{Cutoffs: opt.Cutoffs, Recent: historyMax, Workers: e.opts.Workers}
	add := func(name string, m model.Scorer) error {
		if e.opts.Progress != nil {
			look.Progress = func(done, total int) { e.opts.Progress("evaluate "+name, done, total) }
		}
		report, err := eval.Evaluate(ctx, m, train, test, look)
		done = append(done, Evaluated{name, report})
		return err
	}
	for _, p := range parts {
		if err := add(p.Name(), p); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name(), err)
		}
	}
	return done, add(Blended, blended)
}

// Dataset is the engine's log as its trainers see it, for who wants more of it than Evaluate says. Items are by the handles
// of Catalog().IDs(). It costs 24 bytes an interaction.
func (e *Engine) Dataset(ctx context.Context) (*model.Dataset, error) {
	if err := e.life.begin(); err != nil {
		return nil, err
	}
	defer e.life.done()
	snap, err := e.snapshot(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("recommend: data set: %w", err)
	}
	return snap.data, nil
}
