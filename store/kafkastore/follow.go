package kafkastore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/goldrec/gold/internal/await"
)

// follow has the client read all partitions of the topic, from where something may live.
func (s *Store) follow() {
	offsets := make(map[int32]kgo.Offset)
	for _, p := range s.parts {
		offsets[int32(p.number)] = kgo.NewOffset().At(p.next)
	}
	s.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{s.opts.Topic: offsets})
}

// judgeAll applies the records of the topic as they come. A record that cannot be read is the end of that.
func (s *Store) judgeAll(ctx context.Context) {
	for ctx.Err() == nil {
		fetches := s.client.PollFetches(ctx)
		fetches.EachError(func(_ string, n int32, err error) {
			if ctx.Err() == nil {
				s.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "a partition could not be read", slog.Int("partition", int(n)), slog.Any("error", err))
			}
		})
		removed := false
		for r := range fetches.RecordsAll() {
			gone, err := s.judge(ctx, r)
			if removed = removed || gone; err != nil {
				if ctx.Err() == nil {
					s.failed.Store(&err)
					s.opts.Logger.LogAttrs(ctx, slog.LevelError, "the log cannot be read on", slog.Any("error", err))
					s.news.Wake()
				}
				return
			}
		}
		if removed {
			s.removed.Add(1)
		}
		s.news.Wake()
		for s.full() && ctx.Err() == nil {
			await.Sleep(ctx, 10*time.Millisecond)
		}
	}
}

func (s *Store) judge(ctx context.Context, r *kgo.Record) (removed bool, err error) {
	p := s.parts[r.Partition]
	if p.lacks(r.Offset) { // Trim has deleted what was to be read
		if err := s.try(ctx, s.loadBases); err != nil {
			return false, err
		}
	}
	decoded, err := decodeRecord(r.Value, p.number, r.Offset)
	if err != nil {
		return false, err
	}
	return p.judge(&decoded, r.Offset), nil
}

// full reports whether the view is so far behind that nothing more may be read.
func (s *Store) full() bool { return s.pending() > 4*s.opts.Tail }

// pending is how many nodes the view has not.
func (s *Store) pending() (n int) {
	for _, p := range s.parts {
		p.mu.Lock()
		n += len(p.tail) - p.index(p.applied)
		p.mu.Unlock()
	}
	return n
}

// catchUp waits until all that the topic has now has been read, as long as that goes on.
func (s *Store) catchUp(ctx context.Context) error {
	ends, err := s.askEnds(ctx)
	for n, p := range s.parts {
		for moved := int64(-1); err == nil && p.lacks(ends[n]); {
			err = s.bounded(ctx, func(ctx context.Context) error { return s.reach(ctx, p, ends[n]) })
			if at := p.firstAndNext(); errors.Is(err, ErrUnavailable) && at[1] > moved {
				err, moved = nil, at[1]
			}
		}
	}
	return err
}

func (s *Store) askEnds(ctx context.Context) (ends []int64, err error) {
	return ends, s.try(ctx, func(ctx context.Context) error {
		ends, err = s.ends(ctx)
		return err
	})
}

// sync waits until what the topic has now has been read.
func (s *Store) sync(ctx context.Context) error {
	return s.bounded(ctx, func(ctx context.Context) error {
		ends, err := s.askEnds(ctx)
		for n, p := range s.parts {
			if err == nil {
				err = s.reach(ctx, p, ends[n])
			}
		}
		return err
	})
}

// reach waits until the records of a partition before an offset have been judged, and what this process has appended.
func (s *Store) reach(ctx context.Context, p *partition, offset int64) error {
	for {
		changed := s.news.Changed()
		if p.reached(offset) {
			return nil
		}
		if err := s.failed.Load(); err != nil {
			return *err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("partition %d has not been read to offset %d: %w", p.number, offset, ctx.Err())
		}
	}
}

// readTo reads the records of a partition from an offset to before another, with a client of its own, until f fails.
func (s *Store) readTo(ctx context.Context, topic string, partition int, from, to int64, f func(r *kgo.Record) error) error {
	if from >= to {
		return nil
	}
	client, err := s.newClient(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {int32(partition): kgo.NewOffset().At(from)}}))
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		records, err := poll(ctx, client, s.opts.Timeout)
		if err != nil {
			return fmt.Errorf("partition %d of topic %s: %w", partition, topic, err)
		}
		for _, r := range records {
			if r.Offset >= to {
				return nil
			}
			if err := f(r); err != nil {
				return err
			}
			if r.Offset == to-1 {
				return nil
			}
		}
	}
}

// poll waits for records. What passes by itself does; a timeout without any is ErrUnavailable.
func poll(ctx context.Context, client *kgo.Client, timeout time.Duration) ([]*kgo.Record, error) {
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		fetches := client.PollFetches(within)
		if records := fetches.Records(); len(records) > 0 {
			return records, nil
		}
		switch err := fetches.Err(); {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case within.Err() != nil:
			return nil, fmt.Errorf("%w: nothing was sent within %v: %w", ErrUnavailable, timeout, err)
		case err != nil && !passes(err):
			return nil, err
		}
	}
}
