package howto

import (
	"strconv"

	"github.com/goldrec/gold/recommend/stage"
)

// ByWeather proposes what goes with the weather, of which the caller tells in Request.Context: identifiers by weather, no
// identifier twice.
type ByWeather map[string][]string

// Name is what pages and the log call the source.
func (ByWeather) Name() string { return "weather" }

// Propose takes those that may be shown, in their order. Scores stay 0, so that the blend decides where they come.
func (w ByWeather) Propose(dst []stage.Candidate, q *stage.Query, n int) []stage.Candidate {
	end := len(dst) + max(n, 0)
	for _, id := range w[q.Context["weather"]] {
		if item, ok := q.Catalog.Lookup(id); ok && len(dst) < end && q.Allows(item) {
			dst = append(dst, stage.Candidate{Item: item})
		}
	}
	return dst
}

// Budget puts what costs more than the visitor wants to spend behind everything else. Request.Context says how much that is, in
// minor units, under "budget".
type Budget struct {
	Usual int64 // where the request does not say; 0: no budget
}

func (b Budget) most(q *stage.Query) int64 {
	if most, err := strconv.ParseInt(q.Context["budget"], 10, 64); err == nil {
		return most
	}
	return b.Usual
}

// Idle says that there is nothing to do without a budget, so that no more candidates are gathered than a page holds.
func (b Budget) Idle(q *stage.Query) bool { return b.most(q) == 0 }

// Apply changes the order of what is not Fixed, and keeps everything.
func (b Budget) Apply(list []stage.Candidate, q *stage.Query) []stage.Candidate {
	most := b.most(q)
	if most == 0 {
		return list
	}
	order := make([]stage.Candidate, 0, len(list))
	for _, over := range []bool{false, true} {
		for _, c := range list {
			if !c.Fixed && (q.Catalog.Price(c.Item).Minor > most) == over {
				order = append(order, c)
			}
		}
	}
	for i := range list {
		if !list[i].Fixed {
			list[i], order = order[0], order[1:]
		}
	}
	return list
}
