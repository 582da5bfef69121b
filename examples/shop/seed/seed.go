// Package seed makes up a shop: a catalogue of household things, and shoppers who have tastes that nobody tells the
// library. Each shopper keeps to a few categories, brands and colours and to a price range, and the log of the weeks
// before now shows it, so that a recommender that learns from the log shows different people different things.
//
// The same Options give the same shop, to the last interaction.
package seed

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/examples/shop/stock"
	"github.com/goldrec/gold/store"
)

// Options says what to make up. Items and Shoppers below 1 make nothing.
type Options struct {
	Seed     uint64
	Items    int
	Shoppers int
	Now      time.Time // the log ends shortly before
}

// Generate makes up a shop. It takes about a second for 3,000 items and 1,500 shoppers.
func Generate(opt Options) *stock.Stock {
	s := newShop(opt)
	out := &stock.Stock{Source: fmt.Sprintf("seed %d: %d items, %d shoppers", opt.Seed, opt.Items, opt.Shoppers)}
	for _, products := range s.products {
		for _, p := range products {
			out.Items = append(out.Items, p.item)
		}
	}
	slices.SortFunc(out.Items, func(a, b catalog.Item) int { return cmp.Compare(a.ID, b.ID) })
	if len(out.Items) == 0 {
		return out
	}
	people := make([]*shopper, max(0, opt.Shoppers))
	for i := range people {
		people[i] = s.newShopper(opt, i)
		out.Interactions = append(out.Interactions, people[i].live(opt.Now)...)
	}
	slices.SortStableFunc(out.Interactions, func(a, b store.Interaction) int { return a.Time.Compare(b.Time) })
	out.Shoppers = demonstrators(people)
	return out
}
