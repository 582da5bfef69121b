package deals

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"
)

// Daily describes a Window. Start, End and Zone are required.
type Daily struct {
	Start string `json:"start"` // wall-clock time, 15:04 or 15:04:05
	End   string `json:"end"`   // the same; at or before Start it is on the next day
	Zone  string `json:"zone"`  // IANA name, such as "Europe/Berlin" or "UTC"; not "Local"

	Days  []time.Weekday `json:"days,omitempty"`  // on which it starts, Sunday 0; empty: every day
	From  string         `json:"from,omitempty"`  // the first date on which it starts, 2006-01-02; empty: always
	Until string         `json:"until,omitempty"` // the last date on which it starts; empty: for ever
}

// Window is a time of day that comes back: immutable, safe for concurrent use, cheap to copy. The zero Window is never
// live. It answers for the years 1 to 9999 and is not live outside them.
//
// A change of clocks may shorten an occurrence, lengthen it or, where clocks skip it whole, cancel it. A date that a zone
// skips (30 December 2011 in Apia) has no occurrence: what was meant for a Friday does not move to the Saturday.
type Window struct{ w *window }

type window struct {
	daily       Daily
	loc         *time.Location
	start, end  int64                 // seconds from midnight of the day of the start; end > start
	days        uint8                 // bit i: starts on Weekday(i)
	from, until int64                 // days from 1970-01-01, both included
	last        atomic.Pointer[state] // the answer given last, likely to be the next one too
}

// state is what holds from one instant until another, in Unix seconds.
type state struct {
	from, until int64
	live        bool
}

// NewWindow makes the window that d describes. Its error wraps ErrClock, ErrZone, ErrDate or, where no day is left for
// it, ErrWindow.
func NewWindow(d Daily) (Window, error) {
	w := &window{daily: d, from: firstInstant / daySeconds, until: lastInstant / daySeconds}
	w.daily.Days = slices.Clone(d.Days)
	var err error
	if w.start, err = parseClock(d.Start); err != nil {
		return Window{}, fmt.Errorf("window start: %w", err)
	}
	if w.end, err = parseClock(d.End); err != nil {
		return Window{}, fmt.Errorf("window end: %w", err)
	}
	if w.end <= w.start {
		w.end += daySeconds
	}
	if d.Zone == "" || d.Zone == "Local" {
		return Window{}, fmt.Errorf("%w: %q", ErrZone, d.Zone)
	}
	if w.loc, err = time.LoadLocation(d.Zone); err != nil {
		return Window{}, fmt.Errorf("%w: %q", ErrZone, d.Zone) // whose own error says no more than that
	}
	if err := w.setDates(d); err != nil {
		return Window{}, err
	}
	return Window{w}, nil
}

func (w *window) setDates(d Daily) (err error) {
	w.days = 1<<7 - 1
	if len(d.Days) > 0 {
		w.days = 0
	}
	for _, day := range d.Days {
		if day < time.Sunday || day > time.Saturday {
			return fmt.Errorf("%w: weekday %d", ErrWindow, int(day))
		}
		w.days |= 1 << day
	}
	if d.From != "" {
		if w.from, err = parseDate(d.From); err != nil {
			return fmt.Errorf("window from: %w", err)
		}
	}
	if d.Until != "" {
		if w.until, err = parseDate(d.Until); err != nil {
			return fmt.Errorf("window until: %w", err)
		}
	}
	for day := w.from; day <= min(w.from+6, w.until); day++ {
		if w.runs(day) {
			return nil
		}
	}
	return fmt.Errorf("%w: from %s until %s on %v", ErrWindow, d.From, d.Until, d.Days)
}

// Daily returns the description that the window was made from.
func (w Window) Daily() Daily {
	if w.w == nil {
		return Daily{}
	}
	d := w.w.daily
	d.Days = slices.Clone(d.Days)
	return d
}

// MarshalJSON writes the description. The zero Window is an error.
func (w Window) MarshalJSON() ([]byte, error) {
	if w.w == nil {
		return nil, fmt.Errorf("%w: zero window", ErrWindow)
	}
	return json.Marshal(w.w.daily)
}

