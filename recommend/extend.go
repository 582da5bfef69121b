package recommend

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/goldrec/gold/recommend/model"
)

const (
	newcomersMax = 10_000           // users whose histories say what is new
	extendEvery  = 10 * time.Second // at most, where Run does it
	extendLook   = time.Second      // for what is new
)

// Extend takes what is new into the models in service, without a training: items of which the catalogue has told since, in
// the parts that go by that ([model.Extender]), and items that have had their first interactions since, in those that go by
// these ([model.EventExtender]): the latter begin with the models as they were trained, so that what they say of an item gets
// better with what it has had, and is the same on all engines that know the same. It takes effect at once for all readers;
// nothing is stored. It costs the reading of the histories of up to ten thousand users and what the parts say of their Extend:
// some seconds where there are a million items. While there are such items, the parts that take them in are in memory twice,
// and for the time of another extension three times.
//
// Run does it by itself within seconds, for a twentieth of a core at most. It is for who does not Run, or does not want to
// wait. Without models it does nothing.
func (e *Engine) Extend(ctx context.Context) error {
	if err := e.life.begin(); err != nil {
		return err
	}
	defer e.life.done()
	within, cancel := e.life.within(ctx)
	defer cancel()
	if err := e.extend(within); err != nil {
		return fmt.Errorf("recommend: extend: %w", err)
	}
	return nil
}

// extendAsDue looks for what is new, and takes it in.
func (e *Engine) extendAsDue(ctx context.Context) error {
	for wait := time.Duration(0); ; {
		if err := pause(ctx, wait); err != nil {
			return err
		}
		if wait = extendLook; !e.extendDue() {
			continue
		}
		began := e.now()
		if err := e.extend(ctx); err != nil {
			return err
		}
		wait = max(extendEvery, 20*e.now().Sub(began))
	}
}

// newcomers is what has come that the models in service were not trained with. Users are those who had to do with items that a
// part could take in.
type newcomers struct {
	extending sync.Mutex // held while a generation is extended

	mu      sync.Mutex
	users   map[string]struct{}
	urgent  bool        // one of these items has no part at all that knows it
	base    *generation // that was extended last
	taken   int         // of users, then
	catalog uint64      // its version, then
}

// meet takes note of a user and an item that a part could take in.
func (n *newcomers) meet(user string, urgent bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.users == nil {
		n.users = map[string]struct{}{}
	}
	if len(n.users) < newcomersMax {
		n.users[user] = struct{}{}
	}
	n.urgent = n.urgent || urgent
}

// forget takes users out.
func (n *newcomers) forget(users ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, user := range users {
		delete(n.users, user)
	}
}

// begin says for whom there is something to take in, and whether the catalogue has changed, since the last time.
func (n *newcomers) begin(base *generation, version uint64) (users []string, changed bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if base != n.base {
		n.taken = 0
	}
	if n.urgent || len(n.users) > n.taken {
		users = slices.Sorted(maps.Keys(n.users))
	}
	changed = base != n.base || version != n.catalog
	n.urgent = false
	return users, changed
}

// end says that what begin said has been taken in.
func (n *newcomers) end(base *generation, version uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.base, n.taken, n.catalog = base, len(n.users), version
}

// extendDue reports whether so much is new that it should be looked at: an item that nobody knows, half as many users again,
// or anything else in the catalogue.
func (e *Engine) extendDue() bool {
	base := e.service.Load().trained()
	if base == nil || !base.extends() {
		return false
	}
	n := &e.newcomers
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.base != base || n.urgent || 2*len(n.users) > 3*n.taken || n.catalog != e.catalog.Version()
}

// meet takes note of an interaction that speaks for an item, if a part does not know it.
func (e *Engine) meet(user string, item uint32) {
	g := e.service.Load()
	base := g.trained()
	if base == nil {
		return
	}
	for i, p := range base.parts {
		if x, ok := p.(model.EventExtender); ok && !x.Knows(item) {
			now, ok := g.parts[i].(model.EventExtender)
			e.newcomers.meet(user, ok && !now.Knows(item))
			return
		}
	}
}

// extends reports whether a part can take anything in.
func (g *generation) extends() bool {
	return slices.ContainsFunc(g.parts, func(p model.Model) bool { _, ok := p.(model.Extender); return ok })
}

func (e *Engine) extend(ctx context.Context) error {
	n := &e.newcomers
	n.extending.Lock()
	defer n.extending.Unlock()
	now := e.service.Load()
	base := now.trained()
	if base == nil {
		return nil
	}
	version := e.catalog.Version()
	users, changed := n.begin(base, version)
	data, err := e.newData(ctx, base, users)
	if err != nil {
		return err
	}
	parts, other := slices.Clone(now.parts), false
	for i, p := range base.parts {
		_, byEvents := p.(model.EventExtender)
		if !byEvents {
			p = now.parts[i] // and what it has taken in already stays as it is
		}
		x, ok := p.(model.Extender)
		if !ok || byEvents && data.Len() == 0 || !byEvents && !changed {
			continue
		}
		if parts[i], err = x.Extend(ctx, data, model.TrainOptions{Seed: e.opts.Seed, Workers: e.opts.Workers}); err != nil {
			return fmt.Errorf("%s: %w", p.Name(), err)
		}
		other = other || !same(parts[i], now.parts[i])
	}
	if other {
		if err := e.swapExtended(ctx, base, parts); err != nil {
			return err
		}
	}
	n.end(base, version)
	return nil
}

// same reports whether two models are one.
func same(a, b model.Model) bool { return reflect.TypeOf(a).Comparable() && a == b }

// swapExtended puts parts into service in the place of those of a generation, if that is still the one.
func (e *Engine) swapExtended(ctx context.Context, base *generation, parts []model.Model) error {
	g, err := newGeneration(parts, base.weights, base.checkpoint, e.policies)
	if err != nil {
		return err
	}
	g.version, g.base = base.version, base
	e.swapping.Lock()
	defer e.swapping.Unlock()
	if e.service.Load().trained() == base {
		e.swap(g)
		e.log(ctx, slog.LevelInfo, "models extended", slog.Uint64("version", g.version))
	}
	return nil
}

// newData is what the users did, all of it that models are shown, and the content of the catalogue. Users who had nothing to
// do with what the parts do not know, since others took service, are left out for good.
func (e *Engine) newData(ctx context.Context, base *generation, users []string) (*model.Dataset, error) {
	var rows []model.Row
	var knew []string
	for _, user := range users {
		history, err := e.history(ctx, user)
		if err != nil {
			return nil, err
		}
		from, met := len(rows), false
		for _, ev := range model.Recent(modelEvents(history), historyMax) {
			met = met || ev.Weight > 0 && base.misses(ev.Item)
			rows = append(rows, model.Row{User: user, Event: ev})
		}
		if !met {
			rows, knew = rows[:from], append(knew, user)
		}
	}
	e.newcomers.forget(knew...)
	return model.Collect(e.items, e.content, all(rows))
}

// modelEvents are the events that models are shown.
func modelEvents(history []event) []model.Event {
	var events []model.Event
	for i := range history {
		if !history[i].shown() {
			events = append(events, history[i].model())
		}
	}
	return events
}

// misses reports whether there is a part that could take the item in.
func (g *generation) misses(item uint32) bool {
	return slices.ContainsFunc(g.parts, func(p model.Model) bool {
		x, ok := p.(model.EventExtender)
		return ok && !x.Knows(item)
	})
}

func all(rows []model.Row) iter.Seq2[model.Row, error] {
	return func(yield func(model.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}
