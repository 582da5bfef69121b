package model

import (
	"fmt"

	"github.com/goldrec/gold/catalog"
)

// Builder collects a Dataset row by row, with a table of items of its own: for tests, evaluation, and data that has no
// catalogue. The zero value is ready. Until Build is done it holds 32 bytes an event besides what the Dataset does;
// [Collect] holds nothing. A row that cannot be taken is left out, and [Builder.Err] says why the first one was. It is not
// safe for concurrent use.
type Builder struct {
	users, items catalog.IDs
	rows         []builtRow
	content      map[uint32]*catalog.Item
	err          error
}

type builtRow struct {
	user uint32
	Event
}

// Add adds one interaction. Events of equal time keep the order in which they were added.
func (b *Builder) Add(user, item string, weight float32, unix int64) {
	b.AddEvent(user, Event{Item: b.Item(item), Weight: weight, Time: unix})
}

// AddEvent adds one interaction with an item that [Builder.Item] gave a handle.
func (b *Builder) AddEvent(user string, e Event) {
	if e.Item == NoItem && b.err != nil {
		return // Item said why
	}
	handle, err := b.users.Intern(user)
	if err != nil {
		b.fail(fmt.Errorf("model: user %.64q: %w", user, err))
		return
	}
	if err := checkRow(&b.items, Row{user, e}); err != nil {
		b.fail(err)
		return
	}
	b.rows = append(b.rows, builtRow{handle, e})
}

// Item returns the handle of an item, which gets one when it has none, or NoItem for an identifier that a catalogue would
// not take.
func (b *Builder) Item(id string) uint32 {
	handle, err := b.items.Intern(id)
	if err != nil {
		b.fail(fmt.Errorf("model: %w", err))
		return NoItem
	}
	return handle
}

// AddItem adds an item, which may have no interactions at all, and what is known of it. Of one item added twice the
// later counts. The item is not copied and must not be changed.
func (b *Builder) AddItem(item *catalog.Item) {
	handle := b.Item(item.ID)
	if handle == NoItem {
		return
	}
	if b.content == nil {
		b.content = map[uint32]*catalog.Item{}
	}
	b.content[handle] = item
}

func (b *Builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// Err is why the first row or item that was left out could not be taken: an identifier that is empty, too long or not
// UTF-8, or a weight that is not finite. nil: all were.
func (b *Builder) Err() error { return b.err }

// Build makes the Dataset of what was taken; the builder must not be used afterwards, but for Err. Handles are given in
// the order in which items, and users, first came.
func (b *Builder) Build() *Dataset {
	d, err := Collect(&b.items, func(item uint32) *catalog.Item { return b.content[item] }, func(yield func(Row, error) bool) {
		for _, row := range b.rows {
			if !yield(Row{b.users.ID(row.user), row.Event}, nil) {
				return
			}
		}
	})
	if err != nil {
		panic(err) // every row was checked
	}
	b.rows = nil
	return d
}
