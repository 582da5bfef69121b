package store

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Cache keeps bytes for a while, and may lose any of them at any time: sessions, rendered pages, whatever can be made
// again. It is no part of a [Store], which may lose nothing: a program that wants one has it beside its store, often in
// another system. A value belongs to an owner, such as a user, or to nobody when the owner is empty. Implementations are
// safe for concurrent use and bounded in memory.
type Cache interface {
	// Get returns the bytes put under owner and key while they live, else ErrNotFound. The caller owns them. A value
	// lives for less than its ttl; when the clock goes back to before it was put, it is dead too.
	Get(ctx context.Context, owner, key string) ([]byte, error)

	// Put keeps the value for ttl, replacing what was there. A ttl of zero or less is ErrInvalid, and so is an owner or
	// key longer than IDMax or not UTF-8. A value too large for the cache is not kept, which is no error.
	Put(ctx context.Context, owner, key string, value []byte, ttl time.Duration) error

	// Drop drops everything of the owner before it returns.
	Drop(ctx context.Context, owner string) error
}

// MemoryCacheOptions configures a MemoryCache. The zero value works.
type MemoryCacheOptions struct {
	Now func() time.Time // the clock; nil means time.Now
	// BytesMax bounds what is kept, keys and bookkeeping included; 0 means 64 MiB. When it is reached, what was put or
	// read the longest ago goes first. What alone is larger is not kept.
	BytesMax int
}

// MemoryCache is the Cache that lives in the process.
type MemoryCache struct {
	now      func() time.Time
	bytesMax int

	mu     sync.Mutex
	owners map[string]map[string]*cached
	front  *cached // of a ring, the last used
	bytes  int
}

var _ Cache = (*MemoryCache)(nil)

// cachedCost is about what a value takes besides its bytes: the struct, its map slot and its owner's map.
const cachedCost = 256

type cached struct {
	owner, key  string
	value       []byte
	put         time.Time
	ttl         time.Duration
	older, next *cached // next is the more recently used one; the ring closes at the front
}

func (v *cached) bytes() int { return cachedCost + len(v.owner) + len(v.key) + len(v.value) }

// NewMemoryCache makes an empty cache.
func NewMemoryCache(opts MemoryCacheOptions) *MemoryCache {
	c := &MemoryCache{now: opts.Now, bytesMax: opts.BytesMax, owners: map[string]map[string]*cached{}}
	if c.now == nil {
		c.now = time.Now
	}
	if c.bytesMax <= 0 {
		c.bytesMax = 64 << 20
	}
	return c
}

// Get implements Cache.
func (c *MemoryCache) Get(ctx context.Context, owner, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.owners[owner][key]
	if v != nil && !Lives(v.put, v.ttl, now) {
		c.remove(v)
		v = nil
	}
	if v == nil {
		return nil, fmt.Errorf("%w: %q of %q", ErrNotFound, key, owner)
	}
	c.unlink(v)
	c.link(v)
	return bytes.Clone(v.value), nil
}

// Put implements Cache.
func (c *MemoryCache) Put(ctx context.Context, owner, key string, value []byte, ttl time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := ValidateCached(owner, key, ttl); err != nil {
		return err
	}
	v := &cached{owner: strings.Clone(owner), key: strings.Clone(key), put: c.now(), ttl: ttl}
	if len(value) <= c.bytesMax {
		v.value = append([]byte{}, value...)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.owners[owner][key]; old != nil {
		c.remove(old)
	}
	if len(value) > c.bytesMax || v.bytes() > c.bytesMax {
		return nil
	}
	for c.bytes+v.bytes() > c.bytesMax {
		c.remove(c.front.next) // the ring's oldest
	}
	c.add(v)
	return nil
}

// Drop implements Cache.
func (c *MemoryCache) Drop(ctx context.Context, owner string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range c.owners[owner] {
		c.remove(v)
	}
	return nil
}

func (c *MemoryCache) add(v *cached) {
	if c.owners[v.owner] == nil {
		c.owners[v.owner] = make(map[string]*cached)
	}
	c.owners[v.owner][v.key] = v
	c.bytes += v.bytes()
	c.link(v)
}

func (c *MemoryCache) remove(v *cached) {
	delete(c.owners[v.owner], v.key)
	if len(c.owners[v.owner]) == 0 {
		delete(c.owners, v.owner)
	}
	c.bytes -= v.bytes()
	c.unlink(v)
}

// link puts v at the front: older than nothing, next to the oldest.
func (c *MemoryCache) link(v *cached) {
	if c.front == nil {
		v.older, v.next = v, v
	} else {
		oldest := c.front.next
		v.older, v.next = c.front, oldest
		c.front.next, oldest.older = v, v
	}
	c.front = v
}

func (c *MemoryCache) unlink(v *cached) {
	v.older.next, v.next.older = v.next, v.older
	if c.front == v {
		c.front = v.older
	}
	if v.older == v {
		c.front = nil
	}
}
