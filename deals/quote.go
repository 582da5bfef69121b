package deals

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"
)

// Offer is the price of a product under what counts for it.
type Offer struct {
	Price int64        // of one unit, in the product's currency
	Deals []Occurrence // what gives it, in the order in which it is given; empty: nothing does
	Until time.Time    // the earliest end among Deals: the price must not be shown from then on
}

// Line is some units of a product in a cart.
type Line struct {
	Product
	Units int64
}

// Quote is what a cart costs.
type Quote struct {
	Total, Full int64      // with and without deals
	Lines       []int64    // what each line costs, bundled units not counted
	Bundles     int64      // what all bundled units cost together
	Deals       [][]string // for each line the IDs of what gives its price, the bundles last
	Until       time.Time  // the earliest end of a deal that counts; zero when none does
}

// Best returns the offer that counts for a product, a user and an instant. Of the deals that are live, for the user and on
// the product, each that does not stack is one candidate and all that stack, given one after the other by priority and ID,
// are another. The lowest price wins, then the higher priority, then the lower ID, whatever their order on the board. Each
// step is rounded as Discount.Price says. Deals in another currency do not count; a price below zero is ErrMoney.
//
// It looks at the deals on the product. Deals that want more than one unit (BuyGet, Bundle) do not lower the price of one: see
// Quote.
func (b *Board) Best(p Product, u User, t time.Time) (Offer, error) {
	if p.Price < 0 {
		return Offer{}, fmt.Errorf("%w: price of %d", ErrMoney, p.Price)
	}
	best, err := cheapest(slices.Collect(b.on(p, u, t)), Line{p, 1})
	return Offer{Price: best.total, Deals: best.deals, Until: best.until()}, err
}

// Quote works out what a cart costs a user at an instant. Bundles come first, those that save the most on one unit of each
// of their items before others, then by priority and ID: each is given as often as the cart holds all its items and it is
// cheaper than they are under the best deals of their own. The units that are left of a line cost what its best
// candidate gives, chosen as by Best.
//
// All lines must be of one currency, else ErrCurrency; units below zero are ErrUnits and a sum beyond int64 is ErrMoney.
// A product on two lines is ErrDuplicate.
func (b *Board) Quote(cart []Line, u User, t time.Time) (Quote, error) {
	q := Quote{Lines: make([]int64, len(cart)), Deals: make([][]string, len(cart))}
	left := make([]int64, len(cart))
	on := make([][]Occurrence, len(cart))
	seen := make(map[string]bool, len(cart))
	for i, line := range cart {
		switch {
		case seen[line.ID]:
			return Quote{}, fmt.Errorf("%w: %q on two lines", ErrDuplicate, line.ID)
		case line.Currency != cart[0].Currency:
			return Quote{}, fmt.Errorf("%w: a cart of %q and %q", ErrCurrency, cart[0].Currency, line.Currency)
		case line.Units < 0:
			return Quote{}, fmt.Errorf("%w: %d of %q", ErrUnits, line.Units, line.ID)
		case line.Price < 0:
			return Quote{}, fmt.Errorf("%w: price of %d of %q", ErrMoney, line.Price, line.ID)
		}
		seen[line.ID] = true
		full, err := times(line.Price, line.Units)
		if err != nil {
			return Quote{}, fmt.Errorf("%q: %w", line.ID, err)
		}
		if q.Full, err = plus(q.Full, full); err != nil {
			return Quote{}, err
		}
		left[i] = line.Units
		on[i] = slices.Collect(b.on(line.Product, u, t))
	}
	bundled, err := q.bundle(cart, on, left)
	if err != nil {
		return Quote{}, err
	}
	q.Total = q.Bundles
	for i, line := range cart {
		line.Units = left[i]
		best, err := cheapest(on[i], line)
		if err != nil {
			return Quote{}, fmt.Errorf("%q: %w", line.ID, err)
		}
		q.Lines[i] = best.total
		q.Total += best.total // never more than Full
		q.count(i, best.deals)
		q.count(i, bundled[i])
	}
	return q, nil
}

// count notes what gives the price of a line.
func (q *Quote) count(line int, list []Occurrence) {
	for _, o := range list {
		q.Deals[line] = append(q.Deals[line], o.Deal.ID)
		if q.Until.IsZero() || o.End.Before(q.Until) {
			q.Until = o.End
		}
	}
}

// on yields what is live for a user on a product, the higher priority first, then the lower ID.
func (b *Board) on(p Product, u User, t time.Time) iter.Seq[Occurrence] {
	return func(yield func(Occurrence) bool) {
		for _, d := range b.covering(p) {
			if !d.For(u) {
				continue
			}
			if s, loc := d.Window.In(u.Zone).state(t); s.live && !yield(occurrence(d, s.turn, loc)) {
				return
			}
		}
	}
}

// candidate is what some deals make of a line.
type candidate struct {
	total int64
	deals []Occurrence
}

func (c *candidate) until() time.Time {
	var until time.Time
	for _, o := range c.deals {
		if until.IsZero() || o.End.Before(until) {
			until = o.End
		}
	}
	return until
}

func (c *candidate) compare(o *candidate) int {
	a, b := &c.deals[0].Deal, &o.deals[0].Deal
	return cmp.Or(cmp.Compare(c.total, o.total), compareDeals(a, b))
}

// compareDeals puts the higher priority first, then the lower ID.
func compareDeals(a, b *Deal) int {
	return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.ID, b.ID))
}

// cheapest chooses among deals, which are in the order of compareDeals, for the units of a line.
func cheapest(list []Occurrence, line Line) (candidate, error) {
	full, err := times(line.Price, line.Units)
	if err != nil {
		return candidate{}, err
	}
	best := candidate{total: full}
	var stack []Occurrence
	for _, o := range list {
		if o.Deal.Discount.kind == bundle || o.Deal.Discount.currency != "" && o.Deal.Discount.currency != line.Currency {
			continue
		}
		if o.Deal.Stacks {
			stack = append(stack, o)
			continue
		}
		total, err := o.Deal.Discount.Total(line.Price, line.Units, line.Currency)
		if err != nil {
			return candidate{}, err
		}
		best.improve(candidate{total, []Occurrence{o}}, full)
	}
	if len(stack) > 0 {
		total, err := stacked(stack, line)
		if err != nil {
			return candidate{}, err
		}
		best.improve(candidate{total, stack}, full)
	}
	return best, nil
}

// improve takes the other candidate when it is better; one that saves nothing is not a candidate.
func (c *candidate) improve(o candidate, full int64) {
	if o.total < full && (len(c.deals) == 0 || o.compare(c) < 0) {
		*c = o
	}
}

// stacked gives deals one after the other: each lowers the price of a unit that the one before left, and what gives units
// away lowers their number.
func stacked(list []Occurrence, line Line) (int64, error) {
	price, units := line.Price, line.Units
	for _, o := range list {
		d := o.Deal.Discount
		if d.kind == buyGet {
			units = d.paid(units)
			continue
		}
		var err error
		if price, err = d.Price(price, line.Currency); err != nil {
			return 0, err
		}
	}
	return times(price, units)
}
