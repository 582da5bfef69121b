package main

import (
	"cmp"
	"slices"

	"github.com/goldrec/gold/deals/allot"
	"github.com/goldrec/gold/recommend/eval"
)

// order is a way to rank the coupons of a question: it returns their places in it, the best first.
type order struct {
	name string
	rank func(q question) ([]uint32, error)
}

// orders are those that are compared; the last is the one they are compared with.
func orders(chances logit) []order {
	worth := func(value func(offer) float64) func(question) ([]uint32, error) {
		return func(q question) ([]uint32, error) {
			offers, place := make([]allot.Offer, len(q)), make(map[string]uint32, len(q))
			for i, p := range chances.chances(q) {
				offers[i] = allot.Offer{ID: q[i].id, Buy: p, Value: value(q[i])}
				place[q[i].id] = uint32(i)
			}
			if err := allot.Order(offers); err != nil {
				return nil, err
			}
			ranking := make([]uint32, len(offers))
			for i, o := range offers {
				ranking[i] = place[o.ID]
			}
			return ranking, nil
		}
	}
	return []order{
		{"popular: units sold", by(func(o offer) float64 { return o.sold })},
		{"popular: redeemed so far", by(func(o offer) float64 { return o.known[6] })},
		{"relevance alone", by(func(o offer) float64 { return o.liked })},
		{"worth, in dollars", worth(func(o offer) float64 { return o.value })},
		{"worth, a redemption for a redemption", worth(func(offer) float64 { return 1 })},
	}
}

func by(score func(offer) float64) func(question) ([]uint32, error) {
	return func(q question) ([]uint32, error) {
		ranking := make([]uint32, len(q))
		for i := range ranking {
			ranking[i] = uint32(i)
		}
		slices.SortStableFunc(ranking, func(a, b uint32) int { return cmp.Compare(score(q[b]), score(q[a])) })
		return ranking, nil
	}
}

func (q question) measure(rank func(question) ([]uint32, error)) (eval.Metrics, error) {
	ranking, err := rank(q)
	relevant := 0
	for _, o := range q {
		if o.redeemed {
			relevant++
		}
	}
	return eval.Measure(ranking, relevant, func(i uint32) bool { return q[i].redeemed }, 10), err
}
