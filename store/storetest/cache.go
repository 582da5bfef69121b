package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

// OpenCache makes an empty cache of at most 64 MiB whose clock is now.
type OpenCache func(t *testing.T, now func() time.Time) store.Cache

// RunCache runs the suite that every cache passes, each test on a cache of its own.
func RunCache(t *testing.T, open OpenCache) {
	for name, test := range map[string]func(*testing.T, *cacheFixture){
		"Value":          testCache,
		"TTL":            testCacheTTL,
		"ClockBackwards": testCacheClockBackwards,
		"Drop":           testCacheDrop,
		"Invalid":        testCacheInvalid,
		"Bounded":        testCacheBounded,
		"Context":        testCacheContext,
		"Concurrent":     testCacheConcurrent,
	} {
		t.Run(name, func(t *testing.T) {
			clock := &clock{now: base}
			test(t, &cacheFixture{open(t, clock.Now), clock})
		})
	}
}

// cacheFixture is a cache and the clock it was given.
type cacheFixture struct {
	store.Cache
	clock *clock
}

func (f *cacheFixture) put(t *testing.T, owner, key, value string, ttl time.Duration) {
	t.Helper()
	if err := f.Put(t.Context(), owner, key, []byte(value), ttl); err != nil {
		t.Fatalf("Put(%q, %q): %v", owner, key, err)
	}
}

func (f *cacheFixture) want(t *testing.T, owner, key, want string) {
	t.Helper()
	value, err := f.Get(t.Context(), owner, key)
	if err != nil || string(value) != want {
		t.Errorf("%q of %q: %q, %v; want %q", key, owner, value, err, want)
	}
}

func (f *cacheFixture) wantNone(t *testing.T, owner, key string) {
	t.Helper()
	value, err := f.Get(t.Context(), owner, key)
	if value != nil {
		t.Errorf("%q of %q: %q, want none", key, owner, value)
	}
	wantErr(t, fmt.Sprintf("%q of %q", key, owner), store.ErrNotFound, err)
}

func testCache(t *testing.T, f *cacheFixture) {
	f.wantNone(t, "ann", "home")
	f.put(t, "ann", "home", "hello", time.Hour)
	f.put(t, "", "home", "everybody", time.Hour)
	f.put(t, "ann", "", "no key", time.Hour)
	f.put(t, "annh", "ome", "split elsewhere", time.Hour)
	f.put(t, "ann\x00", "\x00home", "zero bytes", time.Hour)
	f.put(t, "ann", "empty", "", time.Hour)
	f.want(t, "ann", "home", "hello")
	f.want(t, "", "home", "everybody")
	f.want(t, "ann", "", "no key")
	f.want(t, "annh", "ome", "split elsewhere")
	f.want(t, "ann\x00", "\x00home", "zero bytes")
	f.want(t, "ann", "empty", "")
	f.wantNone(t, "bob", "home")
	f.put(t, "ann", "home", "again", time.Hour)
	f.want(t, "ann", "home", "again")

	given := []byte("mine")
	if err := f.Put(t.Context(), "ann", "mine", given, time.Hour); err != nil {
		t.Fatal(err)
	}
	clear(given)
	value, _ := f.Get(t.Context(), "ann", "mine")
	clear(value)
	f.want(t, "ann", "mine", "mine")
}

func testCacheTTL(t *testing.T, f *cacheFixture) {
	f.put(t, "ann", "short", "s", time.Minute)
	f.put(t, "ann", "long", "l", time.Hour)
	f.clock.Advance(time.Minute - time.Microsecond)
	f.want(t, "ann", "short", "s")
	f.clock.Advance(time.Microsecond)
	f.wantNone(t, "ann", "short")
	f.want(t, "ann", "long", "l")
	f.put(t, "ann", "short", "new", time.Minute)
	f.clock.Advance(30 * time.Second)
	f.want(t, "ann", "short", "new")
	f.put(t, "ann", "short", "newer", time.Minute) // lives from now
	f.clock.Advance(45 * time.Second)
	f.want(t, "ann", "short", "newer")
	f.put(t, "ann", "for ever", "e", 1<<63-1)
	f.clock.Advance(100 * 365 * 24 * time.Hour)
	f.wantNone(t, "ann", "long")
	f.want(t, "ann", "for ever", "e")
}

