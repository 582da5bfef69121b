package content

import (
	"cmp"
	"slices"

	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

// reach is in how many lists an item stands at least, or in those of all its neighbours when it has fewer.
const reach = 5

// joining is how lists of neighbours come together.
type joining struct {
	k      int
	extend bool // what is kept stays whole, so that no score changes
}

// join adds to each item's list, which is kept, those that were found near to the item and those to which it was found
// near, and keeps the best 2k. An item that is then in fewer than reach lists, because its neighbours have many that are
// nearer, is let into the shortest lists of its neighbours all the same, so that every item can be found from others.
// Extending, a kept list loses nothing and grows to 4k.
func (j joining) join(kept, near [][]model.Scored) [][]model.Scored {
	lists := make([][]model.Scored, len(near))
	for i := range lists {
		lists[i] = slices.Clip(kept[i]) // what is appended goes elsewhere
	}
	for i, list := range near {
		lists[i] = append(lists[i], list...)
		for _, s := range list {
			lists[s.Item] = append(lists[s.Item], model.Scored{Item: uint32(i), Score: s.Score})
		}
	}
	listed := make([]int, len(lists))
	for i := range lists {
		if len(lists[i]) > len(kept[i]) {
			lists[i] = j.cut(lists[i], len(kept[i]))
		}
		for _, s := range lists[i] {
			listed[s.Item]++
		}
	}
	for i := range lists {
		close := near[i]
		if close == nil {
			close = kept[i]
		}
		if missing := min(reach, len(close)) - listed[i]; missing > 0 {
			admit(lists, uint32(i), close, missing)
		}
	}
	for i := range lists {
		slices.SortFunc(lists[i], best)
	}
	return lists
}

// cut bounds a list, of which so many were kept.
func (j joining) cut(list []model.Scored, kept int) []model.Scored {
	if !j.extend || kept == 0 {
		return cut(list, 2*j.k)
	}
	return append(list[:kept:kept], cut(list[kept:], max(0, 4*j.k-kept))...)
}

// cut keeps the best of a list, each item once. Similarity is symmetric, but of an item that is there twice one score may
// be from a time when words were more or less frequent: the higher counts.
func cut(list []model.Scored, most int) []model.Scored {
	slices.SortFunc(list, func(a, b model.Scored) int {
		return cmp.Or(cmp.Compare(a.Item, b.Item), cmp.Compare(b.Score, a.Score))
	})
	list = slices.CompactFunc(list, func(a, b model.Scored) bool { return a.Item == b.Item })
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
