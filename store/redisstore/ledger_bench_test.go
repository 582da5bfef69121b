package redisstore_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/goldrec/gold/store/redisstore"
)

// BenchmarkClaims has 64 goroutines hold claims of one deal, without and with a replica that has to hear of each.
func BenchmarkClaims(b *testing.B) {
	addrs := ledgerAddrs(b)
	for replicas := range 2 {
		b.Run(fmt.Sprintf("replicas=%d", replicas), func(b *testing.B) {
			l := newLedger(b, addrs, redisstore.LedgerOptions{Replicas: replicas})
			var next atomic.Int64
			var shoppers sync.WaitGroup
			for b.Loop() {
				const claims = 5000
				last := next.Load() + claims
				for range 64 {
					shoppers.Go(func() {
						for n := next.Add(1); n <= last; n = next.Add(1) {
							r := request(fmt.Sprint("order-", n), "flash", "")
							r.Max = 1 << 40
							if _, err := l.Hold(b.Context(), r); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				shoppers.Wait()
				next.Store(last)
			}
			b.ReportMetric(float64(next.Load())/b.Elapsed().Seconds(), "claims/s")
		})
	}
}
