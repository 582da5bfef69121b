// Package ledger keeps claims of deals: Memory in the process, and Disk in a file as well, so that they survive a kill and a
// power cut. Both are a deals.Ledger.
//
//	l, err := ledger.Open("claims", ledger.Options{})
//	claims := deals.NewClaims(&board, l, deals.ClaimsOptions{})
//
// # Cost and concurrency
//
// Both are safe for concurrent use. A call of a Memory costs about half a microsecond, whatever the number of claims,
// and locks the one deal that it is about. A Disk waits for a sync of its file, which it shares with the calls under
// way, and reads the whole file when it is opened, about a second for a million claims.
//
// # Caveats
//
// Claims are forgotten some time after the turn they are of, see Options.Keep, and only then: a deal without an end whose
// turns all share their units (deals.PerDeal) keeps its confirmed claims for ever, at some 300 bytes each.
//
// One process at a time has a Disk open. Several processes that sell the same units need a ledger on a shared store.
package ledger

import (
	"context"
	"hash/maphash"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/goldrec/gold/deals"
)

// Options configures a ledger. The zero value works.
type Options struct {
	// Keep is how long a claim is remembered after the turn that it is of, or after it was given back or expired: that long its
	// ID gives the same answer. 0 means 48 hours.
	Keep time.Duration
}

const shards = 64

// Memory is a Ledger in memory. It is safe for concurrent use; a call locks the one deal that it is about. A call costs about
// half a microsecond, whatever the number of claims.
type Memory struct {
	keep  int64 // nanoseconds
	seed  maphash.Seed
	notes noter // nil when nothing is noted
	ids   [shards]idShard
	pools [shards]poolShard
}

// noter is told what changes, under the lock of the deal.
type noter interface{ Note(r *record) }

// A shard's lock is taken after that of a deal, and no other lock under it.
type idShard struct {
	mu sync.Mutex
	t  table[claim, *claim]
	_  [24]byte // a cache line each
}

type poolShard struct {
	mu sync.RWMutex
	t  table[pool, *pool]
	_  [8]byte
}

var (
	_ deals.Ledger  = (*Memory)(nil)
	_ deals.Sweeper = (*Memory)(nil)
)

// NewMemory returns an empty ledger.
func NewMemory(opts Options) *Memory {
	m := &Memory{keep: int64(opts.Keep), seed: maphash.MakeSeed()}
	if m.keep <= 0 {
		m.keep = int64(48 * time.Hour)
	}
	return m
}

// pool returns the one of a deal, which it makes when there is none.
func (m *Memory) pool(deal string) *pool {
	if p := m.known(deal); p != nil {
		return p
	}
	hash := maphash.String(m.seed, deal)
	s := &m.pools[hash%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	p, at := s.t.find(hash, deal)
	if p == nil {
		p = &pool{memory: m, deal: deal}
		s.t.enter(hash, p, at)
	}
	return p
}

// known returns the pool of a deal, or nil.
func (m *Memory) known(deal string) *pool {
	hash := maphash.String(m.seed, deal)
	s := &m.pools[hash%shards]
	s.mu.RLock()
	defer s.mu.RUnlock()
	p, _ := s.t.find(hash, deal)
	return p
}

func (m *Memory) find(id string) *claim {
	hash := maphash.String(m.seed, id)
	s := &m.ids[hash%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	c, _ := s.t.find(hash, id)
	return c
}

// enter puts a claim under its ID, unless there is one, which it returns.
func (m *Memory) enter(c *claim) *claim {
	hash := maphash.String(m.seed, c.id)
	s := &m.ids[hash%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	old, at := s.t.find(hash, c.id)
	if old == nil {
		s.t.enter(hash, c, at)
	}
	return old
}

func (m *Memory) remove(c *claim) {
	hash := maphash.String(m.seed, c.id)
	s := &m.ids[hash%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.t.remove(hash, c.id)
}

// Hold implements deals.Ledger.
func (m *Memory) Hold(ctx context.Context, r deals.Request) (deals.Claim, error) {
	if err := ctx.Err(); err != nil {
		return deals.Claim{}, err
	}
	return m.pool(r.Deal).hold(&r)
}

// Settle implements deals.Ledger.
func (m *Memory) Settle(ctx context.Context, id string, to deals.State, at time.Time) (deals.Claim, error) {
	c, err := m.claim(ctx, id)
	if err != nil {
		return deals.Claim{}, err
	}
	return c.pool.settle(c, to, at.UnixNano())
}

// Claim implements deals.Ledger.
func (m *Memory) Claim(ctx context.Context, id string, at time.Time) (deals.Claim, error) {
	c, err := m.claim(ctx, id)
	if err != nil {
		return deals.Claim{}, err
	}
	return c.pool.look(c, at.UnixNano())
}

func (m *Memory) claim(ctx context.Context, id string) (*claim, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c := m.find(id); c != nil {
		return c, nil
	}
	return nil, deals.ErrUnknownClaim
}

// Stock implements deals.Ledger.
func (m *Memory) Stock(ctx context.Context, deal, turn string, at time.Time) (deals.Stock, error) {
	if err := ctx.Err(); err != nil {
		return deals.Stock{}, err
	}
	if p := m.known(deal); p != nil {
		return p.stock(turn, at.UnixNano()), nil
	}
	return deals.Stock{}, nil
}

// Sweep implements deals.Sweeper. It locks one deal after the other.
func (m *Memory) Sweep(ctx context.Context, at time.Time) error {
	for p := range m.all() {
		if err := ctx.Err(); err != nil {
			return err
		}
		p.sweep(at.UnixNano())
	}
	return nil
}

// all yields the pools there are, with no lock held.
func (m *Memory) all() iter.Seq[*pool] {
	return func(yield func(*pool) bool) {
		for i := range m.pools {
			s := &m.pools[i]
			s.mu.RLock()
			list := slices.Clone(s.t.slots)
			s.mu.RUnlock()
			for _, e := range list {
				if e.entry != nil && !yield(e.entry) {
					return
				}
			}
		}
	}
}
