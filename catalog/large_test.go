package catalog_test

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/goldrec/gold/catalog"
)

// BenchmarkTenMillion puts ten million items with short texts into a catalogue, of whose process the Go runtime may take
// 8 GiB, and searches them. It takes minutes, and runs when GOLD_LARGE is set:
//
//	GOLD_LARGE=1 go test ./catalog -run '^$' -bench TenMillion -benchtime 1x
func BenchmarkTenMillion(b *testing.B) {
	if os.Getenv("GOLD_LARGE") == "" {
		b.Skip("set GOLD_LARGE")
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(8 << 30))
	const n = 10_000_000
	for b.Loop() {
		s, cat := newShelf(), catalog.New()
		begin := cpuTime(b)
		for i := range n {
			mustUpsert(b, cat, s.item(i))
		}
		b.ReportMetric((cpuTime(b) - begin).Seconds(), "cpu-s/load")
		b.ReportMetric(float64(heap())/(1<<30), "GiB-loaded")
		begin = cpuTime(b)
		hits, total, err := cat.Search(cat.Item(4711).Title, nil, 0, 1)
		if err != nil || total == 0 || hits[0].Item.ID != "product-4711" {
			b.Fatalf("%d found, %v", total, err)
		}
		b.ReportMetric((cpuTime(b) - begin).Seconds(), "cpu-s/index")
		b.ReportMetric(float64(heap())/(1<<30), "GiB-searched")
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.Sys)/(1<<30), "GiB-of-the-system")
		fmt.Fprintln(b.Output(), "items:", cat.Len())
		runtime.KeepAlive(cat)
	}
}
