package benchmarks

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"testing"
	"time"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

// BenchmarkFollow is what an engine pays for what others record: every replica applies the whole log. cpu-µs/entry is for
// interactions of users that it has in memory, or has not, read from a store in memory, whose own part is small.
func BenchmarkFollow(b *testing.B) {
	s := mustShop(b)
	for _, met := range []bool{true, false} {
		b.Run(name("met=%v/items=%d", met, shopItems), func(b *testing.B) {
			for b.Loop() {
				follow(b, s, met)
			}
		})
	}
}

func follow(b *testing.B, s *shop, met bool) {
	const entries, batch = 100_000, 500
	st := store.NewMemory(store.MemoryOptions{})
	defer st.Close()
	eng, err := s.move(b.Context(), st)
	if err != nil {
		b.Fatal(err)
	}
	defer eng.Close()
	rng := rand.New(rand.NewPCG(3, 4))
	for range entries / batch {
		var list []store.Entry
		for range batch {
			user := userID(rng.IntN(shopUsers))
			if !met {
				user = "else-" + user
			}
			list = append(list, store.Entry{Interaction: store.Interaction{
				User: user, Item: itemID(rng.IntN(shopItems)), Kind: store.Click, Time: time.Unix(1_800_000_000, 0),
			}})
		}
		if err := st.Append(b.Context(), list); err != nil {
			b.Fatal(err)
		}
	}
	until := end(b, st)
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	running := make(chan error, 1)
	began := cpu()
	go func() { running <- eng.Run(ctx) }()
	for eng.Status().Entries != until {
		time.Sleep(time.Millisecond)
	}
	b.ReportMetric(float64((cpu()-began).Nanoseconds())/1e3/entries, "cpu-µs/entry")
	stop()
	if err := <-running; err != nil {
		b.Fatal(err)
	}
}

// end is where a log ends, as Status says it.
func end(b *testing.B, st store.Store) string {
	var place store.Place
	for e, err := range st.Scan(b.Context(), store.Place{}) {
		if err != nil {
			b.Fatal(err)
		}
		place = place.With(e.Partition, e.Position)
	}
	return place.String()
}

// BenchmarkServed is what a replica holds for each item beside the catalogue: the models in service, of which it has trained
// none, their index, and counters. It is the growth of the process, since the index lies outside of the heap.
func BenchmarkServed(b *testing.B) {
	s := mustShop(b)
	for b.Loop() {
		before := resident(b)
		eng, err := recommend.Open(b.Context(), s.store, s.options)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric((resident(b)-before)/float64(shopItems), "B/item")
		if err := eng.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// resident is how many bytes of memory the process has, without what it could give back.
func resident(b *testing.B) float64 {
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Skip(err)
	}
	var size, pages float64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		b.Fatal(err)
	}
	return pages * float64(os.Getpagesize())
}
