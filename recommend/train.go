package recommend

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

// Report says what a training did. It is kept with the models.
type Report struct {
	Version      uint64 // of the models in service afterwards
	Published    bool   // whether the new models took service
	Users, Items int    // in the snapshot of the log and the table of items
	Interactions int
	Time         time.Time // when it began
	Elapsed      time.Duration
	Gate         Gate         // the new blend beside the one in service
	Parts        []PartReport // in the order of Options.Trainers
	Before       []Ancestor   // the versions in service before, the newest first
}

// PartReport says what became of one part.
type PartReport struct {
	Name string
	Gate Gate // the new part beside the one in service
	Kept bool // the one in service goes on, because the new one was worse
}

// Ancestor is a version that was in service before, and up to where in the log it was trained.
type Ancestor struct {
	Version uint64
	Place   store.Place
}

// Train makes models from a snapshot of the log and the catalogue, compares them with those in service on interactions
// that neither has seen, and, when the blend is not worse, saves them in the store and swaps them in at once for all
// readers. Serving goes on meanwhile. A part that is worse than the one in service is left out for that one, and when the blend is
// worse nothing is published: that is no error, the Report says it.
//
// The first training learns the weights of the blend by models trained on a slice; every later one by the models in
// service, on what came after them. The same log, catalogue and Options.Seed give the same models. Memory is 24 bytes an
// interaction, what the trainers need, and the new models beside the old. One training runs at a time; others wait, or until
// their context ends.
func (e *Engine) Train(ctx context.Context) (Report, error) { return e.trainUnder(ctx, 0) }

// trainUnder trains under the fence of a lease; 0: none.
func (e *Engine) trainUnder(ctx context.Context, fence uint64) (Report, error) {
	if err := e.life.begin(); err != nil {
		return Report{}, err
	}
	defer e.life.done()
	within, cancel := e.life.within(ctx)
	defer cancel()
	select {
	case <-e.training:
		defer func() { e.training <- struct{}{} }()
	case <-within.Done():
	}
	report, err := e.train(within, fence)
	if err != nil {
		if e.life.over() && ctx.Err() == nil {
			return Report{}, ErrClosed
		}
		return Report{}, fmt.Errorf("recommend: train: %w", err)
	}
	e.log(ctx, slog.LevelInfo, "trained", slog.Uint64("version", report.Version),
		slog.Bool("published", report.Published), slog.Int("interactions", report.Interactions),
		slog.Int("compared on", report.Gate.Users), slog.Float64("ndcg", report.Gate.NDCG), slog.Duration("elapsed", report.Elapsed))
	return report, nil
}

func (e *Engine) train(ctx context.Context, fence uint64) (Report, error) {
	if err := ctx.Err(); err != nil {
		return Report{}, err
	}
	start := e.now()
	e.swapping.Lock()
	e.trained = start
	e.swapping.Unlock()
	before := e.service.Load()
	snap, err := e.snapshot(ctx, before)
	if err != nil {
		return Report{}, err
	}
	g, err := e.fit(ctx, snap, before)
	if err != nil {
		return Report{}, err
	}
	r := &g.report
	r.Users, r.Items, r.Interactions, r.Time = snap.data.UserCount(), snap.data.ItemCount(), snap.interactions, start
	r.Elapsed = e.now().Sub(start)
	if before != nil {
		r.Version = before.version
		r.Before = append([]Ancestor{{before.version, before.place}}, before.report.Before...)
		r.Before = r.Before[:min(len(r.Before), modelsKept-1)]
	}
	if r.Gate.Worse() || e.service.Load() != before { // worse, or overtaken by a rollback or another engine
		return *r, nil
	}
	return *r, e.publish(ctx, g, snap, fence)
}

// fit makes a generation of a snapshot.
func (e *Engine) fit(ctx context.Context, snap *snapshot, before *generation) (*generation, error) {
	c := checkpoint{place: snap.place, forgotten: e.forgets.since()}
	if before == nil {
		parts, weights, err := blend.Fit(ctx, e.opts.Trainers, snap.data, e.trainOptions("train"))
		if err != nil {
			return nil, err
		}
		for _, t := range e.opts.Trainers {
			c.report.Parts = append(c.report.Parts, PartReport{Name: t.Name()})
		}
		return newGeneration(parts, weights, c, 0, e.policies), nil
	}
	return e.refit(ctx, snap, before, c)
}

// refit trains on a snapshot less a withheld slice, compares each part with the one in service, and goes on from there on
// all of the snapshot.
func (e *Engine) refit(ctx context.Context, snap *snapshot, before *generation, c checkpoint) (*generation, error) {
	data, held := holdOut(snap, e.opts.Seed)
	drafts := make([]model.Model, len(e.opts.Trainers))
	for i, t := range e.opts.Trainers {
		opt := e.trainOptions("compare " + t.Name())
		opt.Previous = before.part(t.Name())
		m, err := t.Train(ctx, data, opt)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.Name(), err)
		}
		drafts[i] = m
	}
	weights := before.weights
	g := newGeneration(drafts, weights, c, 0, e.policies)
	g.report.Gate = compare(g.blend, before.blend, data, held)
	parts := make([]model.Model, len(drafts))
	for i, t := range e.opts.Trainers {
		report := PartReport{Name: t.Name()}
		if old := before.part(t.Name()); old != nil {
			report.Gate = compare(drafts[i], old, data, held)
			if report.Kept = report.Gate.Worse(); report.Kept {
				parts[i] = old
			}
		}
		g.report.Parts = append(g.report.Parts, report)
		if parts[i] != nil {
			continue
		}
		opt := e.trainOptions("train " + t.Name())
		opt.Previous = drafts[i]
		m, err := t.Train(ctx, snap.data, opt)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.Name(), err)
		}
		parts[i] = m
	}
	return newGeneration(parts, weights, g.checkpoint, 0, e.policies), nil
}

func (e *Engine) trainOptions(step string) model.TrainOptions {
	opt := model.TrainOptions{Seed: e.opts.Seed, Workers: e.opts.Workers}
	if e.opts.Progress != nil {
		opt.Progress = func(done, total int) { e.opts.Progress(step, done, total) }
	}
	return opt
}
