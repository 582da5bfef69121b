package deals_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/deals"
)

// An hour is 3,600 s, whatever clocks do meanwhile.
func TestElapsed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		daily         deals.Daily
		at            string
		current, next string
	}{
		{"across a gap", deals.Daily{Start: "01:30", End: "02:30", Zone: "Europe/Berlin"}, "2026-03-29T00:30:00Z", "2026-03-29T01:30:00+01:00/2026-03-29T03:30:00+02:00", "2026-03-30T01:30:00+02:00/2026-03-30T02:30:00+02:00"},
		{"in a gap", deals.Daily{Start: "02:00", End: "03:00", Zone: "Europe/Berlin"}, "2026-03-29T00:59:59Z", "", "2026-03-29T03:00:00+02:00/2026-03-29T04:00:00+02:00"},
		{"in a gap of two hours", deals.Daily{Start: "01:30", End: "02:30", Zone: "Antarctica/Troll"}, "2026-03-29T00:00:00Z", "", "2026-03-29T03:30:00+02:00/2026-03-29T04:30:00+02:00"},
		{"across an overlap", deals.Daily{Start: "02:30", End: "03:30", Zone: "Europe/Berlin"}, "2026-10-25T00:30:00Z", "2026-10-25T02:30:00+02:00/2026-10-25T02:30:00+01:00", "2026-10-26T02:30:00+01:00/2026-10-26T03:30:00+01:00"},
		{"in an overlap of half an hour", deals.Daily{Start: "01:30", End: "02:00", Zone: "Australia/Lord_Howe"}, "2026-04-04T14:30:00Z", "2026-04-05T01:30:00+11:00/2026-04-05T01:30:00+10:30", "2026-04-06T01:30:00+10:30/2026-04-06T02:00:00+10:30"},
		{"all day is as long as the day", deals.Daily{Start: "00:00", End: "00:00", Zone: "Europe/Berlin"}, "2026-10-25T12:00:00Z", "2026-10-25T00:00:00+02:00/2026-10-26T00:00:00+01:00", "2026-10-26T00:00:00+01:00/2026-10-27T00:00:00+01:00"},
		{"cut by the next one", deals.Daily{Start: "12:00", End: "11:30", Zone: "Europe/Berlin"}, "2026-03-28T12:00:00Z", "2026-03-28T12:00:00+01:00/2026-03-29T12:00:00+02:00", "2026-03-29T12:00:00+02:00/2026-03-30T11:30:00+02:00"},
		{"not cut without a next one", deals.Daily{Start: "12:00", End: "11:30", Zone: "Europe/Berlin", Until: "2026-03-28"}, "2026-03-28T12:00:00Z", "2026-03-28T12:00:00+01:00/2026-03-29T12:30:00+02:00", ""},
	}
	for _, tt := range tests {
		w, when := window(t, tt.daily), at(t, tt.at)
		if got := span(w.Current(when)); got != tt.current {
			t.Errorf("%s: Current = %q, want %q", tt.name, got, tt.current)
		}
		if got := span(w.Next(when)); got != tt.next {
			t.Errorf("%s: Next = %q, want %q", tt.name, got, tt.next)
		}
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	s := deals.Span{Start: "2026-10-24T18:00", End: "2026-11-01T12:00:30", Zone: "Europe/Berlin"}
	w, err := deals.NewSpan(s)
	if err != nil {
		t.Fatal(err)
	}
	const want = "2026-10-24T18:00:00+02:00/2026-11-01T12:00:30+01:00"
	for when, state := range map[string]string{"2026-10-24T15:59:59Z": "next", "2026-10-24T16:00:00Z": "live", "2026-10-31T00:00:00Z": "live",
		"2026-11-01T11:00:29Z": "live", "2026-11-01T11:00:30Z": "over", "2026-12-01T00:00:00Z": "over"} {
		current, next := span(w.Current(at(t, when))), span(w.Next(at(t, when)))
		if (current == want) != (state == "live") || (next == want) != (state == "next") {
			t.Errorf("%s: Current %q, Next %q, want %s", when, current, next, state)
		}
	}
	text, err := json.Marshal(w)
	var again deals.Window
	if err := errors.Join(err, json.Unmarshal(text, &again)); err != nil || again.Span() != s || w.Daily().Start != "" {
		t.Errorf("%s reads as %+v, %v", text, again.Span(), err)
	}
	for name, tt := range map[string]struct {
		span deals.Span
		want error
	}{
		"end before start": {deals.Span{Start: "2026-11-01T12:00", End: "2026-11-01T11:59", Zone: "UTC"}, deals.ErrWindow},
		"end at the start": {deals.Span{Start: "2026-11-01T12:00", End: "2026-11-01T12:00", Zone: "UTC"}, deals.ErrWindow},
		"no zone":          {deals.Span{Start: "2026-11-01T12:00", End: "2026-11-02T12:00"}, deals.ErrZone},
		"no date":          {deals.Span{Start: "12:00", End: "2026-11-02T12:00", Zone: "UTC"}, deals.ErrDate},
		"no such date":     {deals.Span{Start: "2026-11-01T12:00", End: "2026-11-31T12:00", Zone: "UTC"}, deals.ErrDate},
		"no clock":         {deals.Span{Start: "2026-11-01", End: "2026-11-02T12:00", Zone: "UTC"}, deals.ErrClock},
	} {
		if _, err := deals.NewSpan(tt.span); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if err := json.Unmarshal([]byte(`{"start":"2026-11-01T12:00","end":"2026-11-02T12:00","zone":"UTC","days":[1]}`), &again); !errors.Is(err, deals.ErrWindow) {
		t.Errorf("a span with days: %v", err)
	}
}

// Seven in the evening is at another instant in each zone, and nowhere until the zone is known.
func TestUserZone(t *testing.T) {
	w := window(t, deals.Daily{Start: "19:00", End: "20:00", Zone: deals.UserZone})
	now := at(t, "2026-11-22T10:30:00Z")
	if _, _, ok := w.Next(now); ok || w.LiveAt(now) || !w.OfUser() {
		t.Error("live without a zone")
	}
	for name, want := range map[string]string{"Asia/Tokyo": "2026-11-23T19:00:00+09:00/2026-11-23T20:00:00+09:00",
		"America/Los_Angeles": "2026-11-22T19:00:00-08:00/2026-11-22T20:00:00-08:00", "UTC": "2026-11-22T19:00:00Z/2026-11-22T20:00:00Z"} {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		in := w.In(loc)
		if got := span(in.Next(now)); got != want || in.LiveAt(now) != (name == "Asia/Tokyo") {
			t.Errorf("%s: Next %q, live %t, want %q", name, got, in.LiveAt(now), want)
		}
	}
	if got := span(w.In(nil).Next(now)); got != "2026-11-22T19:00:00Z/2026-11-22T20:00:00Z" {
		t.Errorf("no zone is %q, want UTC", got)
	}
	berlin := window(t, deals.Daily{Start: "19:00", End: "20:00", Zone: "Europe/Berlin"})
	if got := span(berlin.In(time.UTC).Next(now)); got != "2026-11-22T19:00:00+01:00/2026-11-22T20:00:00+01:00" || berlin.OfUser() {
		t.Errorf("a named zone became %q", got)
	}
	loc := time.FixedZone("here", 3600)
	if n := testing.AllocsPerRun(100, func() { w.In(loc).Next(now) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestBetween(t *testing.T) {
	t.Parallel()
	w := window(t, deals.Daily{Start: "22:00", End: "02:00", Zone: "UTC"})
	list := func(a, b string) (got []string) {
		for start, end := range w.Between(at(t, a), at(t, b)) {
			got = append(got, span(start, end, true))
		}
		return got
	}
	const first, second = "2026-11-21T22:00:00Z/2026-11-22T02:00:00Z", "2026-11-22T22:00:00Z/2026-11-23T02:00:00Z"
	for _, tt := range []struct {
		a, b string
		want []string
	}{
		{"2026-11-22T01:59:59Z", "2026-11-22T22:00:01Z", []string{first, second}},
		{"2026-11-22T01:59:59Z", "2026-11-22T22:00:00Z", []string{first}},
		{"2026-11-22T02:00:00Z", "2026-11-22T22:00:00Z", nil},
		{"2026-11-22T01:00:00Z", "2026-11-22T01:00:00Z", nil},
		{"2026-11-21T22:00:00Z", "2026-11-21T22:00:00.1Z", []string{first}},
	} {
		if diff := cmp.Diff(tt.want, list(tt.a, tt.b)); diff != "" {
			t.Errorf("from %s to %s (-want +got):\n%s", tt.a, tt.b, diff)
		}
	}
	for range w.Between(at(t, "2026-11-22T01:59:59Z"), at(t, "9999-01-01T00:00:00Z")) {
		break
	}
}

func TestZoneData(t *testing.T) {
	t.Parallel()
	if source, version := deals.ZoneData(); source == "" || source == "go" && version == "" {
		t.Errorf("zones from %q, version %q", source, version)
	}
}
