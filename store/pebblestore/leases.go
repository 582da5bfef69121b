package pebblestore

import (
	"context"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/goldrec/gold/store"
)

// Acquire implements store.Leases. Like every write it waits for one sync, shared with others.
func (s *Store) Acquire(ctx context.Context, name string, ttl time.Duration) (store.Lease, error) {
	if err := store.ValidateLease(name, ttl); err != nil {
		return store.Lease{}, s.orClosed(ctx, err)
	}
	return s.replaceLease(ctx, name, func(last store.Lease) (store.Lease, error) {
		return store.AcquireLease(last, name, ttl, s.now())
	})
}

// Renew implements store.Leases.
func (s *Store) Renew(ctx context.Context, lease store.Lease, ttl time.Duration) (store.Lease, error) {
	if err := store.ValidateLease(lease.Name, ttl); err != nil {
		return store.Lease{}, s.orClosed(ctx, err)
	}
	return s.replaceLease(ctx, lease.Name, func(last store.Lease) (store.Lease, error) {
		return store.RenewLease(last, lease, ttl, s.now())
	})
}

// Release implements store.Leases.
func (s *Store) Release(ctx context.Context, lease store.Lease) error {
	if store.ValidateLease(lease.Name, time.Second) != nil {
		return s.orClosed(ctx, nil) // nobody can hold it
	}
	_, err := s.replaceLease(ctx, lease.Name, func(last store.Lease) (store.Lease, error) {
		return store.ReleaseLease(last, lease), nil
	})
	return err
}

// orClosed is err, unless a call cannot begin.
func (s *Store) orClosed(ctx context.Context, err error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	s.leave()
	return err
}

// replaceLease replaces the last lease of a valid name by what next makes of it, unless that is an error.
func (s *Store) replaceLease(ctx context.Context, name string, next func(last store.Lease) (store.Lease, error)) (store.Lease, error) {
	if err := s.enter(ctx); err != nil {
		return store.Lease{}, err
	}
	defer s.leave()
	s.leases.Lock()
	defer s.leases.Unlock()
	last, err := s.lastLease(name)
	if err != nil {
		return store.Lease{}, err
	}
	lease, err := next(last)
	if err != nil || lease == last {
		return lease, err
	}
	err = s.commits.write(func(b *pebble.Batch) error {
		return b.Set(idKey(prefixLease, name), pairValue(lease.Token, uint64(lease.Expires.UnixMicro())), nil)
	})
	if err != nil {
		return store.Lease{}, fmt.Errorf("pebblestore: lease %q: %w", name, err)
	}
	return lease, nil
}

// lastLease reads the last lease of a name, of token 0 when there was none.
func (s *Store) lastLease(name string) (store.Lease, error) {
	value, found, err := s.get(idKey(prefixLease, name))
	if err != nil || !found {
		return store.Lease{Name: name}, err
	}
	token, micros, err := pair(value)
	return store.Lease{Name: name, Token: token, Expires: time.UnixMicro(int64(micros)).UTC()}, err
}
