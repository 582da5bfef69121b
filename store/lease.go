package store

import (
	"fmt"
	"time"
)

// Lease is the right to do some work alone until it expires.
type Lease struct {
	Name    string
	Token   uint64    // grows with each acquisition of the name: the fence for SetCurrent
	Expires time.Time // by the store's clock, in UTC, to the microsecond; zero when it was given back
}

// The rules of leases, for those who write a store: each takes the last lease of the name as the store has it, the zero
// Lease when there never was one, and says what the store is to have instead.

// AcquireLease is what Leases.Acquire does. It returns ErrHeld, or ErrInvalid as ValidateLease.
func AcquireLease(last Lease, name string, ttl time.Duration, now time.Time) (Lease, error) {
	if err := ValidateLease(name, ttl); err != nil {
		return Lease{}, err
	}
	if now.Before(last.Expires) {
		return Lease{}, fmt.Errorf("%w: %q until %v", ErrHeld, name, last.Expires)
	}
	return Lease{Name: name, Token: last.Token + 1, Expires: expiry(now, ttl)}, nil
}

// RenewLease is what Leases.Renew does. It returns ErrHeld, or ErrInvalid as ValidateLease.
func RenewLease(last, lease Lease, ttl time.Duration, now time.Time) (Lease, error) {
	if err := ValidateLease(lease.Name, ttl); err != nil {
		return Lease{}, err
	}
	if lease.Token != last.Token || !now.Before(last.Expires) {
		return Lease{}, fmt.Errorf("%w: %q is lost, token %d", ErrHeld, lease.Name, lease.Token)
	}
	last.Expires = expiry(now, ttl)
	return last, nil
}

// ReleaseLease is what Leases.Release does.
func ReleaseLease(last, lease Lease) Lease {
	if lease.Token == last.Token {
		last.Expires = time.Time{}
	}
	return last
}

func expiry(now time.Time, ttl time.Duration) time.Time {
	return time.UnixMicro(now.Add(ttl).UnixMicro()).UTC()
}
