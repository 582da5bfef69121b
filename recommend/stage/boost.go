package stage

import (
	"fmt"
	"math"

	"github.com/goldrec/gold/catalog"
)

// Boost raises what a filter matches, or buries it:
//
//	score' = score + By    for items that Where matches
//
// and the list is put in order of scores again, equal ones as they stood. By is in standard deviations, so that ½ is a
// nudge and 10 before everything else. It costs a look at the filter for each candidate and a sort: about 5 µs for 100.
type Boost struct {
	Where catalog.Filter // required
	By    float32        // below 0 buries

	where where
	pool  pool[[]Candidate]
}

// Validate implements Checked.
func (b *Boost) Validate() error {
	if err := checkFilter("boost", b.Where); err != nil {
		return err
	}
	return checkScore("boost", "By", b.By)
}

// Apply implements Stage.
func (b *Boost) Apply(list []Candidate, q *Query) []Candidate {
	matcher := b.where.in(q.Catalog, b.Where)
	if matcher == nil {
		return list
	}
	scratch := b.pool.get()
	defer b.pool.put(scratch)
	order := movable((*scratch)[:0], list)
	for i := range order {
		if matcher.Match(order[i].Item) {
			order[i].Score = raised(order[i].Score, b.By)
		}
	}
	sortByScore(order)
	arrange(list, order)
	*scratch = order
	return list
}

// raised is a sum that stays finite.
func raised(score, by float32) float32 {
	return max(-math.MaxFloat32, min(math.MaxFloat32, score+by))
}

// checkScore says what is wrong with a number in the unit of scores.
func checkScore(stage, name string, v float32) error {
	if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
		return fmt.Errorf("%w: %s: %s is %v", ErrInvalid, stage, name, v)
	}
	return nil
}
