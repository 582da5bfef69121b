package ledger_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/deals/ledger"
)

var began = time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)

func request(n int64, deal string) deals.Request {
	return deals.Request{ID: fmt.Sprint("order-", n), Deal: deal, Turn: "2026-11-22", User: fmt.Sprint("user-", n), Units: 1, At: began, TTL: 10 * time.Minute,
		Start: began, Close: began.Add(time.Hour), Apart: 20 * time.Hour, Max: 1 << 40, MaxUser: 1}
}

// Claims of distinct items, one goroutine; the requests are made beforehand, and claims are not forgotten.
func BenchmarkMemoryDistinct(b *testing.B) {
	requests := make([]deals.Request, 1<<20)
	for i := range requests {
		requests[i] = request(int64(i), fmt.Sprint("deal-", i%100_000))
	}
	b.ReportAllocs()
	l, n := ledger.NewMemory(ledger.Options{}), 0
	for b.Loop() {
		if n == len(requests) {
			b.StopTimer()
			l, n = ledger.NewMemory(ledger.Options{}), 0
			b.StartTimer()
		}
		if _, err := l.Hold(context.Background(), requests[n]); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "claims/s")
}

// Claims of one item, from all cores.
func BenchmarkMemoryHot(b *testing.B) {
	l := ledger.NewMemory(ledger.Options{})
	hot(b, 1, func(r deals.Request) error { _, err := l.Hold(context.Background(), r); return err })
}

// hot runs claim from some goroutines a core.
func hot(b *testing.B, parallelism int, claim func(r deals.Request) error) {
	b.Helper()
	b.ReportAllocs()
	b.SetParallelism(parallelism)
	var n atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := claim(request(n.Add(1), "hot")); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "claims/s")
}

// Durable claims of one item, from 128 goroutines a core, each waiting for its own sync.
func BenchmarkDiskHot(b *testing.B) {
	l, err := ledger.Open(b.TempDir(), ledger.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	hot(b, 128, func(r deals.Request) error { _, err := l.Hold(context.Background(), r); return err })
}

// One goroutine: the time of a sync.
func BenchmarkDiskOne(b *testing.B) {
	l, err := ledger.Open(b.TempDir(), ledger.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	var n int64
	for b.Loop() {
		n++
		if _, err := l.Hold(context.Background(), request(n, "hot")); err != nil {
			b.Fatal(err)
		}
	}
}
