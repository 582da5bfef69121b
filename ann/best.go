package ann

import (
	"cmp"
	"slices"
)

// byRank orders results as Search returns them.
func byRank(a, b Result) int {
	if c := cmp.Compare(b.Score, a.Score); c != 0 {
		return c
	}
	return cmp.Compare(a.Key, b.Key)
}

// best keeps the k best results offered to it: a heap with the worst of them on top.
type best struct {
	k    int
	heap []Result
}

func (b *best) reset(k int) {
	b.k, b.heap = k, b.heap[:0]
}

func (b *best) full() bool { return len(b.heap) >= b.k }

// worst is the score that a newcomer has to reach once the heap is full.
func (b *best) worst() float32 { return b.heap[0].Score }

func (b *best) offer(r Result) {
	if len(b.heap) < b.k {
		b.heap = append(b.heap, r)
		for i := len(b.heap) - 1; i > 0; {
			up := (i - 1) / 2
			if byRank(b.heap[i], b.heap[up]) <= 0 {
				break
			}
			b.heap[i], b.heap[up] = b.heap[up], b.heap[i]
			i = up
		}
		return
	}
	if byRank(r, b.heap[0]) >= 0 {
		return
	}
	b.heap[0] = r
	for i := 0; ; {
		down := 2*i + 1
		if down >= len(b.heap) {
			break
		}
		if right := down + 1; right < len(b.heap) && byRank(b.heap[right], b.heap[down]) > 0 {
			down = right
		}
		if byRank(b.heap[down], b.heap[i]) <= 0 {
			break
		}
		b.heap[i], b.heap[down] = b.heap[down], b.heap[i]
		i = down
	}
}

// appendTo appends the results, best first, to dst.
func (b *best) appendTo(dst []Result) []Result {
	slices.SortFunc(b.heap, byRank)
	return append(dst, b.heap...)
}
