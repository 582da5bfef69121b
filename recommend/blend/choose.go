package blend

import (
	"context"
	"math"

	"github.com/goldrec/gold/internal/parallel"
)

const (
	folds = 5
	// lent is for how many users of its own a neighbouring class counts, at most; the one behind it for a quarter, and so on.
	lent = 50
	// none is a fold that no user is in.
	none = -1
)

// ballot is whose say weights are made of.
type ballot struct {
	class int
	fold  int  // which is left out
	alone bool // only one part may
}

// study learns the weights and what they are worth.
func (l *lesson) study(ctx context.Context, w *Weights, report *Report) error {
	if err := l.measure(ctx); err != nil {
		return err
	}
	blend, best := l.crossed(ctx, false), l.crossed(ctx, true)
	gained, deviation := l.paired(blend, best)
	// How much of the weights is the best part's: none, half, or all.
	var yield float32
	switch {
	case gained < -2*deviation:
		yield = 1
	case gained < -deviation:
		yield = 0.5
	}
	for c := range w.ByClass {
		single := l.weights(ballot{class: c, fold: none, alone: true})
		w.ByClass[c] = l.weights(ballot{class: c, fold: none})
		for p := range single {
			w.ByClass[c][p] += yield * (single[p] - w.ByClass[c][p])
		}
	}
	report.Best, report.Error = mean(best), deviation
	if report.Blend = mean(blend); yield > 0 {
		report.Blend += float64(yield) * (report.Best - report.Blend)
	}
	for _, p := range l.active {
		report.Alone[p] = l.alone(p)
	}
	return ctx.Err()
}

// crossed returns what each example gains from weights learned on the other folds.
func (l *lesson) crossed(ctx context.Context, alone bool) []float64 {
	out := make([]float64, len(l.examples))
	// That ctx has ended is seen by who asks it next.
	_ = parallel.For(ctx, l.opt.Workers, Classes*folds, func(_, k int) {
		b := ballot{class: k / folds, fold: k % folds, alone: alone}
		var weights, blend []float32
		for i := range l.examples {
			if l.examples[i].class == b.class && fold(i) == b.fold {
				if weights == nil {
					weights = l.weights(b)
				}
				out[i], blend = l.examples[i].ndcg(weights, blend)
			}
		}
	})
	return out
}

// fold is the fold that an example is in; examples of one class follow one another.
func fold(i int) int { return i % folds }

// weights are what the ballot's voters make of the points: the mean of those that come within one standard error of the
// best; of parts alone the best.
func (l *lesson) weights(b ballot) []float32 {
	votes := l.votes(b)
	sums, total := make([]float64, len(l.points)), 0.0
	for i, vote := range votes {
		if vote == 0 {
			continue
		}
		total += vote
		for k, g := range l.gains[i] {
			sums[k] += vote * float64(g)
		}
	}
	best := none
	for k := range l.points {
		if (l.points[k].alone || !b.alone) && (best == none || sums[k] > sums[best]) {
			best = k
		}
	}
	out := make([]float32, len(l.blend.parts))
	for k := range l.points {
		if k == best || !b.alone && l.close(votes, best, k, (sums[best]-sums[k])/total) {
			for i, v := range l.points[k].weights {
				out[i] += v
			}
		}
	}
	normalise(out)
	return out
}

// votes is how much each example counts for the ballot's class: its own in full, its neighbours' for as much as lent.
func (l *lesson) votes(b ballot) []float64 {
	var count [Classes]int
	for i := range l.examples {
		count[l.examples[i].class]++
	}
	out := make([]float64, len(l.examples))
	for i := range l.examples {
		c := l.examples[i].class
		switch away := max(c-b.class, b.class-c); {
		case fold(i) == b.fold:
		case away == 0:
			out[i] = 1
		default:
			out[i] = min(1, lent*math.Exp2(2-2*float64(away))/float64(count[c]))
		}
	}
	return out
}

// close reports whether point k comes within one standard error of the best, to which it loses so much on average.
func (l *lesson) close(votes []float64, best, k int, lost float64) bool {
	var squares, total float64
	for i, vote := range votes {
		d := float64(l.gains[i][best]-l.gains[i][k]) - lost
		squares += vote * vote * d * d
		total += vote
	}
	return lost*total <= math.Sqrt(squares)
}

// paired is the mean of a − b over the examples, and its standard error.
func (l *lesson) paired(a, b []float64) (difference, deviation float64) {
	var sum, squares float64
	for i := range a {
		d := a[i] - b[i]
		sum += d
		squares += d * d
	}
	n := float64(len(a))
	return sum / n, math.Sqrt(max(0, squares/n-sum/n*sum/n) / n)
}

func mean(of []float64) float64 {
	var sum float64
	for _, v := range of {
		sum += v
	}
	return sum / float64(max(1, len(of)))
}

// alone is the mean gain of the examples from one part.
func (l *lesson) alone(part int) float64 {
	weights, gains := make([]float32, len(l.blend.parts)), make([]float64, len(l.examples))
	weights[part] = 1
	var blend []float32
	for i := range l.examples {
		gains[i], blend = l.examples[i].ndcg(weights, blend)
	}
	return mean(gains)
}
