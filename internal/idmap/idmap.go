// Package idmap is a map from identifiers to values that many goroutines read without waiting.
package idmap

import (
	"hash/maphash"
	"iter"
	"sync"
	"sync/atomic"
)

// Map is a hash map from string to V. Its zero value is empty and ready; it must not be copied once used.
//
// It is safe for concurrent use. Reads take no lock and no allocation; writes take turns, cost one allocation, and now
// and then rebuild the table, which takes time in proportion to Len and keeps no reader waiting. Memory follows Len: a
// rebuild also shrinks.
//
// The table is open addressing with linear probing. A slot has a tag, the full hash of its key, which is written once in
// the life of a table, and a pointer to an immutable entry, which is nil when the key was deleted. Readers therefore
// need no more order than that a tag is stored before its entry.
type Map[V any] struct {
	table atomic.Pointer[table[V]]
	live  atomic.Int64

	mu   sync.Mutex // held by writers
	used int        // slots of the table that have a tag
}

type table[V any] struct {
	seed  maphash.Seed
	slots []slot[V] // a power of two of them, never all tagged
}

type slot[V any] struct {
	tag   atomic.Uint64 // 0: never used
	entry atomic.Pointer[entry[V]]
}

type entry[V any] struct {
	key   string
	value V
}

const slotsMin = 8

// Get returns the value of a key. It never waits and never allocates.
func (m *Map[V]) Get(key string) (value V, ok bool) {
	t := m.table.Load()
	if t == nil {
		return value, false
	}
	tag := t.hash(key)
	mask := uint64(len(t.slots) - 1)
	for i := tag & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		switch s.tag.Load() {
		case tag:
			if e := s.entry.Load(); e != nil && e.key == key {
				return e.value, true
			}
		case 0:
			return value, false
		}
	}
}

// Len is the number of keys.
func (m *Map[V]) Len() int { return int(m.live.Load()) }

// Set gives a key its value. The map keeps the key: clone one that is part of something larger.
func (m *Map[V]) Set(key string, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(key, value)
}

// GetOrSet returns the value that the key has, or gives it this one; loaded says that it had one.
func (m *Map[V]) GetOrSet(key string, value V) (actual V, loaded bool) {
	if v, ok := m.Get(key); ok {
		return v, true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.Get(key); ok {
		return v, true
	}
	m.set(key, value)
	return value, false
}

// Delete removes a key and returns the value that it had.
func (m *Map[V]) Delete(key string) (value V, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.table.Load()
	if t == nil {
		return value, false
	}
	s, found := t.find(key)
	if !found {
		return value, false
	}
	value = s.entry.Load().value
	s.entry.Store(nil)
	m.live.Add(-1)
	if len(t.slots) > slotsMin && m.Len() < len(t.slots)/8 {
		m.rebuild(t)
	}
	return value, true
}

// All yields keys and values in no particular order. What is written meanwhile may or may not be seen; a key comes at
// most once. It may run any number of times.
func (m *Map[V]) All() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		t := m.table.Load()
		if t == nil {
			return
		}
		for i := range t.slots {
			if e := t.slots[i].entry.Load(); e != nil && !yield(e.key, e.value) {
				return
			}
		}
	}
}

// set stores under m.mu.
func (m *Map[V]) set(key string, value V) {
	t := m.table.Load()
	if t == nil || (m.used+1)*8 > len(t.slots)*5 {
		t = m.rebuild(t)
	}
	s, found := t.find(key)
	if !found {
		m.live.Add(1)
	}
	if s.tag.Load() == 0 {
		m.used++
		s.tag.Store(t.hash(key))
	}
	s.entry.Store(&entry[V]{key, value})
}

// rebuild puts what lives into a table with room to double, and makes it the map's.
func (m *Map[V]) rebuild(old *table[V]) *table[V] {
	size := slotsMin
	for size*5 < (m.Len()+1)*2*8 {
		size *= 2
	}
	t := &table[V]{slots: make([]slot[V], size)}
	if old == nil {
		t.seed = maphash.MakeSeed()
	} else {
		t.seed = old.seed
		old.moveTo(t)
	}
	m.used = m.Len()
	m.table.Store(t)
	return t
}

func (t *table[V]) moveTo(to *table[V]) {
	mask := uint64(len(to.slots) - 1)
	for i := range t.slots {
		e, tag := t.slots[i].entry.Load(), t.slots[i].tag.Load()
		if e == nil {
			continue
		}
		j := tag & mask
		for to.slots[j].tag.Load() != 0 {
			j = (j + 1) & mask
		}
		to.slots[j].tag.Store(tag)
		to.slots[j].entry.Store(e)
	}
}

// find returns the slot of a key, or else the slot where it belongs: one of the same tag whose key was deleted, or the
// first free one.
func (t *table[V]) find(key string) (s *slot[V], found bool) {
	tag := t.hash(key)
	mask := uint64(len(t.slots) - 1)
	var free *slot[V]
	for i := tag & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		switch s.tag.Load() {
		case 0:
			if free != nil {
				s = free
			}
			return s, false
		case tag:
			if e := s.entry.Load(); e == nil {
				free = s
			} else if e.key == key {
				return s, true
			}
		}
	}
}

// hash is the key's tag: never 0, which marks a free slot.
func (t *table[V]) hash(key string) uint64 { return maphash.String(t.seed, key) | 1<<63 }
