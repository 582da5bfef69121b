package deals

import (
	"iter"
	"math"
	"time"
)

const (
	firstInstant = -62135596800 // 0001-01-01T00:00:00Z
	lastInstant  = 253402300799 // 9999-12-31T23:59:59Z

	// Within this time after a change of clocks, days may follow one another in unusual ways.
	unsettled = 2 * daySeconds
	// Windows longer than this may run into the next one on a day that a change of clocks makes short.
	longWindow = 20 * 60 * 60
)

// turn is one occurrence, in Unix seconds, and the date on which it starts, in days from 1970-01-01.
type turn struct{ from, until, day int64 }

// state is what holds from one instant until another, in Unix seconds.
type state struct {
	turn // until is when the state ends
	live bool
}

// LiveAt reports whether the window is live at t. Asked again of times near to each other it takes a few nanoseconds.
func (w Window) LiveAt(t time.Time) bool {
	s, _ := w.state(t)
	return s.live
}

// Current returns the occurrence that is live at t, in the window's zone. ok is false when it is not live.
func (w Window) Current(t time.Time) (start, end time.Time, ok bool) {
	s, loc := w.state(t)
	if !s.live {
		return time.Time{}, time.Time{}, false
	}
	return time.Unix(s.from, 0).In(loc), time.Unix(s.until, 0).In(loc), true
}

// Next returns the first occurrence that starts after t, in the window's zone. ok is false when there is none.
func (w Window) Next(t time.Time) (start, end time.Time, ok bool) {
	loc := w.zone()
	if loc == nil || !inRange(t) {
		return time.Time{}, time.Time{}, false
	}
	next, ok := w.w.next(t.Unix(), loc)
	if !ok {
		return time.Time{}, time.Time{}, false
	}
	return time.Unix(next.from, 0).In(loc), time.Unix(next.until, 0).In(loc), true
}

// Between yields the starts and ends of the occurrences that have a part in the time from a up to, but not at, b, in their
// order. It may run more than once.
func (w Window) Between(a, b time.Time) iter.Seq2[time.Time, time.Time] {
	return func(yield func(start, end time.Time) bool) {
		if start, end, ok := w.Current(a); ok && a.Before(b) && !yield(start, end) {
			return
		}
		for start, end, ok := w.Next(a); ok && start.Before(b); start, end, ok = w.Next(start) {
			if !yield(start, end) {
				return
			}
		}
	}
}

// inRange keeps what follows from overflow.
func inRange(t time.Time) bool {
	return t.Unix() >= firstInstant && t.Unix() <= lastInstant
}

// state says what holds at t, and in which zone. Of the window's own zone it remembers the last answer.
func (w Window) state(t time.Time) (state, *time.Location) {
	loc := w.zone()
	if loc == nil || !inRange(t) {
		return state{}, nil
	}
	if w.loc != nil {
		return w.w.stateAt(t.Unix(), loc), loc
	}
	if s := w.w.last.Load(); s != nil && t.Unix() >= s.from && t.Unix() < s.until {
		return *s, loc
	}
	s := w.w.stateAt(t.Unix(), loc)
	w.w.last.Store(&s)
	return s, loc
}

// stateAt looks at the days whose occurrence may hold t: a window that crosses midnight started yesterday, a skip of
// whole days (Apia, 2011) adds one more, and clocks put back at midnight show a bit of tomorrow before the rest of today.
func (w *window) stateAt(t int64, loc *time.Location) state {
	p := periodAt(t, loc)
	today := floorDiv(t+p.offset, daySeconds)
	for d := max(today-1-w.end/daySeconds, w.from); d <= min(today+1, w.until); d++ {
		if !w.runs(d) {
			continue
		}
		if o, ok := w.occurrence(d, p, loc); ok && o.from <= t && t < o.until {
			return state{o, true}
		}
	}
	if o, ok := w.next(t, loc); ok {
		return state{turn{t, o.from, o.day}, false}
	}
	return state{turn{from: t, until: math.MaxInt64}, false}
}

// next looks ahead for five weeks, so that one cancelled occurrence of a weekly window is not the end.
func (w *window) next(t int64, loc *time.Location) (turn, bool) {
	p := periodAt(t, loc)
	first := floorDiv(t+p.offset, daySeconds)
	if t-unsettled < p.start {
		first-- // yesterday's start may have been moved past midnight
	}
	first = max(first, w.from)
	for d := first; d <= min(first+35, w.until); d++ {
		if !w.runs(d) {
			continue
		}
		if o, ok := w.occurrence(d, p, loc); ok && t < o.from {
			return o, true
		}
	}
	return turn{}, false
}

// runs reports whether the window starts on a day, counted from 1970-01-01, a Thursday.
func (w *window) runs(day int64) bool {
	weekday := day - 7*floorDiv(day, 7)
	return day >= w.from && day <= w.until && w.days>>((weekday+int64(time.Thursday))%7)&1 == 1
}

// occurrence returns the one that starts on a day, if there is one. p is a period that is likely to hold it.
func (w *window) occurrence(day int64, p period, loc *time.Location) (turn, bool) {
	from, ok := w.opens(day, p, loc)
	if !ok {
		return turn{}, false
	}
	until := from + w.end - w.start
	if w.byClock {
		until = p.instant(day*daySeconds+w.end, loc)
	}
	if w.end-w.start > longWindow && w.runs(day+1) {
		if next, ok := w.opens(day+1, p, loc); ok {
			until = min(until, next)
		}
	}
	return turn{from, until, day}, from < until
}

// opens returns when the window starts on a day. It does not on a date that is not there: zones have only ever skipped a
// day or more by leaving out whole dates, so that a start so far behind its time means one.
func (w *window) opens(day int64, p period, loc *time.Location) (int64, bool) {
	start := day*daySeconds + w.start
	if t, ok := p.shows(start); ok {
		return t, true
	}
	from := instant(start, loc)
	return from, from+periodAt(from, loc).offset-start < daySeconds
}
