package deals_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/deals/ledger"
)

// told names the cards of a shelf, and when it changes.
func told(s deals.Shelf) string {
	var text strings.Builder
	for _, list := range [][]deals.Card{s.Live, s.Upcoming, s.Ended} {
		for _, c := range list {
			text.WriteString(c.Deal.ID + " ")
		}
		text.WriteString("| ")
	}
	return text.String() + s.Until.Format("02T15:04:05")
}

func TestShelf(t *testing.T) {
	t.Parallel()
	noon := deal(t, "noon", "12:00", "13:00", "UTC", "tea")
	night := deal(t, "night", "23:00", "01:00", "UTC", "tea")
	user := deal(t, "user", "19:00", "20:00", deals.UserZone, "tea")
	gold := deal(t, "gold", "11:00", "14:00", "UTC", "tea")
	gold.Segments, gold.Priority = []string{"gold", "staff"}, 1
	b := board(t, noon, night, user, gold)
	tokyo, err := time.LoadLocation("Asia/Tokyo") // 19:00 there is 10:00 UTC
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		at   string
		user deals.User
		n    int
		want string
	}{
		{"2026-11-22T09:59:59Z", deals.User{}, 5, "| noon user night | night user noon | 22T12:00:00"},
		{"2026-11-22T09:59:59Z", deals.User{Zone: tokyo}, 5, "| user noon night | night noon user | 22T10:00:00"},
		{"2026-11-22T10:00:00Z", deals.User{Zone: tokyo}, 5, "user | noon night user | night noon user | 22T11:00:00"},
		{"2026-11-22T12:30:00Z", deals.User{Segments: []string{"gold"}}, 5, "gold noon | user night gold noon | night user gold noon | 22T13:00:00"},
		{"2026-11-22T12:30:00Z", deals.User{Segments: []string{"gold"}}, 1, "gold | user | night | 22T13:00:00"},
		{"2026-11-22T12:30:00Z", deals.User{Segments: []string{"silver"}}, 5, "noon | user night noon | night user noon | 22T13:00:00"},
		{"2026-11-22T09:00:00Z", deals.User{}, 0, "| | | 22T12:00:00"},
		{"2026-11-22T12:30:00Z", deals.User{Segments: []string{"silver"}}, 0, "| | | 22T13:00:00"},
		{"2026-11-23T00:59:59Z", deals.User{}, 5, "night | noon user night | user noon night | 23T01:00:00"},
		{"2026-11-23T01:00:00Z", deals.User{}, 5, "| noon user night | night user noon | 23T12:00:00"},
	}
	for _, tt := range tests {
		if got := told(b.For(tt.user, at(t, tt.at), tt.n)); got != tt.want {
			t.Errorf("%s %+v: %q, want %q", tt.at, tt.user, got, tt.want)
		}
	}
}

