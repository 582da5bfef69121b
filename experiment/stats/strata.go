package stats

import (
	"fmt"
	"math"
)

// Stratum is the two arms among units alike in something known before the experiment, such as the country.
type Stratum struct{ Control, Variant *Summary }

// CompareStrata is Compare after post-stratification: both arms are weighted to the same mix of strata, that of all
// units together, so that a difference of mix is no difference of arms. It takes means and proportions without
// covariate. The errors count that the mix itself is drawn with the units:
//
//	var(sum w a) = sum w² var(a)/n + (sum w a² - (sum w a)²) / N
//
// A stratum in which an arm has fewer than two units is ErrTooFew: merge it with another.
func CompareStrata(m Metric, strata []Stratum) (Effect, error) {
	if m.Kind == Ratio || m.Covariate {
		return Effect{}, fmt.Errorf("%w: post-stratification of metric %q", ErrInvalid, m.Name)
	}
	total := int64(0)
	for _, s := range strata {
		for _, arm := range [...]*Summary{s.Control, s.Variant} {
			if err := m.check(arm); err != nil {
				return Effect{}, err
			}
			total += arm.N
		}
	}
	if len(strata) == 0 {
		return Effect{}, fmt.Errorf("%w: no strata", ErrTooFew)
	}
	e := Effect{Units: total, Kind: m.Kind, Method: "normal test, post-stratified"}
	var varC, varV, meanCC, meanVV, meanCV float64
	for _, s := range strata {
		w := float64(s.Control.N+s.Variant.N) / float64(total)
		c, v := s.Control.Mean[0], s.Variant.Mean[0]
		e.Control += w * c
		e.Variant += w * v
		varC += w * w * s.Control.Variance(0) / float64(s.Control.N)
		varV += w * w * s.Variant.Variance(0) / float64(s.Variant.N)
		meanCC += w * c * c
		meanVV += w * v * v
		meanCV += w * c * v
	}
	n := float64(total)
	varC += (meanCC - e.Control*e.Control) / n
	varV += (meanVV - e.Variant*e.Variant) / n
	cov := (meanCV - e.Control*e.Variant) / n
	e.Difference = e.Variant - e.Control
	e.StdErr = math.Sqrt(max(varC+varV-2*cov, 0))
	e.NullErr = e.StdErr
	if !(e.StdErr > 0) {
		return e, fmt.Errorf("%w: metric %q", ErrNoVariance, m.Name)
	}
	e.Lift, e.LiftStdErr = math.NaN(), math.NaN()
	if e.Control != 0 {
		r := e.Variant / e.Control
		e.Lift = r - 1
		e.LiftStdErr = math.Sqrt(max(varV+r*r*varC-2*r*cov, 0)) / math.Abs(e.Control)
	}
	return e, nil
}
