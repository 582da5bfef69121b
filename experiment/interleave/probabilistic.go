package interleave

import "math/rand/v2"

// probabilistic draws items one by one. What a click gives each ranker is the probability that the item came from it,
// given what was left to draw from.
func (l *List) probabilistic(rng *rand.Rand, length int, rankings [][]string) {
	soft := make([]softened, len(rankings))
	for i, r := range rankings {
		soft[i] = soften(r)
	}
	for len(l.Items) < length {
		ranker := rng.IntN(len(soft))
		for tries := 0; soft[ranker].left == 0; tries++ { // the next one that has items
			if tries == len(soft) {
				return
			}
			ranker = (ranker + 1) % len(soft)
		}
		item := soft[ranker].draw(rng)
		share := make([]float64, len(soft))
		total := 0.0
		for i := range soft {
			share[i] = soft[i].probability(item)
			total += share[i]
		}
		for i := range share {
			share[i] /= total
			soft[i].remove(item)
		}
		l.Items = append(l.Items, item)
		l.credit = append(l.credit, share)
	}
}

// softened is a ranking as a distribution: 1/rank³ among the items left.
type softened struct {
	items  []string
	weight []float64 // 0 once removed
	at     map[string]int
	left   int
}

func soften(ranking []string) softened {
	s := softened{ranking, make([]float64, len(ranking)), make(map[string]int, len(ranking)), len(ranking)}
	for i, item := range ranking {
		r := float64(i + 1)
		s.weight[i], s.at[item] = 1/(r*r*r), i
	}
	return s
}

// total adds up anew each time, so that no rounding is left when the heavy items are gone.
func (s *softened) total() float64 {
	sum := 0.0
	for i := len(s.weight) - 1; i >= 0; i-- { // the small ones first
		sum += s.weight[i]
	}
	return sum
}

func (s *softened) draw(rng *rand.Rand) string {
	u := rng.Float64() * s.total()
	last := -1
	for i, w := range s.weight {
		if w == 0 {
			continue
		}
		if last = i; u < w {
			break
		}
		u -= w
	}
	return s.items[last]
}

func (s *softened) probability(item string) float64 {
	i, ok := s.at[item]
	if !ok || s.weight[i] == 0 {
		return 0
	}
	return s.weight[i] / s.total()
}

func (s *softened) remove(item string) {
	if i, ok := s.at[item]; ok && s.weight[i] > 0 {
		s.weight[i] = 0
		s.left--
	}
}
