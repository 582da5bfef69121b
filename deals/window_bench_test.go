package deals_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/goldrec/gold/deals"
)

func BenchmarkWindowLiveAt(b *testing.B) {
	w := window(b, deals.Daily{Start: "18:00", End: "19:00", Zone: "Europe/Berlin"})
	now := at(b, "2026-11-22T16:00:00Z")
	for _, step := range []time.Duration{time.Millisecond, 12 * time.Hour} {
		b.Run("step="+step.String(), func(b *testing.B) {
			b.ReportAllocs()
			when := now
			for b.Loop() {
				w.LiveAt(when)
				if when = when.Add(step); when.Year() > 2030 {
					when = now
				}
			}
		})
	}
}

// Next of instants spread over eighty years, so that nothing remembered helps, and near changes of clocks.
func BenchmarkWindowNext(b *testing.B) {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, 0))
	anywhere, near := make([]time.Time, 4096), make([]time.Time, 4096)
	for i := range anywhere {
		anywhere[i] = time.Unix(r.Int64N(80*365*daySeconds), 0)
		_, change := anywhere[i].In(loc).ZoneBounds()
		near[i] = change.Add(time.Duration(r.Int64N(8*daySeconds)-4*daySeconds) * time.Second)
	}
	daily := deals.Daily{Start: "19:00", End: "20:00", Zone: "Europe/Berlin"}
	weekly := daily
	weekly.Days = []time.Weekday{time.Friday}
	user := daily
	user.Zone = deals.UserZone
	for _, bb := range []struct {
		name  string
		w     deals.Window
		times []time.Time
	}{
		{"daily", window(b, daily), anywhere}, {"weekly", window(b, weekly), anywhere},
		{"user", window(b, user).In(loc), anywhere}, {"change", window(b, daily), near},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, _, ok := bb.w.Next(bb.times[i%len(bb.times)]); !ok {
					b.Fatal("no next")
				}
			}
		})
	}
}

func TestNextAllocs(t *testing.T) {
	w, now := window(t, deals.Daily{Start: "19:00", End: "20:00", Zone: "Europe/Berlin"}), at(t, "2026-10-24T16:00:00Z")
	if n := testing.AllocsPerRun(100, func() { w.Next(now) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
