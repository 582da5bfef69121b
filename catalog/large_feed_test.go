package catalog_test

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/goldrec/gold/catalog"
)

// made is a feed that is made as it is read: a CSV of n items with descriptions of a kilobyte, of which one row in 10,007 has a
// price that is none. Every item comes as many times as there are rounds.
type made struct {
	items, rounds int
	row           int
	rest          string
	bytes         int64
}

func (m *made) Read(p []byte) (int, error) {
	for m.rest == "" {
		switch {
		case m.row == m.items*m.rounds:
			return 0, io.EOF
		case m.row == 0:
			m.rest = "id,title,brand,price,currency,description\n"
		}
		price := "12.50"
		if m.row%10_007 == 10_006 {
			price = "twelve"
		}
		i := m.row % m.items
		m.rest += fmt.Sprintf("product-%d,Kettle of kind %d,brand-%d,%s,EUR,\"%s\"\n", i, i%977, i%89, price, strings.Repeat("It boils, and whistles. ", 43))
		m.row++
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	m.bytes += int64(n)
	return n, nil
}

// BenchmarkLargeFeed imports a feed of more than a gigabyte, a million rows of 50,000 items: what it needs besides the catalogue does
// not grow with the feed, bad rows are told by line, and all others are taken. It runs when GOLD_LARGE is set:
//
//	GOLD_LARGE=1 go test ./catalog -run '^$' -bench LargeFeed -benchtime 1x
func BenchmarkLargeFeed(b *testing.B) {
	if os.Getenv("GOLD_LARGE") == "" {
		b.Skip("set GOLD_LARGE")
	}
	for b.Loop() {
		feed, cat := &made{items: 50_000, rounds: 20}, catalog.New()
		begin, most, bad := cpuTime(b), uint64(0), []int(nil)
		opt := catalog.ImportOptions{
			Bad:          func(e *catalog.RowError) error { bad = append(bad, e.Line); return nil },
			Progress:     func(catalog.ImportReport) { most = max(most, heap()) },
			ProgressRows: 100_000,
		}
		report, err := cat.Import(b.Context(), catalog.ReadCSV(feed), opt)
		if err != nil {
			b.Fatal(err)
		}
		want := catalog.ImportReport{Rows: 1_000_000, Written: 50_000, Unchanged: 949_901, Bad: 99}
		if report != want || cat.Len() != 50_000 || len(bad) != 99 || bad[0] != 10_008 || feed.bytes < 1<<30 {
			b.Fatalf("%+v, %d items, %d bad rows, the first in line %v, of %d bytes; want %+v", report, cat.Len(), len(bad), bad[:1], feed.bytes, want)
		}
		seconds := (cpuTime(b) - begin).Seconds()
		b.ReportMetric(float64(feed.bytes)/(1<<20)/seconds, "MiB/cpu-s")
		b.ReportMetric(float64(most)/(1<<20), "MiB-most")
		b.ReportMetric(float64(heap())/(1<<20), "MiB-catalogue")
		runtime.KeepAlive(cat)
	}
}
