package ann

import (
	"sync/atomic"

	"github.com/goldrec/gold/internal/simd"
)

// table finds the slot of a key: open addressing with linear probing over slot numbers alone, the keys being in the graph.
// One writer at a time; readers need no lock.
type table struct {
	cells []uint32 // slot, or empty, or gone
	used  int      // cells that are not empty
}

const (
	emptyCell = none
	goneCell  = none - 1
)

// newTable returns a table for size keys at a load of at most two thirds.
func newTable(size int) *table {
	t := &table{cells: make([]uint32, max(size, 8)*3/2+1)}
	for i := range t.cells {
		t.cells[i] = emptyCell
	}
	return t
}

func (t *table) home(key uint32) int {
	return int(uint64(key*0x9e3779b1) * uint64(len(t.cells)) >> 32)
}

// after is the cell after i.
func (t *table) after(i int) int {
	if i++; i == len(t.cells) {
		return 0
	}
	return i
}

// room tells whether another key can be put without crowding the table.
func (t *table) room() bool { return t.used < len(t.cells)*2/3 }

// get returns the slot under key, and whether there is one.
func (t *table) get(key uint32, keys []uint32) (uint32, bool) {
	for i := t.home(key); ; i = t.after(i) {
		slot := atomic.LoadUint32(&t.cells[i])
		if slot == emptyCell {
			return 0, false
		}
		if slot != goneCell && int(slot) < len(keys) && atomic.LoadUint32(&keys[slot]) == key {
			return slot, true
		}
	}
}

// appendSlots appends the slots of those of the keys that are there to dst. The cells, and then the keys they lead to, are
// asked for all at once, so that their misses overlap.
func (t *table) appendSlots(dst, want, keys []uint32) []uint32 {
	for len(want) > 0 {
		part := want[:min(lookAhead, len(want))]
		want = want[len(part):]
		for _, key := range part {
			i := t.home(key)
			simd.Prefetch(t.cells[i : i+1])
		}
		for _, key := range part {
			if slot := atomic.LoadUint32(&t.cells[t.home(key)]); uint64(slot) < uint64(len(keys)) {
				simd.Prefetch(keys[slot : slot+1])
			}
		}
		for _, key := range part {
			if slot, ok := t.get(key, keys); ok {
				dst = append(dst, slot)
			}
		}
	}
	return dst
}

// lookAhead is how many keys are looked for at once.
const lookAhead = 16

// put stores slot under key. keys[slot] is key already.
func (t *table) put(key, slot uint32, keys []uint32) {
	for i := t.home(key); ; i = t.after(i) {
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
	for i := t.home(key); ; i = t.after(i) {
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
