package deals_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/deals"
)

func deal(t testing.TB, id, start, end, zone string, items ...string) deals.Deal {
	t.Helper()
	return deals.Deal{
		ID: id, Items: items, Discount: deals.PercentOff(10),
		Window: window(t, deals.Daily{Start: start, End: end, Zone: zone}),
	}
}

func board(t testing.TB, list ...deals.Deal) *deals.Board {
	t.Helper()
	b := new(deals.Board)
	if err := b.Replace(list); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBoard(t *testing.T) {
	t.Parallel()
	b := board(t,
		deal(t, "noon", "12:00", "13:00", "UTC", "tea", "cup"),
		deal(t, "long", "10:00", "18:00", "UTC", "tea", "pot"),
		deal(t, "tokyo", "21:30", "22:00", "Asia/Tokyo", "pot"), // 12:30 to 13:00 UTC
	)
	tests := []struct {
		at   string
		live []string
		of   map[string]string // item → the deal that counts
		next string
	}{
		{"2026-11-22T09:59:59Z", nil, nil, "long 2026-11-22T10:00:00Z"},
		{"2026-11-22T10:00:00Z", []string{"long"}, map[string]string{"tea": "long", "pot": "long"}, "noon 2026-11-22T12:00:00Z"},
		{"2026-11-22T12:00:00Z", []string{"long", "noon"}, map[string]string{"tea": "long", "cup": "noon", "pot": "long"}, "tokyo 2026-11-22T21:30:00+09:00"},
		{"2026-11-22T12:30:00Z", []string{"long", "noon", "tokyo"}, map[string]string{"tea": "long", "cup": "noon", "pot": "long"}, "long 2026-11-23T10:00:00Z"},
		{"2026-11-22T13:00:00Z", []string{"long"}, map[string]string{"tea": "long", "pot": "long"}, "long 2026-11-23T10:00:00Z"},
		{"2026-11-22T18:00:00Z", nil, nil, "long 2026-11-23T10:00:00Z"},
	}
	for _, tt := range tests {
		now := at(t, tt.at)
		var live []string
		for o := range b.Live(now) {
			live = append(live, o.Deal.ID)
			if now.Before(o.Start) || !now.Before(o.End) {
				t.Errorf("%s: %s is live from %v to %v", tt.at, o.Deal.ID, o.Start, o.End)
			}
		}
		if diff := cmp.Diff(tt.live, live); diff != "" {
			t.Errorf("%s: live (-want +got):\n%s", tt.at, diff)
		}
		for _, item := range []string{"tea", "cup", "pot", "jug", ""} {
			o, ok := b.Deal(item, now)
			if o.Deal.ID != tt.of[item] || ok != (tt.of[item] != "") || ok != b.IsLive(item, now) {
				t.Errorf("%s: deal of %q is %q, %t, want %q", tt.at, item, o.Deal.ID, ok, tt.of[item])
			}
		}
		for _, item := range []string{"tea", "pot"} {
			if o, ok := b.Deal(item, now); ok && (now.Before(o.Start) || !now.Before(o.End)) {
				t.Errorf("%s: the deal of %s is from %v to %v", tt.at, item, o.Start, o.End)
			}
		}
		if o, _ := b.Next(now); o.Deal.ID+" "+o.Start.Format(time.RFC3339) != tt.next {
			t.Errorf("%s: next is %s at %v, want %s", tt.at, o.Deal.ID, o.Start, tt.next)
		}
	}
	for range b.Live(at(t, "2026-11-22T12:30:00Z")) {
		break
	}
}

// What starts at the same time comes in the order of priority and ID.
func TestNextTies(t *testing.T) {
	t.Parallel()
	b := board(t, deal(t, "z", "12:00", "13:00", "UTC", "tea"), deal(t, "a", "12:00", "14:00", "UTC", "tea"))
	if o, ok := b.Next(at(t, "2026-11-22T09:00:00Z")); !ok || o.Deal.ID != "a" {
		t.Errorf("next is %q, want the lower ID", o.Deal.ID)
	}
}

func TestReplaceErrors(t *testing.T) {
	t.Parallel()
	good := deal(t, "good", "10:00", "11:00", "UTC", "tea")
	tests := []struct {
		name  string
		spoil func(*deals.Deal)
		want  error
	}{
		{"no id", func(d *deals.Deal) { d.ID = "" }, deals.ErrNoID},
		{"no items", func(d *deals.Deal) { d.Items = nil }, deals.ErrNoItems},
		{"empty item", func(d *deals.Deal) { d.Items = []string{"a", ""} }, deals.ErrNoItems},
		{"no window", func(d *deals.Deal) { d.Window = deals.Window{} }, deals.ErrWindow},
		{"no discount", func(d *deals.Deal) { d.Discount = deals.Discount{} }, deals.ErrDiscount},
		{"nothing off", func(d *deals.Deal) { d.Discount = deals.PercentOff(0) }, deals.ErrDiscount},
		{"more than all off", func(d *deals.Deal) { d.Discount = deals.PercentOff(101) }, deals.ErrDiscount},
		{"dearer", func(d *deals.Deal) { d.Discount = deals.PercentOff(-1) }, deals.ErrDiscount},
		{"price below zero", func(d *deals.Deal) { d.Discount = deals.FixedPrice(-1, "EUR") }, deals.ErrDiscount},
		{"no currency", func(d *deals.Deal) { d.Discount = deals.FixedPrice(1, "") }, deals.ErrCurrency},
		{"lower-case currency", func(d *deals.Deal) { d.Discount = deals.FixedPrice(1, "eur") }, deals.ErrCurrency},
		{"same id", func(d *deals.Deal) { d.ID = "good" }, deals.ErrDuplicate},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := board(t, good)
			bad := good
			bad.ID = "bad"
			tt.spoil(&bad)
			if err := b.Replace([]deals.Deal{good, bad}); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if b.Len() != 1 {
				t.Errorf("the board has %d deals after an error, want the 1 of before", b.Len())
			}
		})
	}
	err := new(deals.Board).Replace([]deals.Deal{{}, {ID: "x"}})
	for _, want := range []error{deals.ErrNoID, deals.ErrNoItems, deals.ErrWindow, deals.ErrDiscount} {
		if !errors.Is(err, want) {
			t.Errorf("error %v does not hold %v", err, want)
		}
	}
}

