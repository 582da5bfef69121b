package benchmarks

import (
	"context"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/internal/heaptest"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

// BenchmarkTrain says what Engine.Train costs over GOLD_EVENTS interactions (200,000 by default) with a catalogue of GOLD_ITEMS
// (20,000 here): the first training, which learns the blend's weights by drafts, and the next one, with another of
// every user's interactions, which compares drafts with the models in service. It reports
//
//	cpu-s             of all goroutines, the collector's among them
//	peak-MB           by how much the resident memory was larger at its worst than before, with the collector as it is
//	rejected          1 when the new models were not better, and were trained no further than as drafts
//	bytes/interaction of the heap at its worst, besides what was there before and the new models, with a collector that runs often
//	model-MB          that the new models take, in their file
//
// What is said of bytes and of the models is of a second training like the first.
func BenchmarkTrain(b *testing.B) {
	items, events := number("GOLD_ITEMS", 20_000), number("GOLD_EVENTS", 200_000)
	for _, next := range []bool{false, true} {
		kind := "first"
		if next {
			kind = "next"
		}
		b.Run(name("%s/items=%d/events=%d", kind, items, events), func(b *testing.B) {
			for b.Loop() {
				trainOnce(b, items, events, next)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// forgetful is a store that keeps no models, so that what is measured is the training's memory and not that of a saved file. It
// remembers the size of the last one.
type forgetful struct {
	store.Store
	version uint64
	size    int64
}

func (f *forgetful) PutModel(_ context.Context, _ string, r io.Reader) (uint64, error) {
	size, err := io.Copy(io.Discard, r)
	f.version, f.size = f.version+1, size
	return f.version, err
}

func (f *forgetful) SetCurrent(context.Context, string, uint64, uint64) error { return nil }

// late is a store whose users' last events come later: of those appended together the last two.
type late struct {
	store.Store
	events [2][]store.Entry
}

func (l *late) Append(ctx context.Context, entries []store.Entry) error {
	n := len(entries) - len(l.events)
	for i, e := range entries[n:] {
		l.events[i] = append(l.events[i], e)
	}
	return l.Store.Append(ctx, entries[:n])
}

// trainOnce measures one training for its time, and another for its memory.
func trainOnce(b *testing.B, items, events int, next bool) {
	c, st := aCatalog(b, items), &forgetful{Store: store.NewMemory(store.MemoryOptions{})}
	news := &late{Store: st}
	if err := fillLog(b.Context(), news, items, events/perUser); err != nil {
		b.Fatal(err)
	}
	more := func() {
		if err := st.Append(b.Context(), news.events[0]); err != nil {
			b.Fatal(err)
		}
		news.events[0], news.events[1] = news.events[1], nil
	}
	ready := func() *recommend.Engine {
		if !next {
			more()
		}
		engine, err := recommend.Open(b.Context(), st, recommend.Options{Catalog: c, Trainers: trainers(), Seed: 2})
		if err != nil {
			b.Fatal(err)
		}
		if next {
			mustTrain(b, engine)
			more()
		}
		return engine
	}
	engine := ready()
	debug.FreeOSMemory()
	resetPeak()
	resident, spent := memoryOf("VmRSS:"), processTime()
	report := mustTrain(b, engine)
	b.ReportMetric((processTime() - spent).Seconds(), "cpu-s")
	b.ReportMetric(float64(memoryOf("VmHWM:")-resident)/1e6, "peak-MB")
	if b.ReportMetric(0, "rejected"); !report.Published {
		b.ReportMetric(1, "rejected")
	}
	if err := engine.Close(); err != nil {
		b.Fatal(err)
	}

	engine = ready()
	peak := heaptest.Peak(func() { report = mustTrain(b, engine) })
	b.ReportMetric(float64(peak-int(st.size))/float64(report.Interactions), "bytes/interaction")
	b.ReportMetric(float64(st.size)/1e6, "model-MB")
	if err := engine.Close(); err != nil {
		b.Fatal(err)
	}
}

func mustTrain(b *testing.B, engine *recommend.Engine) recommend.Report {
	b.Helper()
	report, err := engine.Train(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return report
}

func aCatalog(b *testing.B, items int) *catalog.Catalog {
	b.Helper()
	c := catalog.New()
	for i := range items {
		if err := putItem(c, i); err != nil {
			b.Fatal(err)
		}
	}
	return c
}

// processTime is the processor time of the whole process so far.
func processTime() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// resetPeak makes the kernel forget the highest resident size so far (proc(5), clear_refs).
func resetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// memoryOf is a size in bytes that the kernel gives for this process; 0 where it gives none.
func memoryOf(field string) int {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), field)
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.Atoi(fields[0])
	return kib << 10
}
