package recommend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

// generation is the models that serve together: immutable, read through one atomic pointer. Their handles are the
// catalogue's.
type generation struct {
	parts   []model.Model
	weights *blend.Weights
	blend   *blend.Blend             // of all parts
	plans   map[*plan][]*blend.Blend // of the parts of each team of a plan; nil for a team that is not in service

	// had marks the items that somebody has had to do with by its place; nil when that plays no part: unless the catalogue is
	// the engine's own. Who puts the generation into service lets go of it.
	had []bool

	base *generation // as it was trained, when this one has taken in what came since; nil: this one is

	version uint64    // in the store
	epoch   uint64    // grows with every swap in this process
	before  uint64    // the epoch whose pages may be served on for a while; 0: none
	since   time.Time // of the swap
	checkpoint
}

// checkpoint is where in the log a generation stands.
type checkpoint struct {
	place     store.Place // the newest entries it was trained on
	forgotten store.Place // where somebody had been forgotten last by then
	exposed   store.Place // from where on the exposures of that day lie
	report    Report      // of its training
}

func newGeneration(parts []model.Model, weights *blend.Weights, c checkpoint, p *policies) (*generation, error) {
	b, err := blend.New(parts, weights)
	if err != nil {
		return nil, err
	}
	g := &generation{
		parts: parts, weights: weights, blend: b, plans: map[*plan][]*blend.Blend{}, checkpoint: c,
	}
	for _, pl := range p.plans {
		g.plans[pl] = g.teams(pl)
	}
	for _, pl := range p.models {
		g.plans[pl] = g.teams(pl)
	}
	g.plans[p.fallback] = g.teams(p.fallback)
	return g, nil
}

// trained is the generation as it was trained; nil where there is none.
func (g *generation) trained() *generation {
	if g != nil && g.base != nil {
		return g.base
	}
	return g
}

// teams are the blends that make a plan's rankings.
func (g *generation) teams(pl *plan) []*blend.Blend {
	teams := make([]*blend.Blend, len(pl.teams))
	for i, name := range pl.teams {
		switch {
		case name == Trending || name == Blended && pl.Parts != nil && len(pl.Parts) == 0:
		case name != Blended:
			if g.has(name) {
				teams[i] = g.blend.Select([]string{name})
			}
		case pl.Parts == nil:
			teams[i] = g.blend
		default:
			teams[i] = g.blend.Select(pl.Parts)
		}
	}
	return teams
}

func (g *generation) part(name string) model.Model {
	if g != nil {
		for _, p := range g.parts {
			if p.Name() == name {
				return p
			}
		}
	}
	return nil
}

func (g *generation) has(name string) bool { return g.part(name) != nil }

// swap puts a generation into service. The caller holds swapping. Pages of the one before may outlive it, unless that is gone
// back from, or knew somebody who has been forgotten since.
func (e *Engine) swap(g *generation) {
	e.epoch++
	g.epoch = e.epoch
	if old := e.service.Load(); old != nil && g.version > old.version && g.forgotten.String() == old.forgotten.String() {
		g.before, g.since = old.epoch, e.now()
	}
	e.service.Store(g)
}

// loadCurrent puts the store's current generation into service, and its counters and forgets into memory; without one,
// none is. It returns up to where in the log nothing else has to be known, and from where on it has to be read for the
// exposures of the day. A damaged file is an error and not a reason to serve without a model, or with an older one: that is
// its owner's decision.
func (e *Engine) loadCurrent(ctx context.Context) (place, exposed store.Place, err error) {
	version, err := e.store.Current(ctx, ModelName)
	if errors.Is(err, store.ErrNotFound) {
		return place, exposed, e.withoutModel(ctx)
	}
	if err != nil {
		return place, exposed, err
	}
	into := e.counted.Load()
	g, err := e.load(ctx, version, into.counters)
	if errors.Is(err, errOldFile) {
		return place, exposed, e.withoutModel(ctx)
	}
	if err != nil {
		return place, exposed, err
	}
	into.version, into.place = g.version, g.place
	e.forgets.begin(g.forgotten, g.place)
	g.had = nil // nothing else is in the catalogue
	e.swapping.Lock()
	defer e.swapping.Unlock()
	e.swap(g)
	return g.place, g.exposed, nil
}

// withoutModel says so when the store has models that cannot be read.
func (e *Engine) withoutModel(ctx context.Context) error {
	versions, err := e.store.ModelVersions(ctx, ModelName)
	if err == nil && len(versions) > 0 {
		e.log(ctx, slog.LevelWarn, "the stored models are of an older form and not read: train anew",
			slog.Int("versions", len(versions)))
	}
	return err
}

// adopt puts the store's current generation into service when another engine, or a rollback, has made it so.
func (e *Engine) adopt(ctx context.Context) error {
	version, err := e.store.Current(ctx, ModelName)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if now := e.service.Load(); now != nil && now.version == version {
		return nil
	}
	g, err := e.load(ctx, version, nil)
	if err != nil {
		return fmt.Errorf("recommend: adopt: %w", err)
	}
	adopted, err := e.take(ctx, g)
	if adopted {
		e.log(ctx, slog.LevelInfo, "model in service", slog.Uint64("version", version))
		e.tidyItems(ctx, g)
	}
	return err
}

// take swaps a generation in that has been loaded, unless it has been overtaken meanwhile: then its own entry in the log follows.
func (e *Engine) take(ctx context.Context, g *generation) (bool, error) {
	e.swapping.Lock()
	defer e.swapping.Unlock()
	if version, err := e.store.Current(ctx, ModelName); err != nil || version != g.version {
		return false, err
	}
	if now := e.service.Load(); now != nil && now.version == g.version {
		return false, nil
	}
	e.swap(g)
	return true, nil
}
