package recommend

import (
	"fmt"
	"slices"

	"github.com/goldrec/gold/experiment/interleave"
	"github.com/goldrec/gold/recommend/stage"
)

// interleave sets list to the pages that the teams of the plan would give, mixed by team draft. Each is a whole page, with what
// fills it up: a model that has little to say is not credited with less than its pages would get.
func (q *query) interleave(n int) error {
	pages := make([][]stage.Candidate, len(q.plan.teams))
	rankings := make([][]string, len(pages))
	for team := range pages {
		q.rankTeam(team, n)
		for _, s := range q.plan.Fill {
			if len(q.list) < n {
				q.fill(s, n)
			}
		}
		pages[team] = slices.Clone(q.list)
		for i := range pages[team] {
			rankings[team] = append(rankings[team], q.engine.items.ID(pages[team][i].Item))
		}
	}
	list, err := interleave.Mix(interleave.TeamDraft, q.rand, min(n, interleave.LengthMax), rankings...)
	if err != nil {
		return fmt.Errorf("recommend: interleave: %w", err)
	}
	q.list = q.list[:0]
	for i, team := range list.Teams {
		at := slices.Index(rankings[team], list.Items[i])
		c := pages[team][at]
		c.Source, c.Score = uint8(team), 1/float32(i+1)
		q.list = append(q.list, c)
	}
	return nil
}

// serves reports whether all parts of a plan are in service.
func (g *generation) serves(pl *plan) bool {
	for i, name := range pl.teams {
		if name != Trending && (g == nil || g.plans[pl][i] == nil) {
			return false
		}
	}
	return true
}
