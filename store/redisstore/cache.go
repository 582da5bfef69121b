// Package redisstore keeps a gold cache in Redis Cluster, on redis/go-redis: what may be lost and made again, such as rendered
// pages and sessions, shared by all processes of a shop. A [Ledger] keeps claims of deals there.
//
//	cache, err := redisstore.NewCache(ctx, []string{"redis-0:6379", "redis-1:6379"}, redisstore.Options{})
//
// What belongs to one owner lies in one slot, by a hash tag. A value is one packed string. Drop is the deletion of one key,
// the owner's generation, which every value bears: those of an older one are dead, whatever becomes of them.
//
// # Costs
//
// A Get is one MGET of two keys and a Put one SET, or a script for an owner that this process has not met: one round trip each.
// Each holds a connection meanwhile.
//
// # Caveats
//
// Everything has a time to live, of a week at most, and the memory is bounded by the servers' maxmemory, with the policy
// allkeys-lru or the like. A value that is put by a process which asked for the owner before another dropped it is dead: it may
// have been made of what is gone. Redis replicates behind its answers: a failover may lose the last values put, and bring back an owner that was dropped within
// the last moments before it. Without a server for a slot, calls for its owners return [ErrUnavailable] within
// Options.Timeout; who has a cache goes on without it. The client writes to standard error when it cannot connect.
package redisstore

import (
	"cmp"
	"context"
	cryptorand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goldrec/gold/store"
)

// ErrUnavailable says that no server could be reached for the owner, or that none answered within Options.Timeout.
var ErrUnavailable = errors.New("redisstore: server unavailable")

// Options configures a Cache. The zero value works.
type Options struct {
	// Prefix begins every key, so that several programs may share a cluster; "" means gold.
	Prefix string
	// Timeout is how long a call may take, with all that is tried again; 0 means 250 milliseconds.
	Timeout time.Duration
	// ValueBytesMax is the largest value that is kept; 0 means 8 MiB.
	ValueBytesMax int
	// Username and Password log in to the servers; empty means that they ask for nothing.
	Username, Password string
	// Now is a clock by which values die too; nil means that the servers' clocks decide alone.
	Now func() time.Time
}

// Cache is a store.Cache in Redis Cluster. It is safe for concurrent use.
type Cache struct {
	opts   Options
	client *redis.ClusterClient

	mu          sync.Mutex
	generations map[string]string // by the key of each, as they were met last; at most generationsMax
}

// generationsMax bounds the generations that a Cache remembers, at about 150 bytes each. When it is reached it forgets them all.
const generationsMax = 1 << 16

func (c *Cache) remembered(key string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.generations[key]
}

// remember keeps a generation, or forgets it when it is empty.
func (c *Cache) remember(key, generation string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case generation == "":
		delete(c.generations, key)
	case len(c.generations) >= generationsMax:
		clear(c.generations)
		fallthrough
	default:
		c.generations[key] = generation
	}
}

var _ store.Cache = (*Cache)(nil)

// NewCache connects to a cluster, of which it is enough to name some nodes. A cluster that does not answer, or a server that
// is none of a cluster, is an error.
func NewCache(ctx context.Context, addrs []string, opts Options) (*Cache, error) {
	opts.Prefix = cmp.Or(opts.Prefix, "gold")
	opts.Timeout = cmp.Or(opts.Timeout, 250*time.Millisecond)
	opts.ValueBytesMax = cmp.Or(opts.ValueBytesMax, 8<<20)
	if opts.Timeout < 0 || opts.ValueBytesMax < 0 {
		return nil, fmt.Errorf("%w: negative option", store.ErrInvalid)
	}
	c := &Cache{opts: opts, generations: make(map[string]string), client: redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: addrs, Username: opts.Username, Password: opts.Password, ContextTimeoutEnabled: true,
		DialTimeout: opts.Timeout, ReadTimeout: opts.Timeout, WriteTimeout: opts.Timeout, MaxRedirects: 8,
		MaxRetries: -1, DialerRetries: 1, // Cache.call does that
	})}
	err := c.call(ctx, func(ctx context.Context) error { return c.client.ClusterInfo(ctx).Err() })
	if err != nil {
		return nil, fmt.Errorf("redisstore: connect: %w", errors.Join(err, c.client.Close()))
	}
	return c, nil
}

// Close closes the connections; later calls fail.
func (c *Cache) Close() error { return c.client.Close() }

// A value is stored behind a header: the generation of its owner, and when it was put and for how long, in microseconds.
const (
	generationBytes = 16
	headerBytes     = generationBytes + 16
)

// keys are the owner's generation and the value. The length of the owner keeps apart what is put together alike, and the tag
// from being empty.
func (c *Cache) keys(owner, key string) (generation, value string) {
	tag := c.opts.Prefix + "{" + strconv.Itoa(len(owner)) + ":" + owner + "}"
	return tag, tag + key
}

