package hybrid

import (
	"context"
	"math"
	"slices"

	"github.com/goldrec/gold/internal/parallel"
)

// grid is the values that a weight tries, in units of its feature's spread.
var grid = [...]float32{0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1, 1.4, 2, 3, 5}

// ascend returns the weights of the best mean nDCG found. Coordinate by coordinate it tries every value of the grid and
// keeps the best, until a sweep changes nothing. It starts from the best part alone, from all alike, and from the
// weights that were best for the class before, when there are any.
func ascend(examples []example, spread, before []float32, workers int) []float32 {
	a := ascent{examples: examples, workers: workers, gains: make([]float64, len(examples))}
	starts := [][]float32{a.bestAlone(spread), alike(spread)}
	if before != nil {
		starts = append(starts, slices.Clone(before))
	}
	var best []float32
	bestGain := -1.0
	for _, w := range starts {
		if gain := a.climb(w, spread); gain > bestGain+improvedLeast {
			best, bestGain = w, gain
		}
	}
	return best
}

func (a *ascent) bestAlone(spread []float32) []float32 {
	var best []float32
	bestGain := -1.0
	for i := range spread {
		w := make([]float32, len(spread))
		w[i] = 1 / spread[i]
		if gain := a.gain(w); gain > bestGain {
			best, bestGain = w, gain
		}
	}
	return best
}

type ascent struct {
	examples []example
	workers  int
	gains    []float64
}

// alike are weights that make every part count the same.
func alike(spread []float32) []float32 {
	w := make([]float32, len(spread))
	for i := range w {
		w[i] = 1 / spread[i]
	}
	return w
}

// spreads is the standard deviation of every part's scores over all candidates, by which they are made comparable. That
// of scores which hardly differ is taken as a tenth of their size, and that of nothing but zeros as 1.
func spreads(examples []example, parts int) []float32 {
	out := make([]float32, parts)
	for i := range out {
		var n, sum, squares float64
		for _, e := range examples {
			for _, v := range e.features[i] {
				n++
				sum += float64(v)
				squares += float64(v) * float64(v)
			}
		}
		mean, square := sum/max(n, 1), squares/max(n, 1)
		out[i] = float32(math.Sqrt(max(square-mean*mean, square/100)))
		if out[i] == 0 {
			out[i] = 1
		}
	}
	return out
}

// scale makes the weights such that the spread of the blend is about 1.
func scale(w, spread []float32) []float32 {
	var sum float32
	for i := range w {
		sum += w[i] * spread[i]
	}
	out := slices.Clone(w)
	for i := range out {
		out[i] /= max(sum, 1e-30)
	}
	return out
}

func (a *ascent) climb(w, spread []float32) float64 {
	best := a.gain(w)
	for range sweepsMax {
		before := best
		for i := range w {
			kept := w[i]
			for _, v := range grid {
				w[i] = v / spread[i]
				if gain := a.gain(w); gain > best+improvedLeast {
					best, kept = gain, w[i]
				}
			}
			w[i] = kept
		}
		if best == before {
			break
		}
	}
	return best
}

// gain is the mean nDCG of the examples. The sum is taken in their order, so that workers do not change it.
func (a *ascent) gain(w []float32) float64 {
	if len(a.examples) == 0 {
		return 0
	}
	const part = 64
	parts := (len(a.examples) + part - 1) / part
	// The background context never ends, so that For has no error to return.
	_ = parallel.For(context.Background(), a.workers, parts, func(_, p int) {
		var blend []float32
		for i := p * part; i < min((p+1)*part, len(a.examples)); i++ {
			a.gains[i], blend = a.examples[i].ndcg(w, blend)
		}
	})
	var sum float64
	for _, g := range a.gains {
		sum += g
	}
	return sum / float64(len(a.examples))
}

// ndcg is the nDCG of the example under the weights. Instead of sorting it counts, for each of the few relevant
// candidates, those in front of it, and stops at the cutoff.
func (e *example) ndcg(w, blend []float32) (float64, []float32) {
	blend = append(blend[:0], make([]float32, len(e.features[0]))...)
	for i, f := range e.features {
		if w[i] != 0 {
			for j, v := range f {
				blend[j] += w[i] * v
			}
		}
	}
	var dcg float64
	for _, r := range e.relevant {
		front := 0
		for j, v := range blend {
			if v > blend[r] || v == blend[r] && j < r {
				if front++; front == cutoff {
					break
				}
			}
		}
		if front < cutoff {
			dcg += 1 / math.Log2(float64(front+2))
		}
	}
	return dcg / e.ideal, blend
}
