package pgstore

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/goldrec/gold/internal/await"
)

const (
	// notifyEvery is the least time between two notifications of a store. NOTIFY holds a lock of the whole database while
	// its transaction commits, so it goes in one of its own, and not once for each group.
	notifyEvery = 20 * time.Millisecond
	// listenFor is how long the listening connection may be silent before it is asked whether it still lives.
	listenFor = 10 * time.Second
	// sweepEvery is how often the marks of appends are cleaned up. They are kept for an hour, and no call lasts so long.
	sweepEvery = 10 * time.Minute
)

// news wakes those who wait for entries.
type news struct {
	await.News
	dirty chan struct{} // has one when this store has appended and nobody was told
}

func newNews() *news { return &news{dirty: make(chan struct{}, 1)} }

func (n *news) set() {
	select {
	case n.dirty <- struct{}{}:
	default:
	}
}

func (s *Store) channel() string { return "gold " + s.opts.Schema }

// notify wakes the waiters of this process, and then of the others, after something was appended: the first at once, the
// next a while later. A notification that is lost is made up for by those who look without one.
func (s *Store) notify(ctx context.Context) {
	sweep := time.NewTicker(jittered(2 * sweepEvery))
	defer sweep.Stop()
	for {
		sql, arg := "select pg_notify($1, '')", s.channel()
		select {
		case <-ctx.Done():
			return
		case <-s.news.dirty:
			s.news.Wake()
		case <-sweep.C:
			sql, arg = "delete from calls where at < clock_timestamp() - $1::interval", "1 hour"
		}
		within, cancel := context.WithTimeout(ctx, s.opts.Timeout)
		_, err := s.pool.Exec(within, sql, arg)
		cancel()
		if err != nil && ctx.Err() == nil {
			s.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "other replicas were not notified", slog.Any("error", err))
		}
		await.Sleep(ctx, notifyEvery)
	}
}

// listen wakes the waiters when other replicas append. A connection that was lost is made anew.
func (s *Store) listen(ctx context.Context) {
	for wait := backoffMin; ctx.Err() == nil; wait = min(2*wait, backoffMax) {
		began := time.Now()
		err := s.listenOnce(ctx)
		s.news.Wake() // whatever was missed
		if ctx.Err() != nil {
			return
		}
		s.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "the listening connection was lost", slog.Any("error", err))
		if time.Since(began) > backoffMax {
			wait = backoffMin // it had worked
		}
		await.Sleep(ctx, jittered(wait))
	}
}

func (s *Store) listenOnce(ctx context.Context) error {
	within := func(f func(ctx context.Context) error) error {
		ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
		defer cancel()
		return f(ctx)
	}
	var conn *pgx.Conn
	err := within(func(ctx context.Context) (err error) {
		if conn, err = pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig); err != nil {
			return err
		}
		_, err = conn.Exec(ctx, "listen "+pgx.Identifier{s.channel()}.Sanitize())
		return err
	})
	if conn != nil {
		defer within(conn.Close)
	}
	if err != nil {
		return err
	}
	for {
		s.news.Wake()
		waiting, cancel := context.WithTimeout(ctx, listenFor)
		_, err := conn.WaitForNotification(waiting)
		cancel()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case pgconn.Timeout(err):
			err = within(conn.Ping)
		}
		if err != nil {
			return err
		}
	}
}
