package pgstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/goldrec/gold/internal/await"
	"github.com/goldrec/gold/store"
)

const uniqueViolation = "23505"

const (
	backoffMin = 10 * time.Millisecond
	backoffMax = time.Second
)

// token marks what one call writes, so that the call knows it again. It is a random UUID.
type token [16]byte

func newToken() (t token) {
	_, _ = rand.Read(t[:]) // which cannot fail
	t[6], t[8] = t[6]&0x0f|0x40, t[8]&0x3f|0x80
	return t
}

// try makes a call that changes nothing when it is made again: with a deadline, and again after errors that pass, until
// that. The error says that the server is unavailable when that is why, and is ctx.Err() when ctx has ended.
func (s *Store) try(ctx context.Context, f func(ctx context.Context) error) error {
	within, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	for wait := backoffMin; ; wait = min(2*wait, backoffMax) {
		err := f(within)
		if err == nil || !passes(err) {
			return s.explain(err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if within.Err() == nil {
			s.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "the database is tried again", slog.Any("error", err))
		}
		if !await.Sleep(within, jittered(wait)) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("%w within %v: %s", ErrUnavailable, s.opts.Timeout, plain(err))
		}
	}
}

// call is try as a call of a method, which Close waits for.
func (s *Store) call(ctx context.Context, f func(ctx context.Context) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	return s.try(ctx, f)
}

// row is a call of one statement that returns a row, or store.ErrNotFound; what is not valid has none.
func (s *Store) row(ctx context.Context, valid error, sql string, args []any, into ...any) error {
	err := s.call(ctx, func(ctx context.Context) error {
		if valid != nil {
			return pgx.ErrNoRows
		}
		return s.pool.QueryRow(ctx, sql, args...).Scan(into...)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}

// exec is a call of one statement that returns nothing; what is not valid needs none.
func (s *Store) exec(ctx context.Context, valid error, sql string, args ...any) error {
	return s.call(ctx, func(ctx context.Context) error {
		if valid != nil {
			return nil
		}
		_, err := s.pool.Exec(ctx, sql, args...)
		return err
	})
}

// transaction is a call of several statements, in one round trip; after an error the connection is closed.
func (s *Store) transaction(ctx context.Context, valid error, queue func(b *pgx.Batch)) error {
	return s.call(ctx, func(ctx context.Context) error {
		if valid != nil {
			return nil
		}
		conn, err := s.pool.Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release()
		var b pgx.Batch
		b.Queue("begin")
		queue(&b)
		b.Queue("commit")
		return conn.SendBatch(ctx, &b).Close()
	})
}

// explain gives an error of the server the kind that callers know.
func (s *Store) explain(err error) error {
	e, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case !ok:
		return err
	case e.Code == "53100":
		return fmt.Errorf("%w: %w", ErrFull, err)
	case e.Code == "57014":
		return fmt.Errorf("%w within %v: %w", ErrUnavailable, s.opts.Timeout, err)
	case e.Code == "42P01" || e.Code == "42703" || e.Code == "3F000":
		return fmt.Errorf("%w: %w", ErrFormat, err) // a table is gone or another's
	}
	return err
}

// passes reports whether an error may be gone when the call is made again: the connection was lost, the server starts up
// or goes down or has too many connections, or others were in the way. What the server says otherwise is final.
func passes(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		_, network := errors.AsType[net.Error](err) // context.DeadlineExceeded is one too
		return network || pgconn.SafeToRetry(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
			errors.Is(err, net.ErrClosed) || errors.Is(err, context.Canceled)
	}
	switch {
	case strings.HasPrefix(e.Code, "08"), strings.HasPrefix(e.Code, "40"), strings.HasPrefix(e.Code, "57P"):
		return true
	case e.Code == "53300", e.Code == "55P03", e.Code == "25P03", e.Code == "25006", e.Code == uniqueViolation:
		return true // 25006: a server that is a standby as yet; the last: the same call, which was committed after all
	}
	return false
}

func plain(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// jittered is a duration between half of d and d, so that replicas that lost a server together do not come back so.
func jittered(d time.Duration) time.Duration { return d/2 + mathrand.N(d/2) }
