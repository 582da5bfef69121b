package deals_test

import (
	"testing"
	"time"

	"github.com/goldrec/gold/deals"
)

// Every change of clocks of some zones from 1970 to 2019, by walking their clocks minute by minute: a time that they show
// is meant when they first show it, and one that they skip lies as far behind the change as it lies within the skip.
func TestWallAgainstWalk(t *testing.T) {
	t.Parallel()
	zones := []string{
		"America/New_York", "America/Sao_Paulo", "America/St_Johns", "Pacific/Apia", "Pacific/Kwajalein", "Pacific/Kiritimati",
		"Australia/Lord_Howe", "Europe/Berlin", "Europe/Dublin", "Africa/Casablanca", "Asia/Kathmandu", "Antarctica/Troll",
	}
	var changes, skips, repeats int
	for _, zone := range zones {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for at := int64(0); at < 1_577_836_800; at += 12 * 3600 {
			if offsetAt(at, loc) == offsetAt(at+12*3600, loc) {
				continue
			}
			changes++
			w := walk(at-48*3600, at+60*3600, loc)
			for _, wall := range w.walls(at-30*3600, at+36*3600) {
				want, times := w.instant(wall)
				if times == 0 {
					skips++
				} else if times > 1 {
					repeats++
				}
				if got := deals.Instant(wall, loc); got != want {
					t.Errorf("%s: clocks that show %v are at %v, want %v, in which they show it %d times", zone,
						time.Unix(wall, 0).UTC().Format(time.DateTime), time.Unix(got, 0).UTC(), time.Unix(want, 0).UTC(), times)
				}
			}
		}
	}
	if changes < 500 || skips < 1000 || repeats < 1000 {
		t.Errorf("%d changes, %d skipped and %d repeated times: too few to mean anything", changes, skips, repeats)
	}
}

func offsetAt(t int64, loc *time.Location) int64 {
	_, offset := time.Unix(t, 0).In(loc).Zone()
	return int64(offset)
}

// walked is what the clocks of a zone show, minute after minute from an instant on.
type walked struct {
	from  int64
	shows []int64 // wall time, in seconds as if it were UTC
}

func walk(from, to int64, loc *time.Location) walked {
	w := walked{from: from}
	for t := from; t < to; t += 60 {
		w.shows = append(w.shows, t+offsetAt(t, loc))
	}
	return w
}

// walls returns wall times to ask for: every 29 minutes, and the edges of what is skipped or repeated.
func (w walked) walls(from, to int64) []int64 {
	var list []int64
	for wall := from; wall <= to; wall += 29 * 60 {
		list = append(list, wall)
	}
	for i, shown := range w.shows[1:] {
		if would := w.shows[i] + 60; would != shown {
			list = append(list, would-60, would, shown-60, shown)
		}
	}
	return list
}

// instant returns when the clocks mean a wall time, and how often they show it.
func (w walked) instant(wall int64) (t int64, times int) {
	for i, shown := range w.shows {
		if shown == wall {
			if times++; times == 1 {
				t = w.from + 60*int64(i)
			}
		}
	}
	for i := 1; times == 0 && i < len(w.shows); i++ {
		if would := w.shows[i-1] + 60; would <= wall && wall < w.shows[i] {
			return w.from + 60*int64(i) + wall - would, 0
		}
	}
	return t, times
}

// Clocks in Apia went from the end of Thursday, 29 December 2011, to the beginning of Saturday: the Friday never was.
func TestDateThatNeverWas(t *testing.T) {
	t.Parallel()
	apia := func(d deals.Daily) deals.Window { d.Zone = "Pacific/Apia"; return window(t, d) }
	const thursday, saturday = "2011-12-29T23:30:00-10:00", "2011-12-31T10:30:00+14:00"
	tests := []struct {
		name          string
		daily         deals.Daily
		at            string
		current, next string
	}{
		{"that date alone", deals.Daily{Start: "10:00", End: "11:00", From: "2011-12-30", Until: "2011-12-30"}, thursday, "", ""},
		{"that date alone, live on none", deals.Daily{Start: "10:00", End: "11:00", From: "2011-12-30", Until: "2011-12-30"}, saturday, "", ""},
		{"Fridays", deals.Daily{Start: "10:00", End: "11:00", Days: []time.Weekday{time.Friday}}, thursday,
			"", "2012-01-06T10:00:00+14:00/2012-01-06T11:00:00+14:00"},
		{"every day", deals.Daily{Start: "10:00", End: "11:00"}, thursday, "", "2011-12-31T10:00:00+14:00/2011-12-31T11:00:00+14:00"},
		{"every day, a day long", deals.Daily{Start: "00:00", End: "00:00"}, thursday,
			"2011-12-29T00:00:00-10:00/2011-12-31T00:00:00+14:00", "2011-12-31T00:00:00+14:00/2012-01-01T00:00:00+14:00"},
		{"into that date", deals.Daily{Start: "23:00", End: "01:00", Until: "2011-12-29"}, thursday,
			"2011-12-29T23:00:00-10:00/2011-12-31T01:00:00+14:00", ""},
		{"out of that date", deals.Daily{Start: "23:00", End: "01:00", From: "2011-12-30", Until: "2011-12-30"}, "2011-12-31T00:30:00+14:00", "", ""},
	}
	for _, tt := range tests {
		w, when := apia(tt.daily), at(t, tt.at)
		if got := span(w.Current(when)); got != tt.current {
			t.Errorf("%s: Current = %q, want %q", tt.name, got, tt.current)
		}
		if got := span(w.Next(when)); got != tt.next {
			t.Errorf("%s: Next = %q, want %q", tt.name, got, tt.next)
		}
	}
}
