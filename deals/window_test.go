package deals_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/deals"
)

func window(t testing.TB, d deals.Daily) deals.Window {
	t.Helper()
	w, err := deals.NewWindow(d)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func TestWindow(t *testing.T) {
	t.Parallel()
	evening := deals.Daily{Start: "18:00", End: "19:30", Zone: "Europe/Berlin"}
	night := deals.Daily{Start: "22:00", End: "02:00", Zone: "America/New_York"}
	tests := []struct {
		name          string
		daily         deals.Daily
		at            string
		current, next string // "start/end"; empty: none
	}{
		{"before", evening, "2026-11-22T16:59:59.999999999Z", "", "2026-11-22T18:00:00+01:00/2026-11-22T19:30:00+01:00"},
		{"at the start", evening, "2026-11-22T17:00:00Z", "2026-11-22T18:00:00+01:00/2026-11-22T19:30:00+01:00", "2026-11-23T18:00:00+01:00/2026-11-23T19:30:00+01:00"},
		{"last nanosecond", evening, "2026-11-22T18:29:59.999999999Z", "2026-11-22T18:00:00+01:00/2026-11-22T19:30:00+01:00", "2026-11-23T18:00:00+01:00/2026-11-23T19:30:00+01:00"},
		{"at the end", evening, "2026-11-22T18:30:00Z", "", "2026-11-23T18:00:00+01:00/2026-11-23T19:30:00+01:00"},
		{"before midnight", night, "2026-07-05T03:00:00Z", "2026-07-04T22:00:00-04:00/2026-07-05T02:00:00-04:00", "2026-07-05T22:00:00-04:00/2026-07-06T02:00:00-04:00"},
		{"after midnight", night, "2026-07-05T05:59:59Z", "2026-07-04T22:00:00-04:00/2026-07-05T02:00:00-04:00", "2026-07-05T22:00:00-04:00/2026-07-06T02:00:00-04:00"},
		{"all day", deals.Daily{Start: "00:00", End: "00:00", Zone: "Asia/Tokyo"}, "2026-01-01T15:00:00Z", "2026-01-02T00:00:00+09:00/2026-01-03T00:00:00+09:00", "2026-01-03T00:00:00+09:00/2026-01-04T00:00:00+09:00"},
		{"seconds", deals.Daily{Start: "08:15:30", End: "08:15:31", Zone: "UTC"}, "2026-01-01T08:15:30.5Z", "2026-01-01T08:15:30Z/2026-01-01T08:15:31Z", "2026-01-02T08:15:30Z/2026-01-02T08:15:31Z"},
		{"before 1970", deals.Daily{Start: "23:00", End: "01:00", Zone: "UTC"}, "1969-12-30T00:30:00Z", "1969-12-29T23:00:00Z/1969-12-30T01:00:00Z", "1969-12-30T23:00:00Z/1969-12-31T01:00:00Z"},
		{"quarter-hour zone", deals.Daily{Start: "09:00", End: "10:00", Zone: "Asia/Kathmandu"}, "2026-03-01T03:15:00Z", "2026-03-01T09:00:00+05:45/2026-03-01T10:00:00+05:45", "2026-03-02T09:00:00+05:45/2026-03-02T10:00:00+05:45"},

		{"start in a gap", deals.Daily{Start: "02:30", End: "05:00", Zone: "Europe/Berlin"}, "2026-03-29T00:00:00Z", "", "2026-03-29T03:30:00+02:00/2026-03-29T05:00:00+02:00"},
		{"both in a gap", deals.Daily{Start: "02:15", End: "02:45", Zone: "Europe/Berlin"}, "2026-03-29T00:00:00Z", "", "2026-03-29T03:15:00+02:00/2026-03-29T03:45:00+02:00"},
		{"swallowed by a gap", deals.Daily{Start: "02:00", End: "03:00", Zone: "Europe/Berlin"}, "2026-03-28T12:00:00Z", "", "2026-03-30T02:00:00+02:00/2026-03-30T03:00:00+02:00"},
		{"across a gap", deals.Daily{Start: "01:00", End: "04:00", Zone: "Europe/Berlin"}, "2026-03-29T01:00:00Z", "2026-03-29T01:00:00+01:00/2026-03-29T04:00:00+02:00", "2026-03-30T01:00:00+02:00/2026-03-30T04:00:00+02:00"},
		{"start in an overlap", deals.Daily{Start: "02:30", End: "03:30", Zone: "Europe/Berlin"}, "2026-10-25T01:15:00Z", "2026-10-25T02:30:00+02:00/2026-10-25T03:30:00+01:00", "2026-10-26T02:30:00+01:00/2026-10-26T03:30:00+01:00"},
		{"end in an overlap", deals.Daily{Start: "01:00", End: "02:30", Zone: "Europe/Berlin"}, "2026-10-25T00:30:00Z", "", "2026-10-26T01:00:00+01:00/2026-10-26T02:30:00+01:00"},
		{"gap at midnight", deals.Daily{Start: "00:00", End: "06:00", Zone: "Asia/Beirut"}, "2026-03-28T21:00:00Z", "", "2026-03-29T01:00:00+03:00/2026-03-29T06:00:00+03:00"},
		{"half-hour gap", deals.Daily{Start: "02:10", End: "03:00", Zone: "Australia/Lord_Howe"}, "2026-10-03T12:00:00Z", "", "2026-10-04T02:40:00+11:00/2026-10-04T03:00:00+11:00"},
		{"a day that never was", deals.Daily{Start: "18:00", End: "19:00", Zone: "Pacific/Apia"}, "2011-12-30T06:00:00Z", "", "2011-12-31T18:00:00+14:00/2011-12-31T19:00:00+14:00"},
		{"clocks put back over midnight", deals.Daily{Start: "00:00", End: "02:00", Zone: "America/St_Johns"}, "2010-11-07T02:45:00Z", "2010-11-07T00:00:00-02:30/2010-11-07T02:00:00-03:30", "2010-11-08T00:00:00-03:30/2010-11-08T02:00:00-03:30"},
		{"overlapping occurrences", deals.Daily{Start: "01:10", End: "00:50", Zone: "Asia/Beirut"}, "2026-03-28T22:09:59Z", "2026-03-28T01:10:00+02:00/2026-03-29T01:10:00+03:00", "2026-03-29T01:10:00+03:00/2026-03-30T00:50:00+03:00"},

		{"on a weekday", deals.Daily{Start: "22:00", End: "02:00", Zone: "UTC", Days: []time.Weekday{time.Friday}}, "2026-11-21T01:00:00Z", "2026-11-20T22:00:00Z/2026-11-21T02:00:00Z", "2026-11-27T22:00:00Z/2026-11-28T02:00:00Z"},
		{"not on a weekday", deals.Daily{Start: "22:00", End: "02:00", Zone: "UTC", Days: []time.Weekday{time.Friday}}, "2026-11-22T01:00:00Z", "", "2026-11-27T22:00:00Z/2026-11-28T02:00:00Z"},
		{"on weekdays", deals.Daily{Start: "10:00", End: "11:00", Zone: "UTC", Days: []time.Weekday{time.Friday, time.Sunday}}, "2026-11-20T10:30:00Z", "2026-11-20T10:00:00Z/2026-11-20T11:00:00Z", "2026-11-22T10:00:00Z/2026-11-22T11:00:00Z"},
		{"pushed past midnight", deals.Daily{Start: "23:40", End: "02:00", Zone: "America/Toronto", Until: "1919-03-30"}, "1919-03-31T04:35:00Z", "", "1919-03-31T00:40:00-04:00/1919-03-31T02:00:00-04:00"},
		{"weekly in a gap", deals.Daily{Start: "02:00", End: "03:00", Zone: "Europe/Berlin", Days: []time.Weekday{time.Sunday}}, "2026-03-27T00:00:00Z", "", "2026-04-05T02:00:00+02:00/2026-04-05T03:00:00+02:00"},
		{"not yet", deals.Daily{Start: "10:00", End: "11:00", Zone: "UTC", From: "2027-06-01"}, "2026-01-01T10:30:00Z", "", "2027-06-01T10:00:00Z/2027-06-01T11:00:00Z"},
		{"last date goes on past midnight", deals.Daily{Start: "23:00", End: "01:00", Zone: "UTC", Until: "2026-05-01"}, "2026-05-02T00:30:00Z", "2026-05-01T23:00:00Z/2026-05-02T01:00:00Z", ""},
		{"over", deals.Daily{Start: "23:00", End: "01:00", Zone: "UTC", Until: "2026-05-01"}, "2026-05-02T01:00:00Z", "", ""},
		{"end of the calendar", deals.Daily{Start: "10:00", End: "11:00", Zone: "UTC"}, "9999-12-31T12:00:00Z", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.daily.ByClock = true
			w, when := window(t, tt.daily), at(t, tt.at)
			if got := span(w.Current(when)); got != tt.current {
				t.Errorf("Current = %q, want %q", got, tt.current)
			}
			if got := span(w.Next(when)); got != tt.next {
				t.Errorf("Next = %q, want %q", got, tt.next)
			}
			if got := w.LiveAt(when); got != (tt.current != "") {
				t.Errorf("LiveAt = %t", got)
			}
		})
	}
}

