package allot

import (
	"fmt"
	"math"
	"slices"
)

// Plan says which deals users are shown.
type Plan struct {
	Shown  [][]int   // for each user the indices of deals, in no particular order
	Prices []float64 // for a place in front of each deal: what the best user who is not shown it would lose; 0 where there is room
	Total  float64   // of worth
	Bound  float64   // the best plan's total is at most this much more
}

const (
	precision = 0.005 // of the total, that a plan may lack
	rounds    = 12
)

// Share finds who is shown what, so that the worth of all that is shown is within half a percent of the most there can be. worth
// has a row of the deals' worths for each user, 0 or more and finite; slots is how many deals a user is shown at most, and
// caps how many users each deal may be shown to at most, which follows from the units left and the chance of a sale. A deal is
// shown to a user once at most, and not when it is worth nothing to them.
//
// It is an auction (Bertsekas, 1988): users bid for places, those who are outbid bid again, and when nobody does, nobody
// would rather have another place at the prices by more than the step of the bids. Rows are taken in their order, so that
// the plan is a function of its input. The error wraps ErrOffer. Time grows with the bids: about 1 µs for each and ten deals.
func Share(worth [][]float64, slots int, caps []int) (Plan, error) {
	top := 0.0
	for u, row := range worth {
		if len(row) != len(caps) {
			return Plan{}, fmt.Errorf("%w: user %d has %d deals of %d", ErrOffer, u, len(row), len(caps))
		}
		for d, w := range row {
			if !(w >= 0) || math.IsInf(w, 0) {
				return Plan{}, fmt.Errorf("%w: deal %d is worth %v to user %d", ErrOffer, d, w, u)
			}
			top = max(top, w)
		}
	}
	if slots < 0 {
		return Plan{}, fmt.Errorf("%w: %d slots", ErrOffer, slots)
	}
	step := top * precision
	for range rounds {
		a := newAuction(worth, slots, caps, step)
		a.run()
		p := a.plan()
		if p.Bound <= precision*p.Total || step == 0 {
			return p, nil
		}
		step = max(step/4, precision*p.Total/(2*float64(len(worth)*slots)))
	}
	a := newAuction(worth, slots, caps, step)
	a.run()
	return a.plan(), nil
}

// auction is under way.
type auction struct {
	worth  [][]float64
	slots  int
	step   float64
	places []places // in front of each deal
	shown  [][]int  // deals of each user
	free   []int    // users who may have a free slot, the next one last
}

// places are those in front of a deal: a heap by bid, then by user.
type places struct {
	cap  int
	held []bid
}

type bid struct {
	amount float64
	user   int
}

func newAuction(worth [][]float64, slots int, caps []int, step float64) *auction {
	a := &auction{worth: worth, slots: slots, step: step, places: make([]places, len(caps)), shown: make([][]int, len(worth))}
	for d, c := range caps {
		a.places[d].cap = max(c, 0)
	}
	if slots > 0 {
		for u := range worth {
			a.free = append(a.free, len(worth)-1-u)
		}
	}
	return a
}

// price is what the next bid for a place must exceed.
func (p *places) price() float64 {
	switch {
	case p.cap == 0:
		return math.Inf(1)
	case len(p.held) < p.cap:
		return 0
	}
	return p.held[0].amount
}

func (a *auction) run() {
	for len(a.free) > 0 {
		u := a.free[len(a.free)-1]
		if len(a.shown[u]) >= a.slots || !a.bid(u) {
			a.free = a.free[:len(a.free)-1] // bid adds nobody when it fails
		}
	}
}

// bid takes the place that is worth the most to a user above its price, for as much more as it is better than the next best.
func (a *auction) bid(u int) bool {
	best, gain, second := -1, 0.0, 0.0
	for d, w := range a.worth[u] {
		net := w - a.places[d].price()
		if net <= second || a.has(u, d) {
			continue
		}
		if net > gain {
			best, gain, second = d, net, gain
		} else {
			second = net
		}
	}
	if best < 0 {
		return false
	}
	p := &a.places[best]
	amount := a.worth[u][best] - second + a.step
	if len(p.held) == p.cap {
		out := p.pop()
		a.lose(out.user, best)
		a.free = append(a.free, out.user) // who bids next; the bidder goes on afterwards
	}
	p.push(bid{amount, u})
	a.shown[u] = append(a.shown[u], best)
	return true
}

func (a *auction) has(u, d int) bool {
	return slices.Contains(a.shown[u], d)
}

func (a *auction) lose(u, d int) {
	list := a.shown[u]
	for i, s := range list {
		if s == d {
			list[i] = list[len(list)-1]
			a.shown[u] = list[:len(list)-1]
			return
		}
	}
}

func (a *auction) plan() Plan {
	p := Plan{Shown: a.shown, Prices: make([]float64, len(a.places))}
	n := 0
	for u, list := range a.shown {
		for _, d := range list {
			p.Total += a.worth[u][d]
			n++
		}
	}
	for d := range a.places {
		if price := a.places[d].price(); !math.IsInf(price, 0) {
			p.Prices[d] = price
		}
	}
	p.Bound = a.dual(p.Prices) - p.Total
	return p
}

// dual is what no plan can exceed: what users would gain at the prices, if there were room for all, and what the places cost.
func (a *auction) dual(prices []float64) float64 {
	var sum float64
	for d, price := range prices {
		sum += price * float64(a.places[d].cap)
	}
	gains := make([]float64, 0, a.slots+1)
	for _, row := range a.worth {
		gains = gains[:0]
		for d, w := range row {
			if gain := w - prices[d]; gain > 0 && a.places[d].cap > 0 {
				gains = insert(gains, gain, a.slots)
			}
		}
		for _, g := range gains {
			sum += g
		}
	}
	return sum
}

// insert keeps the n largest, in falling order.
func insert(list []float64, x float64, n int) []float64 {
	list = append(list, x)
	for i := len(list) - 1; i > 0 && list[i-1] < list[i]; i-- {
		list[i-1], list[i] = list[i], list[i-1]
	}
	return list[:min(n, len(list))]
}

func before(a, b bid) bool { return a.amount < b.amount || a.amount == b.amount && a.user > b.user }

func (p *places) push(b bid) {
	h := append(p.held, b)
	for i := len(h) - 1; i > 0 && before(h[i], h[(i-1)/2]); i = (i - 1) / 2 {
		h[i], h[(i-1)/2] = h[(i-1)/2], h[i]
	}
	p.held = h
}

func (p *places) pop() bid {
	h := p.held
	first := h[0]
	h[0] = h[len(h)-1]
	h = h[:len(h)-1]
	for i := 0; ; {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(h); c++ {
			if before(h[c], h[least]) {
				least = c
			}
		}
		if least == i {
			break
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
	p.held = h
	return first
}
