package stage

import (
	"fmt"
	"math"
)

// Explore shows now and then what the ranking would not, and says with which chance, so that what readers do with it tells of
// other rankings too (inverse propensity weighting: Horvitz and Thompson 1952). It draws the places of the page, from the
// top, each from the candidates that are left:
//
//	P(i) = Epsilon / m  +  (1 - Epsilon) · exp(score_i / Temperature) / Σ_j exp(score_j / Temperature)
//
// with m candidates left; Temperature 0 gives the second part to the first that is left. Epsilon alone is
// epsilon-greedy by place, Temperature alone the model of Plackett (1975) and Luce (1959), which is the order of score plus
// Gumbel noise times Temperature.
//
// Each item's Propensity is multiplied by P(i), the chance with which it stands at its place given what stands before it; the
// product of a page's propensities is the chance of the page. That holds for what is shown as long as no later stage
// chooses by order or score: put Explore behind those, and in front of Promote and Pin, whose places it does not draw.
// Without q.Rand it changes nothing. It costs N · candidates: about 5 µs for 20 of 100.
type Explore struct {
	Epsilon     float64 // 0 to 1
	Temperature float64 // in the unit of scores, at least 0
	Depth       int     // only the first so many candidates may be drawn; 0: all

	pool pool[exploreScratch]
}

type exploreScratch struct {
	left    []Candidate
	weights []float64 // of left: exp((score - top) / Temperature)
	drawn   []Candidate
}

// Validate implements Checked.
func (e *Explore) Validate() error {
	switch {
	case !(e.Epsilon >= 0 && e.Epsilon <= 1):
		return fmt.Errorf("%w: explore: epsilon %v", ErrInvalid, e.Epsilon)
	case !(e.Temperature >= 0) || math.IsInf(e.Temperature, 1):
		return fmt.Errorf("%w: explore: temperature %v", ErrInvalid, e.Temperature)
	case e.Depth < 0:
		return fmt.Errorf("%w: explore: depth %d", ErrInvalid, e.Depth)
	}
	return nil
}

// Apply implements Stage.
func (e *Explore) Apply(list []Candidate, q *Query) []Candidate {
	if q.Rand == nil || e.Epsilon == 0 && e.Temperature == 0 || e.Validate() != nil {
		return list
	}
	s := e.pool.get()
	defer e.pool.put(s)
	s.left, s.drawn = movable(s.left[:0], list), s.drawn[:0]
	var behind []Candidate
	if e.Depth > 0 && e.Depth < len(s.left) {
		s.left, behind = s.left[:e.Depth], s.left[e.Depth:]
	}
	s.weigh(e.Temperature)
	for _, c := range onPage(list, q) {
		if !c.Fixed && len(s.left) > 0 {
			s.draw(e, q.Rand.Float64())
		}
	}
	s.drawn = append(append(s.drawn, s.left...), behind...)
	arrange(list, s.drawn)
	return list
}

// weigh sets the weights of what is left, relative to the best of it, so that the greatest is 1.
func (s *exploreScratch) weigh(temperature float64) {
	s.weights = s.weights[:0]
	top := math.Inf(-1)
	for _, c := range s.left {
		top = max(top, float64(c.Score))
	}
	for _, c := range s.left {
		w := 1.0
		if temperature > 0 {
			w = math.Exp((float64(c.Score) - top) / temperature)
		} else if len(s.weights) > 0 {
			w = 0
		}
		s.weights = append(s.weights, w)
	}
}

// draw takes the next item out of what is left; u is even between 0 and 1.
func (s *exploreScratch) draw(e *Explore, u float64) {
	total := sum(s.weights)
	if total < math.SmallestNonzeroFloat32 { // those that were drawn had nearly all; the rest need digits of their own
		s.weigh(e.Temperature)
		total = sum(s.weights)
	}
	even, part := e.Epsilon/float64(len(s.left)), (1-e.Epsilon)/total
	chosen, chance := 0, 1.0
	for i, w := range s.weights {
		p := even + part*w
		if p > 0 {
			chosen, chance = i, p // of the last when rounding leaves u a little above 0
		}
		if u -= p; u < 0 {
			break
		}
	}
	c := s.left[chosen]
	c.Propensity = multiplied(c.Propensity, chance)
	s.drawn = append(s.drawn, c)
	copy(s.left[chosen:], s.left[chosen+1:])
	s.left = s.left[:len(s.left)-1]
	s.weights = append(s.weights[:chosen], s.weights[chosen+1:]...)
}

// multiplied is the propensity after one more draw, never 0.
func multiplied(before float32, chance float64) float32 {
	if before == 0 {
		before = 1
	}
	return max(math.SmallestNonzeroFloat32, before*float32(min(1, chance)))
}

func sum(values []float64) float64 {
	var s float64
	for _, v := range values {
		s += v
	}
	return s
}
