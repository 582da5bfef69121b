package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

func (f *fixture) acquire(t *testing.T, name string, ttl time.Duration) store.Lease {
	t.Helper()
	lease, err := f.Acquire(t.Context(), name, ttl)
	if err != nil {
		t.Fatalf("Acquire(%q): %v", name, err)
	}
	return lease
}

func testLease(t *testing.T, f *fixture) {
	ctx := t.Context()
	first := f.acquire(t, "train", time.Minute)
	equal(t, "first", store.Lease{Name: "train", Token: 1, Expires: base.Add(time.Minute)}, first)
	for _, name := range []string{"trai", "train2", "train\x00"} {
		equal(t, "another name", store.Lease{Name: name, Token: 1, Expires: base.Add(time.Minute)}, f.acquire(t, name, time.Minute))
	}
	_, err := f.Acquire(ctx, "train", time.Minute)
	wantErr(t, "held", store.ErrHeld, err)

	f.clock.Advance(30 * time.Second)
	renewed, err := f.Renew(ctx, first, time.Minute)
	wantErr(t, "renew", nil, err)
	equal(t, "renewed", store.Lease{Name: "train", Token: 1, Expires: base.Add(90 * time.Second)}, renewed)
	f.clock.Advance(time.Minute - time.Microsecond) // later than first.Expires
	_, err = f.Acquire(ctx, "train", time.Minute)
	wantErr(t, "held until the last moment", store.ErrHeld, err)
	renewed, err = f.Renew(ctx, first, time.Second) // the token counts, not what it said when it was given
	wantErr(t, "renew with the lease as it was first", nil, err)

	f.clock.Advance(time.Second)
	_, err = f.Renew(ctx, renewed, time.Minute)
	wantErr(t, "renew an expired lease that nobody has taken", store.ErrHeld, err)
	second := f.acquire(t, "train", time.Minute)
	if second.Token != 2 {
		t.Errorf("token %d after 1", second.Token)
	}
	_, err = f.Renew(ctx, renewed, time.Minute)
	wantErr(t, "renew a lease that another has", store.ErrHeld, err)
	wantErr(t, "release a lease that another has", nil, f.Release(ctx, renewed))
	_, err = f.Acquire(ctx, "train", time.Minute)
	wantErr(t, "held after the former holder released it", store.ErrHeld, err)

	wantErr(t, "release", nil, f.Release(ctx, second))
	wantErr(t, "release again", nil, f.Release(ctx, second))
	_, err = f.Renew(ctx, second, time.Minute)
	wantErr(t, "renew a released lease", store.ErrHeld, err)
	if third := f.acquire(t, "train", time.Minute); third.Token != 3 {
		t.Errorf("token %d after 2", third.Token)
	}
	wantErr(t, "release of what never was", nil, f.Release(ctx, store.Lease{Name: "never", Token: 1}))
	_, err = f.Renew(ctx, store.Lease{Name: "never"}, time.Minute)
	wantErr(t, "renew what never was", store.ErrHeld, err)
}

func testLeaseInvalid(t *testing.T, f *fixture) {
	for _, name := range []string{"", "\xff", strings.Repeat("x", store.IDMax+1)} {
		_, err := f.Acquire(t.Context(), name, time.Minute)
		wantErr(t, fmt.Sprintf("acquire %.5q", name), store.ErrInvalid, err)
		_, err = f.Renew(t.Context(), store.Lease{Name: name, Token: 1}, time.Minute)
		wantErr(t, fmt.Sprintf("renew %.5q", name), store.ErrInvalid, err)
		wantErr(t, fmt.Sprintf("release %.5q", name), nil, f.Release(t.Context(), store.Lease{Name: name, Token: 1}))
	}
	for _, ttl := range []time.Duration{0, -time.Hour, time.Microsecond - 1} {
		_, err := f.Acquire(t.Context(), "train", ttl)
		wantErr(t, fmt.Sprintf("ttl %v", ttl), store.ErrInvalid, err)
	}
	lease := f.acquire(t, "train", time.Microsecond)
	_, err := f.Renew(t.Context(), lease, 0)
	wantErr(t, "renew for nothing", store.ErrInvalid, err)
	if _, err := f.Renew(t.Context(), lease, 100*365*24*time.Hour); err != nil {
		t.Errorf("renew for a century: %v", err)
	}
	_, err = f.Acquire(t.Context(), "train", time.Minute)
	wantErr(t, "held for a century", store.ErrHeld, err)
}

