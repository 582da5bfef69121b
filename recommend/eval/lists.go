package eval

import (
	"math"
	"slices"

	"github.com/goldrec/gold/recommend/model"
)

// popularity is what is known of how many users had an item.
type popularity struct {
	surprise []float64 // -log₂ of the part of users
	head     []bool    // among the most popular items that have a fifth of all pairs
}

// headShare is the part of all pairs of user and item that the head of the catalogue has.
const headShare = 0.2

func popularityOf(d *model.Dataset) popularity {
	users := holders(d)
	n, pairs := max(float64(d.UserCount()), 1), 0
	p := popularity{surprise: make([]float64, len(users)), head: make([]bool, len(users))}
	order := make([]uint32, len(users))
	for item, held := range users {
		pairs += held
		order[item] = uint32(item)
		p.surprise[item] = -math.Log2(max(float64(held), 0.5) / n)
	}
	slices.SortStableFunc(order, func(a, b uint32) int { return users[b] - users[a] })
	had := 0
	for _, item := range order {
		if float64(had) >= headShare*float64(pairs) {
			break
		}
		p.head[item] = true
		had += users[item]
	}
	return p
}

// holders counts the users who had each item.
func holders(d *model.Dataset) []int {
	users, last := make([]int, d.ItemCount()), make([]uint32, d.ItemCount())
	for u := range uint32(d.UserCount()) {
		for _, e := range d.History(u) {
			if last[e.Item] != u+1 {
				last[e.Item] = u + 1
				users[e.Item]++
			}
		}
	}
	return users
}

// of returns the novelty and the popularity of what one user was shown.
func (p popularity) of(shown []uint32) (novelty, head float64) {
	for _, item := range shown {
		novelty += p.surprise[item]
		if p.head[item] {
			head++
		}
	}
	n := float64(max(len(shown), 1))
	return novelty / n, head / n
}

func diversity(shown []uint32, similar func(a, b uint32) float64) float64 {
	if similar == nil || len(shown) < 2 {
		return 0
	}
	sum, pairs := 0.0, 0.0
	for i, a := range shown {
		for _, b := range shown[:i] {
			sum += 1 - similar(a, b)
			pairs++
		}
	}
	return sum / pairs
}

// spread returns the part of the items that were shown and the Gini coefficient of how often: with counts in rising order
// c₁ … cₙ, Σ (2i-n-1)·cᵢ / (n · Σ cᵢ).
func spread(shown []uint32) (coverage, gini float64) {
	counts := slices.Sorted(slices.Values(shown))
	n, sum, weighted, some := float64(len(counts)), 0.0, 0.0, 0
	for i, c := range counts {
		sum += float64(c)
		weighted += (2*float64(i+1) - n - 1) * float64(c)
		if c > 0 {
			some++
		}
	}
	if sum > 0 {
		gini = weighted / (n * sum)
	}
	return float64(some) / max(n, 1), gini
}

// SharedUsers is a measure of how alike two items are by who had them, for Options.Similar: the cosine of the sets A and B of
// d's users who had them, |A ∩ B| / √(|A|·|B|), and 0 when nobody had one of them. It costs 4 bytes for each pair of user and
// item, and a call as many steps as the two items had users. It is safe for concurrent use.
func SharedUsers(d *model.Dataset) func(a, b uint32) float64 {
	counts := holders(d)
	users := make([][]uint32, len(counts))
	for item, n := range counts {
		users[item] = make([]uint32, 0, n)
	}
	for u := range uint32(d.UserCount()) {
		for _, e := range d.History(u) {
			if have := users[e.Item]; len(have) == 0 || have[len(have)-1] != u {
				users[e.Item] = append(have, u)
			}
		}
	}
	return func(a, b uint32) float64 {
		as, bs, both := users[a], users[b], 0
		if len(as) == 0 || len(bs) == 0 {
			return 0
		}
		for i, j := 0, 0; i < len(as) && j < len(bs); {
			switch {
			case as[i] < bs[j]:
				i++
			case as[i] > bs[j]:
				j++
			default:
				both, i, j = both+1, i+1, j+1
			}
		}
		return float64(both) / math.Sqrt(float64(len(as))*float64(len(bs)))
	}
}
