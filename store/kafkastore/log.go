package kafkastore

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/goldrec/gold/store"
)

// scanEntries is how many entries of the tail a Scan takes at a time.
const scanEntries = 512

// Scan implements store.Log. It shows the partitions one after the other. What is in the tail it copies, 512 entries at a time;
// what is older it reads from the topic, over connections of its own.
func (s *Store) Scan(ctx context.Context, since store.Place) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		err := s.waiting(ctx, func(ctx context.Context) error {
			if err := s.sync(ctx); err != nil {
				return err
			}
			until := s.place(func(p *partition) store.Position { return p.end })
			for _, p := range s.parts {
				if err := s.scan(ctx, p, since.At(p.number), until.At(p.number), func(e store.Entry) bool { return yield(e, nil) }); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(store.Entry{}, scanError(err))
		}
	}
}

// errStopped says that whoever a scan is for wants no more.
var errStopped = errors.New("kafkastore: scan stopped")

func scanError(err error) error {
	if errors.Is(err, store.ErrClosed) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("kafkastore: scan: %w", err)
}

// waiting makes a call that Close does not wait for, but ends.
func (s *Store) waiting(ctx context.Context, f func(ctx context.Context) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	s.leave()
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	err := f(lifetime{within, s.life})
	if err != nil && !errors.Is(err, errStopped) && s.life.Err() != nil && ctx.Err() == nil {
		return store.ErrClosed
	}
	return err
}

// lifetime is over as soon as the store's is.
type lifetime struct {
	context.Context
	life context.Context
}

func (l lifetime) Err() error {
	if err := l.Context.Err(); err != nil {
		return err
	}
	return l.life.Err()
}

// scan shows the living entries of a partition after a position and up to another.
func (s *Store) scan(ctx context.Context, p *partition, after, until store.Position, yield func(e store.Entry) bool) error {
	for after < until {
		seen := s.removed.Load()
		list, to, ok := p.read(after, until, scanEntries)
		if !ok {
			return s.scanTopic(ctx, p, after, until, yield)
		}
		for i := range list {
			if err := ctx.Err(); err != nil {
				return err
			}
			if s.removed.Load() != seen {
				break // read the rest again
			}
			if after = list[i].Position; !yield(list[i]) {
				return errStopped
			}
		}
		if s.removed.Load() == seen || len(list) == 0 {
			after = to
		}
	}
	return ctx.Err()
}

// scanTopic is scan, of entries that are older than the tail.
func (s *Store) scanTopic(ctx context.Context, p *partition, after, until store.Position, yield func(e store.Entry) bool) error {
	return s.readTo(ctx, s.opts.Topic, p.number, max(offsetOf(after), p.firstAndNext()[0]), offsetOf(until)+1, func(r *kgo.Record) error {
		decoded, err := decodeRecord(r.Value, p.number, r.Offset)
		if err != nil {
			return err
		}
		for i := range decoded.entries {
			e := &decoded.entries[i]
			if e.Position <= after || e.Position > until || !p.shows(e) {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if !yield(*e) {
				return errStopped
			}
		}
		return nil
	})
}

// place is a number of each partition.
func (s *Store) place(of func(p *partition) store.Position) (place store.Place) {
	for _, p := range s.parts {
		place = place.With(p.number, p.place(of))
	}
	return place
}

// End implements store.Log. It asks the brokers, and waits until this process has come there.
func (s *Store) End(ctx context.Context) (store.Place, error) {
	return s.syncedPlace(ctx, func(p *partition) store.Position { return p.end })
}

// Trimmed implements store.Log, as End does.
func (s *Store) Trimmed(ctx context.Context) (store.Place, error) {
	return s.syncedPlace(ctx, func(p *partition) store.Position { return p.trimmed })
}

func (s *Store) syncedPlace(ctx context.Context, of func(p *partition) store.Position) (store.Place, error) {
	if err := s.enter(ctx); err != nil {
		return store.Place{}, err
	}
	defer s.leave()
	if err := s.sync(ctx); err != nil {
		return store.Place{}, err
	}
	return s.place(of), nil
}

// Wait implements store.Log. This process reads on all the time, so it asks nobody.
func (s *Store) Wait(ctx context.Context, since store.Place) error {
	return s.waiting(ctx, func(ctx context.Context) error {
		for {
			changed := s.news.Changed()
			if err := s.failed.Load(); err != nil {
				return *err
			}
			found, err := s.hasAfter(ctx, since)
			if err != nil || found {
				return err
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
}

// hasAfter reports whether there is an entry after a place. It reads the topic only when the tail has none, and does not go back so far.
func (s *Store) hasAfter(ctx context.Context, since store.Place) (bool, error) {
	var unsure []*partition
	for _, p := range s.parts {
		has, sure := p.hasAfter(since.At(p.number))
		if has {
			return true, nil
		}
		if !sure {
			unsure = append(unsure, p)
		}
	}
	for _, p := range unsure {
		first, err := s.first(ctx, p, since.At(p.number))
		if err != nil || first != 0 {
			return first != 0, err
		}
	}
	return false, nil
}

// first is the position of the first living entry of a partition after another, 0 when there is none.
func (s *Store) first(ctx context.Context, p *partition, after store.Position) (first store.Position, err error) {
	err = s.scan(ctx, p, after, p.place(func(p *partition) store.Position { return p.end }), func(e store.Entry) bool {
		first = e.Position
		return false
	})
	if errors.Is(err, errStopped) {
		err = nil
	}
	return first, err
}
