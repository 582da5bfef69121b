package recommend

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/store"
)

// Engine is the pipeline around one store: what happened goes in through Record, pages come out of Recommend, and
// Train puts better models between the two. It is safe for concurrent use. All it holds in memory is a bounded cache
// over the store, besides the models in service and one counter an item.
type Engine struct {
	store    store.Store
	opts     Options
	weights  *weights
	catalog  *catalog.Catalog
	items    *catalog.IDs // the catalogue's
	open     bool         // the catalogue is the engine's own: items join it when they appear
	crowded  atomic.Bool  // Options.ItemsMax has been met, and logged
	policies *policies

	users    users
	stranger *userState            // of one without a name
	counted  atomic.Pointer[tally] // of what is trending
	exposed  exposedToday
	applied  applied
	applying [64]sync.Mutex // by user: held while an entry is made felt
	forgets  forgets

	newcomers newcomers
	filters   filters
	queries   sync.Pool
	commons   atomic.Pointer[[]*commonPage]
	renewing  atomic.Int32 // pages of the models before that are being made anew

	training chan struct{} // holds a token: whoever has it trains
	swapping sync.Mutex    // held while the generation in service is replaced
	service  atomic.Pointer[generation]
	epoch    uint64    // guarded by swapping
	trained  time.Time // of the last training here, whatever became of it; guarded by swapping

	counting   atomic.Pointer[tally] // while it is being counted
	recounting sync.Mutex            // only tried: held by who makes it

	running   atomic.Int32 // calls of Run
	published atomic.Bool  // the log has said that a model was, and Run has not looked yet

	life lifetime
}

// Open makes an engine on a store: it loads the current models that the store has, and reads the entries logged since
// they were trained, to know what is trending, at about a million a second. The store stays the caller's to close.
//
// Every name in Options is checked: an experiment without variants, and a policy that names an experiment, variant or
// part that there is none of, are ErrInvalid. Parts that the stored models lack, since a trainer was added, come with the next training.
func Open(ctx context.Context, st store.Store, opts Options) (*Engine, error) {
	if st == nil {
		return nil, fmt.Errorf("%w: no store", ErrInvalid)
	}
	e := &Engine{store: st, open: opts.Catalog == nil, stranger: &userState{}, training: make(chan struct{}, 1)}
	e.training <- struct{}{}
	var err error
	if e.weights, err = opts.fill(); err != nil {
		return nil, err
	}
	if e.policies, err = newPolicies(&opts); err != nil {
		return nil, err
	}
	if e.catalog = opts.Catalog; e.open {
		e.catalog = catalog.New()
	}
	e.opts, e.items, e.users.max = opts, e.catalog.IDs(), opts.UsersMax
	counted, err := e.newTally()
	if err != nil {
		return nil, fmt.Errorf("%w: half-life: %w", ErrInvalid, err)
	}
	e.counted.Store(counted)
	e.policies.bind(e)
	e.queries.New = func() any { return newQuery(e) }
	e.life.init()
	place, exposed, err := e.loadCurrent(ctx)
	if err != nil {
		return nil, fmt.Errorf("recommend: open: %w", err)
	}
	e.applied.begin(place)
	counted.applied.begin(place)
	end, err := st.End(ctx)
	if err == nil {
		err = e.readFrom(ctx, exposed)
	}
	if err != nil {
		return nil, fmt.Errorf("recommend: open: read the log: %w", err)
	}
	counted.heard(end, e.forgets.since())
	return e, nil
}

// Catalog is the catalogue the engine recommends from.
func (e *Engine) Catalog() *catalog.Catalog { return e.catalog }

// Close ends trainings and Run, and waits for the Record, Train, Rollback and Forget calls under way; later calls return
// ErrClosed at once. The store stays open. Closing twice is harmless.
func (e *Engine) Close() error {
	e.life.end()
	return nil
}

func (e *Engine) now() time.Time { return e.opts.Now() }

func (e *Engine) log(ctx context.Context, level slog.Level, message string, attrs ...slog.Attr) {
	e.opts.Logger.LogAttrs(ctx, level, message, attrs...)
}

// item is the handle of an identifier, which gets one when it has none and there is room. When the catalogue is the
// engine's own, the item joins it.
func (e *Engine) item(id string) (handle uint32, known bool) {
	handle, known = e.items.Lookup(id)
	if !known && e.items.Len() >= e.opts.ItemsMax {
		if !e.crowded.Swap(true) {
			e.log(context.Background(), slog.LevelWarn, "more items than Options.ItemsMax: others are stored, but do not count")
		}
		return 0, false
	}
	if e.open && !e.catalog.Available(handle) || !known && e.open {
		h, err := e.catalog.Upsert(catalog.Item{ID: id, Available: true})
		return h, err == nil
	}
	if !known {
		h, err := e.items.Intern(id)
		return h, err == nil
	}
	return handle, true
}

// lifetime knows which calls are under way, and when it is over.
type lifetime struct {
	ctx    context.Context // ends with the engine
	cancel context.CancelFunc

	mu     sync.Mutex
	calls  int
	closed bool
	idle   chan struct{} // closed when closed and no call is under way
}

func (l *lifetime) init() {
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.idle = make(chan struct{})
}

// begin counts a call in, unless it is over.
func (l *lifetime) begin() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	l.calls++
	return nil
}

// done counts a call out.
func (l *lifetime) done() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls--; l.calls == 0 && l.closed {
		close(l.idle)
	}
}

// over reports whether it is over.
func (l *lifetime) over() bool { return l.ctx.Err() != nil }

// end stops what can be stopped and waits for the rest.
func (l *lifetime) end() {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		l.cancel()
		if l.calls == 0 {
			close(l.idle)
		}
	}
	l.mu.Unlock()
	<-l.idle
}

// within is a context that ends with the caller's and with the engine.
func (l *lifetime) within(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(l.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}
