package recommend

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/goldrec/gold/store"
)

const (
	adoptEvery = time.Minute // how often Run looks for another current model, besides when the log says so
	retryMin   = 100 * time.Millisecond
	retryMax   = 30 * time.Second
)

// Run makes the engine one of many on its store, until ctx ends or the engine is closed: it follows the log, so that what
// other engines record is in the pages here; puts the model into service that is current in the store; and, with
// Options.TrainEvery, trains when it is time and no other engine holds the lease. With Options.Retention it lets the
// store drop what is older. Errors of the store are logged and tried again, more and more rarely.
//
// An engine that is alone on its store needs Run for its schedule only. It returns nil when ctx ended, ErrClosed when
// the engine was closed.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.life.begin(); err != nil {
		return err
	}
	defer e.life.done()
	within, cancel := e.life.within(ctx)
	defer cancel()
	e.running.Add(1)
	defer e.running.Add(-1)
	var wg sync.WaitGroup
	wg.Go(func() { e.again(within, "count what is trending", e.recounts) })
	wg.Go(func() { e.again(within, "follow the log", e.follow) })
	wg.Go(func() { e.again(within, "extend the models", e.extendAsDue) })
	wg.Go(func() { e.again(within, "watch the current model", e.watch) })
	if e.opts.TrainEvery > 0 {
		wg.Go(func() { e.again(within, "train", e.schedule) })
	}
	if e.opts.Retention > 0 {
		wg.Go(func() { e.again(within, "trim", e.trim) })
	}
	wg.Wait()
	if e.life.over() && ctx.Err() == nil {
		return ErrClosed
	}
	return nil
}

// again calls a loop, and after an error calls it again a while later, until ctx ends.
func (e *Engine) again(ctx context.Context, what string, loop func(context.Context) error) {
	rng := rand.New(rand.NewPCG(e.opts.Seed, uint64(hashID(what))))
	for wait := retryMin; ctx.Err() == nil; wait = min(2*wait, retryMax) {
		began := e.now()
		err := loop(ctx)
		if ctx.Err() != nil || errors.Is(err, store.ErrClosed) {
			return
		}
		if e.now().Sub(began) > 2*retryMax {
			wait = retryMin // it had worked
		}
		e.log(ctx, slog.LevelError, "run: "+what, slog.Any("error", err), slog.Duration("again in", wait))
		if pause(ctx, wait/2+time.Duration(rng.Int64N(int64(wait/2)))) != nil {
			return
		}
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// follow applies what comes to the log.
func (e *Engine) follow(ctx context.Context) error {
	for {
		if err := e.catchUp(ctx); err != nil {
			return err
		}
		if e.published.Swap(false) {
			if err := e.adopt(ctx); err != nil {
				return err
			}
		}
		if err := e.store.Wait(ctx, e.applied.place()); err != nil {
			return err
		}
	}
}

// watch looks for another current model now and then: the entry that says so may have been lost with its engine.
func (e *Engine) watch(ctx context.Context) error {
	for {
		if err := e.adopt(ctx); err != nil {
			return err
		}
		if err := pause(ctx, adoptEvery); err != nil {
			return err
		}
	}
}

// trim drops what is older than Options.Retention, and looks again after a tenth of that, or a day.
func (e *Engine) trim(ctx context.Context) error {
	for {
		if err := e.store.Trim(ctx, e.now().Add(-e.opts.Retention)); err != nil {
			return err
		}
		if err := pause(ctx, min(e.opts.Retention/10, 24*time.Hour)); err != nil {
			return err
		}
	}
}

const (
	trainLease    = "recommend/train"
	trainLeaseFor = time.Minute
)

// schedule trains whenever the model in service is older than Options.TrainEvery and the lease can be had.
func (e *Engine) schedule(ctx context.Context) error {
	for {
		if wait := e.due(); wait > 0 {
			if err := pause(ctx, wait); err != nil {
				return err
			}
			continue
		}
		if err := e.trainOnce(ctx); err != nil {
			return err
		}
	}
}

// due is how long it is until the next training.
func (e *Engine) due() time.Duration {
	e.swapping.Lock()
	last := e.trained
	e.swapping.Unlock()
	if g := e.service.Load(); g != nil && g.report.Time.After(last) {
		last = g.report.Time
	}
	if last.IsZero() {
		return 0
	}
	return min(e.opts.TrainEvery, last.Add(e.opts.TrainEvery).Sub(e.now()))
}

// trainOnce trains under the lease. When another engine holds it, that one trains: this one looks again later.
func (e *Engine) trainOnce(ctx context.Context) error {
	lease, err := e.store.Acquire(ctx, trainLease, trainLeaseFor)
	if errors.Is(err, store.ErrHeld) {
		return pause(ctx, min(trainLeaseFor/4, e.opts.TrainEvery/4+time.Millisecond))
	}
	if err != nil {
		return err
	}
	if err := e.adopt(ctx); err != nil || e.due() > 0 { // who held the lease before has just published
		return errors.Join(err, e.store.Release(context.WithoutCancel(ctx), lease))
	}
	fence := lease.Token // a renewal, which writes lease, keeps it
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	wg.Go(func() {
		for pause(ctx, trainLeaseFor/3) == nil {
			renewed, err := e.store.Renew(ctx, lease, trainLeaseFor)
			if err != nil {
				cancel(err) // another may train by now
				return
			}
			lease = renewed
		}
	})
	_, err = e.trainUnder(ctx, fence)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	cancel(nil)
	wg.Wait()
	return errors.Join(err, e.store.Release(context.WithoutCancel(ctx), lease))
}
