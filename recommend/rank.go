package recommend

import (
	"cmp"
	"math"
	"slices"

	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/stage"
)

// propose makes the list that the stages are given: what the teams rank and the sources propose, the best first, then what
// fills the page.
func (q *query) propose(req *Request) error {
	depth := req.N + 1
	if !q.idle() {
		depth = max(depth, req.N*q.plan.Depth)
	}
	if req.Items != nil {
		q.rankListed(req.Items)
		return nil
	}
	q.enumerate()
	if q.plan.Interleave && q.generation.serves(q.plan) {
		if err := q.interleave(req.N + 1); err != nil {
			return err
		}
	} else {
		q.rankTeam(0, depth)
	}
	for _, s := range q.plan.Fill {
		if len(q.list) >= depth {
			break
		}
		q.fill(s, depth)
	}
	return nil
}

// idle reports whether the stages of the plan have nothing to do for this page.
func (q *query) idle() bool {
	for _, s := range q.plan.Stages {
		if i, ok := s.(stage.Idler); !ok || !i.Idle(&q.stage) {
			return false
		}
	}
	return true
}

// enumerate lists what may be shown, when a filter makes that little.
func (q *query) enumerate() {
	if q.filter == nil || q.generation == nil {
		return
	}
	l := q.filter.narrow(q.engine.catalog, q.stage.Now)
	if l.few {
		q.narrow = l
	}
	if l.version == q.engine.catalog.Version() {
		q.passes = l.bitmap
	}
}

// rankTeam sets list to what a team and the sources propose, ranked, up to n.
func (q *query) rankTeam(team, n int) {
	q.list, q.items, q.more = q.list[:0], q.items[:0], q.more[:0]
	for i, s := range q.plan.Sources {
		before := len(q.more)
		q.more = s.Propose(q.more, &q.stage, n)
		for j := before; j < len(q.more); j++ {
			q.more[j].Source = uint8(len(q.plan.teams) + i)
		}
	}
	b, brought := q.ranker(team)
	var scored []model.Scored
	if b != nil && len(q.stage.User.History) > 0 {
		scored = q.rankBlend(b, team, n)
	}
	q.merge(scored, uint8(brought))
	q.list = q.list[:min(len(q.list), n)]
}

// ranker is who ranks for a team, and its number as a source. For a part that is not in service, and for parts to be interleaved
// of which one is not, the blend of all that are steps in, as it does for a list to be ranked, which is not interleaved.
func (q *query) ranker(team int) (b *blend.Blend, brought int) {
	together := q.plan.Interleave && (q.listed || !q.generation.serves(q.plan))
	if b = q.team(team); q.generation != nil && (b == nil && q.plan.standsIn(team) || together) {
		return q.generation.blend, slices.Index(q.plan.names, Blended)
	}
	return b, team
}

// standsIn reports whether the blend takes the place of a team that is not in service: not of what is trending, nor of
// no parts at all.
func (pl *plan) standsIn(team int) bool {
	return pl.teams[team] != Trending && pl.teams[team] != Blended
}

// team is the blend that ranks for a team of the plan; nil when none does.
func (q *query) team(team int) *blend.Blend {
	if q.generation == nil {
		return nil
	}
	return q.generation.plans[q.plan][team]
}

// rankBlend ranks what the parts of a blend propose inside what may be shown, up to n, and what the sources do.
func (q *query) rankBlend(b *blend.Blend, team, n int) []model.Scored {
	q.embed()
	if q.recall(b, team, n) {
		if q.explain {
			q.answer(b, team)
		}
		return q.scored
	}
	answer := q.answer(b, team)
	var allow model.Allow
	least := float32(math.Inf(-1))
	switch {
	case q.narrow != nil:
		q.among(answer, n)
		allow, least = q, 0
	case q.again(answer, n):
	default:
		q.items = answer.Gather(q.items, n, q, model.Thorough)
	}
	if len(q.more) > 0 {
		for _, c := range q.more {
			q.items = append(q.items, c.Item)
		}
		slices.Sort(q.items)
		q.items = slices.Compact(q.items)
		n = len(q.items)
	}
	q.scored = answer.Best(q.scored[:0], n, q.items, least, allow)
	return q.scored
}

// among sets items to those that a narrow filter leaves; where they are many, to the best of each part.
func (q *query) among(answer *blend.Answer, n int) {
	if n <= askedMax {
		if l := q.narrow.shortlist(q.generation); l != nil {
			q.items = answer.GatherAmong(q.items, l, n, q)
			return
		}
	}
	q.items = append(q.items, q.narrow.items...)
}

// merge puts what the blend ranked and what the sources proposed into list, the best first. What both have is the source's,
// with the scores of both.
func (q *query) merge(scored []model.Scored, brought uint8) {
	clear(q.have)
	for _, c := range q.more {
		if _, twice := q.have[c.Item]; !twice && q.Contains(c.Item) {
			q.have[c.Item] = struct{}{}
			c.Propensity = cmp.Or(c.Propensity, 1)
			q.list = append(q.list, c)
		}
	}
	sourced := len(q.list)
	for _, s := range scored {
		if _, twice := q.have[s.Item]; !twice {
			q.list = append(q.list, stage.Candidate{Item: s.Item, Score: s.Score, Propensity: 1, Source: brought})
			continue
		}
		i := slices.IndexFunc(q.list[:sourced], func(c stage.Candidate) bool { return c.Item == s.Item })
		q.list[i].Score += s.Score
	}
	if sourced > 0 {
		sortCandidates(q.list)
	}
}

// sortCandidates puts the best first, ties by handle.
func sortCandidates(list []stage.Candidate) {
	slices.SortStableFunc(list, func(a, b stage.Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
	})
}

// rankListed ranks the given items: those that the blend has a score for, then the others by how they trend.
func (q *query) rankListed(ids []string) {
	q.items = q.items[:0]
	for _, id := range ids {
		if item, ok := q.engine.items.Lookup(id); ok && q.Contains(item) {
			q.items = append(q.items, item)
		}
	}
	slices.Sort(q.items)
	q.items = slices.Compact(q.items)
	b, brought := q.ranker(0)
	if b != nil && len(q.stage.User.History) > 0 {
		q.embed()
		for _, s := range q.answer(b, 0).Rank(q.scored[:0], q.items) {
			if s.Score != 0 {
				q.list = append(q.list, stage.Candidate{Item: s.Item, Score: s.Score, Propensity: 1, Source: uint8(brought)})
			}
		}
	}
	q.fill(trendingOf{q.engine, q.items, q.stage.Now.Unix()}, len(q.items))
}