func span(start, end time.Time, ok bool) string {
	if !ok {
		return ""
	}
	return start.Format(time.RFC3339) + "/" + end.Format(time.RFC3339)
}

func TestNewWindowErrors(t *testing.T) {
	t.Parallel()
	good := deals.Daily{Start: "18:00", End: "19:00", Zone: "UTC"}
	tests := []struct {
		name  string
		spoil func(*deals.Daily)
		want  error
	}{
		{"no start", func(d *deals.Daily) { d.Start = "" }, deals.ErrClock},
		{"no end", func(d *deals.Daily) { d.End = "" }, deals.ErrClock},
		{"one digit", func(d *deals.Daily) { d.Start = "8:00" }, deals.ErrClock},
		{"six characters", func(d *deals.Daily) { d.Start = "18:00:" }, deals.ErrClock},
		{"seven characters", func(d *deals.Daily) { d.Start = "18:00:0" }, deals.ErrClock},
		{"below the digits", func(d *deals.Daily) { d.Start = "1/:00" }, deals.ErrClock},
		{"hour 24", func(d *deals.Daily) { d.End = "24:00" }, deals.ErrClock},
		{"minute 60", func(d *deals.Daily) { d.End = "10:60" }, deals.ErrClock},
		{"leap second", func(d *deals.Daily) { d.End = "23:59:60" }, deals.ErrClock},
		{"sign", func(d *deals.Daily) { d.Start = "+1:00" }, deals.ErrClock},
		{"dots", func(d *deals.Daily) { d.Start = "10.00" }, deals.ErrClock},
		{"other digits", func(d *deals.Daily) { d.Start = "١0:00" }, deals.ErrClock},
		{"no zone", func(d *deals.Daily) { d.Zone = "" }, deals.ErrZone},
		{"zone of the machine", func(d *deals.Daily) { d.Zone = "Local" }, deals.ErrZone},
		{"unknown zone", func(d *deals.Daily) { d.Zone = "Europe/Atlantis" }, deals.ErrZone},
		{"zone outside the database", func(d *deals.Daily) { d.Zone = "../../etc/passwd" }, deals.ErrZone},
		{"bad date", func(d *deals.Daily) { d.From = "2026-02-30" }, deals.ErrDate},
		{"date with a time", func(d *deals.Daily) { d.Until = "2026-02-20T10:00" }, deals.ErrDate},
		{"until before from", func(d *deals.Daily) { d.From, d.Until = "2026-02-02", "2026-02-01" }, deals.ErrWindow},
		{"weekday 7", func(d *deals.Daily) { d.Days = []time.Weekday{7} }, deals.ErrWindow},
		{"weekday 7 among others", func(d *deals.Daily) { d.Days = []time.Weekday{time.Sunday, 7} }, deals.ErrWindow},
		{"weekday -1 among others", func(d *deals.Daily) { d.Days = []time.Weekday{-1, time.Sunday} }, deals.ErrWindow},
		{"no such weekday between", func(d *deals.Daily) {
			d.From, d.Until, d.Days = "2026-11-23", "2026-11-28", []time.Weekday{time.Sunday}
		}, deals.ErrWindow},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := good
			tt.spoil(&d)
			if w, err := deals.NewWindow(d); !errors.Is(err, tt.want) || w.LiveAt(time.Unix(0, 0)) {
				t.Errorf("error %v, want %v and the zero Window", err, tt.want)
			}
		})
	}
}

