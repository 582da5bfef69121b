package recommend

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/popular"
	"github.com/goldrec/gold/store"
)

// Engine is the pipeline around one store: what happened goes in through Record, pages come out of Recommend, and
// Train puts better models between the two. It is safe for concurrent use. All it holds in memory is a bounded cache
// over the store, besides the model in service and one counter an item.
type Engine struct {
	store   store.Store
	opts    Options
	weights *weights
	catalog *catalog.Catalog
	open    bool // the catalogue is the engine's own: items join it when they appear

	pipelines map[string]*pipeline
	forced    forcer // nil: nobody is

	users    users
	stranger *userState // of one without a name
	trending *popular.Counters
	service  atomic.Pointer[service] // nil before the first training
	queries  sync.Pool

	training sync.Mutex // one training or rollback at a time
	epoch    uint64     // guarded by training

	calls  sync.RWMutex // held for reading by calls that write to the store; Close takes it
	closed atomic.Bool
}

// trendingHalfLifeDays is after how long an interaction counts half for what is trending.
const trendingHalfLifeDays = 7

// Open makes an engine on a store: it loads the newest model that the store has, and reads the interactions logged since
// it was trained, to know what is trending, at about a million a second. The store stays the caller's to close.
func Open(ctx context.Context, st store.Store, opts Options) (*Engine, error) {
	if st == nil {
		return nil, fmt.Errorf("%w: no store", ErrInvalid)
	}
	e := &Engine{store: st, open: opts.Catalog == nil, stranger: &userState{}}
	var err error
	if e.weights, err = opts.fill(); err != nil {
		return nil, err
	}
	if e.pipelines, err = newPipelines(opts.Pipelines); err != nil {
		return nil, err
	}
	e.trending = e.newCounters()
	e.opts, e.catalog, e.users.max = opts, opts.Catalog, opts.UsersMax
	e.forced, _ = opts.Experiment.(forcer)
	e.queries.New = func() any { return newQuery(e) }
	c, err := e.loadNewest(ctx)
	if err != nil {
		return nil, fmt.Errorf("recommend: open: %w", err)
	}
	if err := e.catchUp(ctx, c.position); err != nil {
		return nil, fmt.Errorf("recommend: open: read the log: %w", err)
	}
	return e, nil
}

// Catalog is the catalogue the engine recommends from.
func (e *Engine) Catalog() *catalog.Catalog { return e.catalog }

// Record stores interactions and makes them felt: they are in the store's log, as durably as it promises, when Record
// returns nil, and the next Recommend sees them. An interaction without a Time gets the present one. When one of them
// is invalid, or there are more than store.BatchMax, none is stored and the error, wrapping store.ErrInvalid, says which.
// Items need not be in the catalogue.
//
// One without a Variant, impressions aside, gets its user's present one; when the user's newest mixed pages, as far as
// they are in memory, had the item, Recommendation.Variant from there. An impression with a Variant is an exposure.
func (e *Engine) Record(ctx context.Context, batch ...store.Interaction) error {
	e.calls.RLock()
	defer e.calls.RUnlock()
	if e.closed.Load() {
		return ErrClosed
	}
	batch = append([]store.Interaction(nil), batch...)
	for i := range batch {
		if batch[i].Time.IsZero() {
			batch[i].Time = e.opts.Now()
		}
		if err := batch[i].Validate(); err != nil {
			return fmt.Errorf("recommend: record: interaction %d of %d: %w", i+1, len(batch), err)
		}
		e.stamp(&batch[i])
	}
	return e.append(ctx, batch)
}

// append stores interactions and makes them felt. The caller holds calls, and owns batch.
func (e *Engine) append(ctx context.Context, batch []store.Interaction) error {
	if _, err := e.store.Append(ctx, batch); err != nil {
		return fmt.Errorf("recommend: record %d interactions: %w", len(batch), err)
	}
	for i := range batch {
		item, known := e.count(&batch[i])
		if u, ok := e.users.get(batch[i].User); ok && known && e.weights.counts(batch[i].Kind) {
			u.record(e.event(&batch[i], item))
		}
	}
	return nil
}

// importBatch is how many interactions RecordAll hands to the store at a time.
const importBatch = 1000

