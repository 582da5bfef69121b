package recommend

import (
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/stage"
)

// trendingSource proposes what is popular at the moment.
type trendingSource struct{ engine *Engine }

func (trendingSource) Name() string { return Trending }

func (s trendingSource) Propose(dst []stage.Candidate, q *stage.Query, n int) []stage.Candidate {
	var top [64]model.Scored
	for _, t := range s.engine.trending.Top(top[:0], n, q.Allow, q.Now.Unix()) {
		dst = append(dst, stage.Candidate{Item: t.Item, Score: t.Score})
	}
	return dst
}

// anySource proposes whatever may be shown.
type anySource struct{}

func (anySource) Name() string { return Any }

func (anySource) Propose(dst []stage.Candidate, q *stage.Query, n int) []stage.Candidate {
	for item := range uint32(q.Catalog.Handles()) {
		if n == 0 {
			break
		}
		if q.Allows(item) {
			dst = append(dst, stage.Candidate{Item: item})
			n--
		}
	}
	return dst
}
