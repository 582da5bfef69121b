package model

import (
	"iter"

	"github.com/goldrec/gold/catalog"
)

// Row is an event and whose it is, on its way into a Dataset.
type Row struct {
	User string
	Event
}

// Collect makes a Dataset of rows, in the order in which events of equal time came. Items is the table of their handles, and content,
// which may be nil, what is known of an item. It runs through rows twice, to count and to put in place, so that nothing is held
// besides the Dataset; a row that only the second run has is left out, one that only the first had does no harm. The
// first error of rows ends it.
func Collect(items *catalog.IDs, content func(item uint32) *catalog.Item, rows iter.Seq2[Row, error]) (*Dataset, error) {
	d := &Dataset{Users: new(catalog.IDs), Items: items, content: content}
	var counts []int
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		user, err := d.Users.Intern(row.User)
		if err != nil {
			return nil, err
		}
		if int(user) == len(counts) {
			counts = append(counts, 0)
		}
		counts[user]++
	}
	d.offsets = make([]int, len(counts)+1)
	for u, n := range counts {
		d.offsets[u+1] = d.offsets[u] + n
	}
	d.events = make([]Event, d.offsets[len(counts)])
	return d, d.place(counts, rows)
}

// place puts the events of rows where counts has made room for them.
func (d *Dataset) place(counts []int, rows iter.Seq2[Row, error]) error {
	placed, missing := make([]int, len(counts)), len(d.events)
	for row, err := range rows {
		if err != nil {
			return err
		}
		user, ok := d.Users.Lookup(row.User)
		if !ok || placed[user] == counts[user] {
			continue
		}
		d.events[d.offsets[user]+placed[user]] = row.Event
		d.Now = max(d.Now, row.Time)
		placed[user]++
		missing--
	}
	if missing > 0 {
		d.ends = make([]int, len(counts))
	}
	for u, n := range placed {
		if missing > 0 {
			d.ends[u] = d.offsets[u] + n
		}
		sortByTime(d.History(uint32(u)))
	}
	d.itemCount = d.Items.Len()
	return nil
}

// SessionOf numbers a session by its name: equal names have equal numbers, and that others of one user's have the same
// happens once in four thousand million. Without a name it is 0.
func SessionOf(name string) uint32 {
	if name == "" {
		return 0
	}
	h := uint32(2166136261) // FNV-1a
	for i := range len(name) {
		h = (h ^ uint32(name[i])) * 16777619
	}
	return max(h, 1)
}
