package benchmarks

import (
	"context"
	"io"
	"math/rand/v2"
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
// (20,000 here): the first training, which learns the blend's weights by drafts, and the next one, on a twentieth more
// interactions, which compares drafts with the models in service. It reports
//
//	cpu-s             of all goroutines, the collector's among them
//	peak-MB           by how much the resident memory was larger at its worst than before, with the collector as it is
//	bytes/interaction of the heap at its worst, besides what was there before and the new models, with a collector that runs often
//	model-MB          that the new models take, in their file
//
// The last two are of another training than the first two.
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

// trainOnce measures one training for its time, and another for its memory.
func trainOnce(b *testing.B, items, events int, next bool) {
	c, st := aCatalog(b, items), &forgetful{Store: store.NewMemory(store.MemoryOptions{})}
	if err := fillLog(b.Context(), st, items, events/perUser); err != nil {
		b.Fatal(err)
	}
	ready := func() *recommend.Engine {
		engine, err := recommend.Open(b.Context(), st, recommend.Options{Catalog: c, Trainers: trainers(), Seed: 1})
		if err != nil {
			b.Fatal(err)
		}
		if next {
			mustTrain(b, engine)
			more(b, st, events/perUser)
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
	if err != nil || !report.Published {
		b.Fatalf("%+v, %v", report, err)
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

// more appends an interaction of every user, with an item of the group of the one before.
func more(b *testing.B, st store.Store, users int) {
	b.Helper()
	rng := rand.New(rand.NewPCG(6, 6))
	entries := make([]store.Entry, users)
	for u := range entries {
		last, err := st.History(b.Context(), userID(u), 1)
		if err != nil || len(last) == 0 {
			b.Fatal(last, err)
		}
		item, _ := strconv.Atoi(strings.TrimPrefix(last[0].Interaction.Item, "item-"))
		entries[u].Interaction = store.Interaction{
			User: userID(u), Item: itemID(item/groupSize*groupSize + rng.IntN(groupSize/4)), Kind: store.Purchase,
			Time: last[0].Interaction.Time.Add(time.Hour),
		}
	}
	if err := st.Append(b.Context(), entries); err != nil {
		b.Fatal(err)
	}
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