func TestZeroBoard(t *testing.T) {
	t.Parallel()
	var b deals.Board
	now := time.Unix(1e9, 0)
	_, live := b.Deal("tea", now)
	_, next := b.Next(now)
	if live || next || b.IsLive("tea", now) || b.Len() != 0 || len(slices.Collect(b.All())) != 0 || len(slices.Collect(b.Live(now))) != 0 {
		t.Error("the zero Board is not empty")
	}
	if err := b.Replace(nil); err != nil || b.Len() != 0 {
		t.Errorf("replaced by nothing: %v", err)
	}
}

// The board keeps its own copy of what it was given.
func TestReplaceCopies(t *testing.T) {
	t.Parallel()
	list := []deals.Deal{deal(t, "a", "00:00", "00:00", "UTC", "tea")}
	b := board(t, list...)
	list[0].Items[0], list[0].ID = "cup", "b"
	if o, ok := b.Deal("tea", time.Unix(1e9, 0)); !ok || o.Deal.ID != "a" || o.Deal.Items[0] != "tea" || b.IsLive("cup", time.Unix(1e9, 0)) {
		t.Error("the board changed with the caller's slice")
	}
}

// What is not for everybody, or not everywhere at once, is not live where nobody is named.
func TestBoardForNobody(t *testing.T) {
	t.Parallel()
	gold := deal(t, "gold", "00:00", "00:00", "UTC", "cup")
	gold.Segments = []string{"gold"}
	b := board(t, gold, deal(t, "user", "00:00", "00:00", deals.UserZone, "tea"))
	now := time.Unix(1e9, 0)
	if o, ok := b.Deal("tea", now); ok || b.IsLive("tea", now) {
		t.Errorf("%q is live", o.Deal.ID)
	}
	if o, ok := b.Deal("cup", now); ok || b.IsLive("cup", now) {
		t.Errorf("%q is live", o.Deal.ID)
	}
	if b.Version() != 1 || b.Replace([]deals.Deal{{}}) == nil || b.Version() != 1 || b.Replace(nil) != nil || b.Version() != 2 || new(deals.Board).Version() != 0 {
		t.Errorf("version %d", b.Version())
	}
}

// Readers see all of a Replace or nothing of it, at any time.
func TestBoardConcurrent(t *testing.T) {
	t.Parallel()
	old := []deals.Deal{deal(t, "a", "00:00", "00:00", "UTC", "tea"), deal(t, "b", "00:00", "12:00", "UTC", "tea")}
	other := []deals.Deal{deal(t, "c", "00:00", "00:00", "UTC", "tea"), deal(t, "d", "00:00", "12:00", "UTC", "tea")}
	b := board(t, old...)
	var wg sync.WaitGroup
	for r := range 4 {
		wg.Go(func() {
			for i := range 2000 {
				now := time.Unix(int64(i*7919*(r+1)), 0)
				var ids strings.Builder
				for o := range b.Live(now) {
					ids.WriteString(o.Deal.ID)
				}
				if morning := now.UTC().Hour() < 12; morning && ids.String() != "ab" && ids.String() != "cd" || !morning && ids.String() != "a" && ids.String() != "c" {
					t.Errorf("live at %v: %s", now.UTC(), ids.String())
				}
			}
		})
	}
	for i := range 500 {
		if err := b.Replace([][]deals.Deal{other, old}[i%2]); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}

func TestIsLiveAllocs(t *testing.T) {
	b := board(t, deal(t, "a", "10:00", "11:00", "Europe/Berlin", "tea"))
	now := at(t, "2026-11-22T10:00:00Z")
	b.IsLive("tea", now)
	if n := testing.AllocsPerRun(100, func() { b.IsLive("tea", now) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestDealJSON(t *testing.T) {
	t.Parallel()
	const text = `[{"id":"a","items":["tea"],"discount":{"percentOff":20},"window":{"start":"18:00","end":"19:00","zone":"Europe/Berlin"}},` +
		`{"id":"b","items":["cup"],"discount":{"priceMinorUnits":0,"currency":"EUR"},"window":{"start":"18:00","end":"19:00","zone":"UTC","days":[6,0]}}]`
	var list []deals.Deal
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(slices.Collect(board(t, list...).All()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text, string(got)); diff != "" {
		t.Errorf("read and written again (-want +got):\n%s", diff)
	}
}

func BenchmarkBoardIsLive(b *testing.B) {
	var list []deals.Deal
	for i := range 1000 {
		list = append(list, deal(b, fmt.Sprint("deal-", i), fmt.Sprintf("%02d:%02d", i%24, i%60), "12:30", "Europe/Berlin", fmt.Sprint("item-", i)))
	}
	shop, now := board(b, list...), at(b, "2026-11-22T16:00:00Z")
	for _, item := range []string{"item-7", "without"} {
		b.Run("deals=1000/"+item, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				shop.IsLive(item, now)
			}
		})
	}
}
