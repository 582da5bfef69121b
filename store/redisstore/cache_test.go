package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goldrec/gold/internal/servers"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/redisstore"
	"github.com/goldrec/gold/store/storetest"
)

// shared is the cluster of all tests that do it no harm; each has a prefix of its own.
var shared struct {
	once     sync.Once
	cluster  *servers.RedisCluster
	err      error
	prefixes atomic.Int64
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, c := range []*servers.RedisCluster{shared.cluster, ledgers.cluster} {
		if c == nil {
			continue
		}
		if err := c.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func start(t testing.TB) (*servers.RedisCluster, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	return servers.StartRedisCluster(ctx, servers.RedisOptions{Settings: map[string]string{"maxmemory": "24mb", "maxmemory-policy": "allkeys-lru"}})
}

func cluster(t testing.TB) *servers.RedisCluster {
	t.Helper()
	shared.once.Do(func() { shared.cluster, shared.err = start(t) })
	return have(t, shared.cluster, shared.err)
}

func have(t testing.TB, c *servers.RedisCluster, err error) *servers.RedisCluster {
	t.Helper()
	if errors.Is(err, servers.ErrAbsent) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newCache(t testing.TB, addrs []string, opts redisstore.Options) *redisstore.Cache {
	t.Helper()
	if opts.Prefix == "" {
		opts.Prefix = fmt.Sprint("test-", shared.prefixes.Add(1))
	}
	c, err := redisstore.NewCache(t.Context(), addrs, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestCache(t *testing.T) {
	addrs := cluster(t).Addrs
	storetest.RunCache(t, func(t *testing.T, now func() time.Time) store.Cache {
		return newCache(t, addrs, redisstore.Options{Now: now, Timeout: 10 * time.Second})
	})
}

// TestServerClock has no clock but the servers'.
func TestServerClock(t *testing.T) {
	t.Parallel()
	c := newCache(t, cluster(t).Addrs[:1], redisstore.Options{Timeout: 10 * time.Second})
	for key, ttl := range map[string]time.Duration{"short": 300 * time.Millisecond, "long": time.Hour, "shortest": time.Nanosecond} {
		if err := c.Put(t.Context(), "ann", key, []byte(key), ttl); err != nil {
			t.Fatal(err)
		}
	}
	if value, err := c.Get(t.Context(), "ann", "long"); err != nil || string(value) != "long" {
		t.Errorf("%q, %v", value, err)
	}
	time.Sleep(350 * time.Millisecond)
	for _, key := range []string{"short", "shortest"} {
		if _, err := c.Get(t.Context(), "ann", key); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", key, err)
		}
	}
	if value, err := c.Get(t.Context(), "ann", "long"); err != nil || string(value) != "long" {
		t.Errorf("the long one went with the short one: %q, %v", value, err)
	}
}

// TestLarge puts values that are not kept: what was there goes all the same.
func TestLarge(t *testing.T) {
	t.Parallel()
	c := newCache(t, cluster(t).Addrs, redisstore.Options{ValueBytesMax: 1000, Timeout: 10 * time.Second})
	for _, size := range []int{1000, 1001} {
		if err := c.Put(t.Context(), "ann", "home", []byte(strings.Repeat("x", size)), time.Hour); err != nil {
			t.Fatal(err)
		}
		value, err := c.Get(t.Context(), "ann", "home")
		if size == 1000 && len(value) != size || size == 1001 && !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%d bytes: %d, %v", size, len(value), err)
		}
	}
}

func TestNewCache(t *testing.T) {
	t.Parallel()
	addrs := cluster(t).Addrs
	if _, err := redisstore.NewCache(t.Context(), addrs, redisstore.Options{Timeout: -1}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("a negative timeout: %v", err)
	}
	began := time.Now()
	if _, err := redisstore.NewCache(t.Context(), []string{"127.0.0.1:1"}, redisstore.Options{Timeout: 200 * time.Millisecond}); !errors.Is(err, redisstore.ErrUnavailable) {
		t.Errorf("no server: %v", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("no server: took %v", took)
	}
}

// TestFailover kills a master under load: calls fail in time or are right, and when its replica has taken over all owners have
// a cache again. What was dropped before is never there again.
func TestFailover(t *testing.T) {
	t.Parallel()
	r, err := start(t)
	have(t, r, err)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	const timeout = 500 * time.Millisecond
	c := newCache(t, r.Addrs, redisstore.Options{Timeout: timeout})
	ctx, stop := context.WithCancel(t.Context())
	var failed, done atomic.Int64
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	call := func(what string, f func() error) bool {
		began := time.Now()
		err := f()
		if took := time.Since(began); took > 20*timeout {
			t.Errorf("%s took %v; %v", what, took, err)
		}
		switch {
		case errors.Is(err, redisstore.ErrUnavailable):
			failed.Add(1)
		case err != nil && !errors.Is(err, store.ErrNotFound):
			t.Errorf("%s: %v", what, err)
		}
		return err == nil
	}
	for w := range 8 {
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				owner, want := fmt.Sprintf("user-%d-%d", w, n%50), fmt.Sprint(n)
				if !call("Put", func() error { return c.Put(t.Context(), owner, "home", []byte(want), time.Hour) }) {
					continue
				}
				var value []byte
				if call("Get", func() (err error) { value, err = c.Get(t.Context(), owner, "home"); return err }) {
					// A failover may bring an older value back, and never one of another owner's or a later one.
					var got int
					if _, err := fmt.Sscan(string(value), &got); err != nil || got > n || got%50 != n%50 {
						t.Errorf("%s has %q, put %s", owner, value, want)
					}
					done.Add(1)
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	time.Sleep(500 * time.Millisecond)
	settle, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	master := r.Master(settle)
	r.Kill(master)
	began := time.Now()
	for owner := 0; owner < 200; { // until there is a server for every owner
		if c.Put(t.Context(), fmt.Sprint("owner-", owner), "home", []byte("x"), time.Hour) == nil {
			owner++
		} else if time.Since(began) > 25*time.Second {
			t.Error("nobody took over")
			break
		}
	}
	t.Logf("all owners have a server again after %v", time.Since(began).Round(time.Millisecond))
	if err := r.Start(settle, master); err != nil {
		t.Fatal(err)
	}
	if err := r.Settle(settle); err != nil {
		t.Error(err)
	}
	stop()
	wg.Wait()
	t.Logf("%d values came back, %d calls failed", done.Load(), failed.Load())
	if done.Load() < 100 {
		t.Error("hardly anything was cached")
	}
}

// TestShared has two processes share a cache: what one puts the other reads, what one drops is gone for the other, and what
// the other makes of what it knew before the drop is not shown after it.
func TestShared(t *testing.T) {
	t.Parallel()
	addrs := cluster(t).Addrs
	a := newCache(t, addrs, redisstore.Options{Prefix: "shared", Timeout: 10 * time.Second})
	b := newCache(t, addrs, redisstore.Options{Prefix: "shared", Timeout: 10 * time.Second})
	put := func(c *redisstore.Cache, value string) {
		t.Helper()
		if err := c.Put(t.Context(), "ann", "home", []byte(value), time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string, c *redisstore.Cache, want string) {
		t.Helper()
		value, err := c.Get(t.Context(), "ann", "home")
		if want == "" && !errors.Is(err, store.ErrNotFound) || want != "" && (err != nil || string(value) != want) {
			t.Errorf("%s: %q, %v; want %q", what, value, err, want)
		}
	}
	put(a, "one")
	want("what the other put", b, "one")
	put(b, "two")
	want("what the other put", a, "two")
	if err := a.Drop(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	put(b, "made before the drop")
	want("what the other made before the drop", a, "")
	want("its own of before the drop", b, "") // and now it knows
	put(b, "three")
	want("after the drop", a, "three")
	if err := b.Drop(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	put(b, "four")
	want("after its own drop", b, "four")

	// What was dropped stays dead when the owner has something again.
	if err := a.Put(t.Context(), "bob", "old", []byte("old"), time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := a.Drop(t.Context(), "bob"); err != nil {
		t.Fatal(err)
	}
	if err := a.Put(t.Context(), "bob", "new", []byte("new"), time.Hour); err != nil {
		t.Fatal(err)
	}
	if value, err := a.Get(t.Context(), "bob", "old"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what was dropped: %q, %v", value, err)
	}
}

// TestOwners has owners and keys that hold what keys are made of.
func TestOwners(t *testing.T) {
	t.Parallel()
	c := newCache(t, cluster(t).Addrs, redisstore.Options{Timeout: 10 * time.Second})
	names := []string{"", "a", "a}", "a}:x", "}", "{", "{}", "x}:y", ":", "a}:x}", "1:a", "y"}
	for _, owner := range names {
		for _, key := range names {
			if err := c.Put(t.Context(), owner, key, fmt.Appendf(nil, "%q %q", owner, key), time.Hour); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, owner := range names {
		for _, key := range names {
			value, err := c.Get(t.Context(), owner, key)
			if want := fmt.Sprintf("%q %q", owner, key); err != nil || string(value) != want {
				t.Errorf("%s: %q, %v", want, value, err)
			}
		}
	}
}
