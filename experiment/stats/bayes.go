package stats

import (
	"fmt"
	"math"
)

// Beta is a belief about a proportion: Beta(1, 1) knows nothing, and each success adds 1 to A, each failure 1 to B.
type Beta struct{ A, B float64 }

// Observe returns the belief after successes among units. Numbers that are none are ErrInvalid.
func (b Beta) Observe(successes, units int64) (Beta, error) {
	if successes < 0 || units < successes || !(b.A > 0 && b.B > 0) || math.IsInf(b.A+b.B, 0) {
		return Beta{}, fmt.Errorf("%w: %d of %d on Beta(%v, %v)", ErrInvalid, successes, units, b.A, b.B)
	}
	return Beta{b.A + float64(successes), b.B + float64(units-successes)}, nil
}

// Mean is the expected proportion.
func (b Beta) Mean() float64 { return b.A / (b.A + b.B) }

// Interval holds the proportion with probability 1 - alpha, as much left out on either side.
func (b Beta) Interval(alpha float64) Interval {
	return Interval{betaQuantile(alpha/2, b.A, b.B), betaQuantile(1-alpha/2, b.A, b.B)}
}

// bulk is where all but about 1e-30 of the probability lies.
func (b Beta) bulk() (lo, hi float64) {
	return betaQuantile(1e-30, b.A, b.B), 1 - betaQuantile(1e-30, b.B, b.A)
}

// over integrates f over the belief, to about 1e-12.
func (b Beta) over(f func(x float64) float64) float64 {
	lo, hi := b.bulk()
	density := func(x float64) float64 { return betaPrefix(x, 1-x, b.A, b.B) / (x * (1 - x)) * f(x) }
	if b.A >= 1 && b.B >= 1 {
		return panels(density, lo, hi, 60)
	}
	// Substituting x = sin² takes the poles at 0 and 1 away, down to half powers.
	g := func(u float64) float64 {
		s, c := math.Sincos(u)
		return 2 * s * c * density(s*s)
	}
	return panels(g, math.Asin(math.Sqrt(lo)), math.Asin(math.Sqrt(hi)), 400)
}

// Beats is the probability that b's proportion is above o's.
func (b Beta) Beats(o Beta) float64 {
	return b.over(func(x float64) float64 {
		below, _ := betaCDF(x, o.A, o.B)
		return below
	})
}

// Loss is the expected proportion given up by choosing b, where o is the better one.
func (b Beta) Loss(o Beta) float64 {
	// E max(o-b, 0) = E_b [ mean_o P(o' > b) - b P(o > b) ], with o' one success more.
	return b.over(func(x float64) float64 {
		_, above := betaCDF(x, o.A, o.B)
		_, aboveNext := betaCDF(x, o.A+1, o.B)
		return max(o.Mean()*aboveNext-x*above, 0)
	})
}

// Normal is a belief about a number, such as an effect; an infinite SD knows nothing.
type Normal struct{ Mean, SD float64 }

// Observe returns the belief after an estimate with a standard error. Numbers that are none are ErrInvalid.
func (n Normal) Observe(value, stdErr float64) (Normal, error) {
	if math.IsNaN(n.Mean) || !(n.SD > 0) || math.IsNaN(value) || !(stdErr > 0) || math.IsInf(stdErr, 0) {
		return Normal{}, fmt.Errorf("%w: %v ± %v on a belief of %v ± %v", ErrInvalid, value, stdErr, n.Mean, n.SD)
	}
	if math.IsInf(n.SD, 1) {
		return Normal{value, stdErr}, nil
	}
	a, b := 1/(n.SD*n.SD), 1/(stdErr*stdErr)
	return Normal{(n.Mean*a + value*b) / (a + b), 1 / math.Sqrt(a+b)}, nil
}

// Interval holds the number with probability 1 - alpha, as much left out on either side.
func (n Normal) Interval(alpha float64) Interval {
	return around(n.Mean, upperNormal(alpha/2)*n.SD)
}

// Above is the probability that the number is above x.
func (n Normal) Above(x float64) float64 { return normalSF((x - n.Mean) / n.SD) }

// Loss is what is expected to be given up by acting as if the number were above zero: E max(-number, 0).
func (n Normal) Loss() float64 {
	z := n.Mean / n.SD
	return n.SD*normalDensity(z, 1) - n.Mean*normalSF(z)
}

// Posterior is the belief about an effect's difference after the experiment.
func (e Effect) Posterior(prior Normal) (Normal, error) { return prior.Observe(e.Difference, e.StdErr) }
