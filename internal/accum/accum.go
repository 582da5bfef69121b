// Package accum adds up scores by id without an array over all ids.
package accum

import "iter"

// Map sums float32 values under uint32 keys: an open-addressing hash table that is emptied in time proportional to
// what it holds and then used again, most often from a sync.Pool. The zero value is empty. The key ^uint32(0) is not
// allowed. It is not safe for concurrent use.
type Map struct {
	slots []slot   // a power of two
	used  []uint32 // places of the occupied slots, in the order of first use
	shift uint8    // 32 - log2(len(slots))
}

type slot struct {
	key   uint32 // one higher than the caller's; 0 marks an empty slot
	value float32
}

// Add adds value to what is kept under key.
func (m *Map) Add(key uint32, value float32) {
	if 2*len(m.used) >= len(m.slots) {
		m.grow()
	}
	i := m.find(key)
	if m.slots[i].key == 0 {
		m.slots[i].key = key + 1
		m.used = append(m.used, i)
	}
	m.slots[i].value += value
}

// Get returns the sum under key, 0 for one never added.
func (m *Map) Get(key uint32) float32 {
	if len(m.used) == 0 {
		return 0
	}
	return m.slots[m.find(key)].value
}

// Len is the number of keys.
func (m *Map) Len() int { return len(m.used) }

// All yields keys and their sums in the order in which the keys first came. The map must not change meanwhile.
func (m *Map) All() iter.Seq2[uint32, float32] {
	return func(yield func(uint32, float32) bool) {
		for _, i := range m.used {
			if !yield(m.slots[i].key-1, m.slots[i].value) {
				return
			}
		}
	}
}

// Reset empties the map and keeps its memory.
func (m *Map) Reset() {
	for _, i := range m.used {
		m.slots[i] = slot{}
	}
	m.used = m.used[:0]
}

// find returns the place of key, or of the empty slot that ends the search for it.
func (m *Map) find(key uint32) uint32 {
	slots := m.slots
	mask := uint32(len(slots) - 1)
	// Fibonacci hashing: dense keys, the usual ones, spread evenly.
	for i := (key * 0x9E3779B9) >> m.shift; ; i++ {
		i &= mask
		if k := slots[i].key; k == key+1 || k == 0 {
			return i
		}
	}
}

func (m *Map) grow() {
	old := *m
	size := max(256, 2*len(old.slots))
	m.slots = make([]slot, size)
	m.used = make([]uint32, 0, size/2)
	for m.shift = 32; size > 1; size /= 2 {
		m.shift--
	}
	for _, i := range old.used {
		at := m.find(old.slots[i].key - 1)
		m.slots[at] = old.slots[i]
		m.used = append(m.used, at)
	}
}
