package retail

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/goldrec/gold/examples/shop/stock"
)

const (
	demonstrators  = 5
	invoicesEnough = 8  // a customer with fewer shows little
	invoicesMost   = 40 // one with more is a wholesaler, who buys everything
)

// Stock is the data as a shop opens with it. Its shoppers are customers with a fair number of invoices and favourite
// categories that differ.
func (d *Data) Stock() *stock.Stock {
	return &stock.Stock{Source: Source, Items: d.Items, Interactions: d.Interactions, Shoppers: d.shoppers()}
}

// customer is what the log says of one customer.
type customer struct {
	id       string
	invoices int
	lines    map[string]int // by category
	total    int
	focus    float64 // how much more of the favourite category they buy than others do
	loved    []string
}

func (d *Data) shoppers() []stock.Shopper {
	everybody, usual := d.customers()
	var people []*customer
	for enough := invoicesEnough; enough > 0 && len(people) < demonstrators; enough /= 2 { // in a small file, fewer do
		people = slices.DeleteFunc(slices.Clone(everybody), func(c *customer) bool {
			return c.invoices < enough || c.invoices > invoicesMost || len(c.lines) < 2
		})
	}
	for _, c := range people {
		lift := func(category string) float64 {
			return float64(c.lines[category]) / (float64(c.total) * usual[category])
		}
		for category := range c.lines {
			c.loved = append(c.loved, category)
		}
		slices.SortFunc(c.loved, func(a, b string) int { return cmp.Or(cmp.Compare(lift(b), lift(a)), strings.Compare(a, b)) })
		c.focus = lift(c.loved[0]) * float64(c.lines[c.loved[0]])
	}
	slices.SortFunc(people, func(a, b *customer) int {
		return cmp.Or(cmp.Compare(b.focus, a.focus), strings.Compare(a.id, b.id))
	})
	var out []stock.Shopper
	taken := map[string]bool{}
	for _, c := range people {
		if len(out) == demonstrators || taken[c.loved[0]] {
			continue
		}
		taken[c.loved[0]] = true
		out = append(out, stock.Shopper{ID: c.id, Name: "Customer " + c.id, Note: fmt.Sprintf("buys %s and %s",
			strings.ToLower(c.loved[0]), strings.ToLower(c.loved[1]))})
	}
	return out
}

// customers sums the log up by customer, in order of their first purchase, and says which share of all lines each
// category has.
func (d *Data) customers() (people []*customer, usual map[string]float64) {
	categories := make(map[string]string, len(d.Items))
	for i := range d.Items {
		if c := d.Items[i].Categories; len(c) > 0 {
			categories[d.Items[i].ID] = c[0]
		}
	}
	byID, usual := map[string]*customer{}, map[string]float64{}
	invoices := map[string]bool{}
	for i := range d.Interactions {
		in := &d.Interactions[i]
		c := byID[in.User]
		if c == nil {
			c = &customer{id: in.User, lines: map[string]int{}}
			byID[in.User], people = c, append(people, c)
		}
		if !invoices[in.Session] {
			invoices[in.Session] = true
			c.invoices++
		}
		c.total++
		if category := categories[in.Item]; category != "" {
			c.lines[category]++
			usual[category] += 1 / float64(len(d.Interactions))
		}
	}
	return people, usual
}
