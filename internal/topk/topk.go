// Package topk keeps the best few of many scored ids.
package topk

import (
	"cmp"
	"slices"
)

// Scored is an id and its score.
type Scored struct {
	Item  uint32
	Score float32
}

// Selector keeps the n best of what is pushed: higher scores first, ties by smaller id. The result does not depend on
// the order of pushes, provided that every id comes once. The zero value keeps nothing until Reset. It allocates only
// while it grows, so that one from a pool soon allocates nothing. It is not safe for concurrent use.
type Selector struct {
	heap []Scored // the worst on top
	n    int
}

// Reset empties the selector and makes it keep up to n. Memory follows what is pushed, not n.
func (s *Selector) Reset(n int) {
	s.heap = s.heap[:0]
	s.n = max(n, 0)
}

// Push offers an id. A score that is NaN is never kept.
func (s *Selector) Push(id uint32, score float32) {
	if len(s.heap) == s.n && (s.n == 0 || !(score >= s.heap[0].Score)) {
		return
	}
	s.push(Scored{id, score})
}

// Wants reports whether an id of this score might be kept: a cheap test before dearer ones.
func (s *Selector) Wants(score float32) bool {
	return len(s.heap) < s.n || s.n > 0 && score >= s.heap[0].Score
}

func (s *Selector) push(e Scored) {
	switch {
	case e.Score != e.Score:
	case len(s.heap) < s.n:
		s.heap = append(s.heap, e)
		s.up(len(s.heap) - 1)
	case better(e, s.heap[0]):
		s.heap[0] = e
		s.down()
	}
}

// Len is the number kept so far.
func (s *Selector) Len() int { return len(s.heap) }

// Kept returns what was kept, in no order. The slice lives until the next Reset or Push.
func (s *Selector) Kept() []Scored { return s.heap }

// Sorted returns what was kept, the best first. The slice lives until the next Reset; nothing may be pushed before it.
func (s *Selector) Sorted() []Scored {
	slices.SortFunc(s.heap, Compare)
	return s.heap
}

// Compare orders the better of two before the other.
func Compare(a, b Scored) int {
	if c := cmp.Compare(b.Score, a.Score); c != 0 {
		return c
	}
	return cmp.Compare(a.Item, b.Item)
}

func better(a, b Scored) bool {
	return a.Score > b.Score || a.Score == b.Score && a.Item < b.Item
}

func (s *Selector) up(i int) {
	h := s.heap
	for i > 0 {
		parent := (i - 1) / 2
		if !better(h[parent], h[i]) {
			return
		}
		h[parent], h[i] = h[i], h[parent]
		i = parent
	}
}

func (s *Selector) down() {
	h := s.heap
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if right := child + 1; right < len(h) && better(h[child], h[right]) {
			child = right
		}
		if !better(h[i], h[child]) {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}
