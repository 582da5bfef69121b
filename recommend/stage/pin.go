package stage

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/goldrec/gold/catalog"
)

// Pin gives items their places: an editor's choice. A pinned item is taken from where it stands, or comes in with score 0 and
// the source "pinned", and is Fixed. It comes to its place, or to the next that is not Fixed already; behind the others
// when there are too few of them. An item that the catalogue does not know, that q.Allow refuses or that is Fixed
// elsewhere is skipped, and its place goes to whoever has it. It costs a walk through the list for each pinned item.
type Pin struct {
	Slots map[int]string // item identifiers by place, of which 1 is the top

	once   sync.Once
	places []int // the keys of Slots, ascending
}

// Validate implements Checked.
func (p *Pin) Validate() error {
	for place, id := range p.Slots {
		if place < 1 || id == "" || len(id) > catalog.IDMax {
			return fmt.Errorf("%w: pin: %.64q at place %d", ErrInvalid, id, place)
		}
	}
	return nil
}

// Apply implements Stage.
func (p *Pin) Apply(list []Candidate, q *Query) []Candidate {
	p.once.Do(func() { p.places = slices.Sorted(maps.Keys(p.Slots)) })
	for _, place := range p.places {
		if item, ok := q.Catalog.Lookup(p.Slots[place]); ok && q.Allows(item) {
			list = pin(list, q, item, max(0, place-1))
		}
	}
	return list
}

func pin(list []Candidate, q *Query, item uint32, place int) []Candidate {
	at := slices.IndexFunc(list, func(c Candidate) bool { return c.Item == item })
	if at < 0 {
		at = len(list)
		list = append(list, Candidate{Item: item, Propensity: 1, Source: q.Source("pinned")})
	}
	if list[at].Fixed {
		return list
	}
	to := free(list, place, len(list))
	for i := len(list) - 1; to < 0; i-- { // list[at] is not Fixed
		to = free(list, i, i+1)
	}
	move(list, at, to)
	list[to].Fixed = true
	return list
}
