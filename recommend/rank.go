package recommend

import (
	"cmp"
	"slices"

	"github.com/goldrec/gold/recommend/model"
)

// sortRanked puts the best first, ties by handle.
func sortRanked(rs []ranked) {
	slices.SortFunc(rs, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.item, b.item))
	})
}

func sortScored(cs []model.Scored) {
	slices.SortFunc(cs, func(a, b model.Scored) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
	})
}
