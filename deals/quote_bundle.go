package deals

import (
	"cmp"
	"slices"
)

// pack is a bundle that the lines of a cart can make up.
type pack struct {
	occurrence Occurrence
	lines      []int
	apart      int64 // what one unit of each costs under its own best deal
}

func (s *pack) saves() int64 { return s.apart - s.occurrence.Deal.Discount.off }

// bundle takes units out of left for bundles, and returns for each line which it has a part in.
func (q *Quote) bundle(cart []Line, on [][]Occurrence, left []int64) ([][]Occurrence, error) {
	took := make([][]Occurrence, len(cart))
	packs, err := packs(cart, on)
	if err != nil {
		return nil, err
	}
	for _, s := range packs {
		n := left[s.lines[0]]
		for _, i := range s.lines {
			n = min(n, left[i])
		}
		if n <= 0 || s.saves() <= 0 {
			continue
		}
		price, err := times(s.occurrence.Deal.Discount.off, n)
		if err != nil {
			return nil, err
		}
		if q.Bundles, err = plus(q.Bundles, price); err != nil {
			return nil, err
		}
		for _, i := range s.lines {
			left[i] -= n
			took[i] = append(took[i], s.occurrence)
		}
	}
	return took, nil
}

// packs lists the bundles that the cart holds all items of, what saves the most first.
func packs(cart []Line, on [][]Occurrence) ([]pack, error) {
	var list []pack
	byID := map[string]int{}
	for i, line := range cart {
		one, err := cheapest(on[i], Line{line.Product, 1})
		if err != nil {
			return nil, err
		}
		for _, o := range on[i] {
			if d := o.Deal.Discount; d.kind != bundle || d.currency != line.Currency {
				continue
			}
			at, ok := byID[o.Deal.ID]
			if !ok {
				at = len(list)
				byID[o.Deal.ID] = at
				list = append(list, pack{occurrence: o})
			}
			s := &list[at]
			s.lines = append(s.lines, i)
			if s.apart, err = plus(s.apart, one.total); err != nil {
				return nil, err
			}
		}
	}
	list = slices.DeleteFunc(list, func(s pack) bool { return len(s.lines) < len(s.occurrence.Deal.Items) })
	slices.SortFunc(list, func(a, b pack) int {
		return cmp.Or(cmp.Compare(b.saves(), a.saves()), compareDeals(&a.occurrence.Deal, &b.occurrence.Deal))
	})
	return list, nil
}
