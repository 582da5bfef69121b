package main

import (
	"context"
	"math"
	"time"

	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
)

// past is what the shop knows: counts, and a blend of models of what households like. Models see kinds of products, since a
// household's sample of receipts is too short to say much of single ones.
type past struct {
	products map[string]product
	sold     map[string]float64 // units, by product
	dollars  map[string]float64 // by product
	bought   map[pair]float64   // units, by household and product, category or maker
	redeemed map[pair]float64   // times, by nobody and coupon, and by household and category
	offered  map[string]float64 // trips on which it could have been redeemed, by coupon

	histories map[string][]model.Event
	kinds     map[string]uint32 // handles, in the order in which they were first sold
	sales     []sale
	likes     *blend.Blend
	month     time.Month // in which likes was trained
}

type pair struct{ household, what string }

func newPast(products map[string]product) *past {
	return &past{
		products: products, sold: map[string]float64{}, dollars: map[string]float64{}, bought: map[pair]float64{},
		redeemed: map[pair]float64{}, offered: map[string]float64{},
		histories: map[string][]model.Event{}, kinds: map[string]uint32{},
	}
}

func (p *past) sell(s sale) {
	of := p.products[s.product]
	p.sold[s.product]++
	p.dollars[s.product] += s.value
	for _, what := range []string{s.product, of.category, "by " + of.maker} {
		p.bought[pair{s.household, what}]++
	}
	if _, ok := p.kinds[of.kind]; !ok {
		p.kinds[of.kind] = uint32(len(p.kinds))
	}
	p.histories[s.household] = append(p.histories[s.household], model.Event{Time: s.at.Unix(), Item: p.kinds[of.kind], Weight: 1})
	p.sales = append(p.sales, s)
}

// redeem takes in a trip that is over.
func (p *past) redeem(t *trip, offered []*coupon) {
	for _, c := range offered {
		p.offered[c.id]++
		if t.redeemed[c.id] {
			p.redeemed[pair{"", c.id}]++
			for category := range p.categories(c) {
				p.redeemed[pair{t.household, category}]++
			}
		}
	}
}

// retrain trains the models on all sales so far, on the first trip of a month. A Builder numbers items in the order in which
// they come, as sell does.
func (p *past) retrain(ctx context.Context, day time.Time) error {
	if p.month == day.Month() {
		return nil
	}
	p.month = day.Month()
	var b model.Builder
	for _, s := range p.sales {
		b.Add(s.household, p.products[s.product].kind, 1, s.at.Unix())
	}
	trainers := []model.Trainer{&popular.Trainer{}, &itemknn.Trainer{}, &als.Trainer{}}
	parts, weights, _, err := blend.Fit(ctx, trainers, b.Build(), blend.Options{Seed: 1})
	if err != nil {
		return err
	}
	p.likes, err = blend.New(parts, weights)
	return err
}

// ask makes the question of a trip.
func (p *past) ask(t *trip, offered []*coupon) question {
	q := make(question, len(offered))
	likes := p.liked(t)
	for i, c := range offered {
		o := offer{id: c.id, redeemed: t.redeemed[c.id], liked: math.Inf(-1)}
		var dollars, own, kin, made, before float64
		makers := map[string]bool{}
		for _, product := range c.products {
			of := p.products[product]
			o.sold += p.sold[product]
			dollars += p.dollars[product]
			own += p.bought[pair{t.household, product}]
			makers["by "+of.maker] = true
			if kind, ok := p.kinds[of.kind]; ok {
				o.liked = max(o.liked, likes[kind])
			}
		}
		for category := range p.categories(c) {
			kin += p.bought[pair{t.household, category}]
			before += p.redeemed[pair{t.household, category}]
		}
		for maker := range makers {
			made += p.bought[pair{t.household, maker}]
		}
		if math.IsInf(o.liked, -1) {
			o.liked = 0 // nothing like it was ever sold
		}
		o.value = dollars / max(o.sold, 1)
		o.known = []float64{
			o.liked, math.Log1p(o.sold), math.Log1p(own), math.Log1p(kin), math.Log1p(made), math.Log1p(before),
			math.Log((p.redeemed[pair{"", c.id}] + 0.5) / (p.offered[c.id] + 50)), math.Log(float64(len(c.products))),
		}
		q[i] = o
	}
	return q
}

// liked is the score of every kind of product for the household of a trip.
func (p *past) liked(t *trip) []float64 {
	answer := p.likes.Answer(&model.User{History: p.histories[t.household], Now: t.day.Unix()})
	defer answer.Close()
	items := make([]uint32, len(p.kinds))
	for i := range items {
		items[i] = uint32(i)
	}
	scores := make([]float32, len(items))
	answer.Score(scores, items)
	likes := make([]float64, len(items))
	for i, s := range scores {
		likes[i] = float64(s)
	}
	return likes
}

func (p *past) categories(c *coupon) map[string]bool {
	categories := map[string]bool{}
	for _, product := range c.products {
		categories[p.products[product].category] = true
	}
	return categories
}
