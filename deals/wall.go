package deals

import (
	"fmt"
	"math"
	"strings"
	"time"
)

const (
	daySeconds = 24 * 60 * 60
	// Clocks were never changed by more than a day, so that further than this from any change a wall time has one meaning.
	changeMax = 26 * 60 * 60
)

// parseClock reads 15:04 or 15:04:05 as seconds from midnight.
func parseClock(s string) (int64, error) {
	if len(s) != len("15:04") && len(s) != len("15:04:05") {
		return 0, fmt.Errorf("%w: %q", ErrClock, s)
	}
	var seconds int64
	for i, below := 0, 24; i < len(s); i, below = i+3, 60 {
		n := 10*(int(s[i])-'0') + int(s[i+1]) - '0'
		if s[i] < '0' || s[i] > '9' || s[i+1] < '0' || s[i+1] > '9' || n >= below || i > 0 && s[i-1] != ':' {
			return 0, fmt.Errorf("%w: %q", ErrClock, s)
		}
		seconds = 60*seconds + int64(n)
	}
	if len(s) == len("15:04") {
		seconds *= 60
	}
	return seconds, nil
}

// parseDate reads 2006-01-02 as days from 1970-01-01.
func parseDate(s string) (int64, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("%w: %q", ErrDate, s)
	}
	return t.Unix() / daySeconds, nil
}

// parseDateClock reads 2006-01-02T15:04 or 2006-01-02T15:04:05 as days from 1970-01-01 and seconds from midnight.
func parseDateClock(s string) (day, seconds int64, err error) {
	date, clock, _ := strings.Cut(s, "T")
	if day, err = parseDate(date); err != nil {
		return 0, 0, err
	}
	seconds, err = parseClock(clock)
	return day, seconds, err
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		a -= b - 1
	}
	return a / b
}

// instant returns when clocks in loc show the given wall time, which is counted in seconds as if it were UTC: the first
// time that they do; where they skip it, the time that is as far behind the skip as it lies within. (time.Date makes
// no such promise: in either case it may take the other side.)
//
// The period looked at is the one that shows the time, or beside the skip or the repetition that the time lies in. When
// it is the one before that, its own offset gives the answer, so that only what precedes it needs a look.
func instant(wall int64, loc *time.Location) int64 {
	_, offset := time.Unix(wall, 0).In(loc).Zone()
	own := periodAt(wall-int64(offset), loc)
	t := wall - own.offset
	if t-changeMax >= own.start {
		return t
	}
	before := periodAt(own.start-1, loc)
	first := wall - before.offset
	shown := first >= before.start && first < own.start // before the change too
	skipped := first >= own.start && t < own.start
	if shown || skipped {
		return first
	}
	return t
}

// period is a time, from one Unix second up to another, during which clocks keep one offset from UTC.
type period struct{ start, end, offset int64 }

func periodAt(t int64, loc *time.Location) period {
	at := time.Unix(t, 0).In(loc)
	_, offset := at.Zone()
	start, end := at.ZoneBounds()
	p := period{math.MinInt64, math.MaxInt64, int64(offset)}
	if !start.IsZero() {
		p.start = start.Unix()
	}
	if !end.IsZero() {
		p.end = end.Unix()
	}
	return p
}

// shows returns when clocks show a wall time first, if that is in the period and nothing before the period comes near.
func (p period) shows(wall int64) (t int64, ok bool) {
	t = wall - p.offset
	return t, t-changeMax >= p.start && t < p.end
}

// instant is the function of that name, quicker where the period holds the answer.
func (p period) instant(wall int64, loc *time.Location) int64 {
	if t, ok := p.shows(wall); ok {
		return t
	}
	return instant(wall, loc)
}
