package kafkastore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/goldrec/gold/internal/await"
)

// try makes a call that may be made again: with a deadline, and again after errors that pass, until that.
func (s *Store) try(ctx context.Context, f func(ctx context.Context) error) error {
	within, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := f(within)
		if err == nil || !passes(err) {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		}
		s.opts.Logger.LogAttrs(ctx, slog.LevelDebug, "the brokers are asked again", slog.Any("error", err))
		if !await.Sleep(within, jittered(wait)) {
			if ctx.Err() != nil {
				return fmt.Errorf("%w: %w", ctx.Err(), err)
			}
			return fmt.Errorf("%w within %v: %w", ErrUnavailable, s.opts.Timeout, err)
		}
	}
}

// bounded makes a call with a deadline; after that the error says that the brokers are unavailable.
func (s *Store) bounded(ctx context.Context, f func(ctx context.Context) error) error {
	within, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	err := f(within)
	if err != nil && within.Err() != nil && ctx.Err() == nil && !errors.Is(err, ErrUnavailable) {
		return fmt.Errorf("%w within %v: %w", ErrUnavailable, s.opts.Timeout, err)
	}
	return err
}

// passes reports whether an error may be gone when the call is made again.
func passes(err error) bool {
	_, network := errors.AsType[net.Error](err)          // context.DeadlineExceeded is one too
	_, ended := errors.AsType[*kgo.ErrFirstReadEOF](err) // before it said a word, as what stands before a broker that is gone
	return network || ended || kerr.IsRetriable(err) || kgo.IsRetryableBrokerErr(err) || errors.Is(err, context.Canceled) ||
		errors.Is(err, kgo.ErrRecordTimeout) || errors.Is(err, kerr.InvalidReplicationFactor) // brokers are still coming up
}

// jittered is a duration between half of d and d, so that replicas that lost a server together do not come back so.
func jittered(d time.Duration) time.Duration { return d/2 + rand.N(d/2) }
