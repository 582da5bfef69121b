// Package interleave compares rankings on one page: it mixes the results of two or more rankers into one list, gives each
// click to the ranker that deserves it, and tests which ranker users prefer. It needs about a hundredth of the users of an
// A/B test, since every user sees both sides.
//
//	list, err := interleave.Mix(interleave.TeamDraft, rng, 10, pageA, pageB)
//	credit, err := list.Credit(clicks...)   // positions that were clicked
//	err = tally.Add(credit)
//
// # Cost and concurrency
//
// A [List] is read-only and safe for concurrent use; a [Tally] is not. Of the methods only Optimized takes
// milliseconds. Package recommend mixes by team draft on its own pages, where a policy says Interleave, and this
// package need not be called.
//
// # Caveats
//
// Interleaving says which ranker users click more, not what it is worth: how much they buy needs an A/B test. A list must
// be kept, or made again from the same seed, until its clicks are in.
package interleave

import (
	"errors"
	"fmt"
	"math/rand/v2"
)

// ErrInvalid says that rankings, a method or clicks cannot be taken as they are.
var ErrInvalid = errors.New("interleave: invalid")

// Method is how rankings are mixed and clicks are credited.
type Method string

// The methods. Balanced and Optimized take two rankings, the others any number (multileaving).
const (
	// TeamDraft lets the rankers pick their best item left in turn, in an order drawn anew each round; a click goes to
	// who picked the item (Radlinski, Kurup and Joachims 2008; Schuth et al. 2014).
	TeamDraft Method = "team-draft"
	// Balanced walks both rankings abreast, whoever leads being drawn once; clicks are compared down to the depth of the
	// lowest one (Joachims 2003). It is biased when one ranking is the other moved by one.
	Balanced Method = "balanced"
	// Optimized draws from the lists that could arise with the probabilities that tell the rankings apart best while a
	// user who clicks at random prefers neither (Radlinski and Craswell 2013). It costs milliseconds.
	Optimized Method = "optimized"
	// Probabilistic draws each item from a softened ranking, 1/rank³, of a ranker drawn anew; a click is shared by how
	// likely each ranker was to bring the item (Hofmann, Whiteson and de Rijke 2011; Schuth et al. 2015).
	Probabilistic Method = "probabilistic"
)

// Limits of a mix.
const (
	RankersMax = 64
	LengthMax  = 1000
)

// List is a mixed list. It is read-only and safe for concurrent use.
type List struct {
	Method Method
	Items  []string
	Teams  []int // by TeamDraft: which ranker picked each item; nil otherwise

	rankers int
	credit  [][]float64 // what a click on each item gives each ranker; nil for Balanced
	ranks   []rank      // for Balanced
}

// rank is where each of two rankings has an item, from 0.
type rank struct{ a, b int }

// Mix mixes the rankings, best first, to a list of at most length items, fewer when they have no more. What is in a
// ranking twice counts once. The same draws of rng give the same list. Fewer than two rankings (exactly two for Balanced
// and Optimized), more than RankersMax, or a length below 1 or above LengthMax are ErrInvalid.
func Mix(m Method, rng *rand.Rand, length int, rankings ...[]string) (*List, error) {
	if len(rankings) < 2 || len(rankings) > RankersMax || (m == Balanced || m == Optimized) && len(rankings) != 2 {
		return nil, fmt.Errorf("%w: %d rankings for %s", ErrInvalid, len(rankings), m)
	}
	if length < 1 || length > LengthMax {
		return nil, fmt.Errorf("%w: length %d", ErrInvalid, length)
	}
	clean := make([][]string, len(rankings))
	for i, r := range rankings {
		clean[i] = distinct(r)
	}
	l := &List{Method: m, rankers: len(rankings)}
	switch m {
	case TeamDraft:
		l.teamDraft(rng, length, clean)
	case Balanced:
		l.balanced(rng, length, clean)
	case Optimized:
		return l, l.optimized(rng, length, clean)
	case Probabilistic:
		l.probabilistic(rng, length, clean)
	default:
		return nil, fmt.Errorf("%w: method %q", ErrInvalid, m)
	}
	return l, nil
}

func distinct(items []string) []string {
	seen := make(map[string]bool, len(items))
	out := make([]string, 0, len(items))
	for _, item := range items {
		if !seen[item] {
			seen[item] = true
			out = append(out, item)
		}
	}
	return out
}

// queues are rankings of which items are taken once, by whichever ranker.
type queues struct {
	rankings [][]string
	next     []int
	taken    map[string]bool
}

func newQueues(rankings [][]string) *queues {
	return &queues{rankings, make([]int, len(rankings)), make(map[string]bool)}
}

// top is the best item of a ranker that is left; ok is false when there is none.
func (q *queues) top(ranker int) (item string, ok bool) {
	r := q.rankings[ranker]
	for ; q.next[ranker] < len(r); q.next[ranker]++ {
		if item := r[q.next[ranker]]; !q.taken[item] {
			return item, true
		}
	}
	return "", false
}

func (l *List) teamDraft(rng *rand.Rand, length int, rankings [][]string) {
	q := newQueues(rankings)
	for len(l.Items) < length {
		before := len(l.Items)
		for _, ranker := range rng.Perm(len(rankings)) {
			if item, ok := q.top(ranker); ok && len(l.Items) < length {
				q.taken[item] = true
				l.pick(item, ranker)
			}
		}
		if len(l.Items) == before {
			return
		}
	}
}

func (l *List) pick(item string, ranker int) {
	l.Items = append(l.Items, item)
	l.Teams = append(l.Teams, ranker)
	share := make([]float64, l.rankers)
	share[ranker] = 1
	l.credit = append(l.credit, share)
}

// balanced lets the ranking that is not ahead go on, and the leader when both are abreast.
func (l *List) balanced(rng *rand.Rand, length int, rankings [][]string) {
	leader := rng.IntN(2)
	at := [2]int{}
	seen := make(map[string]bool)
	for len(l.Items) < length {
		turn := leader
		if at[1-leader] < at[leader] {
			turn = 1 - leader
		}
		if at[turn] == len(rankings[turn]) {
			if turn = 1 - turn; at[turn] == len(rankings[turn]) {
				break
			}
		}
		item := rankings[turn][at[turn]]
		at[turn]++
		if !seen[item] {
			seen[item] = true
			l.Items = append(l.Items, item)
		}
	}
	l.ranks = ranksOf(l.Items, rankings)
}

// ranksOf finds each item in both rankings; one that is not there ranks after all that are.
func ranksOf(items []string, rankings [][]string) []rank {
	var at [2]map[string]int
	for r := range at {
		at[r] = make(map[string]int, len(rankings[r]))
		for i, item := range rankings[r] {
			at[r][item] = i
		}
	}
	find := func(r int, item string) int {
		if i, ok := at[r][item]; ok {
			return i
		}
		return len(rankings[r])
	}
	out := make([]rank, len(items))
	for i, item := range items {
		out[i] = rank{find(0, item), find(1, item)}
	}
	return out
}
