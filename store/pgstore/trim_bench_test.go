package pgstore

import (
	"errors"
	"testing"
	"time"

	"github.com/goldrec/gold/internal/servers"
)

// BenchmarkTrim measures what it costs to remove the older half of 200,000 interactions, an entry.
func BenchmarkTrim(b *testing.B) {
	pg, err := servers.StartPostgres(b.Context(), servers.PostgresOptions{})
	if errors.Is(err, servers.ErrAbsent) {
		b.Skip(err)
	}
	if err != nil {
		b.Fatal(err)
	}
	defer pg.Close()
	s := openIngest(b, pg.URL, "trim")
	defer s.Close()
	const half = 5 * ingestRound
	n := 0
	for b.Loop() {
		b.StopTimer()
		for range 10 {
			if err := s.Append(b.Context(), ingestEvents(n, true)); err != nil {
				b.Fatal(err)
			}
			n += ingestRound
		}
		b.StartTimer()
		if err := s.Trim(b.Context(), time.UnixMicro(1_750_000_000_000_000+int64(n-half)*1000)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n-half), "ns/entry")
}
