package deals

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// UserZone as the zone of a window means each user's own: 19:00 is then seven in the evening wherever they are.
// Window.In says what that is for the users of one zone.
const UserZone = "user"

// Daily describes a Window that comes back. Start, End and Zone are required.
type Daily struct {
	Start string `json:"start"` // wall-clock time, 15:04 or 15:04:05
	End   string `json:"end"`   // the same; before Start it is on the next day; equal to Start, the window lasts until the next one
	Zone  string `json:"zone"`  // IANA name, such as "Europe/Berlin" or "UTC", or UserZone; not "Local"

	Days  []time.Weekday `json:"days,omitempty"`  // on which it starts, Sunday 0; empty: every day
	From  string         `json:"from,omitempty"`  // the first date on which it starts, 2006-01-02; empty: always
	Until string         `json:"until,omitempty"` // the last date on which it starts; empty: for ever

	// ByClock ends the window when clocks show End, so that a change of clocks makes it shorter or longer or, where they
	// skip it whole, cancels it. Without it, it lasts as long as from Start to End on any day: an hour is 3,600 seconds.
	ByClock bool `json:"byClock,omitzero"`
}

// Span describes a Window that is there once, from one wall-clock time up to, but not at, another, both by the clock of
// the zone. All are required.
type Span struct {
	Start string `json:"start"` // 2006-01-02T15:04 or 2006-01-02T15:04:05
	End   string `json:"end"`   // the same, later than Start
	Zone  string `json:"zone"`  // as in Daily
}

// Window is a time of day that comes back, or one span of time: immutable, safe for concurrent use, cheap to copy. The zero
// Window is never live, and neither is one of UserZone, until In names the zone. It answers for the years 1 to 9999 and
// is not live outside them.
//
// A date that a zone skips (30 December 2011 in Apia) has no occurrence: what was meant for a Friday does not move to the
// Saturday. Occurrences of a window do not overlap: where a change of clocks brings the next one forward, it ends the one
// before.
type Window struct {
	w   *window
	loc *time.Location // nil for the window's own zone
}

type window struct {
	daily       Daily
	span        Span
	loc         *time.Location // nil: the user's
	start, end  int64          // seconds from midnight of the day of the start; end > start
	byClock     bool
	days        uint8                 // bit i: starts on Weekday(i)
	from, until int64                 // days from 1970-01-01, both included
	last        atomic.Pointer[state] // the answer given last, likely to be the next one too
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
	w.byClock = d.ByClock || w.end == w.start
	if w.end <= w.start {
		w.end += daySeconds
	}
	if w.loc, err = zone(d.Zone); err != nil {
		return Window{}, err
	}
	if err := w.setDates(d); err != nil {
		return Window{}, err
	}
	return Window{w: w}, nil
}

// NewSpan makes the window that s describes. Its error wraps ErrClock, ErrDate, ErrZone or, when it does not end after its
// start, ErrWindow.
func NewSpan(s Span) (Window, error) {
	w := &window{span: s, byClock: true, days: 1<<7 - 1}
	from, start, err := parseDateClock(s.Start)
	if err != nil {
		return Window{}, fmt.Errorf("span start: %w", err)
	}
	until, end, err := parseDateClock(s.End)
	if err != nil {
		return Window{}, fmt.Errorf("span end: %w", err)
	}
	w.from, w.until, w.start, w.end = from, from, start, end+(until-from)*daySeconds
	if w.end <= w.start {
		return Window{}, fmt.Errorf("%w: from %s until %s", ErrWindow, s.Start, s.End)
	}
	if w.loc, err = zone(s.Zone); err != nil {
		return Window{}, err
	}
	return Window{w: w}, nil
}

// zone finds a zone of that name; nil is the user's.
func zone(name string) (*time.Location, error) {
	switch name {
	case UserZone:
		return nil, nil
	case "", "Local":
		return nil, fmt.Errorf("%w: %q", ErrZone, name)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %q", ErrZone, name) // whose own error says no more than that
	}
	return loc, nil
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

// Daily returns the description that the window was made from; that of a Span, or of the zero Window, is zero.
func (w Window) Daily() Daily {
	if w.w == nil {
		return Daily{}
	}
	d := w.w.daily
	d.Days = slices.Clone(d.Days)
	return d
}

// Span returns the description that the window was made from, if it was a Span; otherwise it is zero.
func (w Window) Span() Span {
	if w.w == nil {
		return Span{}
	}
	return w.w.span
}

// OfUser reports whether the window is in each user's own zone.
func (w Window) OfUser() bool { return w.w != nil && w.w.loc == nil }

// In returns a window of UserZone as it is for the users of a zone. One of a named zone is the same for all, and nil
// stands for UTC. It allocates nothing.
func (w Window) In(loc *time.Location) Window {
	if !w.OfUser() {
		return w
	}
	if loc == nil {
		loc = time.UTC
	}
	return Window{w.w, loc}
}

// zone is where the window's clocks are; nil when that is not known yet.
func (w Window) zone() *time.Location {
	if w.w != nil && w.w.loc != nil {
		return w.w.loc
	}
	return w.loc
}