// Get implements store.Cache.
func (c *Cache) Get(ctx context.Context, owner, key string) ([]byte, error) {
	var found []any
	err := c.call(ctx, func(ctx context.Context) (err error) {
		if store.ValidateCached(owner, key, 1) != nil {
			return nil
		}
		generation, value := c.keys(owner, ":"+key)
		if found, err = c.client.MGet(ctx, generation, value).Result(); err == nil {
			now, _ := found[0].(string)
			if now != c.remembered(generation) {
				c.remember(generation, now)
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("redisstore: get: %w", err)
	}
	if len(found) == 2 {
		generation, _ := found[0].(string)
		packed, _ := found[1].(string)
		if value, ok := c.unpack(generation, packed); ok {
			return []byte(value), nil
		}
	}
	return nil, fmt.Errorf("%w: %q of %q", store.ErrNotFound, key, owner)
}

// unpack returns what is behind the header, if that is of this generation and the value lives.
func (c *Cache) unpack(generation, packed string) (string, bool) {
	if len(generation) != generationBytes || len(packed) < headerBytes || !strings.HasPrefix(packed, generation) {
		return "", false
	}
	if c.opts.Now != nil {
		header := []byte(packed[generationBytes:headerBytes])
		put := time.UnixMicro(int64(binary.BigEndian.Uint64(header)))
		ttl := time.Duration(binary.BigEndian.Uint64(header[8:]))
		if !store.Lives(put, ttl, c.opts.Now()) {
			return "", false
		}
	}
	return packed[headerBytes:], true
}

// generationLife is how long a generation lives. Its values die with it, the last of them before their time.
const generationLife = 7 * 24 * time.Hour

// putScript stores a value under the generation of its owner, which it makes when there is none. It returns the generation.
var putScript = redis.NewScript(`
local generation = redis.call('GET', KEYS[1])
if not generation then
	generation = ARGV[1]
	redis.call('SET', KEYS[1], generation, 'PX', ARGV[4])
end
redis.call('SET', KEYS[2], generation .. ARGV[2], 'PX', ARGV[3])
return generation`)

// put stores a value under the generation that its owner had when this process asked last, and under that of now when it
// never has. Whoever looks, finds nothing, makes a page and puts it, asked before they made it: if the owner was dropped
// since, the page is dead, as it may have been made of what is gone.
func (c *Cache) put(ctx context.Context, generation, at string, value []byte, ttl time.Duration) error {
	life := min(max(ttl, time.Millisecond), generationLife)
	packed := make([]byte, generationBytes, headerBytes+len(value))
	now := time.UnixMicro(0)
	if c.opts.Now != nil {
		now = c.opts.Now()
	}
	packed = binary.BigEndian.AppendUint64(packed, uint64(now.UnixMicro()))
	packed = binary.BigEndian.AppendUint64(packed, uint64(ttl))
	packed = append(packed, value...)
	if known := c.remembered(generation); known != "" {
		copy(packed, known)
		return c.client.Set(ctx, at, packed, life).Err()
	}
	fresh := packed[:generationBytes:generationBytes]
	_, _ = cryptorand.Read(fresh) // which cannot fail
	there, err := putScript.Run(ctx, c.client, []string{generation, at}, fresh, packed[generationBytes:],
		life.Milliseconds(), generationLife.Milliseconds()).Text()
	if err == nil {
		c.remember(generation, there)
	}
	return err
}

// Put implements store.Cache. A server without memory for the value keeps none.
func (c *Cache) Put(ctx context.Context, owner, key string, value []byte, ttl time.Duration) error {
	err := c.call(ctx, func(ctx context.Context) error {
		if err := store.ValidateCached(owner, key, ttl); err != nil {
			return err
		}
		generation, at := c.keys(owner, ":"+key)
		if len(value) > c.opts.ValueBytesMax {
			return c.client.Del(ctx, at).Err()
		}
		err := c.put(ctx, generation, at, value, ttl)
		if redis.HasErrorPrefix(err, "OOM") {
			err = c.client.Del(ctx, at).Err()
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("redisstore: put: %w", err)
	}
	return nil
}

// Drop implements store.Cache.
func (c *Cache) Drop(ctx context.Context, owner string) error {
	err := c.call(ctx, func(ctx context.Context) error {
		if store.ValidateID("owner", owner) != nil {
			return nil
		}
		generation, _ := c.keys(owner, "")
		err := c.client.Del(ctx, generation).Err()
		c.remember(generation, "") // also what somebody has read meanwhile
		return err
	})
	if err != nil {
		return fmt.Errorf("redisstore: drop: %w", err)
	}
	return nil
}

// backoffMin is the least pause before a call is made again.
const backoffMin = 10 * time.Millisecond

// final is an error that trying again does not mend.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// call makes a call that puts the same or deletes it when it is made again.
func (c *Cache) call(ctx context.Context, f func(ctx context.Context) error) error {
	return again(ctx, c.client, c.opts.Timeout, f)
}

// again makes a call with a deadline, and again until that. The error is ctx.Err() when ctx has ended, and ErrUnavailable when
// the servers did not answer.
func again(ctx context.Context, client *redis.ClusterClient, timeout time.Duration, f func(ctx context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for wait := backoffMin; ; wait *= 2 {
		err := f(within)
		if is, ok := errors.AsType[final](err); ok {
			return is.error
		}
		if err == nil || errors.Is(err, store.ErrInvalid) {
			return err
		}
		client.ReloadState(ctx) // in the background: another server may have taken over, and a dead one sends nobody there
		select {
		case <-time.After(wait/2 + rand.N(wait/2)):
		case <-within.Done():
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if within.Err() != nil {
			return fmt.Errorf("%w: %v", ErrUnavailable, err)
		}
	}
}
