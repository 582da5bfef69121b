package session_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/session"
)

// made is a shop of so many clicks by seed: some are on what is popular everywhere (a power law), most lie near the visit's last one.
type made struct {
	rng     *rand.Rand
	zipf    *rand.Zipf
	items   uint32
	clicked []uint32
}

func newMade(items uint32, seed uint64) *made {
	rng := rand.New(rand.NewPCG(seed, 41))
	return &made{rng: rng, zipf: rand.NewZipf(rng, 1.05, 20, uint64(items)-1), items: items}
}

// visit makes one of 2 to some 40 clicks, 5 on the average; it is overwritten by the next.
func (m *made) visit() []uint32 {
	m.clicked = m.clicked[:0]
	at := uint32(m.zipf.Uint64())
	for n := 0; n < 2 || m.rng.IntN(4) > 0; n++ {
		m.clicked = append(m.clicked, at)
		switch m.rng.IntN(10) {
		case 0, 1, 2:
			at = uint32(m.zipf.Uint64())
		case 3:
			at = m.clicked[m.rng.IntN(len(m.clicked))]
		default:
			at = (at + m.rng.Uint32N(20)) % m.items
		}
	}
	return m.clicked
}

func (m *made) dataset(b *testing.B, clicks int) *model.Dataset {
	b.Helper()
	var build model.Builder
	for i := range m.items {
		build.Item(fmt.Sprint(i))
	}
	for made, user := 0, 0; made < clicks; user++ {
		for _, item := range m.visit() {
			build.AddEvent(fmt.Sprint(user), model.Event{Item: item, Weight: 1, Time: int64(made), Session: 1})
			made++
		}
	}
	return build.Build()
}

// BenchmarkVisitors answers visitors over many historic clicks, one at a time, and says how much processor time half, nine tenths and all
// but a hundredth of the answers take at most, and how much memory a click costs. GOLD_LARGE=1 has ten million clicks on half a million items, else
// there are a tenth of that.
func BenchmarkVisitors(b *testing.B) {
	clicks, items := 1_000_000, uint32(50_000)
	if os.Getenv("GOLD_LARGE") != "" {
		clicks, items = 10*clicks, 10*items
	}
	b.Run(fmt.Sprintf("clicks=%d", clicks), func(b *testing.B) {
		data := newMade(items, 1).dataset(b, clicks)
		before := heap()
		began := time.Now()
		m := train(b, session.Trainer{}, data)
		trained, held := time.Since(began), heap()-before
		visitors, dst := newMade(items, 2), []model.Scored(nil)
		var waits []time.Duration
		now, done := processor()
		defer done()
		var history []model.Event
		for b.Loop() {
			history = history[:0]
			all := visitors.visit()
			for _, item := range all[:1+visitors.rng.IntN(len(all))] {
				history = append(history, model.Event{Item: item, Weight: 1})
			}
			began := now()
			dst = m.Propose(dst[:0], &model.User{History: history}, 20, nil, model.Quick)
			waits = append(waits, now()-began)
		}
		slices.Sort(waits)
		for _, p := range []int{50, 90, 99} {
			b.ReportMetric(float64(waits[len(waits)*p/100].Microseconds()), fmt.Sprintf("µs-p%d", p))
		}
		b.ReportMetric(trained.Seconds(), "s-train")
		b.ReportMetric(float64(held)/float64(clicks), "B/click")
		runtime.KeepAlive(data)
	})
}

func heap() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// BenchmarkAdd takes in visits beyond what there is room for.
func BenchmarkAdd(b *testing.B) {
	visits := newMade(50_000, 3)
	m := train(b, session.Trainer{ClicksMax: 1_000_000}, visits.dataset(b, 1_000_000))
	b.ReportAllocs()
	for b.Loop() {
		m.Add(visits.visit())
	}
}
