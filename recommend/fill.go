package recommend

import (
	"cmp"
	"slices"

	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/stage"
)

// fill adds what a source proposes and list does not have, below what is there, until there are n.
func (q *query) fill(s stage.Source, n int) {
	clear(q.have)
	base, scale := float32(0), float32(1)
	for _, c := range q.list {
		q.have[c.Item] = struct{}{}
		base = min(base, c.Score)
	}
	if len(q.list) > 0 {
		base--
	}
	q.more = s.Propose(q.more[:0], &q.stage, n+len(q.list)) // one that is listed already may come again
	if len(q.more) > 0 && q.more[0].Score > 0 {
		scale = 1 / q.more[0].Score
	}
	source := uint8(slices.Index(q.plan.names, s.Name()))
	for _, c := range q.more {
		if len(q.list) == n {
			return
		}
		if _, twice := q.have[c.Item]; twice {
			continue
		}
		q.have[c.Item] = struct{}{}
		c.Source, c.Propensity, c.Score = source, cmp.Or(c.Propensity, 1), base+c.Score*scale
		q.list = append(q.list, c)
	}
}

// trendingOf ranks given items by how they trend.
type trendingOf struct {
	engine *Engine
	items  []uint32
	now    int64
}

func (trendingOf) Name() string { return Trending }

func (t trendingOf) Propose(dst []stage.Candidate, _ *stage.Query, _ int) []stage.Candidate {
	before := len(dst)
	for _, item := range t.items {
		dst = append(dst, stage.Candidate{Item: item, Score: t.engine.trending().Score(item, t.now)})
	}
	sortCandidates(dst[before:])
	return dst
}

// trendingSource proposes what is popular at the moment, as source.Trending does, but says how far apart the sums lie, which that
// leaves to the blend: what fills a page has no other score.
type trendingSource struct{ engine *Engine }

func (trendingSource) Name() string { return Trending }

func (s trendingSource) Propose(dst []stage.Candidate, q *stage.Query, n int) []stage.Candidate {
	var top [64]model.Scored
	for _, t := range s.engine.trending().Top(top[:0], n, q.Allow, q.Now.Unix()) {
		dst = append(dst, stage.Candidate{Item: t.Item, Score: t.Score})
	}
	return dst
}
