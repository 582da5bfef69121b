package store

import (
	"context"
	"sync"
	"time"
)

// memoryLeases has the last lease of every name. It stays when it is over, for the tokens not to come back.
type memoryLeases struct {
	now   func() time.Time
	mu    sync.Mutex
	names map[string]Lease
}

// Acquire implements Leases.
func (m *Memory) Acquire(ctx context.Context, name string, ttl time.Duration) (Lease, error) {
	return m.replaceLease(ctx, name, func(last Lease) (Lease, error) {
		return AcquireLease(last, name, ttl, m.leases.now())
	})
}

// Renew implements Leases.
func (m *Memory) Renew(ctx context.Context, lease Lease, ttl time.Duration) (Lease, error) {
	return m.replaceLease(ctx, lease.Name, func(last Lease) (Lease, error) {
		return RenewLease(last, lease, ttl, m.leases.now())
	})
}

// Release implements Leases.
func (m *Memory) Release(ctx context.Context, lease Lease) error {
	_, err := m.replaceLease(ctx, lease.Name, func(last Lease) (Lease, error) { return ReleaseLease(last, lease), nil })
	return err
}

// replaceLease replaces the last lease of a name by what next makes of it, unless that is an error.
func (m *Memory) replaceLease(ctx context.Context, name string, next func(last Lease) (Lease, error)) (Lease, error) {
	if err := m.check(ctx); err != nil {
		return Lease{}, err
	}
	m.leases.mu.Lock()
	defer m.leases.mu.Unlock()
	if m.closed.Load() {
		return Lease{}, ErrClosed
	}
	lease, err := next(m.leases.names[name])
	if err == nil && lease.Token > 0 {
		m.leases.names[name] = lease
	}
	return lease, err
}

func (s *memoryLeases) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names = nil
}
