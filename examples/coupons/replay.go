package main

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// question is a trip: what could be redeemed, and what was.
type question []offer

// offer is a coupon on the morning of a trip.
type offer struct {
	id       string
	redeemed bool
	sold     float64 // units of its products, to anybody
	liked    float64 // score of that of its products that the household likes best
	value    float64 // dollars that a unit sold for on average
	known    []float64
}

// replay goes through the trips in order of time, and makes a question of each by what was known on its morning.
func replay(ctx context.Context, d *shopData, begin time.Time) (taught, asked []question, err error) {
	slices.SortStableFunc(d.sales, func(a, b sale) int { return a.at.Compare(b.at) })
	slices.SortStableFunc(d.trips, func(a, b *trip) int {
		return cmp.Or(a.day.Compare(b.day), cmp.Compare(a.household, b.household))
	})
	past := newPast(d.products)
	sales, trips := d.sales, d.trips
	for len(trips) > 0 {
		day := trips[0].day
		for ; len(sales) > 0 && sales[0].at.Before(day); sales = sales[1:] {
			past.sell(sales[0])
		}
		if err := past.retrain(ctx, day); err != nil {
			return nil, nil, err
		}
		today := 0
		for ; today < len(trips) && trips[today].day.Equal(day); today++ {
			q := past.ask(trips[today], d.offered(trips[today]))
			if day.Before(begin) {
				taught = append(taught, q)
			} else {
				asked = append(asked, q)
			}
		}
		for _, t := range trips[:today] { // in the evening: what is redeemed on a day is not known on its morning
			past.redeem(t, d.offered(t))
		}
		trips = trips[today:]
	}
	return taught, asked, nil
}

// offered is what the household of a trip could redeem on its day, in order of identifier.
func (d *shopData) offered(t *trip) (coupons []*coupon) {
	for _, c := range d.campaigns {
		if c.households[t.household] && !t.day.Before(c.from) && !t.day.After(c.to) {
			coupons = append(coupons, c.coupons...)
		}
	}
	slices.SortFunc(coupons, func(a, b *coupon) int { return cmp.Compare(a.id, b.id) })
	return coupons
}
