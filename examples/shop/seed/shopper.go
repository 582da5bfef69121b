package seed

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/brianvoe/gofakeit/v7"
	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/examples/shop/stock"
	"github.com/goldrec/gold/store"
)

const (
	weeks   = 8                  // how far the log goes back
	hotDays = 5 * 24 * time.Hour // how long the hot products have been so
	dozing  = time.Hour          // visits begin at least so long before Now, and are shorter
	curious = 0.12               // the share of visits that have nothing to do with taste
	visits  = 9.0                // the median number of visits a shopper has made
	spread  = 0.7                // of that number, as the sigma of a log-normal distribution
	most    = 60                 // visits, at most
)

// taste is what a shopper likes, and the library has to find out.
type taste struct {
	leaves  []int     // favourite categories
	weights []float64 // how much each is loved, cumulative
	brands  map[string]bool
	colours map[string]bool
	place   float64 // the part of the price range they buy from, 0 the cheapest
}

// shopper is one person with a taste and a source of chance of their own.
type shopper struct {
	shop  *shop
	id    string
	name  string
	taste taste
	wants map[int][]float64 // by leaf: how much each of its products tempts
	rng   *rand.Rand
	count int // interactions made
	visit int
}

func (s *shop) newShopper(opt Options, n int) *shopper {
	rng := rand.New(rand.NewPCG(opt.Seed, uint64(n)+2))
	fake := gofakeit.NewFaker(rng, false)
	p := &shopper{shop: s, rng: rng, id: fmt.Sprintf("shopper-%04d", n+1), name: fake.FirstName(), wants: map[int][]float64{}}
	p.taste = taste{brands: map[string]bool{}, colours: map[string]bool{}, place: rng.Float64()}
	total := 0.0
	for _, l := range rng.Perm(len(s.leaves))[:min(3, len(s.leaves))] {
		total += 0.2 + rng.ExpFloat64()
		p.taste.leaves, p.taste.weights = append(p.taste.leaves, l), append(p.taste.weights, total)
		for range 2 {
			p.taste.brands[pick(rng, s.brands[l]).name] = true
		}
	}
	for range 3 {
		p.taste.colours[pick(rng, colours())] = true
	}
	return p
}

// live plays the shopper's visits of the last weeks.
func (p *shopper) live(now time.Time) []store.Interaction {
	var log []store.Interaction
	n := int(math.Round(visits * math.Exp(spread*p.rng.NormFloat64())))
	for range min(max(n, 1), most) {
		ago := time.Duration(p.rng.Float64() * float64(weeks*7*24*time.Hour))
		log = append(log, p.shopping(now, now.Add(-ago-dozing))...)
	}
	p.count = len(log)
	return log
}

// shopping is one visit: a look at a few products of one category, and what comes of it.
func (p *shopper) shopping(now, at time.Time) []store.Interaction {
	p.visit++
	v := visit{shopper: p, session: fmt.Sprintf("%s-%d", p.id, p.visit), at: at}
	l := p.intent()
	seen := map[string]bool{}
	for range 2 + p.rng.IntN(5) {
		item, fit := p.choose(l, now.Sub(at) < hotDays, seen)
		if item == nil {
			break
		}
		seen[item.item.ID] = true
		if bought := v.look(item, fit); bought && p.rng.Float64() < 0.45 {
			along := p.shop.byName[p.shop.leaves[l].goesWith]
			if other, fit := p.choose(along, false, seen); other != nil {
				seen[other.item.ID] = true
				v.look(other, fit+0.3)
			}
		}
	}
	return v.log
}

// intent is the category of a visit: mostly a favourite one.
func (p *shopper) intent() int {
	if p.rng.Float64() < curious {
		return p.rng.IntN(len(p.shop.leaves))
	}
	x := p.rng.Float64() * p.taste.weights[len(p.taste.weights)-1]
	i, _ := slices.BinarySearch(p.taste.weights, x)
	return p.taste.leaves[min(i, len(p.taste.leaves)-1)]
}