// A window shares no slice with its caller.
func TestWindowCopies(t *testing.T) {
	t.Parallel()
	d := deals.Daily{Start: "10:00", End: "11:00", Zone: "UTC", Days: []time.Weekday{time.Friday}}
	w := window(t, d)
	d.Days[0] = time.Monday
	w.Daily().Days[0] = time.Tuesday
	if got := w.Daily().Days[0]; got != time.Friday {
		t.Errorf("the window changed to %v with a slice outside it", got)
	}
}

func TestZeroWindow(t *testing.T) {
	t.Parallel()
	var w deals.Window
	now := time.Unix(1e9, 0)
	_, _, current := w.Current(now)
	_, _, next := w.Next(now)
	if w.LiveAt(now) || current || next {
		t.Error("the zero Window is live, or will be")
	}
	if _, err := json.Marshal(w); !errors.Is(err, deals.ErrWindow) {
		t.Errorf("marshalled with error %v, want ErrWindow", err)
	}
}

// Times that no calendar has do not hang, panic or come alive.
func TestWindowFarTimes(t *testing.T) {
	t.Parallel()
	w := window(t, deals.Daily{Start: "00:00", End: "00:00", Zone: "Europe/Berlin"})
	for _, when := range []time.Time{time.Unix(1<<62, 0), time.Unix(-1<<62, 0), time.Time{}.Add(-time.Nanosecond), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if _, _, ok := w.Next(when); ok || w.LiveAt(when) {
			t.Errorf("live at or after %v", when)
		}
	}
	if !w.LiveAt(time.Date(9999, 12, 31, 12, 0, 0, 0, time.UTC)) || !w.LiveAt(time.Date(1, 1, 2, 12, 0, 0, 0, time.UTC)) {
		t.Error("not live in the first or the last year")
	}
}

