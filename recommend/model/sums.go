package model

import "iter"

// Sums adds up scores by item without an array over all items: an open-addressing hash table that is emptied in time
// proportional to what it holds and then used again, most often from a sync.Pool. The zero value is empty. [NoItem] is
// not allowed. It is not safe for concurrent use.
type Sums struct {
	slots []slot   // a power of two
	used  []uint32 // places of the occupied slots, in the order of first use
	shift uint8    // 32 - log2(len(slots))
}

type slot struct {
	key   uint32 // one higher than the caller's; 0 marks an empty slot
	value float32
}

// Add adds value to the sum of an item.
func (m *Sums) Add(item uint32, value float32) {
	if 2*len(m.used) >= len(m.slots) {
		m.grow()
	}
	i := m.find(item)
	if m.slots[i].key == 0 {
		m.slots[i].key = item + 1
		m.used = append(m.used, i)
	}
	m.slots[i].value += value
}

// AddRow adds factor·values[k] to the sum of items[k], for all of them: what Add does, with less between two of them.
func (m *Sums) AddRow(items []uint32, factor float32, values []float32) {
	for 2*(len(m.used)+len(items)) >= len(m.slots) {
		m.grow()
	}
	values = values[:len(items)]
	slots, shift, used := m.slots, m.shift, m.used
	mask := uint32(len(slots) - 1)
	for k, item := range items {
		i := item * 0x9E3779B9 >> shift & mask // see find
		for slots[i].key != item+1 {
			if slots[i].key == 0 {
				slots[i].key = item + 1
				used = append(used, i)
				break
			}
			i = (i + 1) & mask
		}
		slots[i].value += factor * values[k]
	}
	m.used = used
}

// AppendTo appends the items and their sums to dst, in the order in which the items first came.
func (m *Sums) AppendTo(dst []Scored) []Scored {
	for _, i := range m.used {
		dst = append(dst, Scored{m.slots[i].key - 1, m.slots[i].value})
	}
	return dst
}

// Get returns the sum of an item, 0 for one never added.
func (m *Sums) Get(item uint32) float32 {
	if len(m.used) == 0 {
		return 0
	}
	return m.slots[m.find(item)].value
}

// Len is the number of items.
func (m *Sums) Len() int { return len(m.used) }

// All yields items and their sums in the order in which the items first came. The sums must not change meanwhile.
func (m *Sums) All() iter.Seq2[uint32, float32] {
	return func(yield func(uint32, float32) bool) {
		for _, i := range m.used {
			if !yield(m.slots[i].key-1, m.slots[i].value) {
				return
			}
		}
	}
}

// Moments returns the sum of all sums, and of their squares.
func (m *Sums) Moments() (sum, squares float64) {
	for _, i := range m.used {
		v := float64(m.slots[i].value)
		sum += v
		squares += v * v
	}
	return sum, squares
}

// Reset empties the sums and keeps their memory.
func (m *Sums) Reset() {
	if 16*len(m.used) > len(m.slots) { // in a row that is quicker
		clear(m.slots)
		m.used = m.used[:0]
		return
	}
	for _, i := range m.used {
		m.slots[i] = slot{}
	}
	m.used = m.used[:0]
}

// find returns the place of key, or of the empty slot that ends the search for it.
func (m *Sums) find(key uint32) uint32 {
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

func (m *Sums) grow() {
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
