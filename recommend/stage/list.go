package stage

import (
	"cmp"
	"slices"
	"sync"
)

// pool keeps scratch memory between calls. It belongs to one stage, which is therefore used by pointer.
type pool[T any] struct{ p sync.Pool }

func (p *pool[T]) get() *T {
	if v, ok := p.p.Get().(*T); ok {
		return v
	}
	return new(T)
}

func (p *pool[T]) put(v *T) { p.p.Put(v) }

// movable appends the candidates that are not Fixed to dst.
func movable(dst, list []Candidate) []Candidate {
	for _, c := range list {
		if !c.Fixed {
			dst = append(dst, c)
		}
	}
	return dst
}

// arrange writes candidates, as many as of list are not Fixed, into the places of those.
func arrange(list, order []Candidate) {
	for i := range list {
		if !list[i].Fixed {
			list[i], order = order[0], order[1:]
		}
	}
}

// sortByScore brings the candidates into the order of their scores; equal ones keep theirs.
func sortByScore(list []Candidate) {
	slices.SortStableFunc(list, func(a, b Candidate) int { return cmp.Compare(b.Score, a.Score) })
}

// sink lowers scores to at most what the lowest of above has, so that whoever sorts by score leaves below behind above.
func sink(above, below []Candidate) {
	if len(above) == 0 {
		return
	}
	limit := above[0].Score
	for _, c := range above {
		limit = min(limit, c.Score)
	}
	for i := range below {
		below[i].Score = min(below[i].Score, limit)
	}
}

// move takes the candidate at from to the place to; those between give way by one, past the Fixed ones, which stay. Neither
// may be Fixed itself.
func move(list []Candidate, from, to int) {
	step := 1
	if from < to {
		step = -1
	}
	carried := list[from]
	for i := to; i != from+step; i += step {
		if !list[i].Fixed {
			carried, list[i] = list[i], carried
		}
	}
}

// free returns the first place from i on, and below end, that is not Fixed; -1 when there is none.
func free(list []Candidate, i, end int) int {
	for ; i < min(end, len(list)); i++ {
		if !list[i].Fixed {
			return i
		}
	}
	return -1
}

// onPage returns the part of list that is the page as it now is.
func onPage(list []Candidate, q *Query) []Candidate { return list[:max(0, min(q.N, len(list)))] }