// RecordAll records a sequence, such as the rows that store.ReadCSV yields, in batches, which is how much should come in
// fast. It returns how many were recorded, and stops at the first error, of the sequence or of Record; those of the
// batches before stay recorded.
func (e *Engine) RecordAll(ctx context.Context, all iter.Seq2[store.Interaction, error]) (n int, err error) {
	batch := make([]store.Interaction, 0, importBatch)
	flush := func() error {
		err := e.Record(ctx, batch...)
		if err == nil {
			n += len(batch)
		}
		batch = batch[:0]
		return err
	}
	for in, err := range all {
		if err == nil {
			if batch = append(batch, in); len(batch) < importBatch {
				continue
			}
			err = flush()
		}
		if err != nil {
			return n, errors.Join(err, flush())
		}
	}
	return n, flush()
}

// count adds an interaction to what is trending.
func (e *Engine) count(in *store.Interaction) (item uint32, known bool) {
	return e.countIn(e.trending, in)
}

func (e *Engine) countIn(counters *popular.Counters, in *store.Interaction) (item uint32, known bool) {
	item, known = e.item(in.Item)
	if w := e.weights.of(in); known && w > 0 {
		counters.Add(item, w, e.countedTime(in))
	}
	return item, known
}

// countedTime is the time in Unix seconds, but not after the present: one clock that runs ahead must not make everything
// else look old.
func (e *Engine) countedTime(in *store.Interaction) int64 {
	return min(in.Time.Unix(), e.now().Unix())
}

func (e *Engine) newCounters() *popular.Counters {
	counters, err := popular.NewCounters(popular.CountersOptions{HalfLifeDays: trendingHalfLifeDays})
	if err != nil {
		panic(err) // the constant is a half-life
	}
	return counters
}

// item is the catalogue's handle; when the catalogue is the engine's own, a new item gets one.
func (e *Engine) item(id string) (handle uint32, known bool) {
	handle, known = e.catalog.Lookup(id)
	if !known && e.open {
		h, err := e.catalog.Upsert(catalog.Item{ID: id, Available: true})
		return h, err == nil
	}
	return handle, known
}

func (e *Engine) event(in *store.Interaction, item uint32) event {
	return event{item: item, kind: in.Kind, weight: e.weights.of(in), time: in.Time.UnixMicro()}
}

// state returns a user and what the engine knows of them, read from the store at the first meeting.
func (e *Engine) state(ctx context.Context, id string) (*user, *userState, error) {
	u, ok := e.users.get(id)
	if ok {
		if s := u.state.Load(); s != nil {
			return u, s, nil
		}
	} else {
		u = e.users.add(id) // before the history is read: what is recorded meanwhile waits in it
	}
	history, err := e.store.History(ctx, id, seenMax)
	if err != nil {
		return nil, nil, fmt.Errorf("recommend: history: %w", err)
	}
	events := make([]event, 0, len(history))
	for i := len(history) - 1; i >= 0; i-- {
		if item, ok := e.catalog.Lookup(history[i].Item); ok && e.weights.counts(history[i].Kind) {
			events = append(events, e.event(&history[i], item))
		}
	}
	return u, u.loaded(events), nil
}

// Forget removes a user: interactions, profile, cached pages and what is in memory. Counters and models, which hold no
// user, keep what they learned until the next training and, for trending, until it has decayed.
func (e *Engine) Forget(ctx context.Context, user string) error {
	e.calls.RLock()
	defer e.calls.RUnlock()
	if e.closed.Load() {
		return ErrClosed
	}
	err := errors.Join(
		e.store.Forget(ctx, user),
		e.store.DeleteProfile(ctx, user),
		e.store.DropPages(ctx, user),
	)
	e.users.remove(user)
	if err != nil {
		return fmt.Errorf("recommend: forget: %w", err)
	}
	return nil
}

// Close waits for the Record, Train, Rollback and Forget calls under way; later calls return ErrClosed. The store stays
// open. Closing twice is harmless.
func (e *Engine) Close() error {
	e.closed.Store(true)
	e.calls.Lock()
	defer e.calls.Unlock()
	return nil
}

func (e *Engine) now() time.Time { return e.opts.Now() }
