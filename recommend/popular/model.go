package popular

import (
	"cmp"
	"slices"

	"github.com/goldrec/gold/recommend/model"
)

// popular scores items alike for everybody. Its scores lie in -1 to 1: 1 is the most popular item, 0 one that nobody
// touched, below 0 one that is more disliked than liked.
type popular struct {
	items  *model.IDs
	scores []float32
	order  []uint32 // items of a score above zero, best first, ties by handle
}

func newPopular(items *model.IDs, scores []float32) *popular {
	p := &popular{items: items, scores: scores}
	for i, s := range scores {
		if s > 0 {
			p.order = append(p.order, uint32(i))
		}
	}
	slices.SortFunc(p.order, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b))
	})
	return p
}

func (p *popular) Name() string      { return Name }
func (p *popular) Items() *model.IDs { return p.items }

func (p *popular) Score(dst []float32, _ *model.User, items []uint32) {
	for i, item := range items {
		dst[i] = p.scores[item]
	}
}

// Candidates walks the order until it has n; a filter costs as many steps as it refuses.
func (p *popular) Candidates(dst []model.Scored, _ *model.User, n int, allow func(uint32) bool) []model.Scored {
	for _, item := range p.order {
		if n <= 0 {
			break
		}
		if allow == nil || allow(item) {
			dst = append(dst, model.Scored{Item: item, Score: p.scores[item]})
			n--
		}
	}
	return dst
}

// Explain gives popularity itself as the reason.
func (p *popular) Explain(dst []model.Reason, _ *model.User, item uint32, n int) []model.Reason {
	if n <= 0 || p.scores[item] <= 0 {
		return dst
	}
	return append(dst, model.Reason{Model: Name, Because: model.NoItem, Share: 1})
}
