package pgstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goldrec/gold/store"
)

// now and later are the time of a statement, whose first argument is Options.Now or nothing, and the time so many
// microseconds, its second argument, after that.
const (
	now   = "coalesce($1::timestamptz, clock_timestamp())"
	later = "(" + now + " + $2 * interval '1 microsecond')"
)

const (
	// One reading of the clock decides, and is what the lease begins with.
	acquireSQL = `insert into leases as l (name, token, expires, call) values ($3, 1, ` + later + `, $4)
		on conflict (name) do update set token = l.token + (l.call <> excluded.call)::int, expires = excluded.expires, call = excluded.call
		where l.expires is null or l.expires <= excluded.expires - $2 * interval '1 microsecond' or l.call = excluded.call
		returning token, expires`
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
	var token int64
	var expires time.Time
	invalid := store.ValidateLease(name, ttl)
	err := s.row(ctx, invalid, sql, []any{s.now(), ttl.Microseconds(), text(name), arg}, &token, &expires)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Lease{}, cmp.Or(invalid, fmt.Errorf("%w: %q", store.ErrHeld, name))
	case err != nil:
		return store.Lease{}, fmt.Errorf("pgstore: lease %q: %w", name, err)
	}
	return store.Lease{Name: name, Token: uint64(token), Expires: expires.UTC()}, nil
}

// Release implements store.Leases.
func (s *Store) Release(ctx context.Context, lease store.Lease) error {
	return s.exec(ctx, store.ValidateLease(lease.Name, time.Second), // nobody holds one that is not valid
		"update leases set expires = null where name = $1 and token = $2", text(lease.Name), int64(lease.Token))
}
