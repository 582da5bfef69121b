package stats

import "math"

// Interval is a range of values with both ends in it; an end may be infinite.
type Interval struct {
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
}

// Contains reports whether v is in the interval.
func (i Interval) Contains(v float64) bool { return v >= i.Lower && v <= i.Upper }

func around(mid, half float64) Interval { return Interval{mid - half, mid + half} }

// Statistic is the effect in standard errors: t, or z where DF is 0.
func (e Effect) Statistic() float64 {
	if e.NullErr == 0 {
		return math.NaN()
	}
	return e.Difference / e.NullErr
}

// tail is the probability of a statistic above x.
func tail(x, df float64) float64 {
	if df == 0 {
		return normalSF(x)
	}
	return studentSF(x, df)
}

// critical is the statistic that is exceeded with probability p.
func critical(p, df float64) float64 {
	if df == 0 {
		return upperNormal(p)
	}
	return studentUpper(p, df)
}

// PValue is the probability of an effect at least as far from zero, either way, if there is none. It is valid for one
// look at a size planned beforehand.
func (e Effect) PValue() float64 {
	return min(1, 2*tail(math.Abs(e.Statistic()), e.DF))
}

// Interval covers the true difference in a share of 1 - alpha of experiments of a size planned beforehand.
func (e Effect) Interval(alpha float64) Interval {
	return around(e.Difference, critical(alpha/2, e.DF)*e.StdErr)
}

// LiftInterval covers the true relative lift in a share of 1 - alpha of experiments of a size planned beforehand (delta
// method). When the control's number is not far from zero in standard errors, use Fieller instead.
func (e Effect) LiftInterval(alpha float64) Interval {
	return around(e.Lift, critical(alpha/2, e.LiftDF)*e.LiftStdErr)
}

// NonInferiority is the one-sided p-value of the claim that the variant is not worse than the control by margin or more:
// margin is above 0, and worse is lower unless lowerIsBetter.
func (e Effect) NonInferiority(margin float64, lowerIsBetter bool) float64 {
	d := e.Difference
	if lowerIsBetter {
		d = -d
	}
	return tail((d+margin)/e.StdErr, e.DF)
}

// Fieller covers the true relative lift of two independent numbers, known by value and standard error, exactly when they
// are normal (Fieller 1954). When the control is not clearly different from zero the set of lifts that fit is not
// bounded: ok is false.
func Fieller(control, controlErr, variant, variantErr, alpha float64) (lift Interval, ok bool) {
	z := upperNormal(alpha / 2)
	g := z * z * controlErr * controlErr / (control * control)
	if !(g < 1) {
		return Interval{math.Inf(-1), math.Inf(1)}, false
	}
	r := variant / control
	half := z / math.Abs(control) * math.Sqrt(variantErr*variantErr+r*r*controlErr*controlErr-g*variantErr*variantErr)
	return Interval{(r-half)/(1-g) - 1, (r+half)/(1-g) - 1}, true
}
