package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/deals/dealstest"
	"github.com/goldrec/gold/internal/servers"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/redisstore"
)

// ledgers are on a cluster that does not evict.
var ledgers struct {
	once    sync.Once
	cluster *servers.RedisCluster
	err     error
	names   atomic.Int64
}

func startLedgers(t testing.TB) (*servers.RedisCluster, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	return servers.StartRedisCluster(ctx, servers.RedisOptions{Settings: map[string]string{"appendonly": "yes", "appendfsync": "always"}})
}

func ledgerAddrs(t testing.TB) []string {
	t.Helper()
	ledgers.once.Do(func() { ledgers.cluster, ledgers.err = startLedgers(t) })
	return have(t, ledgers.cluster, ledgers.err).Addrs
}

func newLedger(t testing.TB, addrs []string, opts redisstore.LedgerOptions) *redisstore.Ledger {
	t.Helper()
	if opts.Name == "" {
		opts.Name = fmt.Sprint("test-", ledgers.names.Add(1))
	}
	if opts.Timeout == 0 {
		opts.Timeout = 20 * time.Second
	}
	l, err := redisstore.NewLedger(t.Context(), addrs, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// TestLedger holds the ledger to the rules of all of them.
func TestLedger(t *testing.T) {
	t.Parallel()
	addrs := ledgerAddrs(t)
	dealstest.Run(t, dealstest.Suite{Calls: 4000, Shoppers: 300, Open: func(t testing.TB) deals.Ledger {
		return newLedger(t, addrs, redisstore.LedgerOptions{})
	}})
}

// TestLedgerFailsOver kills the server of a ledger whose replica has heard of everything that was acknowledged, and starts it again.
// Whether that or the replica goes on, everything is there.
func TestLedgerFailsOver(t *testing.T) {
	t.Parallel()
	r, err := startLedgers(t)
	have(t, r, err)
	t.Cleanup(func() { _ = r.Close() })
	l := newLedger(t, r.Addrs, redisstore.LedgerOptions{Name: "hour", Replicas: 1, Timeout: time.Minute})
	const units = 200
	var given, unknown atomic.Int64
	var shoppers sync.WaitGroup
	master := r.MasterOf(t.Context(), "{hour}")
	for i := range 4 {
		shoppers.Go(func() {
			for n := range units {
				req := request(fmt.Sprint(i, "-", n), "mugs", "today")
				req.Max = units
				_, err := l.Hold(t.Context(), req)
				for errors.Is(err, redisstore.ErrUnknown) {
					unknown.Add(1)
					_, err = l.Hold(t.Context(), req)
				}
				if errors.Is(err, deals.ErrSoldOut) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				if given.Add(1) == units/4 {
					r.Kill(master)
					if err := r.Start(t.Context(), master); err != nil { // to be the replica of what takes over
						t.Error(err)
					}
				}
			}
		})
	}
	shoppers.Wait()
	stock, err := l.Stock(t.Context(), "mugs", "today", hour)
	if err != nil || stock.Held != units || given.Load() != units {
		t.Errorf("%d units are given of %d; stock %+v, %v", given.Load(), units, stock, err)
	}
	t.Logf("%d answers were lost", unknown.Load())
}

// TestTooFewReplicas has more replicas asked for than there are: nothing is acknowledged.
func TestTooFewReplicas(t *testing.T) {
	t.Parallel()
	l := newLedger(t, ledgerAddrs(t), redisstore.LedgerOptions{Replicas: 2, Timeout: time.Second})
	if c, err := l.Hold(t.Context(), request("one", "mugs", "today")); !errors.Is(err, redisstore.ErrUnknown) {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestNewLedger(t *testing.T) {
	t.Parallel()
	if _, err := redisstore.NewLedger(t.Context(), cluster(t).Addrs, redisstore.LedgerOptions{Timeout: 10 * time.Second}); !errors.Is(err, redisstore.ErrEvicts) {
		t.Errorf("servers that evict: %v", err)
	}
	if _, err := redisstore.NewLedger(t.Context(), []string{"127.0.0.1:1"}, redisstore.LedgerOptions{}); !errors.Is(err, redisstore.ErrUnavailable) {
		t.Errorf("no server: %v", err)
	}
	for _, opts := range []redisstore.LedgerOptions{{Timeout: -1}, {Replicas: -1}, {Keep: -1}, {Name: "a}b"}} {
		if _, err := redisstore.NewLedger(t.Context(), ledgerAddrs(t), opts); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%+v: %v", opts, err)
		}
	}
	l := newLedger(t, ledgerAddrs(t), redisstore.LedgerOptions{})
	many := request("many", "mugs", "today")
	many.Units, many.Max = 1<<53+1, 0
	if _, err := l.Hold(t.Context(), many); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("more units than can be counted: %v", err)
	}
	many.Units = 1 << 53
	if c, err := l.Hold(t.Context(), many); err != nil || c.Units != many.Units {
		t.Errorf("%+v, %v", c, err)
	}
}

var hour = time.Date(2026, 11, 24, 18, 0, 0, 123456789, time.UTC)

func request(id, deal, turn string) deals.Request {
	return deals.Request{
		ID: id, Deal: deal, Turn: turn, User: "user of " + id, Units: 1, At: hour, TTL: time.Minute, Start: hour, Close: hour.Add(time.Hour), Max: 1,
	}
}

// TestNames keeps apart deals and users whose names could be put together alike, and keeps instants to the nanosecond.
func TestNames(t *testing.T) {
	t.Parallel()
	l := newLedger(t, ledgerAddrs(t), redisstore.LedgerOptions{})
	const ttl = time.Minute + 900*time.Millisecond // the nanoseconds of hour and these are more than a second
	for n, names := range [][2]string{{"a", "b:c"}, {"a:b", "c"}, {"b", "1:a:b"}, {"1:a", "\xff\x00"}} {
		r := request(fmt.Sprint("\xff", n), names[0], "\xff\x00")
		r.User, r.MaxUser, r.TTL = names[1], 1, ttl
		c, err := l.Hold(t.Context(), r)
		want := deals.Claim{ID: r.ID, Deal: r.Deal, Turn: r.Turn, User: r.User, Units: 1, State: deals.Held, Made: hour, Until: hour.Add(ttl)}
		if diff := cmp.Diff(want, c); diff != "" || err != nil {
			t.Errorf("%q: %v, %s", names, err, diff)
		}
	}
	for _, when := range []struct {
		before time.Duration
		want   deals.State
	}{{1, deals.Held}, {0, deals.Expired}} {
		if c, err := l.Claim(t.Context(), "\xff0", hour.Add(ttl-when.before)); err != nil || c.State != when.want {
			t.Errorf("%v before its end: %+v, %v", when.before, c, err)
		}
	}
}
