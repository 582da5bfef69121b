package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/goldrec/gold/store"
)

// now and later are the time of a statement, whose first argument is Options.Now or nothing, and the time so many
// microseconds, its second argument, after that.
const (
	now   = "coalesce($1::timestamptz, clock_timestamp())"
	later = "(" + now + " + $2 * interval '1 microsecond')"
)

const (
	acquireSQL = `insert into leases as l (name, token, expires, call) values ($3, 1, ` + later + `, $4)
		on conflict (name) do update set token = l.token + (l.call <> excluded.call)::int, expires = excluded.expires, call = excluded.call
		where l.expires is null or l.expires <= ` + now + ` or l.call = excluded.call returning token, expires`
	renewSQL = "update leases set expires = " + later + " where name = $3 and token = $4 and expires > " + now +
		" returning token, expires"
)

// Acquire implements store.Leases. It is one statement, by the clock of the server.
func (s *Store) Acquire(ctx context.Context, name string, ttl time.Duration) (store.Lease, error) {
	return s.lease(ctx, acquireSQL, name, ttl, newToken())
}

// Renew implements store.Leases.
func (s *Store) Renew(ctx context.Context, lease store.Lease, ttl time.Duration) (store.Lease, error) {
	return s.lease(ctx, renewSQL, lease.Name, ttl, int64(lease.Token))
}

// lease runs a statement that returns the lease, or nothing when it is another's.
func (s *Store) lease(ctx context.Context, sql, name string, ttl time.Duration, arg any) (store.Lease, error) {
	lease := store.Lease{Name: name}
	err := s.call(ctx, func(ctx context.Context) error {
		if err := store.ValidateLease(name, ttl); err != nil {
			return err
		}
		var token int64
		err := s.pool.QueryRow(ctx, sql, s.now(), ttl.Microseconds(), text(name), arg).Scan(&token, &lease.Expires)
		lease.Token, lease.Expires = uint64(token), lease.Expires.UTC()
		return err
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return store.Lease{}, fmt.Errorf("%w: %q", store.ErrHeld, name)
	case err != nil:
		return store.Lease{}, fmt.Errorf("pgstore: lease %q: %w", name, err)
	}
	return lease, nil
}

// Release implements store.Leases.
func (s *Store) Release(ctx context.Context, lease store.Lease) error {
	return s.call(ctx, func(ctx context.Context) error {
		if store.ValidateLease(lease.Name, time.Second) != nil {
			return nil // nobody can hold it
		}
		_, err := s.pool.Exec(ctx, "update leases set expires = null where name = $1 and token = $2", text(lease.Name), int64(lease.Token))
		return err
	})
}
