package howto

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/goldrec/gold/store"
)

// Profiles keeps profiles in a table of the program's own, which is a map here. It implements store.Profiles.
type Profiles struct {
	mu     sync.Mutex
	rows   map[string]store.Profile // by user
	closed bool
}

// begin locks the table for a call, unless the call is too late.
func (p *Profiles) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return store.ErrClosed
	}
	return nil
}

// Profile returns a copy, which is the caller's.
func (p *Profiles) Profile(ctx context.Context, user string) (store.Profile, error) {
	if err := p.begin(ctx); err != nil {
		return store.Profile{}, err
	}
	defer p.mu.Unlock()
	row, ok := p.rows[user]
	if !ok {
		return store.Profile{}, store.ErrNotFound
	}
	return row.Clone(), nil
}

// PutProfile is UPDATE … WHERE version = ?: of two writers with one version the second is told of the conflict.
func (p *Profiles) PutProfile(ctx context.Context, given store.Profile) (store.Profile, error) {
	if err := given.Validate(); err != nil {
		return store.Profile{}, err
	}
	if err := p.begin(ctx); err != nil {
		return store.Profile{}, err
	}
	defer p.mu.Unlock()
	if p.rows[given.User].Version != given.Version {
		return store.Profile{}, store.ErrConflict
	}
	row := given.Clone()
	row.Version++
	p.rows[given.User] = row
	return row.Clone(), nil
}

// DeleteProfile of a user without one does nothing.
func (p *Profiles) DeleteProfile(ctx context.Context, user string) error {
	if err := p.begin(ctx); err != nil {
		return err
	}
	defer p.mu.Unlock()
	delete(p.rows, user)
	return nil
}

// Segment yields the users in a segment. The caller may call anything meanwhile, so the lock is not held.
func (p *Profiles) Segment(ctx context.Context, segment string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := p.begin(ctx); err != nil {
			yield("", err)
			return
		}
		users := slices.Sorted(maps.Keys(p.rows))
		p.mu.Unlock()
		for _, user := range users {
			if err := p.begin(ctx); err != nil {
				yield("", err)
				return
			}
			in := slices.Contains(p.rows[user].Segments, segment)
			p.mu.Unlock()
			if in && !yield(user, nil) {
				return
			}
		}
	}
}

// Close makes every later call return store.ErrClosed.
func (p *Profiles) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	return nil
}

// NewStore is a store of which the program keeps the profiles itself, and another store all else.
func NewStore(now func() time.Time) store.Store {
	profiles := &Profiles{rows: map[string]store.Profile{}}
	rest := store.NewMemory(store.MemoryOptions{Now: now}) // or pebblestore
	return store.Combined{
		Log: rest, Histories: rest, Profiles: profiles, Models: rest, Leases: rest,
		Closer: both{rest, profiles},
	}
}

type both [2]interface{ Close() error }

// Close closes the one and the other.
func (b both) Close() error { return errors.Join(b[0].Close(), b[1].Close()) }
