package experiment

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
)

// ExposuresOptions configures Exposures. The zero value works.
type ExposuresOptions struct {
	UnitsMax int // how many latest assignments are remembered to deduplicate on; 0 means 100,000
	BatchMax int // the most exposures of one write; 0 means 1,024. Those that wait for a write are at most as many
}

// Exposures records exposures, each once: an exposure is written unless the unit's latest recorded variant of that
// experiment and phase is the same, so that A, A, B, A leaves A, B, A. One is taken for recorded only after the sink
// has it durably. Those that arrive while a write is under way share the next one.
//
// It is safe for concurrent use and bounded in memory: a unit that was forgotten because UnitsMax others came after it
// is written again, which an analysis by first exposure does not notice; when BatchMax exposures wait, more callers
// wait for room.
type Exposures struct {
	sink     Sink
	batchMax int
	turn     chan struct{} // held by the caller that writes

	mu      sync.Mutex
	latest  *lru[exposureKey, string] // variants recorded durably
	writing *group                    // nil when no write is under way
	waiting *group                    // nil when nobody waits
}

// group is exposures that are written together.
type group struct {
	batch  []Exposure
	latest map[exposureKey]string
	done   chan struct{} // closed when written
	err    error         // set before done is closed
}

// NewExposures returns a log on a sink.
func NewExposures(sink Sink, opts ExposuresOptions) *Exposures {
	if opts.UnitsMax <= 0 {
		opts.UnitsMax = 100_000
	}
	if opts.BatchMax <= 0 {
		opts.BatchMax = 1024
	}
	return &Exposures{
		sink:     sink,
		batchMax: opts.BatchMax,
		turn:     make(chan struct{}, 1),
		latest:   newLRU[exposureKey, string](opts.UnitsMax),
	}
}

// Record returns nil when the exposure is durable, whether by this call or by one before it. After an error it may or
// may not be, and a later call writes it again. An exposure that cannot be recorded is ErrInvalid. When ctx ends first,
// Record returns its error though the write may still come about.
func (x *Exposures) Record(ctx context.Context, e Exposure) error {
	if err := e.Validate(); err != nil {
		return err
	}
	for {
		g, joined := x.join(&e)
		if g == nil {
			return nil
		}
		if err := x.wait(ctx, g); err != nil && joined {
			return fmt.Errorf("experiment: record exposure: %w", err)
		}
		if joined {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("experiment: record exposure: %w", err)
		}
	}
}

// join returns the group that has e, nil when e is recorded already. When the waiting group is full without it, join
// returns that group and false.
func (x *Exposures) join(e *Exposure) (g *group, joined bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	key := e.key()
	variant, g := x.known(key)
	if variant == e.Variant {
		return g, true
	}
	if x.waiting == nil {
		x.waiting = &group{latest: make(map[exposureKey]string), done: make(chan struct{})}
	}
	g = x.waiting
	if len(g.batch) >= x.batchMax {
		return g, false
	}
	g.batch = append(g.batch, *e)
	g.latest[key] = e.Variant
	return g, true
}

// known returns the latest variant under the key and the group that is to write it, nil when it is durable.
func (x *Exposures) known(key exposureKey) (variant string, by *group) {
	for _, g := range [...]*group{x.waiting, x.writing} {
		if g != nil {
			if variant, ok := g.latest[key]; ok {
				return variant, g
			}
		}
	}
	variant, _ = x.latest.get(key)
	return variant, nil
}

// wait returns when the group is written. Whoever of the waiting gets the turn writes for all of them, so no goroutine
// is needed and no caller that gives up strands the others.
func (x *Exposures) wait(ctx context.Context, g *group) error {
	for {
		select {
		case <-g.done:
			return g.err
		default:
		}
		select {
		case <-g.done:
			return g.err
		case <-ctx.Done():
			return ctx.Err()
		case x.turn <- struct{}{}:
			x.write(context.WithoutCancel(ctx))
			<-x.turn
		}
	}
}

// write writes the waiting group. The caller has the turn.
func (x *Exposures) write(ctx context.Context) {
	x.mu.Lock()
	g := x.waiting
	x.waiting, x.writing = nil, g
	if g != nil {
		x.prune(g)
	}
	x.mu.Unlock()
	if g == nil {
		return
	}
	var err error
	if len(g.batch) > 0 {
		err = x.sink.WriteExposures(ctx, g.batch)
	}
	x.mu.Lock()
	x.writing, g.err = nil, err
	if err == nil {
		for i := range g.batch {
			x.latest.put(g.batch[i].key(), g.batch[i].Variant)
		}
	}
	x.mu.Unlock()
	close(g.done)
}

// prune takes out of a group about to be written what is recorded already: A, when it came while B was being written
// after A, and that write failed. The caller holds mu.
func (x *Exposures) prune(g *group) {
	latest := make(map[exposureKey]string, len(g.batch))
	g.batch = slices.DeleteFunc(g.batch, func(e Exposure) bool {
		key := e.key()
		variant, ok := latest[key]
		if !ok {
			variant, _ = x.latest.get(key)
		}
		latest[key] = e.Variant
		return variant == e.Variant
	})
}

// Load takes exposures that a sink already has, such as FileLog.All, for recorded, so that a program that starts again
// does not write them twice. It stops at the first error and returns it.
func (x *Exposures) Load(recorded iter.Seq2[Exposure, error]) error {
	for e, err := range recorded {
		if err != nil {
			return err
		}
		x.mu.Lock()
		x.latest.put(e.key(), e.Variant)
		x.mu.Unlock()
	}
	return nil
}