func TestWindowJSON(t *testing.T) {
	t.Parallel()
	want := deals.Daily{Start: "18:00", End: "02:00:30", Zone: "Europe/Berlin", Days: []time.Weekday{time.Saturday, time.Sunday}, From: "2026-01-01", Until: "2026-12-31"}
	text, err := json.Marshal(window(t, want))
	if err != nil {
		t.Fatal(err)
	}
	var got deals.Window
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Daily()); diff != "" {
		t.Errorf("%s reads as another window (-want +got):\n%s", text, diff)
	}
	for _, bad := range []string{`{}`, `[]`, `{"start":"25:00","end":"01:00","zone":"UTC"}`, `{"days":[9]}`, `"18:00"`} {
		before := got.Daily()
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s was read", bad)
		}
		if diff := cmp.Diff(before, got.Daily()); diff != "" {
			t.Errorf("%s changed the window", bad)
		}
	}
}

// Around changes of clocks of every kind, at every start and end, just before them and between, the answers are those of the plainest search: all
// days near, one by one.
func TestWindowAgainstSearch(t *testing.T) {
	t.Parallel()
	places := []struct{ zone, around string }{
		{"Europe/Berlin", "2026-03-29"}, {"Europe/Berlin", "2026-10-25"}, {"America/St_Johns", "2010-11-07"}, {"America/St_Johns", "2010-03-14"},
		{"Asia/Beirut", "2026-03-29"}, {"Asia/Beirut", "2026-10-25"}, {"Australia/Lord_Howe", "2026-10-04"}, {"Australia/Lord_Howe", "2026-04-05"},
		{"Pacific/Apia", "2011-12-30"}, {"Pacific/Apia", "1892-07-04"}, {"Pacific/Kwajalein", "1993-08-21"}, {"Asia/Manila", "1844-12-31"},
		{"Africa/Casablanca", "2026-02-15"}, {"Antarctica/Troll", "2026-03-29"}, {"UTC", "1970-01-01"},
	}
	clocks := []string{"00:00", "00:01", "00:30", "01:10", "02:30", "03:00", "12:00", "23:45"}
	for _, place := range places {
		t.Run(place.zone+" "+place.around, func(t *testing.T) {
			loc, err := time.LoadLocation(place.zone)
			if err != nil {
				t.Fatal(err)
			}
			for i := range len(clocks) * len(clocks) {
				d := deals.Daily{Start: clocks[i%len(clocks)], End: clocks[i/len(clocks)], Zone: place.zone}
				agree(t, d, loc, at(t, place.around+"T00:00:00Z"))
				d.ByClock = true
				agree(t, d, loc, at(t, place.around+"T00:00:00Z"))
			}
		})
	}
}