// choose picks a product of the leaf by appeal and taste, and says how well it fits the taste, 0 to 1.
func (p *shopper) choose(l int, hotNow bool, seen map[string]bool) (*product, float64) {
	products := p.shop.products[l]
	wants, sums, total := p.want(l), make([]float64, len(products)), 0.0
	for i := range products {
		if w := wants[i]; !seen[products[i].item.ID] {
			if products[i].hot && hotNow {
				w *= 8
			}
			total += w
		}
		sums[i] = total
	}
	if total == 0 {
		return nil, 0
	}
	x := p.rng.Float64() * total
	i, _ := slices.BinarySearchFunc(sums, x, func(sum, x float64) int {
		if sum <= x {
			return -1
		}
		return 1
	})
	c := &products[min(i, len(products)-1)]
	return c, p.fit(c)
}

// want is how much each product of a leaf tempts the shopper.
func (p *shopper) want(l int) []float64 {
	wants, ok := p.wants[l]
	if !ok {
		for i := range p.shop.products[l] {
			c := &p.shop.products[l][i]
			wants = append(wants, c.appeal*math.Exp(3.2*p.fit(c)))
		}
		p.wants[l] = wants
	}
	return wants
}

// fit is how well a product suits the taste: brand, colour and price, 0 to 1.
func (p *shopper) fit(c *product) float64 {
	fit := 0.35 * (1 - math.Abs(c.place-p.taste.place))
	if p.taste.brands[c.item.Brand] {
		fit += 0.4
	}
	if p.taste.colours[c.item.Attributes["colour"][0]] {
		fit += 0.25
	}
	return fit
}

// visit writes down what happens, a little later each time.
type visit struct {
	*shopper
	session string
	at      time.Time
	log     []store.Interaction
}

// look is one product looked at: perhaps liked, put into the cart and bought. It reports whether it was bought.
func (v *visit) look(c *product, fit float64) (bought bool) {
	v.note(c, store.View, 0)
	if v.rng.Float64() < 0.12*fit {
		v.note(c, store.Like, 0)
	}
	if v.rng.Float64() > 0.1+0.4*fit {
		return false
	}
	v.note(c, store.Cart, 0)
	if v.rng.Float64() > 0.6 {
		return false
	}
	v.note(c, store.Purchase, float64(1+v.rng.IntN(2)))
	return true
}

func (v *visit) note(c *product, kind store.Kind, value float64) {
	v.at = v.at.Add(time.Duration(5+v.rng.IntN(55)) * time.Second)
	v.log = append(v.log, store.Interaction{
		User: v.id, Item: c.item.ID, Kind: kind, Value: value, Session: v.session,
		Time: v.at.Truncate(time.Microsecond),
	})
}

// demonstrators picks shoppers who show well how tastes differ: busy ones with favourite departments of their own.
func demonstrators(people []*shopper) []stock.Shopper {
	busy := slices.SortedFunc(slices.Values(people), func(a, b *shopper) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.id, b.id))
	})
	var out []stock.Shopper
	taken := map[string]bool{}
	for _, p := range busy {
		loved := p.loved()
		department, _, _ := strings.Cut(p.shop.paths[loved[0]], catalog.PathSeparator)
		if taken[department] || taken[p.name] || len(out) == 5 {
			continue
		}
		taken[department], taken[p.name] = true, true
		out = append(out, stock.Shopper{ID: p.id, Name: p.name, Note: fmt.Sprintf("likes %s and %s",
			strings.ToLower(p.shop.leaves[loved[0]].name), strings.ToLower(p.shop.leaves[loved[1%len(loved)]].name))})
	}
	return out
}

// loved is the favourite categories, the most loved first.
func (p *shopper) loved() []int {
	weight := map[int]float64{}
	before := 0.0
	for i, l := range p.taste.leaves {
		weight[l], before = p.taste.weights[i]-before, p.taste.weights[i]
	}
	return slices.SortedFunc(slices.Values(p.taste.leaves), func(a, b int) int { return cmp.Compare(weight[b], weight[a]) })
}
