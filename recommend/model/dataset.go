package model

import (
	"cmp"
	"slices"

	"github.com/goldrec/gold/catalog"
)

// IDs is an immutable table of identifiers and their dense handles, 0 to Len()-1. It is safe for concurrent use.
type IDs struct {
	ids     []string
	handles map[string]uint32
}

// NewIDs makes the table that gives ids[i] the handle i. It keeps the slice. Of a repeated identifier the first counts.
func NewIDs(ids []string) *IDs {
	t := &IDs{ids: ids, handles: make(map[string]uint32, len(ids))}
	for i, id := range ids {
		if _, ok := t.handles[id]; !ok {
			t.handles[id] = uint32(i)
		}
	}
	return t
}

// Len is the number of handles.
func (t *IDs) Len() int { return len(t.ids) }

// ID returns the identifier of a handle below Len.
func (t *IDs) ID(handle uint32) string { return t.ids[handle] }

// Lookup returns the handle of an identifier.
func (t *IDs) Lookup(id string) (uint32, bool) {
	h, ok := t.handles[id]
	return h, ok
}

// Dataset is what training sees: every user's history, and what is known of the items. It is immutable.
type Dataset struct {
	Users, Items *IDs
	Now          int64 // Unix seconds of the newest event: the present, as far as training knows

	offsets []int
	events  []Event
	content []*catalog.Item
}

// History returns the events of a user, oldest first; the slice is shared and must not be changed.
func (d *Dataset) History(user uint32) []Event {
	return d.events[d.offsets[user]:d.offsets[user+1]:d.offsets[user+1]]
}

// Len is the number of events.
func (d *Dataset) Len() int { return len(d.events) }

// Content returns what the catalogue says of an item, or nil.
func (d *Dataset) Content(item uint32) *catalog.Item { return d.content[item] }

// WithHistories returns a Dataset of the same users and items in which every history is what keep makes of the present
// one; keep must not change its argument and returns events oldest first. Splits are made with it.
func (d *Dataset) WithHistories(keep func(user uint32, history []Event) []Event) *Dataset {
	out := &Dataset{Users: d.Users, Items: d.Items, content: d.content, offsets: make([]int, len(d.offsets))}
	for u := range d.Users.Len() {
		out.events = append(out.events, keep(uint32(u), d.History(uint32(u)))...)
		out.offsets[u+1] = len(out.events)
	}
	out.Now = newest(out.events)
	return out
}

// Builder collects a Dataset. It is not safe for concurrent use.
type Builder struct {
	users, items table
	rows         []row
	content      map[uint32]*catalog.Item
}

type row struct {
	user  uint32
	event Event
}

type table struct {
	ids     []string
	handles map[string]uint32
}

func (t *table) handle(id string) uint32 {
	h, ok := t.handles[id]
	if !ok {
		if t.handles == nil {
			t.handles = map[string]uint32{}
		}
		h = uint32(len(t.ids))
		t.handles[id] = h
		t.ids = append(t.ids, id)
	}
	return h
}

// Add adds one interaction. Events of equal time keep the order in which they were added.
func (b *Builder) Add(user, item string, weight float32, unix int64) {
	b.rows = append(b.rows, row{b.users.handle(user), Event{b.items.handle(item), weight, unix}})
}

// AddItem adds an item, which may have no interactions at all, and what is known of it.
func (b *Builder) AddItem(item *catalog.Item) {
	if b.content == nil {
		b.content = map[uint32]*catalog.Item{}
	}
	b.content[b.items.handle(item.ID)] = item
}

// Build makes the Dataset; the builder must not be used afterwards. Handles follow the byte order of identifiers, so that
// ties that break by handle break by identifier, and the order of Add matters only between events of equal time.
func (b *Builder) Build() *Dataset {
	b.sort()
	d := &Dataset{
		Users:   NewIDs(b.users.ids),
		Items:   NewIDs(b.items.ids),
		offsets: make([]int, len(b.users.ids)+1),
		events:  make([]Event, len(b.rows)),
		content: make([]*catalog.Item, len(b.items.ids)),
	}
	for h, item := range b.content {
		d.content[h] = item
	}
	for _, r := range b.rows {
		d.offsets[r.user+1]++
	}
	for u := range b.users.ids {
		d.offsets[u+1] += d.offsets[u]
	}
	next := slices.Clone(d.offsets)
	for _, r := range b.rows {
		d.events[next[r.user]] = r.event
		next[r.user]++
	}
	for u := range b.users.ids {
		slices.SortStableFunc(d.History(uint32(u)), func(a, b Event) int { return cmp.Compare(a.Time, b.Time) })
	}
	d.Now = newest(d.events)
	return d
}

func (b *Builder) sort() {
	users, items := b.users.sort(), b.items.sort()
	for i, r := range b.rows {
		b.rows[i].user, b.rows[i].event.Item = users[r.user], items[r.event.Item]
	}
	content := make(map[uint32]*catalog.Item, len(b.content))
	for h, item := range b.content {
		content[items[h]] = item
	}
	b.content = content
}

// sort puts the identifiers in byte order and returns the new handle of each old one.
func (t *table) sort() []uint32 {
	order := make([]uint32, len(t.ids))
	for h := range order {
		order[h] = uint32(h)
	}
	slices.SortFunc(order, func(a, b uint32) int { return cmp.Compare(t.ids[a], t.ids[b]) })
	ids, moved := make([]string, len(t.ids)), make([]uint32, len(t.ids))
	for now, old := range order {
		ids[now], moved[old] = t.ids[old], uint32(now)
	}
	t.ids, t.handles = ids, nil
	return moved
}

func newest(events []Event) int64 {
	var now int64
	for _, e := range events {
		now = max(now, e.Time)
	}
	return now
}
