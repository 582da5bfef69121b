package interleave

import (
	"fmt"
	"slices"

	"github.com/goldrec/gold/experiment/stats"
)

// Credit gives each ranker what the clicked positions, from 0, speak for it. A position clicked twice counts once; one
// that the list does not have is ErrInvalid.
func (l *List) Credit(clicks ...int) ([]float64, error) {
	clicks = slices.Compact(slices.Sorted(slices.Values(clicks)))
	credit := make([]float64, l.rankers)
	if len(clicks) == 0 {
		return credit, nil
	}
	if clicks[0] < 0 || clicks[len(clicks)-1] >= len(l.Items) {
		return nil, fmt.Errorf("%w: clicks at %v of %d items", ErrInvalid, clicks, len(l.Items))
	}
	if l.Method == Balanced {
		// The clicks among the top k of each ranking, k being the least depth at which one has the lowest click.
		lowest := l.ranks[clicks[len(clicks)-1]]
		k := min(lowest.a, lowest.b)
		for _, c := range clicks {
			if l.ranks[c].a <= k {
				credit[0]++
			}
			if l.ranks[c].b <= k {
				credit[1]++
			}
		}
		return credit, nil
	}
	for _, c := range clicks {
		for i, share := range l.credit[c] {
			credit[i] += share
		}
	}
	return credit, nil
}

// Tally counts, over the lists shown, which ranker got more credit. It is not safe for concurrent use.
type Tally struct {
	pairs map[[2]int]*stats.Sign
	n     int
}

// Add takes in the credit of one list, or of all lists of one user, which is better when users come back. Another number
// of rankers than before is ErrInvalid.
func (t *Tally) Add(credit []float64) error {
	if len(credit) < 2 || t.pairs != nil && len(credit) != t.n {
		return fmt.Errorf("%w: credit of %d rankers", ErrInvalid, len(credit))
	}
	if t.pairs == nil {
		t.pairs, t.n = make(map[[2]int]*stats.Sign), len(credit)
	}
	for i := range credit {
		for j := range i {
			s := t.pairs[[2]int{j, i}]
			if s == nil {
				s = new(stats.Sign)
				t.pairs[[2]int{j, i}] = s
			}
			switch {
			case credit[j] > credit[i]+1e-12:
				s.Wins++
			case credit[i] > credit[j]+1e-12:
				s.Losses++
			default:
				s.Ties++
			}
		}
	}
	return nil
}

// Duel returns how often ranker a got more credit than b, and less; nothing for rankers that there are not. Its PValue
// says whether that is chance. Of many duels correct with stats.Adjust.
func (t *Tally) Duel(a, b int) stats.Sign {
	if s := t.pairs[[2]int{a, b}]; s != nil {
		return *s
	}
	if s := t.pairs[[2]int{b, a}]; s != nil {
		return stats.Sign{Wins: s.Losses, Losses: s.Wins, Ties: s.Ties}
	}
	return stats.Sign{}
}