func testCacheClockBackwards(t *testing.T, f *cacheFixture) {
	f.put(t, "ann", "home", "hello", time.Minute)
	f.clock.Advance(-24 * time.Hour)
	f.wantNone(t, "ann", "home")
	f.put(t, "ann", "home", "now", time.Minute)
	f.want(t, "ann", "home", "now")
	f.clock.Advance(time.Minute)
	f.wantNone(t, "ann", "home")
}

func testCacheDrop(t *testing.T, f *cacheFixture) {
	for i := range 100 {
		f.put(t, "ann", fmt.Sprint(i), "a", time.Hour)
	}
	f.put(t, "an", "home", "an", time.Hour)
	f.put(t, "ann\x00", "home", "zero", time.Hour)
	f.put(t, "", "home", "everybody", time.Hour)
	for _, user := range []string{"ann", "ann", "nobody"} {
		if err := f.Drop(t.Context(), user); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 {
		f.wantNone(t, "ann", fmt.Sprint(i))
	}
	f.want(t, "an", "home", "an")
	f.want(t, "ann\x00", "home", "zero")
	f.want(t, "", "home", "everybody")
	f.put(t, "ann", "1", "new", time.Hour)
	f.want(t, "ann", "1", "new")
	if err := f.Drop(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	f.wantNone(t, "", "home")
	f.want(t, "an", "home", "an")
}

func testCacheInvalid(t *testing.T, f *cacheFixture) {
	long := strings.Repeat("x", store.IDMax+1)
	for name, err := range map[string]error{
		"no ttl":       f.Put(t.Context(), "ann", "home", nil, 0),
		"negative ttl": f.Put(t.Context(), "ann", "home", nil, -1),
		"long owner":   f.Put(t.Context(), long, "home", nil, time.Hour),
		"owner bytes":  f.Put(t.Context(), "\xff", "home", nil, time.Hour),
		"long key":     f.Put(t.Context(), "ann", long, nil, time.Hour),
		"key bytes":    f.Put(t.Context(), "ann", "\xff", nil, time.Hour),
	} {
		wantErr(t, name, store.ErrInvalid, err)
	}
	f.wantNone(t, "ann", "home")
	f.wantNone(t, long, "home")
}

// testCacheBounded puts more than a cache of 64 MiB may hold. What it keeps is its own affair, but not all, and what it
// gives is right.
func testCacheBounded(t *testing.T, f *cacheFixture) {
	const values, size = 160, 1 << 20
	value := make([]byte, size)
	kept := 0
	for i := range values {
		copy(value, fmt.Sprintf("%06d", i))
		f.put(t, fmt.Sprint("user-", i), "home", string(value), time.Hour)
	}
	for i := range values {
		got, err := f.Get(t.Context(), fmt.Sprint("user-", i), "home")
		if err != nil {
			wantErr(t, "evicted", store.ErrNotFound, err)
			continue
		}
		kept++
		copy(value, fmt.Sprintf("%06d", i))
		if !bytes.Equal(got, value) {
			t.Errorf("value %d is another", i)
		}
	}
	if kept == 0 || kept == values {
		t.Errorf("%d of %d values of 1 MiB are kept", kept, values)
	}
}

func testCacheContext(t *testing.T, f *cacheFixture) {
	f.put(t, "ann", "home", "hello", time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := f.Get(ctx, "ann", "home")
	wantErr(t, "Get", context.Canceled, err)
	wantErr(t, "Put", context.Canceled, f.Put(ctx, "ann", "home", nil, time.Hour))
	wantErr(t, "Drop", context.Canceled, f.Drop(ctx, "ann"))
	f.want(t, "ann", "home", "hello")
}

// testCacheConcurrent has each owner read what they put, while others put and drop theirs.
func testCacheConcurrent(t *testing.T, f *cacheFixture) {
	var wg sync.WaitGroup
	for o := range 8 {
		owner := fmt.Sprint("owner-", o)
		wg.Go(func() {
			for i := range 200 {
				key, want := fmt.Sprint(i%5), fmt.Sprint(owner, " ", i)
				if err := f.Put(t.Context(), owner, key, []byte(want), time.Hour); err != nil {
					t.Error(err)
					return
				}
				if got, err := f.Get(t.Context(), owner, key); err == nil && string(got) != want || err != nil && !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s has %q (%v), want %q", owner, got, err, want)
				}
				if i%50 == 0 {
					if err := f.Drop(t.Context(), owner); err != nil {
						t.Error(err)
					}
					f.wantNone(t, owner, key)
				}
			}
		})
	}
	wg.Wait()
}
