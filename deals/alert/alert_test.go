package alert_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/deals/alert"
)

// outbox is a Sender that keeps what it sends.
type outbox struct {
	now  func() time.Time
	sent []string
	all  []alert.Alert
	at   []time.Time
	fail bool
}

func (o *outbox) Send(_ context.Context, a alert.Alert) error {
	if o.fail {
		return errors.New("no network")
	}
	o.sent = append(o.sent, fmt.Sprintf("%s %s %s", o.now().In(a.Start.Location()).Format("02 15:04"), a.Kind, a.Deal.ID))
	o.all, o.at = append(o.all, a), append(o.at, o.now())
	return nil
}

func board(t testing.TB, list ...deals.Deal) *deals.Board {
	t.Helper()
	b := new(deals.Board)
	if err := b.Replace(list); err != nil {
		t.Fatal(err)
	}
	return b
}

func deal(t testing.TB, id, start, end, zone string) deals.Deal {
	t.Helper()
	w, err := deals.NewWindow(deals.Daily{Start: start, End: end, Zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	return deals.Deal{ID: id, Items: []string{"tea"}, Discount: deals.PercentOff(10), Window: w}
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// run ticks a scheduler from one instant to another, as Run would.
func run(t testing.TB, s *alert.Scheduler, clock *time.Time, until time.Time) {
	t.Helper()
	for clock.Before(until) {
		next, err := s.Tick(t.Context(), *clock)
		if err != nil {
			t.Fatal(err)
		}
		if !next.After(*clock) {
			t.Fatalf("at %v the next tick is at %v", *clock, next)
		}
		*clock = next
	}
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	berlin := zone(t, "Europe/Berlin")
	from := time.Date(2026, 11, 22, 0, 0, 0, 0, berlin)
	evening := deal(t, "evening", "19:00", "20:00", deals.UserZone)
	tests := []struct {
		name     string
		deals    []deals.Deal
		follower alert.Follower
		want     []string
	}{
		{"soon", []deals.Deal{evening}, alert.Follower{StartsIn: 15 * time.Minute, EndsIn: 10 * time.Minute},
			[]string{"22 18:45 starts-soon evening", "22 19:50 ends-soon evening", "23 18:45 starts-soon evening", "23 19:50 ends-soon evening"}},
		{"quiet until it starts", []deals.Deal{evening}, alert.Follower{StartsIn: 15 * time.Minute, QuietFrom: "18:00", QuietTo: "19:00"}, nil},
		{"quiet at first", []deals.Deal{evening}, alert.Follower{StartsIn: 15 * time.Minute, QuietFrom: "18:00", QuietTo: "18:50"},
			[]string{"22 18:50 starts-soon evening", "23 18:50 starts-soon evening"}},
		{"quiet over midnight", []deals.Deal{deal(t, "night", "23:00", "08:00", "Europe/Berlin")}, alert.Follower{EndsIn: 2 * time.Hour, QuietFrom: "22:00", QuietTo: "07:00"},
			[]string{"22 07:00 ends-soon night", "23 07:00 ends-soon night"}},
		{"one a day", []deals.Deal{evening}, alert.Follower{StartsIn: time.Hour, EndsIn: time.Minute, MaxADay: 1},
			[]string{"22 18:00 starts-soon evening", "23 18:00 starts-soon evening"}},
		{"sent the day after", []deals.Deal{evening, deal(t, "late", "22:00", "02:00", "Europe/Berlin")}, alert.Follower{StartsIn: time.Hour, EndsIn: 3 * time.Hour, MaxADay: 2},
			[]string{"22 00:00 ends-soon late", "22 18:00 starts-soon evening", "23 00:00 ends-soon late", "23 18:00 starts-soon evening"}},
		{"the sooner first", []deals.Deal{evening, deal(t, "late", "22:00", "23:00", "Europe/Berlin")}, alert.Follower{StartsIn: 9 * time.Hour, QuietFrom: "00:00", QuietTo: "17:00", MaxADay: 1},
			[]string{"22 17:00 starts-soon evening", "23 17:00 starts-soon evening"}},
		{"for others", []deals.Deal{func() deals.Deal { d := evening; d.Segments = []string{"gold"}; return d }()}, alert.Follower{StartsIn: time.Hour}, nil},
	}
	for _, tt := range tests {
		clock := from
		out := &outbox{now: func() time.Time { return clock }}
		s := alert.NewScheduler(board(t, tt.deals...), out, alert.NewMemory())
		tt.follower.User = deals.User{ID: "ann", Zone: berlin}
		tt.follower.Deals = []string{"evening", "late", "night", "none"}
		if err := s.Follow(tt.follower); err != nil {
			t.Fatal(err)
		}
		run(t, s, &clock, from.Add(2*24*time.Hour))
		if diff := cmp.Diff(tt.want, out.sent); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestFollowerErrors(t *testing.T) {
	t.Parallel()
	s := alert.NewScheduler(board(t), &outbox{}, alert.NewMemory())
	ann := deals.User{ID: "ann"}
	for _, f := range []alert.Follower{{}, {User: ann, StartsIn: -1}, {User: ann, EndsIn: 25 * time.Hour}, {User: ann, MaxADay: -1}, {User: ann, QuietFrom: "25:00", QuietTo: "01:00"}, {User: ann, QuietTo: "01:00"}} {
		if err := s.Follow(f); !errors.Is(err, alert.ErrFollower) {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

// What fails is tried again, and an edit of the hours or a restart does not repeat what was sent.
func TestAgain(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 11, 22, 18, 50, 0, 0, time.UTC)
	out := &outbox{now: func() time.Time { return clock }, fail: true}
	b, log := board(t, deal(t, "evening", "19:00", "20:00", "UTC")), alert.NewMemory()
	s := alert.NewScheduler(b, out, log)
	follower := alert.Follower{User: deals.User{ID: "ann"}, Deals: []string{"evening"}, StartsIn: 15 * time.Minute, BackInStock: true}
	if err := s.Follow(follower); err != nil {
		t.Fatal(err)
	}
	tick := func(want ...string) {
		t.Helper()
		_, err := s.Tick(t.Context(), clock)
		if diff := cmp.Diff(want, out.sent); diff != "" || (err != nil) != out.fail {
			t.Errorf("at %v: %v; sent (-want +got):\n%s", clock, err, diff)
		}
	}
	tick()
	out.fail = false
	clock = clock.Add(time.Minute)
	tick("22 18:51 starts-soon evening")
	if err := b.Replace([]deals.Deal{deal(t, "evening", "19:05", "20:00", "UTC")}); err != nil {
		t.Fatal(err)
	}
	tick("22 18:51 starts-soon evening")
	s = alert.NewScheduler(b, out, log)
	if err := errors.Join(s.Follow(follower), s.Follow(follower)); err != nil {
		t.Fatal(err)
	}
	tick("22 18:51 starts-soon evening")

	clock = clock.Add(30 * time.Minute)
	live, _ := b.Turn("evening", deals.User{}, clock)
	s.Tell(deals.Event{Kind: deals.BackInStock, Occurrence: live})
	s.Tell(deals.Event{Kind: deals.SoldOut, Occurrence: live})
	tick("22 18:51 starts-soon evening")
	s.Tell(deals.Event{Kind: deals.BackInStock, Occurrence: live})
	tick("22 18:51 starts-soon evening", "22 19:21 back-in-stock evening")
	s.Tell(deals.Event{Kind: deals.BackInStock, Occurrence: live})
	tick("22 18:51 starts-soon evening", "22 19:21 back-in-stock evening")

	clock = clock.Add(40 * 24 * time.Hour) // clocks jump, and back
	tick("22 18:51 starts-soon evening", "22 19:21 back-in-stock evening")
	clock = time.Date(2026, 11, 23, 18, 55, 0, 0, time.UTC)
	tick("22 18:51 starts-soon evening", "22 19:21 back-in-stock evening", "23 18:55 starts-soon evening")
	clock = clock.Add(time.Hour)
	tick("22 18:51 starts-soon evening", "22 19:21 back-in-stock evening", "23 18:55 starts-soon evening")
	if err := b.Replace([]deals.Deal{deal(t, "evening", "07:00", "08:00", "UTC")}); err != nil { // before the follower would wake
		t.Fatal(err)
	}
	clock = time.Date(2026, 11, 24, 6, 50, 0, 0, time.UTC)
	tick("22 18:51 starts-soon evening", "22 19:21 back-in-stock evening", "23 18:55 starts-soon evening", "24 06:50 starts-soon evening")
	out.sent = out.sent[:3]
	s.Unfollow("ann")
	clock = clock.Add(24 * time.Hour)
	tick("22 18:51 starts-soon evening", "22 19:21 back-in-stock evening", "23 18:55 starts-soon evening")
}

// A golden hour at 19:00 in each user's zone, over years, with restarts, edits and quiet hours: each user is told of each turn
// once, while it is true, when it is not quiet. GOLD_ALERT_YEARS=10 makes it ten years and all zones of the list.
func TestYears(t *testing.T) {
	t.Parallel()
	years, zones := 1, []string{"Europe/Berlin", "Pacific/Apia", "Australia/Lord_Howe", "America/St_Johns", "Antarctica/Troll", "Asia/Kathmandu"}
	if os.Getenv("GOLD_ALERT_YEARS") == "10" {
		years, zones = 10, everyZone(t)
	}
	const seed = 9
	r := rand.New(rand.NewPCG(seed, 0))
	clock := time.Date(2011, 6, 1, 0, 0, 0, 0, time.UTC)
	begin, end := clock, clock.AddDate(years, 0, 0)
	out := &outbox{now: func() time.Time { return clock }}
	b, log := board(t, deal(t, "hour", "19:00", "20:00", deals.UserZone)), alert.NewMemory()
	var s *alert.Scheduler
	restart := func() {
		s = alert.NewScheduler(b, out, log)
		for _, name := range zones {
			err := s.Follow(alert.Follower{User: deals.User{ID: name, Zone: zone(t, name)}, Deals: []string{"hour"}, StartsIn: 30 * time.Minute, QuietFrom: "22:00", QuietTo: "07:00"})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for restart(); clock.Before(end); {
		next, err := s.Tick(t.Context(), clock)
		if err != nil {
			t.Fatal(err)
		}
		switch r.IntN(400) {
		case 0:
			restart()
		case 1:
			minute := r.IntN(20) // never so that a turn comes and goes between two ticks
			if err := b.Replace([]deals.Deal{deal(t, "hour", fmt.Sprintf("19:%02d", minute), "20:00", deals.UserZone)}); err != nil {
				t.Fatal(err)
			}
		}
		clock = next
	}
	keys := map[string]bool{}
	for i, a := range out.all {
		local := out.at[i].In(a.Start.Location())
		if keys[a.Key] || !out.at[i].Before(a.Start) || a.Start.Sub(out.at[i]) > 30*time.Minute || local.Hour() < 7 || local.Hour() >= 22 {
			t.Fatalf("seed %d: %s at %v", seed, a.Key, local)
		}
		keys[a.Key] = true
	}
	for _, name := range zones {
		n, want := 0, int(end.Sub(begin).Hours()/24)
		for _, a := range out.all {
			if a.User == name {
				n++
			}
		}
		if n < want-2 || n > want+1 {
			t.Errorf("seed %d: %s: %d alerts in %d days", seed, name, n, want)
		}
	}
}

func everyZone(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("/usr/share/zoneinfo/tzdata.zi")
	if err != nil {
		t.Skip(err)
	}
	var zones []string
	for line := range strings.SplitSeq(string(text), "\n") {
		var kind, name string
		if n, _ := fmt.Sscan(line, &kind, &name); n == 2 && kind == "Z" {
			if _, err := time.LoadLocation(name); err == nil {
				zones = append(zones, name)
			}
		}
	}
	return zones
}

// Run sleeps until what is due, by the bubble's clock.
func TestRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*24*time.Hour)
		defer cancel()
		out := &outbox{now: time.Now}
		s := alert.NewScheduler(board(t, deal(t, "evening", "19:00", "20:00", "UTC")), out, alert.NewMemory())
		if err := s.Follow(alert.Follower{User: deals.User{ID: "ann"}, Deals: []string{"evening"}, StartsIn: 15 * time.Minute}); err != nil {
			t.Fatal(err)
		}
		if err := s.Run(ctx, time.Now, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if len(out.sent) != 3 {
			t.Errorf("%q", out.sent)
		}
	})
}
