package recommend

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goldrec/gold/recommend/source"
	"github.com/goldrec/gold/store"
)

// tally is what is trending, and what that was counted from: the counters of a model file, and the log since. It knows for
// itself which entries it has, so that another may be counted anew beside it.
type tally struct {
	counters  *source.Counters
	version   uint64      // of the file; 0: none, all is from the log
	place     store.Place // up to where the file had counted
	forgotten store.Place // who was forgotten up to here is not in what was counted from the log
	applied   applied
}

func (e *Engine) newTally() (*tally, error) {
	c, err := source.NewCounters(source.CountersOptions{HalfLifeDays: e.opts.HalfLifeDays, ItemsMax: e.opts.ItemsMax})
	return &tally{counters: c}, err
}

// trending is what is.
func (e *Engine) trending() *source.Counters { return e.counted.Load().counters }

// count has the tallies take in an entry: the one in use, and the one that is being made. The order in which the two are
// looked up matters: what is not in a new one, since there was none yet, is in the log before that is read for it.
func (e *Engine) count(entry *store.Entry) {
	if next := e.counting.Load(); next != nil {
		e.countIn(next, entry)
	}
	e.countIn(e.counted.Load(), entry)
}

func (e *Engine) countIn(t *tally, entry *store.Entry) {
	if !t.applied.add(entry.Partition, entry.Position) || entry.Fact != store.Interacted {
		return
	}
	in := &entry.Interaction
	item, known := e.item(in.Item)
	if !known || e.forgets.covers(in.User, entry.Position) {
		return
	}
	if weight := e.weights.of(in); counts(in, weight) {
		t.counters.Add(item, weight, in.Time.Unix(), e.now().Unix())
	}
}

// counts reports whether an interaction counts for what is trending: what speaks for an item, and a return, which takes
// back what the purchase added.
func counts(in *store.Interaction, weight float32) bool {
	return weight > 0 || weight < 0 && in.Kind == store.Purchase
}

// settle says that the log has nothing up to here that is not in memory. The tally that is being made has not come as far.
func (e *Engine) settle(partition int, at store.Position) {
	e.applied.settle(partition, at)
	e.counted.Load().applied.settle(partition, at)
}

// countDue reports whether what is trending holds what somebody did who was forgotten, and would not if it were counted
// anew.
func (e *Engine) countDue() bool {
	t, forgotten := e.counted.Load(), e.forgets.since()
	if t.forgotten != forgotten {
		return true
	}
	g := e.service.Load()
	return g != nil && g.version != t.version && !t.place.Covers(forgotten)
}

// recount counts what is trending anew when that is due, as an engine does that is opened: so all engines that have heard
// who was forgotten say the same. It reads the log since the models in service were trained.
func (e *Engine) recount(ctx context.Context) error {
	if !e.countDue() || !e.recounting.TryLock() { // who is at it looks again
		return nil
	}
	defer e.recounting.Unlock()
	next, err := e.newTally()
	if err != nil {
		return err
	}
	next.forgotten = e.forgets.since()
	if g := e.service.Load(); g != nil {
		next.version, next.place = g.version, g.place
		err := e.loadTrending(ctx, g.version, next.counters)
		if errors.Is(err, store.ErrNotFound) {
			return nil // others have taken service, and come here too
		}
		if err != nil {
			return fmt.Errorf("recommend: count what is trending: %w", err)
		}
	}
	next.applied.begin(next.place)
	e.counting.Store(next)
	defer e.counting.Store(nil) // after it is in use
	end, err := e.store.End(ctx)
	if err != nil {
		return err
	}
	for entry, err := range e.store.Scan(ctx, next.place) {
		if err != nil {
			return err
		}
		e.countIn(next, &entry)
		next.applied.settle(entry.Partition, entry.Position)
	}
	next.heard(end, e.forgets.since())
	e.counted.Store(next)
	return nil
}

// heard takes note that the log, which ended there before it was read, had nothing of those who were forgotten by then.
func (t *tally) heard(end, forgotten store.Place) {
	if end.Covers(forgotten) {
		t.forgotten = forgotten
	}
}

// recounts keeps what is trending free of the forgotten, at the cost of a twentieth of a core at most.
func (e *Engine) recounts(ctx context.Context) error {
	for {
		began := e.now()
		if err := e.recount(ctx); err != nil {
			return err
		}
		if err := pause(ctx, max(recountEvery, 20*e.now().Sub(began))); err != nil {
			return err
		}
	}
}

const recountEvery = time.Second
