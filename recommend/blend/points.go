package blend

import (
	"context"
	"math/rand/v2"
	"slices"

	"github.com/goldrec/gold/internal/parallel"
)

// pointsMax is how many combinations of weights are tried.
const pointsMax = 256

// point is a combination of weights, by part.
type point struct {
	weights []float32 // that sum up to one
	alone   bool      // of one part
}

// levels are what a weight may be, over that of the leading part: an impersonal part never leads.
func levels(impersonal bool) []float32 {
	if impersonal {
		return []float32{0, 0.05, 0.15, 0.4}
	}
	return []float32{0, 0.15, 0.4, 1}
}

// spanned returns the points to try: all combinations of levels of the active parts in which a personal one leads, or,
// where those are more than 256, each part alone, all pairs of equal weights, all alike, and others drawn.
func (l *lesson) spanned() []point {
	bounds := make([][]float32, len(l.blend.parts))
	var lead []int
	total := 1
	for _, p := range l.active {
		if !l.impersonal[p] {
			lead = append(lead, p)
		}
	}
	none := len(lead) == 0
	if none {
		lead = l.active
	}
	for _, p := range l.active {
		bounds[p] = levels(l.impersonal[p] && !none)
		total *= len(bounds[p])
	}
	var points []point
	add := func(w []float32) {
		if slices.ContainsFunc(lead, func(p int) bool { return w[p] == 1 }) {
			w := slices.Clone(w)
			counted := slices.DeleteFunc(slices.Clone(w), func(v float32) bool { return v == 0 })
			normalise(w)
			points = append(points, point{w, len(counted) == 1})
		}
	}
	w := make([]float32, len(bounds))
	if total <= 4*pointsMax/3 {
		for n := range total {
			for _, p := range l.active {
				w[p] = bounds[p][n%len(bounds[p])]
				n /= len(bounds[p])
			}
			add(w)
		}
		return points
	}
	for i, p := range lead {
		clear(w)
		w[p] = 1
		add(w)
		for _, q := range lead[:i] {
			w[q] = 1
			add(w)
			w[q] = 0
		}
	}
	for _, p := range lead {
		w[p] = 1
	}
	add(w)
	rng := rand.New(rand.NewPCG(l.opt.Seed, 0x62))
	for len(points) < pointsMax {
		for _, p := range l.active {
			w[p] = bounds[p][rng.IntN(len(bounds[p]))]
		}
		add(w)
	}
	return points
}

// measure tries all points on all examples.
func (l *lesson) measure(ctx context.Context) error {
	l.points = l.spanned()
	l.gains = make([][]float32, len(l.examples))
	return parallel.For(ctx, l.opt.Workers, len(l.examples), func(_, i int) {
		l.gains[i] = make([]float32, len(l.points))
		var blend []float32
		var gain float64
		for k, p := range l.points {
			gain, blend = l.examples[i].ndcg(p.weights, blend)
			l.gains[i][k] = float32(gain)
		}
	})
}

// even is the weights where nothing can be learned: all parts alike, impersonal ones a tenth of a personal one.
func (l *lesson) even() []float32 {
	w := make([]float32, len(l.blend.parts))
	for i := range w {
		w[i] = 1
		if l.impersonal[i] {
			w[i] = 0.1
		}
	}
	normalise(w)
	return w
}
