package recommend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
	"github.com/goldrec/gold/store"
)

// ModelName is the name under which the store keeps the engine's models. Open fails when the newest of them is damaged;
// store.Models.DeleteModel with this name takes it away.
const ModelName = "recommend"

// modelsKept is the versions that the store keeps: the one in service and two to roll back to.
const modelsKept = 3

// ErrNoRollback says that the store holds no version before the one in service.
var ErrNoRollback = errors.New("recommend: no version to roll back to")

// Report says what a training did.
type Report struct {
	Version      uint64 // of the model in service afterwards
	Published    bool   // whether the new model took service
	Users, Items int    // in the snapshot of the log and the catalogue
	Interactions int
	Elapsed      time.Duration
	Gate         Gate
}

// Train makes a model from a snapshot of the log and the catalogue, compares it with the one in service on
// interactions that neither has seen, and, when it is not worse, saves it in the store and swaps it in at once for all
// readers. Serving goes on meanwhile. A model that is worse is dropped: that is not an error, Report.Published says it.
//
// The same log, catalogue and Options.Seed give the same model. Memory is the snapshot, about 40 bytes an interaction,
// and the new model beside the old. One training runs at a time, others wait.
func (e *Engine) Train(ctx context.Context) (Report, error) {
	start := e.now()
	if err := e.beginTraining(); err != nil {
		return Report{}, err
	}
	defer e.endTraining()
	report, err := e.train(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("recommend: train: %w", err)
	}
	report.Elapsed = e.now().Sub(start)
	e.opts.Logger.LogAttrs(ctx, slog.LevelInfo, "trained", slog.Uint64("version", report.Version),
		slog.Bool("published", report.Published), slog.Int("interactions", report.Interactions),
		slog.Float64("ndcg", report.Gate.NDCG), slog.Duration("elapsed", report.Elapsed))
	return report, nil
}

func (e *Engine) beginTraining() error {
	e.training.Lock()
	e.calls.RLock()
	if e.closed.Load() {
		e.endTraining()
		return ErrClosed
	}
	return nil
}

func (e *Engine) endTraining() {
	e.calls.RUnlock()
	e.training.Unlock()
}

func (e *Engine) train(ctx context.Context) (Report, error) {
	before := e.service.Load()
	snap, err := e.snapshot(ctx, before)
	if err != nil {
		return Report{}, err
	}
	data, held := holdOut(snap, e.opts.Seed)
	m, err := e.opts.Trainer.Train(ctx, data, model.TrainOptions{Seed: e.opts.Seed, Workers: e.opts.Workers})
	if err != nil {
		return Report{}, err
	}
	report := Report{Users: data.Users.Len(), Items: data.Items.Len(), Interactions: snap.interactions}
	report.Gate = compare(m, before, data, held)
	if before != nil {
		report.Version = before.version
	}
	if report.Gate.Worse() {
		return report, nil
	}
	c := newCheckpoint(snap.trending, e.catalog, e.open, snap.position, snap.newest)
	if report.Version, err = e.save(ctx, m, c); err != nil {
		return Report{}, err
	}
	report.Published = true
	e.publish(m, c.position, report.Version)
	return report, e.prune(ctx)
}

// snapshot is what training sees of the log.
type snapshot struct {
	data         *model.Dataset
	interactions int
	position     store.Position
	newest       int64             // time of the newest interaction, Unix seconds
	trending     *popular.Counters // as of position
	fresh        map[string]bool   // users with interactions that the model in service has not seen
}

func (e *Engine) snapshot(ctx context.Context, before *service) (*snapshot, error) {
	snap := &snapshot{fresh: map[string]bool{}, trending: e.newCounters()}
	var b model.Builder
	for _, item := range e.catalog.All() {
		b.AddItem(item)
	}
	end, err := e.store.Append(ctx, nil)
	if err != nil {
		return nil, err
	}
	for entry, err := range e.store.Scan(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if entry.Position > end {
			break // what arrives while we read is for the next training
		}
		in := &entry.Interaction
		snap.interactions++
		e.countIn(snap.trending, in)
		snap.newest = max(snap.newest, e.countedTime(in))
		if w := e.weights.of(in); w != 0 {
			b.Add(in.User, in.Item, w, in.Time.Unix())
			if before == nil || entry.Position > before.position {
				snap.fresh[in.User] = true
			}
		}
	}
	snap.position = end
	snap.data = b.Build()
	return snap, nil
}

// save streams the model into the store.
func (e *Engine) save(ctx context.Context, m model.Model, c checkpoint) (uint64, error) {
	r, w := io.Pipe()
	var wg sync.WaitGroup
	wg.Go(func() { w.CloseWithError(writeFile(w, c, m)) }) // nil becomes io.EOF
	version, err := e.store.PutModel(ctx, ModelName, r)
	r.CloseWithError(err) // frees the writer when the store stopped early
	wg.Wait()
	return version, err
}

func (e *Engine) load(ctx context.Context, version uint64) (checkpoint, model.Model, uint64, error) {
	r, version, err := e.store.OpenModel(ctx, ModelName, version)
	if err != nil {
		return checkpoint{}, nil, 0, err
	}
	defer r.Close()
	c, m, err := readFile(r, e.opts.Trainer)
	if err != nil {
		return checkpoint{}, nil, 0, fmt.Errorf("load model version %d: %w", version, err)
	}
	return c, m, version, nil
}

// loadNewest puts the store's newest model into service; without one, none is. A damaged file is an error and not a
// reason to serve without a model, or with an older one: that is its owner's decision.
func (e *Engine) loadNewest(ctx context.Context) (checkpoint, error) {
	c, m, version, err := e.load(ctx, 0)
	if errors.Is(err, store.ErrNotFound) {
		return checkpoint{}, nil
	}
	if err != nil {
		return checkpoint{}, err
	}
	e.restore(c)
	e.training.Lock()
	defer e.training.Unlock()
	e.publish(m, c.position, version)
	return c, nil
}

// publish swaps the model in. The caller holds training.
func (e *Engine) publish(m model.Model, position store.Position, version uint64) {
	e.epoch++
	e.service.Store(newService(m, position, version, e.epoch, e.catalog))
}

func (e *Engine) prune(ctx context.Context) error {
	versions, err := e.store.ModelVersions(ctx, ModelName)
	for i := 0; err == nil && i < len(versions)-modelsKept; i++ {
		err = e.store.DeleteModel(ctx, ModelName, versions[i])
	}
	return err
}

// Rollback puts the version before the one in service back and deletes the latter from the store, so that a restart
// does not bring it back. It returns the version now in service; without an older one it is ErrNoRollback.
func (e *Engine) Rollback(ctx context.Context) (version uint64, err error) {
	if err := e.beginTraining(); err != nil {
		return 0, err
	}
	defer e.endTraining()
	now := e.service.Load()
	if now == nil {
		return 0, ErrNoRollback
	}
	versions, err := e.store.ModelVersions(ctx, ModelName)
	if err != nil {
		return 0, fmt.Errorf("recommend: roll back: %w", err)
	}
	var target uint64
	for _, v := range versions {
		if v < now.version {
			target = v
		}
	}
	if target == 0 {
		return 0, ErrNoRollback
	}
	c, m, version, err := e.load(ctx, target)
	if err == nil {
		err = e.store.DeleteModel(ctx, ModelName, now.version)
	}
	if err != nil {
		return 0, fmt.Errorf("recommend: roll back to version %d: %w", target, err)
	}
	e.publish(m, c.position, version)
	return version, nil
}
