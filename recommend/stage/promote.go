package stage

import (
	"fmt"

	"github.com/goldrec/gold/catalog"
)

// Promote gives every so-manieth place of the page to what a filter matches: what is advertised, or has to be cleared. At
// the places Every, 2·Every, … up to N stands the best promoted candidate that would have come later; it is Fixed and its
// source is "promoted". So never more than N/Every places are given away, and none when there is nothing to promote. What
// comes to its place by itself stays unmarked. A place that is Fixed already passes the right on to the next that is not,
// before the next turn.
//
// It promotes only among the candidates and what q.Allow allows: a source in the policy that proposes the items makes sure
// that they are there. It costs a walk through the list for all places together.
type Promote struct {
	Where catalog.Filter // required
	Every int            // one place of so many; 0 means 5
	Max   int            // places of one page at most; 0: as many as Every gives

	where where
}

// Validate implements Checked.
func (p *Promote) Validate() error {
	if p.Every < 0 || p.Max < 0 {
		return fmt.Errorf("%w: promote: every %d, at most %d", ErrInvalid, p.Every, p.Max)
	}
	return checkFilter("promote", p.Where)
}

// Apply implements Stage.
func (p *Promote) Apply(list []Candidate, q *Query) []Candidate {
	matcher := p.where.in(q.Catalog, p.Where)
	if matcher == nil {
		return list
	}
	every, left := p.Every, p.Max
	if every <= 0 {
		every = 5
	}
	if left <= 0 {
		left = q.N
	}
	page := len(onPage(list, q))
	for turn, from := every-1, 0; turn < page && left > 0; turn += every {
		to := free(list, turn, min(turn+every, page))
		if to < 0 || matcher.Match(list[to].Item) {
			continue
		}
		from = max(from, to+1)
		for from < len(list) && (list[from].Fixed || !matcher.Match(list[from].Item) || !q.Allows(list[from].Item)) {
			from++
		}
		if from == len(list) {
			break
		}
		move(list, from, to)
		list[to].Fixed, list[to].Source = true, q.Source("promoted")
		left--
	}
	return list
}
