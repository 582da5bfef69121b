package bandit

import "math"

// The probability that each of several beliefs is the highest:
//
//	P(k is best) = integral of f_k(x) product over j != k of F_j(x) dx
//
// by the trapezoidal rule on one grid that follows all beliefs. It is good to about 1e-3 absolute, and adds up to 1; the
// choice is then drawn from exactly these numbers, so that the propensities are exact.

const gridPoints = 1024

// betaBest is that of Beta(1 + sum, 1 + n - sum) beliefs.
func betaBest(arms []Arm) []float64 {
	return best(len(arms), func(k int) (lo, hi float64) {
		mean, sd := betaMoments(arms[k])
		return max(mean-8*sd, 0), min(mean+8*sd, 1)
	}, func(k int, x float64) float64 {
		a, b := arms[k].Sum, max(arms[k].N-arms[k].Sum, 0)
		// Scaled to 1 at its highest point, so that it cannot vanish as a whole.
		n := a + b
		return math.Exp(logPower(x, a/n, a) + logPower(1-x, b/n, b))
	})
}

// logPower is a log(x/at), 0 where a is 0, whatever at.
func logPower(x, at, a float64) float64 {
	if a == 0 {
		return 0
	}
	return a * math.Log(x/at)
}

func betaMoments(arm Arm) (mean, sd float64) {
	a, b := 1+arm.Sum, 1+max(arm.N-arm.Sum, 0)
	n := a + b
	return a / n, math.Sqrt(a * b / (n * n * (n + 1)))
}

// normalBest is that of normal beliefs around the averages. Every arm borrows one observation at the overall average, and
// the variance is pooled, so that an arm tried once or never has a belief too.
func normalBest(arms []Arm) []float64 {
	var n, sum, within float64
	for _, a := range arms {
		n += a.N
		sum += a.Sum
		within += max(a.Squares-a.Sum*a.Mean(), 0)
	}
	mean, variance := 0.0, 1.0
	if n > 0 {
		mean = sum / n
		// One observation of the overall spread keeps it from vanishing before anything varied.
		variance = max((within+spread(arms, mean))/(n+1), 1e-12*(1+mean*mean))
	}
	centre := func(k int) (float64, float64) {
		a := arms[k]
		return (a.Sum + mean) / (a.N + 1), math.Sqrt(variance / (a.N + 1))
	}
	return best(len(arms), func(k int) (lo, hi float64) {
		m, sd := centre(k)
		return m - 8*sd, m + 8*sd
	}, func(k int, x float64) float64 {
		m, sd := centre(k)
		z := (x - m) / sd
		return math.Exp(-z * z / 2)
	})
}

// spread is the largest squared distance of an average from the overall one.
func spread(arms []Arm, mean float64) float64 {
	most := 0.0
	for _, a := range arms {
		if a.N > 0 {
			most = max(most, (a.Mean()-mean)*(a.Mean()-mean))
		}
	}
	return most
}

// best integrates k densities, known up to a factor and outside their bounds negligible. Points lie where the densities
// of some arm lie: each arm brings its share of the grid.
func best(arms int, bounds func(int) (lo, hi float64), density func(int, float64) float64) []float64 {
	p := make([]float64, arms)
	if arms == 1 {
		p[0] = 1
		return p
	}
	grid := mergedGrid(arms, bounds)
	cdf := make([][]float64, arms)
	for k := range arms {
		cdf[k] = cumulative(grid, bounds, density, k)
	}
	total := 0.0
	before := make([]float64, arms+1) // products of the CDFs of the arms before k
	for i := 1; i < len(grid); i++ {
		before[0] = 1
		for k := range arms {
			before[k+1] = before[k] * (cdf[k][i] + cdf[k][i-1]) / 2
		}
		after := 1.0
		for k := arms - 1; k >= 0; k-- {
			mass := (cdf[k][i] - cdf[k][i-1]) * before[k] * after
			p[k] += mass
			total += mass
			after *= (cdf[k][i] + cdf[k][i-1]) / 2
		}
	}
	for k := range p {
		p[k] /= total
	}
	return p
}

// cumulative is the distribution function of arm k at the points of the grid.
func cumulative(grid []float64, bounds func(int) (lo, hi float64), density func(int, float64) float64, k int) []float64 {
	lo, hi := bounds(k)
	out := make([]float64, len(grid))
	last := 0.0
	for i, x := range grid {
		f := 0.0
		if x >= lo && x <= hi {
			f = density(k, x)
		}
		if i > 0 {
			out[i] = out[i-1] + (f+last)/2*(x-grid[i-1])
		}
		last = f
	}
	if total := out[len(out)-1]; total > 0 {
		for i := range out {
			out[i] /= total
		}
	}
	return out
}
