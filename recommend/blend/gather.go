package blend

import (
	"slices"

	"github.com/goldrec/gold/recommend/model"
)

// A part that does not accumulate, a walker, has to look for what it proposes, which is most of what an answer costs. What it
// found holds for the user's next answers as well, nearly, as long as the history does not say much else: a caller who
// keeps that hands it in again. What the other parts propose is read off their sums, which are made in any case.

// Walkers says which of the walkers count for the user: a bit each, of the part's place modulo 64.
func (a *Answer) Walkers() (set uint64) {
	for i, p := range a.blend.parts {
		if _, ok := p.(model.Accumulator); !ok && a.hear(i) {
			set |= 1 << (i % 64)
		}
	}
	return set
}

// Walk appends the n best proposals of each walker inside allow to dst, each item once, by handle, and reports whether that is
// all that they have.
func (a *Answer) Walk(dst []uint32, n int, allow model.Allow) (items []uint32, all bool) {
	a.items = a.items[:0]
	full := a.walked(n, allow, model.Thorough)
	return append(dst, once(a.items)...), !full
}

// GatherFrom is [Answer.Gather] with those of the items that allow contains in place of what the walkers would propose. It
// reports how many they are.
func (a *Answer) GatherFrom(dst, items []uint32, n int, allow model.Allow) (gathered []uint32, allowed int) {
	a.items = a.items[:0]
	for _, item := range items {
		if allow == nil || allow.Contains(item) {
			a.items = append(a.items, item)
		}
	}
	allowed = len(a.items)
	a.accumulated(max(n, proposals), allow)
	return append(dst, once(a.items)...), allowed
}

// Shortlist is some items that many answers are to be looked for among.
type Shortlist struct {
	items []uint32
	lists []model.Shortlist // by part; nil: it has none
}

// Shortlist makes ready for the items, ascending and each once. It keeps them, but not the parts.
func (b *Blend) Shortlist(items []uint32) *Shortlist {
	l := &Shortlist{items: items, lists: make([]model.Shortlist, len(b.parts))}
	for i, p := range b.parts {
		if s, ok := p.(model.Shortlister); ok {
			l.lists[i] = s.Shortlist(items)
		}
	}
	return l
}

// GatherAmong appends to dst the n best of each part among the items of the list that allow contains, each item once, by handle.
// Allow contains no others.
func (a *Answer) GatherAmong(dst []uint32, list *Shortlist, n int, allow model.Allow) []uint32 {
	n = max(n, proposals)
	a.items = a.items[:0]
	a.accumulated(n, allow)
	for i, p := range a.blend.parts {
		if _, ok := p.(model.Accumulator); ok || !a.hear(i) {
			continue
		}
		if list.lists[i] != nil {
			a.items = list.lists[i].Best(a.items, &a.voices[i].user, n, allow)
			continue
		}
		a.one = slices.Grow(a.one[:0], len(list.items))[:len(list.items)]
		a.part(a.one, i, list.items)
		a.best.Reset(n)
		for j, score := range a.one {
			if score > 0 && a.best.Wants(score) && allow.Contains(list.items[j]) {
				a.best.Push(list.items[j], score)
			}
		}
		for _, s := range a.best.Kept() {
			a.items = append(a.items, s.Item)
		}
	}
	return append(dst, once(a.items)...)
}
