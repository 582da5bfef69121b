package golden

import (
	"strings"
	"time"

	"github.com/goldrec/gold/deals"
)

// A demonstration begins a minute after somebody came, lasts three, and is followed by a rest. Whoever comes, at any time
// of day, lives through one within five minutes.
const (
	demoDelay = time.Minute
	demoLen   = 3 * time.Minute
	demoRest  = 2 * time.Minute
)

// demoPrefix begins the identifiers of deals that are demonstrations.
const demoPrefix = "demonstration-"

// showing is a demonstration: a golden hour that is minutes long.
type showing struct {
	deal deals.Deal
	end  time.Time
}

// Demonstrate sees to it that a golden hour is open or about to open: unless the daily one is within five minutes, or a
// demonstration is planned, it plans one. It is for each visit of somebody who should not have to wait for the evening.
// Demonstrations are in memory only, and choose their products by their beginning.
func (h *Hour) Demonstrate(now time.Time) {
	h.plan(now)
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Before(h.shown.end) {
		return
	}
	start := now.Add(demoDelay)
	if rested := h.shown.end.Add(demoRest); start.Before(rested) {
		start = rested
	}
	start = start.UTC().Truncate(time.Second)
	end := start.Add(demoLen)
	for _, day := range h.days {
		for range day.Window.Between(now, end) {
			return
		}
	}
	const layout = "2006-01-02T15:04:05"
	window, err := deals.NewSpan(deals.Span{Start: start.Format(layout), End: end.Format(layout), Zone: "UTC"})
	if err != nil {
		return
	}
	id := demoPrefix + start.Format(layout)
	d := deals.Deal{ID: id, Discount: deals.PercentOff(percent), Window: window, Items: h.pick(id)}
	if len(d.Items) == 0 {
		return
	}
	before := h.shown
	if h.shown = (showing{d, end}); h.put(h.days) != nil {
		h.shown = before
	}
}

// IsDemonstration reports whether a deal is one, and not that of a day.
func IsDemonstration(d deals.Deal) bool { return strings.HasPrefix(d.ID, demoPrefix) }

// Daily says when the golden hour is on any day, and in which zone: "18:00 to 19:00 (Europe/Berlin)".
func (h *Hour) Daily() string { return h.start + " to " + h.end + " (" + h.zone.String() + ")" }

// Zone is where the golden hour's clock hangs.
func (h *Hour) Zone() *time.Location { return h.zone }
