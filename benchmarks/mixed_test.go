package benchmarks

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pebblestore"
)

const (
	mixedFor     = 10 * time.Second
	mixedWorkers = 2048 // requests under way at most, most of which wait for the disk
)

// BenchmarkMixed serves pages and records interactions at once, one a call, on a durable store, for users whose popularity falls
// as 1/rank. Calls are due at even times whether or not those before have returned (open loop), and the time that one takes
// counts from when it was due. Where what was done falls behind what was asked for, the machine had not the time: the quantiles then
// say how the queue grew, and cpu-µs/call times the calls asked for is how many cores it would take.
func BenchmarkMixed(b *testing.B) {
	s := mustShop(b)
	dir, err := os.MkdirTemp("", "gold-mixed-")
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(dir)
	st, err := pebblestore.Open(dir, pebblestore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	eng, err := s.move(b.Context(), st)
	if err != nil {
		b.Fatal(err)
	}
	defer eng.Close()
	for _, rate := range []struct{ pages, writes int }{{100_000, 0}, {0, 50_000}, {10_000, 5_000}, {40_000, 20_000}, {100_000, 50_000}} {
		b.Run(name("pages=%d,writes=%d/items=%d", rate.pages, rate.writes, shopItems), func(b *testing.B) {
			for b.Loop() {
				mixed(b, s, eng, rate.pages, rate.writes)
			}
		})
	}
}

// move copies the shop's log and models to another store, and opens an engine on it that has met everybody.
func (s *shop) move(ctx context.Context, st store.Store) (*recommend.Engine, error) {
	if err := fillLog(ctx, st, shopItems, shopUsers); err != nil {
		return nil, err
	}
	r, _, err := s.store.OpenModel(ctx, recommend.ModelName, 0)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	version, err := st.PutModel(ctx, recommend.ModelName, r)
	if err != nil {
		return nil, err
	}
	if err := st.SetCurrent(ctx, recommend.ModelName, version, 0); err != nil {
		return nil, err
	}
	opts := s.options
	opts.PageTTL = time.Minute
	eng, err := recommend.Open(ctx, st, opts)
	if err != nil {
		return nil, err
	}
	for _, user := range s.users {
		if _, err := eng.Recommend(ctx, recommend.Request{User: user, N: pageSize}); err != nil {
			return nil, err
		}
	}
	return eng, nil
}

// mixed asks for so many of each a second for a while.
func mixed(b *testing.B, s *shop, eng *recommend.Engine, pages, writes int) {
	ctx, rate := b.Context(), pages+writes
	n := rate * int(mixedFor/time.Second)
	took, wrote := make([]time.Duration, n), make([]bool, n)
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	begin, used := time.Now(), processTime()
	for w := range mixedWorkers {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), uint64(rate)))
			whom := rand.NewZipf(rng, 1.01, 1, uint64(shopUsers-1))
			for {
				i := int(next.Add(1)) - 1
				due := time.Duration(i) * time.Second / time.Duration(rate)
				if i >= n || time.Since(begin) > mixedFor {
					return
				}
				if ahead := due - time.Since(begin); ahead > 0 {
					time.Sleep(ahead)
				}
				user := s.users[whom.Uint64()]
				var err error
				if wrote[i] = (i+1)*writes/rate > i*writes/rate; wrote[i] {
					err = eng.Record(ctx, store.Interaction{User: user, Item: itemID(rng.IntN(shopItems)), Kind: store.Click})
				} else {
					_, err = eng.Recommend(ctx, recommend.Request{User: user, N: pageSize})
				}
				if took[i] = time.Since(begin) - due; err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		b.Fatal(*err)
	}
	cpu, lasted := processTime()-used, time.Since(begin)
	done := report(b, "page", took, wrote, false, lasted) + report(b, "write", took, wrote, true, lasted)
	b.ReportMetric(cpu.Seconds()/lasted.Seconds(), "cores")
	b.ReportMetric(float64(cpu.Microseconds())/float64(done), "cpu-µs/call")
	b.ReportMetric(0, "ns/op")
}

// report says how many calls of a kind were made, and how long they took.
func report(b *testing.B, what string, took []time.Duration, wrote []bool, write bool, lasted time.Duration) int {
	var mine []time.Duration
	for i, d := range took {
		if d > 0 && wrote[i] == write {
			mine = append(mine, d)
		}
	}
	if len(mine) > 0 {
		slices.Sort(mine)
		b.ReportMetric(float64(len(mine))/lasted.Seconds(), what+"s/s")
		b.ReportMetric(float64(mine[len(mine)/2].Microseconds()), what+"-p50-µs")
		b.ReportMetric(float64(mine[len(mine)*99/100].Microseconds()), what+"-p99-µs")
	}
	return len(mine)
}
