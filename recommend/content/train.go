package content

import (
	"cmp"
	"context"
	"fmt"

	"github.com/goldrec/gold/recommend/model"
)

// Train reads the items' content; interactions play no part, so an item is covered as soon as it is in the dataset with
// its content.
//
// From a Previous model with as many neighbours it keeps the lists of items whose content is the same, and looks for
// neighbours of what is new or has changed only. How rare words are moves meanwhile, which kept similarities do not show:
// when an eighth of the items have come, changed or gone since all pairs were last compared, all are compared again.
func (t Trainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	if t.Neighbors < 0 || t.Neighbors > neighborsMax {
		return nil, fmt.Errorf("content: %d neighbours", t.Neighbors)
	}
	k := cmp.Or(t.Neighbors, 50)
	s, err := read(ctx, data, opt)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return newModel(nil, nil, k), nil
	}
	old, _ := opt.Previous.(*Model)
	if old == nil || old.k != k {
		old = newModel(nil, nil, k)
	}
	r := revise(old, s.prints)
	near, err := s.nearest(ctx, r.wanted, k, opt)
	if err != nil {
		return nil, err
	}
	m := newModel(joining{k: k}.join(r.kept, near), s.prints, k)
	m.whole, m.since = r.whole, r.since
	return m, nil
}

// staleShare is one over the part of the items that may be new, other or gone before all pairs are compared again.
const staleShare = 8

// revision is what a training keeps of the model before.
type revision struct {
	kept         [][]model.Scored // by item, the best first
	wanted       []uint32         // items to find the nearest of, ascending
	whole, since int              // as of Model
}

// revise decides what of a model still holds for items with these prints.
func revise(old *Model, prints []uint64) revision {
	described, fresh, gone := 0, 0, 0
	same := func(item uint32) bool { return old.print(item) == prints[item] }
	for i, p := range prints {
		if p != 0 {
			described++
			if !same(uint32(i)) {
				fresh++
			}
		}
	}
	for i, p := range old.prints {
		if p != 0 && (i >= len(prints) || p != prints[i]) {
			gone++
		}
	}
	r := revision{kept: make([][]model.Scored, len(prints)), whole: old.whole, since: old.since + fresh + gone}
	afresh := staleShare*r.since > r.whole
	if afresh {
		r.whole, r.since = described, 0
	}
	for i, p := range prints {
		item := uint32(i)
		if p == 0 {
			continue
		}
		if !afresh && same(item) {
			near, similar := old.list(item)
			for j, other := range near {
				if int64(other) < int64(len(prints)) && same(other) {
					r.kept[i] = append(r.kept[i], model.Scored{Item: other, Score: similar[j]})
				}
			}
			if 2*len(r.kept[i]) >= len(near) {
				continue
			}
		}
		r.wanted = append(r.wanted, item)
	}
	return r
}

// print is that of the content that an item was compared by.
func (m *Model) print(item uint32) uint64 {
	if int64(item) < int64(len(m.prints)) {
		return m.prints[item]
	}
	return 0
}