// UnmarshalJSON reads a description; its errors are those of NewWindow, or ErrWindow when it is not JSON of that form.
func (w *Window) UnmarshalJSON(text []byte) error {
	var d Daily
	if err := json.Unmarshal(text, &d); err != nil {
		return fmt.Errorf("%w: %w", ErrWindow, err)
	}
	read, err := NewWindow(d)
	if err != nil {
		return err
	}
	*w = read
	return nil
}

// LiveAt reports whether the window is live at t. Asked again of times near to each other it takes a few nanoseconds.
func (w Window) LiveAt(t time.Time) bool {
	return w.w != nil && inRange(t) && w.w.state(t.Unix()).live
}

// Current returns the occurrence that is live at t, in the window's zone. ok is false when it is not live.
func (w Window) Current(t time.Time) (start, end time.Time, ok bool) {
	if !w.LiveAt(t) {
		return time.Time{}, time.Time{}, false
	}
	s := w.w.stateAt(t.Unix()) // not what was remembered: around a skip two occurrences may overlap, and the earlier counts
	return w.w.time(s.from), w.w.time(s.until), true
}

// Next returns the first occurrence that starts after t, in the window's zone. ok is false when there is none.
func (w Window) Next(t time.Time) (start, end time.Time, ok bool) {
	if w.w == nil || !inRange(t) {
		return time.Time{}, time.Time{}, false
	}
	from, until, ok := w.w.next(t.Unix())
	if !ok {
		return time.Time{}, time.Time{}, false
	}
	return w.w.time(from), w.w.time(until), true
}

// inRange keeps what follows from overflow.
func inRange(t time.Time) bool {
	return t.Unix() >= firstInstant && t.Unix() <= lastInstant
}

const (
	firstInstant = -62135596800 // 0001-01-01T00:00:00Z
	lastInstant  = 253402300799 // 9999-12-31T23:59:59Z
)

func (w *window) time(t int64) time.Time { return time.Unix(t, 0).In(w.loc) }

func (w *window) state(t int64) state {
	if s := w.last.Load(); s != nil && t >= s.from && t < s.until {
		return *s
	}
	s := w.stateAt(t)
	w.last.Store(&s)
	return s
}

// stateAt looks at the days whose occurrence may hold t: a window that crosses midnight started yesterday, a skip of
// whole days (Apia, 2011) adds one more, and clocks put back at midnight show a bit of tomorrow before the rest of today.
func (w *window) stateAt(t int64) state {
	day := today(t, w.loc)
	for d := day - 2; d <= day+1; d++ {
		if from, until := w.occurrence(d); w.runs(d) && from <= t && t < until {
			return state{from, until, true}
		}
	}
	if from, _, ok := w.next(t); ok {
		return state{t, from, false}
	}
	return state{t, math.MaxInt64, false}
}

// next looks ahead for five weeks, so that one cancelled occurrence of a weekly window is not the end.
func (w *window) next(t int64) (from, until int64, ok bool) {
	first := max(today(t, w.loc)-2, w.from)
	for d := first; d <= min(first+35, w.until); d++ {
		if from, until := w.occurrence(d); w.runs(d) && t < from && from < until {
			return from, until, true
		}
	}
	return 0, 0, false
}

// runs reports whether the window starts on a day, counted from 1970-01-01, a Thursday.
func (w *window) runs(day int64) bool {
	weekday := day - 7*floorDiv(day, 7)
	return day >= w.from && day <= w.until && w.days>>((weekday+int64(time.Thursday))%7)&1 == 1
}

// occurrence returns the start and the end of the one that starts on a day; it is none when the end is not later. Zones
// have only ever skipped a day or more by leaving out whole dates, so that a start so far behind its time means one.
func (w *window) occurrence(day int64) (from, until int64) {
	start := day*daySeconds + w.start
	from = instant(start, w.loc)
	if _, offset := time.Unix(from, 0).In(w.loc).Zone(); from+int64(offset)-start >= daySeconds {
		return from, from
	}
	return from, instant(day*daySeconds+w.end, w.loc)
}
