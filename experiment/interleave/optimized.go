package interleave

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"
)

// optimizedDepth is how many positions are optimised together; there are at most 2^depth lists. Those after are drafted.
const optimizedDepth = 8

// optimized draws from the best distribution over the lists that could arise.
func (l *List) optimized(rng *rand.Rand, length int, rankings [][]string) error {
	lists := prefixes(rankings, min(length, optimizedDepth))
	p, err := weigh(lists, rankings)
	if err != nil {
		return err
	}
	u, chosen := rng.Float64(), 0
	for i, share := range p {
		if share <= 0 {
			continue
		}
		if chosen = i; u < share {
			break
		}
		u -= share
	}
	q := newQueues(rankings)
	l.Items = append(l.Items, lists[chosen]...)
	for _, item := range l.Items {
		q.taken[item] = true
	}
	for len(l.Items) < length {
		before := len(l.Items)
		for _, ranker := range rng.Perm(2) {
			if item, ok := q.top(ranker); ok && len(l.Items) < length {
				q.taken[item] = true
				l.Items = append(l.Items, item)
			}
		}
		if len(l.Items) == before {
			break
		}
	}
	for _, r := range ranksOf(l.Items, rankings) {
		l.credit = append(l.credit, []float64{float64(max(r.b-r.a, 0)), float64(max(r.a-r.b, 0))})
	}
	return nil
}

// prefixes lists every list whose each item is the best left of one of the rankings.
func prefixes(rankings [][]string, length int) [][]string {
	lists := [][]string{nil}
	for range length {
		var next [][]string
		for _, list := range lists {
			q := newQueues(rankings)
			for _, item := range list {
				q.taken[item] = true
			}
			a, okA := q.top(0)
			b, okB := q.top(1)
			if okA {
				next = append(next, append(list[:len(list):len(list)], a))
			}
			if okB && (!okA || a != b) {
				next = append(next, append(list[:len(list):len(list)], b))
			}
		}
		if next == nil {
			break
		}
		lists = next
	}
	return lists
}

// weigh solves for the probabilities of the lists: those that are the most sensitive on average under the condition that
// a user who clicks down to any depth k at random prefers neither side,
//
//	sum over lists of p sum over positions up to k of (rank in b - rank in a) = 0  for all k.
func weigh(lists [][]string, rankings [][]string) ([]float64, error) {
	n := len(lists)
	cost := make([]float64, n)
	rows := make([][]float64, len(lists[0])+1)
	for k := range rows {
		rows[k] = make([]float64, n)
	}
	for i, list := range lists {
		ranks := ranksOf(list, rankings)
		cost[i] = -sensitivity(ranks)
		sum := 0.0
		for k, r := range ranks {
			sum += float64(r.b - r.a)
			rows[k][i] = sum
		}
		rows[len(rows)-1][i] = 1
	}
	// The probabilities add up to 1; that row goes first, so that it is kept among dependent ones.
	rows = append([][]float64{rows[len(rows)-1]}, rows[:len(rows)-1]...)
	rows = independent(rows)
	if len(rows) == n { // as many conditions as lists: nothing left to choose
		return only(rows)
	}
	a := mat.NewDense(len(rows), n, nil)
	for k, row := range rows {
		a.SetRow(k, row)
	}
	b := make([]float64, len(rows))
	b[0] = 1
	_, p, err := lp.Simplex(cost, a, b, 1e-10, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: no unbiased distribution over the lists: %w", ErrInvalid, err)
	}
	return p, nil
}

// only solves for the one distribution that meets as many conditions as there are lists.
func only(rows [][]float64) ([]float64, error) {
	a := mat.NewDense(len(rows), len(rows), nil)
	for k, row := range rows {
		a.SetRow(k, row)
	}
	b := mat.NewVecDense(len(rows), nil)
	b.SetVec(0, 1)
	var p mat.VecDense
	if err := p.SolveVec(a, b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return p.RawVector().Data, nil
}

// sensitivity is how likely a click, of weight 1/position, is to tell the rankings apart, and how evenly it may go either
// way: the entropy of the sides times the share of positions that take one.
func sensitivity(ranks []rank) float64 {
	var forA, forB, total float64
	for i, r := range ranks {
		w := 1 / float64(i+1)
		total += w
		switch {
		case r.a < r.b:
			forA += w
		case r.b < r.a:
			forB += w
		}
	}
	if forA == 0 || forB == 0 {
		return 0
	}
	p := forA / (forA + forB)
	return -(p*math.Log2(p) + (1-p)*math.Log2(1-p)) * (forA + forB) / total
}

// independent keeps the rows that are no combination of earlier ones.
func independent(rows [][]float64) [][]float64 {
	var kept, reduced [][]float64
	var pivots []int
	for _, row := range rows {
		r := append([]float64(nil), row...)
		for i, other := range reduced {
			f := r[pivots[i]] / other[pivots[i]]
			for c := range r {
				r[c] -= f * other[c]
			}
		}
		pivot := 0
		for c := range r {
			if math.Abs(r[c]) > math.Abs(r[pivot]) {
				pivot = c
			}
		}
		if math.Abs(r[pivot]) > 1e-9 {
			kept, reduced, pivots = append(kept, row), append(reduced, r), append(pivots, pivot)
		}
	}
	return kept
}