// holding is what one of several workers believes to have.
type holding struct {
	lease store.Lease
	has   bool
}

// testLeaseRandom has workers acquire, renew and release at random while the clock goes on, and judges each answer by who
// holds what: never two, and none longer than until it expires.
func testLeaseRandom(t *testing.T, f *fixture) {
	const workers, steps = 4, 400
	names := []string{"a", "b"}
	for seed := range uint64(5) {
		rng := rand.New(rand.NewPCG(seed, 17))
		held := make(map[string][]holding)
		last := make(map[string]uint64)
		for _, name := range names {
			held[name] = make([]holding, workers)
		}
		for step := range steps {
			name, w := names[rng.IntN(len(names))], rng.IntN(workers)
			now := f.clock.Now()
			holder := -1
			for i, h := range held[name] {
				if h.has && now.Before(h.lease.Expires) {
					if holder >= 0 {
						t.Fatalf("seed %d, step %d: %d and %d hold %q", seed, step, holder, i, name)
					}
					holder = i
				}
			}
			f.leaseStep(t, rng, name, &held[name][w], holder, holder == w, last)
			if t.Failed() {
				t.Fatalf("seed %d, step %d", seed, step)
			}
			f.clock.Advance(time.Duration(rng.IntN(3)) * time.Second)
		}
		f.clock.Advance(time.Hour)
	}
}

// leaseStep lets one worker make a call; mine says that it holds the lease, holder who does, -1 for nobody.
func (f *fixture) leaseStep(t *testing.T, rng *rand.Rand, name string, h *holding, holder int, mine bool, last map[string]uint64) {
	ttl := time.Duration(1+rng.IntN(10)) * time.Second
	switch rng.IntN(4) {
	case 0, 1:
		lease, err := f.Acquire(t.Context(), name, ttl)
		if holder >= 0 {
			wantErr(t, "Acquire", store.ErrHeld, err)
			return
		}
		wantErr(t, "Acquire", nil, err)
		if lease.Token <= last[name] || !lease.Expires.Equal(f.clock.Now().Add(ttl)) || lease.Name != name {
			t.Errorf("%+v for %v at %v, after token %d", lease, ttl, f.clock.Now(), last[name])
		}
		last[name] = lease.Token
		*h = holding{lease, true}
	case 2:
		lease, err := f.Renew(t.Context(), store.Lease{Name: name, Token: h.lease.Token}, ttl)
		if !mine {
			wantErr(t, "Renew of what is lost", store.ErrHeld, err)
			return
		}
		wantErr(t, "Renew", nil, err)
		if lease.Token != h.lease.Token || !lease.Expires.Equal(f.clock.Now().Add(ttl)) {
			t.Errorf("%+v renewed for %v at %v is %+v", h.lease, ttl, f.clock.Now(), lease)
		}
		h.lease = lease
	case 3:
		wantErr(t, "Release", nil, f.Release(t.Context(), store.Lease{Name: name, Token: h.lease.Token}))
		h.has = false // the token stays, to be tried again
	}
}

// testLeaseConcurrent has goroutines fight for a lease at a clock that stands still, and work while they have it.
func testLeaseConcurrent(t *testing.T, f *fixture) {
	const workers, each = 8, 15
	var working atomic.Int32
	var last atomic.Uint64 // the token of who worked last
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for done := 0; done < each; {
				lease, err := f.Acquire(ctx, "train", time.Hour)
				if errors.Is(err, store.ErrHeld) {
					time.Sleep(10 * time.Microsecond)
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if n := working.Add(1); n != 1 {
					t.Errorf("%d hold the lease", n)
				}
				if before := last.Swap(lease.Token); lease.Token <= before {
					t.Errorf("token %d after %d", lease.Token, before)
				}
				working.Add(-1)
				if err := f.Release(t.Context(), lease); err != nil {
					t.Error(err)
					return
				}
				done++
			}
		})
	}
	wg.Wait()
	if last.Load() < workers*each {
		t.Errorf("token %d after %d acquisitions", last.Load(), workers*each)
	}
}