// What has ended leaves after a day, on the dot, and another turn of the same deal is another answer.
func TestShelfOfOne(t *testing.T) {
	t.Parallel()
	w, err := deals.NewSpan(deals.Span{Start: "2026-11-22T10:00", End: "2026-11-22T12:00", Zone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	once := deals.Deal{ID: "once", Items: []string{"tea"}, Discount: deals.PercentOff(10), Window: w}
	b := board(t, once)
	for when, want := range map[string]string{"2026-11-22T12:00:00Z": "| | once | 23T12:00:00", "2026-11-23T11:59:59Z": "| | once | 23T12:00:00", "2026-11-23T12:00:00Z": "| | | 01T00:00:00"} {
		if got := told(b.For(deals.User{}, at(t, when), 5)); got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	if s := b.For(deals.User{}, at(t, "2026-12-01T00:00:00Z"), 5); s.MaxAge(s.Now) != 24*time.Hour {
		t.Errorf("for %v, of what never changes", s.MaxAge(s.Now))
	}
	all := board(t, deal(t, "all", "00:00", "00:00", "UTC", "tea"))
	if a, b := all.For(deals.User{}, at(t, "2026-11-22T12:00:00Z"), 5), all.For(deals.User{}, at(t, "2026-11-23T12:00:00Z"), 5); a.ETag == b.ETag {
		t.Error("the same answer on two days")
	}
}

// A shelf is the same, by its ETag, until it says, and another then; what is said to be live is, by the deals' windows alone.
func TestShelfUntil(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 0))
	var list []deals.Deal
	for i := range 60 {
		start := fmt.Sprintf("%02d:%02d", r.IntN(24), r.IntN(60))
		zone := []string{"UTC", "Europe/Berlin", "America/St_Johns", deals.UserZone}[r.IntN(4)]
		list = append(list, deal(t, fmt.Sprint("deal-", i), start, fmt.Sprintf("%02d:%02d", r.IntN(24), r.IntN(60)), zone, "tea"))
	}
	b := board(t, list...)
	loc, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	u := deals.User{Zone: loc}
	now := at(t, "2026-10-31T00:00:00Z") // with a change of clocks
	for range 400 {
		s := b.For(u, now, 100)
		var live []string
		for _, d := range list {
			if d.Window.In(loc).LiveAt(now) {
				live = append(live, d.ID)
			}
		}
		if len(live) != len(s.Live) {
			t.Fatalf("%v: %d live, want %d", now, len(s.Live), len(live))
		}
		if last := b.For(u, s.Until.Add(-time.Nanosecond), 100); last.ETag != s.ETag {
			t.Fatalf("%v: another answer before %v:\n%s", now, s.Until, cmp.Diff(told(s), told(last)))
		}
		next := b.For(u, s.Until, 100)
		if next.ETag == s.ETag || s.MaxAge(now) > s.Until.Sub(now) || s.MaxAge(now) < s.Until.Sub(now)-time.Second {
			t.Fatalf("%v: the same answer at %v, maximal age %v", now, s.Until, s.MaxAge(now))
		}
		now = s.Until
		if r.IntN(20) == 0 {
			now = now.Add(time.Duration(r.Int64N(int64(60*24*time.Hour)) - int64(20*24*time.Hour))) // clocks jump
		}
	}
}

// limited is a deal of some units, and claims of it by the bubble's clock.
func limited(t *testing.T, units int64) (*deals.Board, *deals.Claims) {
	d := deal(t, "flash", "10:00", "11:00", "UTC", "tea")
	d.Limits = deals.Limits{Units: units, PerUser: 2}
	gold := deal(t, "gold", "10:00", "11:00", "UTC", "cup")
	gold.Segments = []string{"gold"}
	b := board(t, d, deal(t, "noon", "10:30", "13:00", "UTC", "cup"), gold)
	return b, deals.NewClaims(b, ledger.NewMemory(ledger.Options{}), deals.ClaimsOptions{})
}

func TestClaimsShelf(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, claims := limited(t, 3)
		ctx := t.Context()
		time.Sleep(10 * time.Hour) // the bubble begins at midnight
		want := []deals.Card{{Left: 3}, {Left: 2, Claimed: 33}, {Left: 1, Claimed: 66}, {Claimed: 100}}
		for i, w := range want {
			s, err := claims.Shelf(ctx, deals.User{}, 5)
			if err != nil || len(s.Live) != 1 {
				t.Fatal(s, err)
			}
			if c := s.Live[0]; !c.Limited || c.Left != w.Left || c.Claimed != w.Claimed || s.MaxAge(s.Now) != time.Second {
				t.Errorf("after %d: %d left, %d percent, for %v", i, c.Left, c.Claimed, s.MaxAge(s.Now))
			}
			if i == 3 {
				break
			}
			if _, err := claims.Hold(ctx, deals.Order{ID: fmt.Sprint(i), Deal: "flash", User: deals.User{ID: fmt.Sprint(i)}, Units: 1}); err != nil {
				t.Fatal(err)
			}
			if after, _ := claims.Shelf(ctx, deals.User{}, 5); after.ETag == s.ETag {
				t.Error("the same ETag with a unit less")
			}
		}
	})
}

func TestWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, claims := limited(t, 1)
		ctx := t.Context()
		start := time.Now()
		do := func(after time.Duration, f func()) { time.AfterFunc(after+time.Second/2, f) } // between two looks
		order := deals.Order{ID: "1", Deal: "flash", User: deals.User{ID: "ann"}, Units: 1}
		do(10*time.Hour+5*time.Minute, func() { _, _ = claims.Hold(ctx, order) })
		do(10*time.Hour+7*time.Minute, func() { _, _ = claims.Release(ctx, "1") })
		do(10*time.Hour+40*time.Minute, func() {
			list := []deals.Deal{deal(t, "noon", "10:30", "13:00", "UTC", "cup"), deal(t, "new", "00:00", "00:00", "UTC", "pot")}
			_ = b.Replace(list)
		})
		want := []string{"opened flash 10h0m0s", "sold out flash 10h5m1s", "back in stock flash 10h7m1s", "opened noon 10h30m0s",
			"closed flash 10h40m1s", "opened new 10h40m1s", "closed noon 13h0m0s", "closed new 24h0m0s", "opened new 24h0m0s", "opened noon 34h30m0s"}
		var got []string
		for e, err := range claims.Watch(ctx, deals.User{}, time.Second) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(e.Kind, " ", e.Deal.ID, " ", time.Since(start).Round(time.Second)))
			if len(got) == len(want) {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func BenchmarkShelf(b *testing.B) {
	list := make([]deals.Deal, 100_000)
	for i := range list {
		list[i] = deal(b, fmt.Sprint("deal-", i), fmt.Sprintf("%02d:%02d:%02d", i%24, i%60, i%59), fmt.Sprintf("%02d:%02d", (i+1)%24, i%60), []string{"UTC", deals.UserZone}[i%2], fmt.Sprint("item-", i))
	}
	shop, now := board(b, list...), at(b, "2026-11-22T16:00:00Z")
	b.Run("same=100000", func(b *testing.B) {
		for b.Loop() {
			shop.For(deals.User{}, now, 20)
		}
	})
	b.Run("next=100000", func(b *testing.B) {
		for b.Loop() {
			now = now.Add(time.Second)
			shop.For(deals.User{}, now, 20)
		}
	})
	b.Run("replace=100000", func(b *testing.B) {
		for b.Loop() {
			if err := shop.Replace(list); err != nil {
				b.Fatal(err)
			}
			shop.For(deals.User{}, now, 20)
		}
	})
}
