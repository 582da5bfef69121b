package experiment

// lru is a map that forgets the entry used longest ago when it is full. It is not safe for concurrent use.
type lru[K comparable, V any] struct {
	max     int
	entries map[K]*lruEntry[K, V]
	root    lruEntry[K, V] // of the ring: root.next was used last, root.prev longest ago
}

type lruEntry[K comparable, V any] struct {
	key        K
	value      V
	prev, next *lruEntry[K, V]
}

func newLRU[K comparable, V any](max int) *lru[K, V] {
	l := &lru[K, V]{max: max, entries: make(map[K]*lruEntry[K, V])}
	l.root.prev, l.root.next = &l.root, &l.root
	return l
}

func (l *lru[K, V]) get(key K) (V, bool) {
	e := l.entries[key]
	if e == nil {
		var zero V
		return zero, false
	}
	l.unlink(e)
	l.link(e)
	return e.value, true
}

func (l *lru[K, V]) put(key K, value V) {
	if e := l.entries[key]; e != nil {
		e.value = value
		l.unlink(e)
		l.link(e)
		return
	}
	e := &lruEntry[K, V]{key: key, value: value}
	if len(l.entries) >= l.max {
		oldest := l.root.prev
		l.unlink(oldest)
		delete(l.entries, oldest.key)
	}
	l.entries[key] = e
	l.link(e)
}

func (l *lru[K, V]) link(e *lruEntry[K, V]) {
	e.prev, e.next = &l.root, l.root.next
	e.prev.next, e.next.prev = e, e
}

func (l *lru[K, V]) unlink(e *lruEntry[K, V]) {
	e.prev.next, e.next.prev = e.next, e.prev
}
