package content

import (
	"cmp"
	"slices"

	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

// reach is in how many lists an item stands at least, or in those of all its neighbours when it has fewer.
const reach = 5

// bothWays adds to each item's list the items that list it, and keeps the best 2k. An item that is then in fewer than
// reach lists, because its neighbours have many that are nearer, is let into the shortest lists of its neighbours all
// the same, so that every item can be found from others.
func bothWays(lists [][]model.Scored, k int) [][]model.Scored {
	all := make([][]model.Scored, len(lists))
	for i, list := range lists {
		for _, s := range list {
			all[i] = append(all[i], s)
			all[s.Item] = append(all[s.Item], model.Scored{Item: uint32(i), Score: s.Score})
		}
	}
	listed := make([]int, len(lists))
	for i := range all {
		all[i] = cut(all[i], 2*k)
		for _, s := range all[i] {
			listed[s.Item]++
		}
	}
	for i, near := range lists {
		if missing := min(reach, len(near)) - listed[i]; missing > 0 {
			admit(all, uint32(i), near, missing)
		}
	}
	for i := range all {
		slices.SortFunc(all[i], best)
	}
	return all
}

// cut keeps the best of a list, each item once.
func cut(list []model.Scored, most int) []model.Scored {
	slices.SortFunc(list, func(a, b model.Scored) int { return cmp.Compare(a.Item, b.Item) })
	list = slices.CompactFunc(list, func(a, b model.Scored) bool { return a.Item == b.Item }) // similarity is symmetric
	slices.SortFunc(list, best)
	return slices.Clip(list[:min(len(list), most)])
}

// admit puts the item into the shortest lists of its neighbours, of those as short the nearest.
func admit(all [][]model.Scored, item uint32, near []model.Scored, count int) {
	shortest := slices.Clone(near)
	slices.SortStableFunc(shortest, func(a, b model.Scored) int { return cmp.Compare(len(all[a.Item]), len(all[b.Item])) })
	for _, s := range shortest {
		if count == 0 {
			return
		}
		if !slices.ContainsFunc(all[s.Item], func(o model.Scored) bool { return o.Item == item }) {
			all[s.Item] = append(all[s.Item], model.Scored{Item: item, Score: s.Score})
			count--
		}
	}
}

func best(a, b model.Scored) int { return topk.Compare(topk.Scored(a), topk.Scored(b)) }
