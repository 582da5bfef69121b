// Package offpolicy says what another policy would have earned, from a log of what one did that drew what it showed and noted with
// what chance.
//
//	report, err := offpolicy.Estimate(samples, offpolicy.Options{})
//	fmt.Println(report.SNIPS, report.EffectiveSize)
//	for _, w := range report.Warnings { fmt.Println(w) }
//
// A [Sample] is one choice: what it earned, the chance p with which the logging policy made it, and the chance t with which the
// target would have. With the weight w = t/p, the reward r, a prediction q of it, and the mean v of the predictions under the
// target, a sample counts
//
//	IPS     w·r                           Horvitz & Thompson 1952
//	SNIPS   w·r / mean of w               Swaminathan & Joachims 2015
//	DR      v + w·(r - q)                 Dudík, Langford & Li 2011
//	Switch  v + w·(r - q) if w ≤ τ, or v  Wang, Agarwal & Dudík 2017
//
// and the estimate is the mean. IPS is right on average and varies most; SNIPS varies less and is off by little for many samples;
// DR varies less the better the predictions are, and is as right as IPS however bad; Switch leaves weights above τ to the
// predictions, which is off as far as those are. [FromLog] makes samples of an engine's own log.
//
// # Cost and concurrency
//
// An estimate takes a few passes over the samples, and a number of memory for each unit. The functions keep nothing between calls
// and are safe for concurrent use.
//
// # Caveats
//
// Nothing can be said of what the logging policy never does. Where it has no chance at all the target's part of it is missing from
// every estimate; the mean weight, which should be 1, shows that, and the report warns. An engine's pages are drawn from the
// candidates that were gathered (Policy.Depth), and have no chance of others. Propensities must be those of the
// choice as it was made: of pages that later stages reorder they are not. A choice is one place of a page given those before it, so
// what one item's reward owes to its neighbours is not seen. Samples of one user are not independent: give them one Unit.
package offpolicy

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// ErrInvalid says that samples or options make no sense; the error that wraps it says which and why.
var ErrInvalid = errors.New("offpolicy: invalid")

// Sample is one choice of the logging policy and what came of it.
type Sample struct {
	Unit       string  // whose it is; samples of one Unit are not independent. Empty: a unit of its own
	Reward     float64 // finite
	Propensity float64 // the chance with which the choice was made, above 0 and at most 1
	Target     float64 // that with which the target would have made it, 0 to 1

	// Predicted is the reward that a model expects of the choice, and Expected the mean of its predictions over what the target
	// would choose. They must not come from a model that has seen the reward. Without one leave both 0: DR is IPS then.
	Predicted, Expected float64
}

// Options is how to estimate. The zero value works.
type Options struct {
	// SwitchAt is Switch's τ, the largest weight that counts; 0 means 10.
	SwitchAt float64
	// Level is the chance with which an interval covers the value; 0 means 0.95.
	Level float64
}

// Value is an estimate with its standard error and, from that, its interval.
type Value struct{ Mean, StdErr, Low, High float64 }

// String is the mean and the interval, such as "0.0057 [0.0040, 0.0074]".
func (v Value) String() string { return fmt.Sprintf("%.4f [%.4f, %.4f]", v.Mean, v.Low, v.High) }

// Report is what the samples say of the target, and how far to trust it.
type Report struct {
	Samples, Units int
	Logged         Value // of the logging policy itself: the mean reward

	IPS, SNIPS, DR, Switch Value

	EffectiveSize float64 // (Σw)² / Σw², how many samples of equal weight say as much (Kish 1965)
	WeightMean    float64 // 1, were there enough samples and a chance of everything that the target does
	WeightMax     float64
	Switched      int // samples above Options.SwitchAt
	Warnings      []Warning
}

