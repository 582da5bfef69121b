package catalog

import (
	"hash/maphash"
	"math"
	"math/bits"
	"sync/atomic"
)

// hashTable finds numbers by the hash of what they stand for, which its owner keeps: a slot is a number and as much of
// the hash as there is room for, 4 bytes in all and no pointer. It is open addressing with linear probing. One writer may
// change it while others read; one that is too full is replaced.
type hashTable struct {
	seed  maphash.Seed
	width int             // bits of a slot that are the number plus 1; the bits above are of its hash
	slots []atomic.Uint32 // a power of two of them, three quarters filled at most; 0: free
	used  int             // slots that are not free; the writer's
}

const (
	hashSlotsMin = 16
	hashDeleted  = math.MaxUint32 // a slot whose number was removed; no number fills its bits with ones
)

// newHashTable makes a table with room for n numbers, and half as many again, of which none exceeds max.
func newHashTable(seed maphash.Seed, n int, max uint32) *hashTable {
	size := hashSlotsMin
	for size/4*3 < n+n/2+1 {
		size *= 2
	}
	width := bits.Len32(uint32(min(2*uint64(max)+2, math.MaxUint32)))
	return &hashTable{seed: seed, width: width, slots: make([]atomic.Uint32, size)}
}

// room reports whether the table can take a number.
func (t *hashTable) room(number uint32) bool {
	return t != nil && t.used < len(t.slots)/4*3 && number+1 < t.low()
}

// low is the bits of a slot that are its number.
func (t *hashTable) low() uint32 { return 1<<t.width - 1 }

// find returns the number with a hash that is the one.
func (t *hashTable) find(hash uint64, is func(number uint32) bool) (number uint32, ok bool) {
	mask, low := uint64(len(t.slots)-1), t.low()
	tag := uint32(hash>>32) &^ low
	for i := hash & mask; ; i = (i + 1) & mask {
		switch v := t.slots[i].Load(); {
		case v == 0:
			return 0, false
		case v&^low == tag && v != hashDeleted && is(v&low-1):
			return v&low - 1, true
		}
	}
}

// add puts a number in that is not there, and that room was true of.
func (t *hashTable) add(hash uint64, number uint32) {
	mask, low := uint64(len(t.slots)-1), t.low()
	i := hash & mask
	for t.slots[i].Load() != 0 {
		i = (i + 1) & mask
	}
	t.slots[i].Store(uint32(hash>>32)&^low | (number + 1))
	t.used++
}

// remove takes a number out that is there.
func (t *hashTable) remove(hash uint64, number uint32) {
	mask, slot := uint64(len(t.slots)-1), uint32(hash>>32)&^t.low()|(number+1)
	i := hash & mask
	for t.slots[i].Load() != slot {
		i = (i + 1) & mask
	}
	t.slots[i].Store(hashDeleted)
}
