package ann

import (
	"math/bits"
	"sync/atomic"
)

// table finds the slot of a key: open addressing with linear probing over slot numbers alone, the keys being in the graph.
// One writer at a time; readers need no lock.
type table struct {
	cells []uint32 // slot, or empty, or gone
	shift uint8
	used  int // cells that are not empty
}

const (
	emptyCell = none
	goneCell  = none - 1
)

// newTable returns a table for size keys at a load of at most two thirds.
func newTable(size int) *table {
	log := bits.Len(uint(max(size, 8) * 3 / 2))
	t := &table{cells: make([]uint32, 1<<log), shift: uint8(64 - log)}
	for i := range t.cells {
		t.cells[i] = emptyCell
	}
	return t
}

func (t *table) home(key uint32) int {
	return int(uint64(key) * 0x9e3779b97f4a7c15 >> t.shift)
}

// room tells whether another key can be put without crowding the table.
func (t *table) room() bool { return t.used < len(t.cells)*2/3 }

// get returns the slot under key, and whether there is one.
func (t *table) get(key uint32, keys []uint32) (uint32, bool) {
	for i := t.home(key); ; i = (i + 1) & (len(t.cells) - 1) {
		slot := atomic.LoadUint32(&t.cells[i])
		if slot == emptyCell {
			return 0, false
		}
		if slot != goneCell && int(slot) < len(keys) && atomic.LoadUint32(&keys[slot]) == key {
			return slot, true
		}
	}
}

// put stores slot under key. keys[slot] is key already.
func (t *table) put(key, slot uint32, keys []uint32) {
	for i := t.home(key); ; i = (i + 1) & (len(t.cells) - 1) {
		old := t.cells[i]
		if old == emptyCell {
			t.used++
		}
		if old == emptyCell || old != goneCell && keys[old] == key {
			atomic.StoreUint32(&t.cells[i], slot)
			return
		}
	}
}

// remove forgets key.
func (t *table) remove(key uint32, keys []uint32) {
	for i := t.home(key); ; i = (i + 1) & (len(t.cells) - 1) {
		old := t.cells[i]
		if old == emptyCell {
			return
		}
		if old != goneCell && keys[old] == key {
			atomic.StoreUint32(&t.cells[i], goneCell)
			return
		}
	}
}
