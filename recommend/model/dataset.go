package model

import (
	"cmp"
	"slices"

	"github.com/goldrec/gold/catalog"
)

// Dataset is what training sees: every user's history, and what is known of the items. It is immutable, but that its
// table of items may grow behind ItemCount. It costs 24 bytes an event and about 30 and the identifier a user.
type Dataset struct {
	Users *catalog.IDs // 0 to Users.Len()-1 have a history, which may be empty
	Items *catalog.IDs // of the catalogue; handles from ItemCount on are not of this dataset
	Now   int64        // Unix seconds of the newest event: the present, as far as training knows

	itemCount int
	offsets   []int // of each user's first event; one more than users
	ends      []int // behind each user's last event; nil: where the next begins
	events    []Event
	content   func(item uint32) *catalog.Item // nil: nothing is known
}

// ItemCount is the number of item handles: those below it may occur.
func (d *Dataset) ItemCount() int { return d.itemCount }

// UserCount is the number of users.
func (d *Dataset) UserCount() int { return len(d.offsets) - 1 }

// History returns the events of a user, oldest first; the slice is shared and must not be changed.
func (d *Dataset) History(user uint32) []Event {
	end := d.offsets[user+1]
	if d.ends != nil {
		end = d.ends[user]
	}
	return d.events[d.offsets[user]:end:end]
}

// Len is the number of events.
func (d *Dataset) Len() int {
	if d.ends == nil {
		return len(d.events)
	}
	n := 0
	for u, end := range d.ends {
		n += end - d.offsets[u]
	}
	return n
}

// Content returns what the catalogue says of an item, or nil.
func (d *Dataset) Content(item uint32) *catalog.Item {
	if d.content == nil {
		return nil
	}
	return d.content(item)
}

// Before returns a view of the dataset in which every history ends after as many events as end says, which is at least
// 0 and at most their number. It costs 8 bytes a user: withholding what users did last copies no event.
func (d *Dataset) Before(end func(user uint32, history []Event) int) *Dataset {
	out := *d
	out.ends, out.Now = make([]int, d.UserCount()), 0
	for u := range out.ends {
		history := d.History(uint32(u))
		n := end(uint32(u), history)
		out.ends[u] = d.offsets[u] + n
		out.Now = max(out.Now, newest(history[:n]))
	}
	return &out
}

// WithHistories returns a Dataset of the same users and items in which every history is what keep makes of the present
// one; keep must not change its argument and returns events oldest first. Splits are made with it.
func (d *Dataset) WithHistories(keep func(user uint32, history []Event) []Event) *Dataset {
	out := *d
	out.ends, out.events, out.offsets = nil, nil, make([]int, len(d.offsets))
	for u := range d.UserCount() {
		out.events = append(out.events, keep(uint32(u), d.History(uint32(u)))...)
		out.offsets[u+1] = len(out.events)
	}
	out.Now = newest(out.events)
	return &out
}

// Recent returns the events of the history, oldest first, that a model that looks at no more than n of them should look
// at: its newest n.
func Recent(history []Event, n int) []Event { return history[max(0, len(history)-n):] }

func newest(events []Event) int64 {
	var now int64
	for _, e := range events {
		now = max(now, e.Time)
	}
	return now
}

// sortByTime puts events in order of time; those of equal time keep theirs.
func sortByTime(events []Event) {
	byTime := func(a, b Event) int { return cmp.Compare(a.Time, b.Time) }
	if !slices.IsSortedFunc(events, byTime) {
		slices.SortStableFunc(events, byTime)
	}
}
