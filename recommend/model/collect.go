package model

import (
	"fmt"
	"iter"
	"math"

	"github.com/goldrec/gold/catalog"
)

// Row is an event and whose it is, on its way into a Dataset.
type Row struct {
	User string
	Event
}

// Collect makes a Dataset of rows, which may come in any order; events of one user's at one time keep theirs. Items is
// the table of their handles, and content, which may be nil, what is known of an item. It runs through rows twice, to
// count and to put in place, so that nothing of the size of the data is held besides the Dataset. Rows may change in
// between, as a log does that grows: of each user at most as many count as the first run had, the first of the second
// run, and those that have gone do no harm.
//
// The first error of rows ends it, and so does a row that nothing can be learned from: of a user whose identifier is
// empty, too long or not UTF-8, of a handle that items never gave, or of a weight that is not finite.
func Collect(items *catalog.IDs, content func(item uint32) *catalog.Item, rows iter.Seq2[Row, error]) (*Dataset, error) {
	d := &Dataset{Users: new(catalog.IDs), Items: items, content: content}
	var counts []int
	for row, err := range rows {
		if err == nil {
			err = checkRow(items, row)
		}
		if err != nil {
			return nil, err
		}
		user, err := d.Users.Intern(row.User)
		if err != nil {
			return nil, fmt.Errorf("model: user %.64q: %w", row.User, err)
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
	if err := d.place(rows); err != nil {
		return nil, err
	}
	d.itemCount = items.Len()
	return d, nil
}

// checkRow refuses what nothing can be learned from.
func checkRow(items *catalog.IDs, row Row) error {
	w := float64(row.Weight)
	switch {
	case int64(row.Item) >= int64(items.Len()):
		return fmt.Errorf("model: user %.64q: no item has the handle %d", row.User, row.Item)
	case math.IsNaN(w) || math.IsInf(w, 0):
		return fmt.Errorf("model: user %.64q, item %.64q: weight is %v", row.User, items.ID(row.Item), w)
	}
	return nil
}

// place puts the events of rows where there is room for them.
func (d *Dataset) place(rows iter.Seq2[Row, error]) error {
	placed, missing := make([]int, d.UserCount()), len(d.events)
	for row, err := range rows {
		if err == nil {
			err = checkRow(d.Items, row)
		}
		if err != nil {
			return err
		}
		user, ok := d.Users.Lookup(row.User)
		if !ok || d.offsets[user]+placed[user] == d.offsets[user+1] {
			continue
		}
		d.events[d.offsets[user]+placed[user]] = row.Event
		d.Now = max(d.Now, row.Time)
		placed[user]++
		missing--
	}
	if missing > 0 {
		d.ends = make([]int, len(placed))
		for u, n := range placed {
			d.ends[u] = d.offsets[u] + n
		}
	}
	for u := range placed {
		sortByTime(d.History(uint32(u)))
	}
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
