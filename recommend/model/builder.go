package model

import (
	"github.com/goldrec/gold/catalog"
)

// Builder collects a Dataset row by row, with a table of items of its own: for tests, evaluation, and data that has no
// catalogue. It holds everything twice for a moment; [Collect] does not. It is not safe for concurrent use.
type Builder struct {
	items   catalog.IDs
	rows    []Row
	content map[uint32]*catalog.Item
}

// Add adds one interaction. Events of equal time keep the order in which they were added. An identifier that a catalogue
// would not take panics: a Builder's caller makes them.
func (b *Builder) Add(user, item string, weight float32, unix int64) {
	b.AddEvent(user, Event{Item: b.Item(item), Weight: weight, Time: unix})
}

// AddEvent adds one interaction with an item that [Builder.Item] gave a handle.
func (b *Builder) AddEvent(user string, e Event) { b.rows = append(b.rows, Row{user, e}) }

// Item returns the handle of an item, which gets one when it has none.
func (b *Builder) Item(id string) uint32 {
	handle, err := b.items.Intern(id)
	if err != nil {
		panic(err)
	}
	return handle
}

// AddItem adds an item, which may have no interactions at all, and what is known of it.
func (b *Builder) AddItem(item *catalog.Item) {
	if b.content == nil {
		b.content = map[uint32]*catalog.Item{}
	}
	b.content[b.Item(item.ID)] = item
}

// Build makes the Dataset; the builder must not be used afterwards. Handles are given in the order in which items first
// came.
func (b *Builder) Build() *Dataset {
	d, err := Collect(&b.items, func(item uint32) *catalog.Item { return b.content[item] }, func(yield func(Row, error) bool) {
		for _, row := range b.rows {
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		panic(err) // of a user's identifier, which the caller makes
	}
	return d
}
