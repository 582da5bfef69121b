package recommend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/goldrec/gold/store"
)

// modelsKept is the versions that the store keeps: the one in service and two to roll back to.
const modelsKept = 3

// ErrNoRollback says that the store holds no version to go back to.
var ErrNoRollback = errors.New("recommend: no version to roll back to")

// publish saves a generation, makes it the current one, says so in the log and swaps it in; unless it has been overtaken
// meanwhile, as its report then says.
func (e *Engine) publish(ctx context.Context, g, before *generation, snap *snapshot, fence uint64) error {
	g.report.Published = true
	if !g.forgotten.IsZero() {
		g.had = snap.had
	}
	var err error
	if g.version, err = e.save(ctx, g, snap); err != nil {
		return err
	}
	g.report.Version = g.version
	if current, err := e.makeCurrent(ctx, g, before, fence); err != nil {
		return err
	} else if !current {
		g.report.Published = false
		return e.store.DeleteModel(ctx, ModelName, g.version)
	}
	e.tidyItems(ctx, g)
	return errors.Join(e.recount(ctx), e.prune(ctx, g)) // there is little to count since
}

// makeCurrent makes a stored generation the current one everywhere, and reports whether it did: not when the one before is
// no longer in service.
func (e *Engine) makeCurrent(ctx context.Context, g, before *generation, fence uint64) (bool, error) {
	if current, err := e.replace(ctx, g, before, fence); !current || err != nil {
		return false, err
	}
	return true, e.append(ctx, []store.Entry{{
		Fact: store.Published, Model: ModelName, Version: g.version, Interaction: store.Interaction{Time: e.now()},
	}})
}

func (e *Engine) replace(ctx context.Context, g, before *generation, fence uint64) (bool, error) {
	e.swapping.Lock()
	defer e.swapping.Unlock()
	if e.service.Load().trained() != before {
		return false, nil
	}
	if err := e.store.SetCurrent(ctx, ModelName, g.version, fence); err != nil {
		return false, err
	}
	e.swap(g)
	return true, nil
}

// prune deletes the versions that are neither current nor to be rolled back to: of those in service before, all but the newest, and
// all that were trained before somebody was forgotten.
func (e *Engine) prune(ctx context.Context, g *generation) error {
	versions, err := e.store.ModelVersions(ctx, ModelName)
	if err != nil {
		return err
	}
	forgotten := furthest(e.forgets.since(), g.forgotten)
	for _, v := range versions {
		keep := v >= g.version || slices.ContainsFunc(g.report.Before, func(a Ancestor) bool {
			return a.Version == v && a.Place.Covers(forgotten)
		})
		if !keep {
			if err := e.store.DeleteModel(ctx, ModelName, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// Rollback puts the models back that were in service before those that are, on every engine that follows the log, and
// returns their version. It does not wait for a training under way, whose models then do not take service. Versions
// from before somebody was forgotten do not come back; without an older one it is ErrNoRollback.
func (e *Engine) Rollback(ctx context.Context) (version uint64, err error) {
	if err := e.life.begin(); err != nil {
		return 0, err
	}
	defer e.life.done()
	if err := errors.Join(e.catchUp(ctx), e.adopt(ctx)); err != nil { // another engine may have forgotten, or published
		return 0, fmt.Errorf("recommend: roll back: %w", err)
	}
	for {
		now := e.service.Load().trained()
		version, err := e.rollback(ctx, now)
		if version != 0 || err != nil {
			return version, err
		}
		if e.service.Load().trained() == now {
			return 0, ErrNoRollback
		}
	}
}

// rollback puts the newest version back that may come; 0 when there is none, or others than now have taken service.
func (e *Engine) rollback(ctx context.Context, now *generation) (version uint64, err error) {
	if now == nil {
		return 0, nil
	}
	for _, a := range now.report.Before {
		if !a.Place.Covers(e.forgets.since()) {
			break // nor do those before it
		}
		g, err := e.load(ctx, a.Version, nil)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		current := false
		if err == nil {
			current, err = e.makeCurrent(ctx, g, now, 0)
		}
		if err != nil {
			return 0, fmt.Errorf("recommend: roll back to version %d: %w", a.Version, err)
		}
		if current {
			e.tidyItems(ctx, g)
			return g.version, nil
		}
		break
	}
	return 0, nil
}

// tidyItems takes out of the engine's own catalogue what nobody has had to do with by the place of a generation that has
// taken service, nor since: items that only users who have been forgotten had.
func (e *Engine) tidyItems(ctx context.Context, g *generation) {
	had := g.had
	if g.had = nil; had == nil || furthest(e.forgets.since(), g.forgotten).IsZero() {
		return
	}
	for item := range uint32(e.items.Len()) {
		if (int(item) >= len(had) || !had[item]) && e.catalog.Available(item) {
			_ = e.catalog.Delete(e.items.ID(item)) // it is there
		}
	}
	for entry, err := range e.store.Scan(ctx, g.place) { // brings back what came meanwhile
		if err != nil {
			e.log(ctx, slog.LevelWarn, "own catalogue not tidied", slog.Any("error", err))
			return
		}
		if entry.Fact == store.Interacted {
			e.item(entry.Interaction.Item)
		}
	}
}
