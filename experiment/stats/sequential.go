package stats

import (
	"fmt"
	"math"
)

// AlwaysValid looks at an experiment whenever one likes: the asymptotic confidence sequence of Waudby-Smith, Arbour,
// Sinha, Kennedy and Ramdas (2021, "Time-uniform central limit theory and asymptotic confidence sequences",
// arXiv 2103.06476, theorem 2.2), around any effect with a standard error s after n units:
//
//	± s sqrt( (1 + 1/(n rho²)) 2 log( sqrt(n rho² + 1) / alpha ) )
//
// It covers the true effect at all looks together with probability 1 - alpha, as the looks begin later; before FromUnits
// it says nothing. It is widest relative to a fixed-size interval far from TightAt, where rho makes it tightest.
type AlwaysValid struct {
	TightAt   int64 // the number of units, of both arms, at which the interval is tightest; 0 means 10,000
	FromUnits int64 // the first look, in units of both arms; 0 means 500
}

func (a AlwaysValid) rho2(alpha float64) float64 {
	n := float64(a.TightAt)
	if a.TightAt <= 0 {
		n = 10_000
	}
	l := -2 * math.Log(alpha)
	return (l + math.Log(l+1)) / n
}

func (a AlwaysValid) early(units int64) bool { return units < a.from() }

// from is FromUnits or its default.
func (a AlwaysValid) from() int64 {
	if a.FromUnits <= 0 {
		return 500
	}
	return a.FromUnits
}

// Multiplier is how many standard errors the interval reaches to either side after that many units; infinite before
// FromUnits.
func (a AlwaysValid) Multiplier(units int64, alpha float64) float64 {
	if a.early(units) {
		return math.Inf(1)
	}
	v := float64(units) * a.rho2(alpha)
	return math.Sqrt((1 + 1/v) * 2 * (math.Log1p(v)/2 - math.Log(alpha)))
}

// Interval covers the true difference at every look together in a share of 1 - alpha of experiments.
func (a AlwaysValid) Interval(e Effect, alpha float64) Interval {
	return around(e.Difference, a.Multiplier(e.Units, alpha)*e.StdErr)
}

// LiftInterval covers the true relative lift at every look together in a share of 1 - alpha of experiments.
func (a AlwaysValid) LiftInterval(e Effect, alpha float64) Interval {
	return around(e.Lift, a.Multiplier(e.Units, alpha)*e.LiftStdErr)
}

// PValue is the smallest alpha at which the sequence tightest for the given alpha would exclude zero; a run of looks is
// significant as soon as one of them is below alpha.
func (a AlwaysValid) PValue(e Effect, alpha float64) float64 {
	return a.pValue(e.Difference/e.StdErr, e.Units, alpha)
}

func (a AlwaysValid) pValue(z float64, units int64, alpha float64) float64 {
	if a.early(units) || math.IsNaN(z) {
		return 1
	}
	v := float64(units) * a.rho2(alpha)
	return min(1, math.Exp(math.Log1p(v)/2-z*z*v/(2*(v+1))))
}

// Spending says how a group-sequential test spreads its alpha over the looks (Lan and DeMets 1983).
type Spending string

// The spending functions, of the share t of the planned information.
const (
	OBrienFleming Spending = "O'Brien-Fleming" // a side 2 - 2 Phi(z(alpha/4)/sqrt(t)): little at first
	Pocock        Spending = "Pocock"          // alpha log(1 + (e - 1) t): evenly
)

func (s Spending) spent(alpha, t float64) float64 {
	if s == Pocock {
		return alpha * math.Log1p((math.E-1)*t)
	}
	return 4 * normalSF(upperNormal(alpha/4)/math.Sqrt(t))
}

// LooksMax is the most looks that a group-sequential test may have.
const LooksMax = 100

// Bounds returns for each look, at the given shares of the planned information (units over planned units), the |z| at
// which the experiment stops with an effect, two-sided. The shares grow and end at most at 1. A test may be planned at
// equal shares and computed at those that came about. Each look is integrated over the paths that have not stopped
// (Armitage, McPherson and Rowe 1969); the z are good to about 1e-9.
func (s Spending) Bounds(alpha float64, shares ...float64) ([]float64, error) {
	if s != OBrienFleming && s != Pocock {
		return nil, fmt.Errorf("%w: spending function %q", ErrInvalid, s)
	}
	if !(alpha > 0 && alpha < 1) || len(shares) == 0 || len(shares) > LooksMax {
		return nil, fmt.Errorf("%w: alpha %v, %d looks", ErrInvalid, alpha, len(shares))
	}
	before := 0.0
	for _, t := range shares {
		if !(t > before && t <= 1) {
			return nil, fmt.Errorf("%w: shares %v do not grow to at most 1", ErrInvalid, shares)
		}
		before = t
	}
	return groupBounds(s, alpha, shares), nil
}

// grid is the density of the Brownian motion of those that have not stopped, at the nodes of a quadrature.
type grid struct{ x, weight, density []float64 }

const gridPanels = 16 // of 20 nodes each between the bounds

// newGrid lays the nodes between -b and b.
func newGrid(b float64) *grid {
	g := new(grid)
	for i := range gridPanels {
		from, to := b*(2*float64(i)/gridPanels-1), b*(2*float64(i+1)/gridPanels-1)
		mid, half := (from+to)/2, (to-from)/2
		for k, x := range legendreNodes {
			for _, sign := range [...]float64{-1, 1} {
				g.x = append(g.x, mid+sign*half*x)
				g.weight = append(g.weight, half*legendreWeights[k])
			}
		}
	}
	g.density = make([]float64, len(g.x))
	return g
}

func normalDensity(x, sd float64) float64 {
	return math.Exp(-x*x/(2*sd*sd)) / (sd * math.Sqrt(2*math.Pi))
}

func groupBounds(s Spending, alpha float64, shares []float64) []float64 {
	bounds := make([]float64, len(shares))
	var alive *grid // over B(t), whose variance is t
	spent, at := 0.0, 0.0
	for k, t := range shares {
		target := s.spent(alpha, t) - spent
		step := math.Sqrt(t - at)
		exceed := func(z float64) float64 { // probability of stopping now beyond ±z
			b := z * math.Sqrt(t)
			if alive == nil {
				return 2 * normalSF(z)
			}
			p := 0.0
			for i, x := range alive.x {
				p += alive.weight[i] * alive.density[i] * (normalSF((b-x)/step) + normalSF((b+x)/step))
			}
			return p
		}
		z := solve(exceed, target)
		bounds[k] = z
		next := newGrid(min(z, 12) * math.Sqrt(t))
		for i, x := range next.x {
			if alive == nil {
				next.density[i] = normalDensity(x, step)
				continue
			}
			for j, from := range alive.x {
				next.density[i] += alive.weight[j] * alive.density[j] * normalDensity(x-from, step)
			}
		}
		alive, at, spent = next, t, spent+target
	}
	return bounds
}

// solve finds the z at which a falling probability is p, 40 when it is below all.
func solve(f func(float64) float64, p float64) float64 {
	lo, hi := 0.0, 40.0
	for range 100 {
		mid := (lo + hi) / 2
		if f(mid) > p {
			lo = mid
		} else {
			hi = mid
		}
		if hi-lo < 1e-13 {
			break
		}
	}
	return (lo + hi) / 2
}
