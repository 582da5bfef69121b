package recommend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
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
	Blend        blend.Report // what learning the weights found out
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
func (e *Engine) trainUnder(ctx context.Context, fence uint64) (report Report, err error) {
	err = e.alone(ctx, func(within context.Context) (err error) {
		report, err = e.train(within, fence)
		return err
	})
	if errors.Is(err, ErrClosed) {
		return Report{}, ErrClosed
	}
	if err != nil {
		return Report{}, fmt.Errorf("recommend: train: %w", err)
	}
	e.log(ctx, slog.LevelInfo, "trained", slog.Uint64("version", report.Version),
		slog.Bool("published", report.Published), slog.Int("interactions", report.Interactions),
		slog.Int("compared on", report.Gate.Users), slog.Float64("ndcg", report.Gate.NDCG), slog.Duration("elapsed", report.Elapsed))
	return report, nil
}

// alone calls what trains, when nobody else does and as long as neither ctx nor the engine ends.
func (e *Engine) alone(ctx context.Context, do func(ctx context.Context) error) error {
	if err := e.life.begin(); err != nil {
		return err
	}
	defer e.life.done()
	within, cancel := e.life.within(ctx)
	defer cancel()
	select {
	case <-e.training:
		defer func() { e.training <- struct{}{} }()
	case <-within.Done():
	}
	err := within.Err()
	if err == nil {
		err = do(within)
	}
	if err != nil && e.life.over() && ctx.Err() == nil {
		return ErrClosed
	}
	return err
}

func (e *Engine) train(ctx context.Context, fence uint64) (Report, error) {
	start := e.now()
	e.swapping.Lock()
	e.trained = start
	e.swapping.Unlock()
	before := e.service.Load().trained() // what it has taken in since, it has seen
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
	if !r.Gate.Worse() && e.service.Load().trained() == before { // neither worse nor overtaken by a rollback or another engine
		err = e.publish(ctx, g, before, snap, fence)
	}
	if now := e.service.Load(); now != nil && !r.Published {
		r.Version = now.version
	}
	return *r, err
}

// fit makes a generation of a snapshot. Where there are no models, or others than now, it begins anew.
func (e *Engine) fit(ctx context.Context, snap *snapshot, before *generation) (*generation, error) {
	c := checkpoint{place: snap.place, forgotten: snap.forgotten, exposed: e.exposed.since(snap.place)}
	if before.trainedBy(e.opts.Trainers) {
		return e.refit(ctx, snap, before, c)
	}
	parts, weights, learned, err := blend.Fit(ctx, e.opts.Trainers, snap.data, e.learnOptions("train"))
	if err != nil {
		return nil, err
	}
	c.report.Blend = learned
	for _, t := range e.opts.Trainers {
		c.report.Parts = append(c.report.Parts, PartReport{Name: t.Name()})
	}
	return newGeneration(parts, weights, c, e.policies)
}

// trainedBy reports whether a generation has all the parts that the trainers make.
func (g *generation) trainedBy(trainers []model.Trainer) bool {
	for _, t := range trainers {
		if !g.has(t.Name()) {
			return false
		}
	}
	return g != nil
}

// refit learns weights by the parts in service, trains on a snapshot less a withheld slice, compares each part and the blend with
// those in service, and goes on from there on all of the snapshot.
func (e *Engine) refit(ctx context.Context, snap *snapshot, before *generation, c checkpoint) (*generation, error) {
	weights, err := e.learn(ctx, snap, before, &c.report)
	if err != nil {
		return nil, err
	}
	data, held := holdOut(snap, e.opts.Seed)
	drafts, err := e.trainParts(ctx, data, before.part, nil)
	if err != nil {
		return nil, err
	}
	draft, err := newGeneration(drafts, weights, c, e.policies)
	if err != nil {
		return nil, err
	}
	if c.report.Gate, err = e.compare(ctx, draft.blend, before.blend, data, held); err != nil {
		return nil, err
	}
	kept := make([]model.Model, len(drafts))
	for i, d := range drafts {
		report := PartReport{Name: d.Name()}
		old := before.part(d.Name())
		if report.Gate, err = e.compare(ctx, d, old, data, held); err != nil {
			return nil, err
		}
		if report.Kept = report.Gate.Worse(); report.Kept {
			kept[i] = old
		}
		c.report.Parts = append(c.report.Parts, report)
	}
	if c.report.Gate.Worse() {
		draft.report = c.report
		return draft, nil
	}
	draft = nil // each draft is let go of when it has become a part
	parts, err := e.trainParts(ctx, snap.data, func(name string) (d model.Model) {
		i := slices.IndexFunc(e.opts.Trainers, func(t model.Trainer) bool { return t.Name() == name })
		d, drafts[i] = drafts[i], nil
		return d
	}, kept)
	if err != nil {
		return nil, err
	}
	return newGeneration(parts, weights, c, e.policies)
}

// trainParts trains each part from its previous one: drafts to be compared when kept is nil, else those that it does not have.
func (e *Engine) trainParts(ctx context.Context, data *model.Dataset, previous func(name string) model.Model, kept []model.Model,
) ([]model.Model, error) {
	parts, step := make([]model.Model, len(e.opts.Trainers)), "train"
	if kept == nil {
		step = "compare"
	}
	copy(parts, kept)
	for i, t := range e.opts.Trainers {
		if parts[i] != nil {
			continue
		}
		opt := model.TrainOptions{Seed: e.opts.Seed, Workers: e.opts.Workers, Previous: previous(t.Name()), Draft: kept == nil}
		if e.opts.Progress != nil {
			opt.Progress = func(done, total int) { e.opts.Progress(step+" "+t.Name(), done, total) }
		}
		m, err := t.Train(ctx, data, opt)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.Name(), err)
		}
		parts[i] = m
	}
	return parts, nil
}

// learnLeast is from how many users on the weights are learned anew; what fewer did says less than the weights that there are.
const learnLeast = 200

// learn finds the weights by what the models in service ranked, and users then did, those apart that the gate compares on.
func (e *Engine) learn(ctx context.Context, snap *snapshot, before *generation, report *Report) (*blend.Weights, error) {
	var truth []blend.Withheld
	part := gatePart(snap.data)
	early := snap.data.Before(func(user uint32, history []model.Event) int {
		id := snap.data.Users.ID(user)
		end := newsFrom(history, snap.fresh[id])
		if items := blend.Liked(history[:end], history[end:]); len(items) > 0 && end > 0 && !inGate(id, e.opts.Seed, part) {
			truth = append(truth, blend.Withheld{User: user, Items: items})
		}
		return end
	})
	if len(truth) < learnLeast {
		report.Blend = before.report.Blend
		return before.weights, nil
	}
	weights, learned, err := blend.Learn(ctx, before.parts, early, truth, e.learnOptions("weigh"))
	report.Blend = learned
	return weights, err
}

// newsFrom is where in a history its newest n events that say something begin.
func newsFrom(history []model.Event, n int) int {
	at := len(history)
	for ; at > 0 && n > 0; at-- {
		if history[at-1].Weight != 0 { // impressions are not counted as news
			n--
		}
	}
	return at
}

func (e *Engine) learnOptions(step string) blend.Options {
	opt := blend.Options{Seed: e.opts.Seed, Workers: e.opts.Workers}
	if e.opts.Progress != nil {
		opt.Progress = func(done, total int) { e.opts.Progress(step, done, total) }
	}
	return opt
}
