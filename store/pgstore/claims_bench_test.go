package pgstore_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/goldrec/gold/internal/servers"
	"github.com/goldrec/gold/store/pgstore"
)

// BenchmarkClaims has 64 goroutines hold claims, all of one deal or each of another, with syncs on.
func BenchmarkClaims(b *testing.B) {
	pg, err := servers.StartPostgres(b.Context(), servers.PostgresOptions{})
	have(b, pg, err)
	defer pg.Close()
	for _, hot := range []bool{true, false} {
		b.Run(fmt.Sprintf("hot=%v", hot), func(b *testing.B) {
			l := ledger(b, pg.URL, pgstore.Options{Schema: schema(), ConnsMax: 32})
			var next atomic.Int64
			var shoppers sync.WaitGroup
			for b.Loop() {
				const claims = 4000
				last := next.Load() + claims
				for range 64 {
					shoppers.Go(func() {
						for n := next.Add(1); n <= last; n = next.Add(1) {
							r := request(fmt.Sprint("order-", n), "flash", "")
							if r.Max = 1 << 40; !hot {
								r.Deal = fmt.Sprint("deal-", n%1000)
							}
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