// Estimate values the target. A sample with a number out of range is ErrInvalid, and so are no samples at all.
//
// Standard errors are of the mean of what samples count, with those of one Unit added up first, and of SNIPS those of the linear
// part (delta method); intervals are by Student's t with a degree less than there are units. Of a single unit the standard error is not
// known: it is +Inf. They say nothing of what the warnings warn of.
func Estimate(samples []Sample, opt Options) (Report, error) {
	if opt.SwitchAt == 0 {
		opt.SwitchAt = 10
	}
	if opt.Level == 0 {
		opt.Level = 0.95
	}
	if err := check(samples, opt); err != nil {
		return Report{}, err
	}
	r := Report{Samples: len(samples)}
	n, squares := float64(len(samples)), 0.0
	for _, s := range samples {
		w := s.weight()
		r.WeightMean += w / n
		r.WeightMax = max(r.WeightMax, w)
		squares += w * w
		if w > opt.SwitchAt {
			r.Switched++
		}
	}
	if squares > 0 {
		r.EffectiveSize = r.WeightMean * n * r.WeightMean * n / squares
	}
	units := unitsOf(samples)
	r.Units = units.count
	value := func(counts func(s Sample, w float64) float64) Value {
		return units.value(samples, counts, 1, opt.Level)
	}
	r.Logged = value(func(s Sample, _ float64) float64 { return s.Reward })
	r.IPS = value(func(s Sample, w float64) float64 { return w * s.Reward })
	r.DR = value(func(s Sample, w float64) float64 { return s.Expected + w*(s.Reward-s.Predicted) })
	r.Switch = value(func(s Sample, w float64) float64 {
		if w > opt.SwitchAt {
			return s.Expected
		}
		return s.Expected + w*(s.Reward-s.Predicted)
	})
	if r.WeightMean > 0 {
		// The mean of w·(r-v)/w̄ is 0, and its spread that of the ratio.
		v := r.IPS.Mean / r.WeightMean
		r.SNIPS = units.value(samples, func(s Sample, w float64) float64 { return w * (s.Reward - v) }, r.WeightMean, opt.Level)
		r.SNIPS.Mean, r.SNIPS.Low, r.SNIPS.High = r.SNIPS.Mean+v, r.SNIPS.Low+v, r.SNIPS.High+v
	}
	overlap := value(func(_ Sample, w float64) float64 { return w })
	r.warn(overlap.StdErr)
	return r, nil
}

func (s Sample) weight() float64 { return s.Target / s.Propensity }

func check(samples []Sample, opt Options) error {
	if len(samples) == 0 {
		return fmt.Errorf("%w: no samples", ErrInvalid)
	}
	if !(opt.SwitchAt > 0) || !(opt.Level > 0 && opt.Level < 1) {
		return fmt.Errorf("%w: switch at a weight of %v, level %v", ErrInvalid, opt.SwitchAt, opt.Level)
	}
	for i, s := range samples {
		switch finite := func(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }; {
		case !(s.Propensity > 0 && s.Propensity <= 1):
			return fmt.Errorf("%w: sample %d: propensity %v is not above 0 and at most 1", ErrInvalid, i, s.Propensity)
		case !(s.Target >= 0 && s.Target <= 1):
			return fmt.Errorf("%w: sample %d: the target's chance %v is not within 0 and 1", ErrInvalid, i, s.Target)
		case !finite(s.Reward) || !finite(s.Predicted) || !finite(s.Expected) || !finite(s.weight()):
			return fmt.Errorf("%w: sample %d: a reward, a prediction or a weight is not finite", ErrInvalid, i)
		}
	}
	return nil
}

// units numbers the units of samples.
type units struct {
	of    []int
	count int
}

func unitsOf(samples []Sample) units {
	u, numbers := units{of: make([]int, len(samples))}, map[string]int{}
	for i, s := range samples {
		number, ok := numbers[s.Unit]
		if !ok {
			number = u.count
			u.count++
			if s.Unit != "" {
				numbers[s.Unit] = number
			}
		}
		u.of[i] = number
	}
	return u
}

// value is the mean of what samples count, divided by scale.
func (u units) value(samples []Sample, counts func(s Sample, w float64) float64, scale, level float64) Value {
	n, mean := float64(len(samples)), 0.0
	for _, s := range samples {
		mean += counts(s, s.weight()) / n
	}
	off := make([]float64, u.count)
	for i, s := range samples {
		off[u.of[i]] += counts(s, s.weight()) - mean
	}
	squares, k := 0.0, float64(u.count)
	for _, v := range off {
		squares += v * v
	}
	v := Value{Mean: mean / scale, StdErr: math.Inf(1)}
	reach := math.Inf(1)
	if u.count > 1 {
		v.StdErr = math.Sqrt(squares*k/(k-1)) / n / scale
		reach = v.StdErr * distuv.StudentsT{Sigma: 1, Nu: k - 1}.Quantile((1+level)/2)
	}
	v.Low, v.High = v.Mean-reach, v.Mean+reach
	return v
}