func agree(t *testing.T, d deals.Daily, loc *time.Location, around time.Time) {
	t.Helper()
	w := window(t, d)
	runs := occurrences(t, d, loc, around)
	var times []time.Time
	for hour := -60; hour <= 60; hour += 6 {
		times = append(times, around.Add(time.Duration(hour)*time.Hour))
	}
	for _, run := range runs[5:15] {
		times = append(times, run[0].Add(-1), run[0], run[1].Add(-1), run[1])
	}
	for _, when := range times {
		var current, next string
		for _, run := range runs {
			if current == "" && !when.Before(run[0]) && when.Before(run[1]) {
				current = span(run[0], run[1], true)
			}
			if next == "" && run[0].After(when) {
				next = span(run[0], run[1], true)
			}
		}
		if got := w.LiveAt(when); got != (current != "") {
			t.Errorf("%v LiveAt(%v) = %t", d, when, got)
		}
		if got := span(w.Current(when)); got != current {
			t.Errorf("%v Current(%v) = %s, want %s", d, when, got, current)
		}
		if got := span(w.Next(when)); got != next {
			t.Errorf("%v Next(%v) = %s, want %s", d, when, got, next)
		}
	}
}

func occurrences(t *testing.T, d deals.Daily, loc *time.Location, around time.Time) [][2]time.Time {
	t.Helper()
	var runs [][2]time.Time
	for day := -10; day <= 10; day++ {
		date := around.AddDate(0, 0, day).Format(time.DateOnly)
		start, end := at(t, date+"T"+d.Start+":00Z"), at(t, date+"T"+d.End+":00Z")
		if !end.After(start) {
			end = end.AddDate(0, 0, 1)
		}
		from, until := deals.Instant(start.Unix(), loc), deals.Instant(end.Unix(), loc)
		if !d.ByClock && d.Start != d.End {
			until = from + int64(end.Sub(start).Seconds())
		}
		if n := len(runs); n > 0 && !skipped(date, loc) && runs[n-1][1].Unix() > from {
			runs[n-1][1] = time.Unix(from, 0).In(loc) // the next one ends it
		}
		if from < until && !skipped(date, loc) {
			runs = append(runs, [2]time.Time{time.Unix(from, 0).In(loc), time.Unix(until, 0).In(loc)})
		}
	}
	return runs
}

// skipped reports whether clocks in loc never show the date, looking every quarter of an hour.
func skipped(date string, loc *time.Location) bool {
	day, err := time.Parse(time.DateOnly, date)
	for at := day.Add(-40 * time.Hour); err == nil && at.Before(day.Add(40*time.Hour)); at = at.Add(15 * time.Minute) {
		if at.In(loc).Format(time.DateOnly) == date {
			return false
		}
	}
	return err == nil
}

// What is wrong is said once.
func TestErrorTexts(t *testing.T) {
	t.Parallel()
	d := deals.Daily{Start: "18:00", End: "19:00", Zone: "CEST"}
	if _, err := deals.NewWindow(d); err == nil || err.Error() != `deals: unknown time zone: "CEST"` {
		t.Errorf("error %v", err)
	}
}
