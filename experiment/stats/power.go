package stats

import (
	"fmt"
	"math"
)

// PowerOfMeans is the probability that a two-sided t-test at alpha finds a difference of delta in means whose units have
// standard deviation sd, with n units in each arm: R's power.t.test.
func PowerOfMeans(n, delta, sd, alpha float64) (float64, error) {
	if !(n >= 2 && sd > 0 && alpha > 0 && alpha < 1) || math.IsNaN(delta) {
		return 0, fmt.Errorf("%w: n %v, delta %v, sd %v, alpha %v", ErrInvalid, n, delta, sd, alpha)
	}
	df := 2 * (n - 1)
	return noncentralSF(studentUpper(alpha/2, df), df, math.Sqrt(n/2)*math.Abs(delta)/sd), nil
}

// noncentralSF is the probability that a noncentral t exceeds t > 0: the normal one averaged over the distribution of
// the standard deviation's estimate s, which is chi of df degrees over its root.
func noncentralSF(t, df, shift float64) float64 {
	logScale := df/2*math.Log(df/2) - lgamma(df/2) + math.Ln2
	f := func(s float64) float64 {
		return math.Exp(logScale+(df-1)*math.Log(s)-df*s*s/2) * normalSF(t*s-shift)
	}
	spread := 10 / math.Sqrt(2*df)
	return panels(f, max(0, 1-spread), 1+spread, 40)
}

// PowerOfProportions is the probability that a two-proportion z-test at alpha tells the proportions apart with n units
// in each arm: R's power.prop.test.
func PowerOfProportions(n, p1, p2, alpha float64) (float64, error) {
	if !(n > 0 && p1 > 0 && p1 < 1 && p2 > 0 && p2 < 1 && alpha > 0 && alpha < 1) {
		return 0, fmt.Errorf("%w: n %v, proportions %v and %v, alpha %v", ErrInvalid, n, p1, p2, alpha)
	}
	null, own := proportionErrors(p1, p2)
	return normalSF((upperNormal(alpha/2)*null - math.Sqrt(n)*math.Abs(p1-p2)) / own), nil
}

// proportionErrors are the standard errors of a difference, times the root of n, without and with a difference.
func proportionErrors(p1, p2 float64) (null, own float64) {
	return math.Sqrt((p1 + p2) * (1 - (p1+p2)/2)), math.Sqrt(p1*(1-p1) + p2*(1-p2))
}

// UnitsForMeans is how many units each arm needs so that a t-test at alpha finds a difference of delta with the given
// power, rounded up. A delta that needs more than 10^15 units is ErrInvalid.
func UnitsForMeans(delta, sd, alpha, power float64) (int64, error) {
	if err := checkPower(alpha, power); err != nil || !(sd > 0) || !(math.Abs(delta) > 0) || math.IsInf(delta, 0) {
		return 0, fmt.Errorf("%w: delta %v, sd %v, alpha %v, power %v", ErrInvalid, delta, sd, alpha, power)
	}
	n := (upperNormal(alpha/2) + upperNormal(1-power)) * sd / delta
	if n = 2 * n * n; n > 1e15 {
		return 0, fmt.Errorf("%w: needs %.3g units", ErrInvalid, n)
	}
	units := max(2, int64(n)-1) // the normal answer falls short of the t-test's by a unit or two
	for {
		reached, err := PowerOfMeans(float64(units), delta, sd, alpha)
		if err != nil || reached >= power || units > int64(n)+1000 {
			return units, err
		}
		units++
	}
}

// UnitsForProportions is how many units each arm needs so that a z-test at alpha tells the proportions apart with the
// given power, rounded up.
func UnitsForProportions(p1, p2, alpha, power float64) (int64, error) {
	if err := checkPower(alpha, power); err != nil || !(p1 > 0 && p1 < 1 && p2 > 0 && p2 < 1) || p1 == p2 {
		return 0, fmt.Errorf("%w: proportions %v and %v, alpha %v, power %v", ErrInvalid, p1, p2, alpha, power)
	}
	null, own := proportionErrors(p1, p2)
	n := (upperNormal(alpha/2)*null + upperNormal(1-power)*own) / (p1 - p2)
	if n *= n; n > 1e15 {
		return 0, fmt.Errorf("%w: needs %.3g units", ErrInvalid, n)
	}
	return int64(math.Ceil(n)), nil
}

func checkPower(alpha, power float64) error {
	if !(alpha > 0 && alpha < 1 && power > alpha && power < 1) {
		return ErrInvalid
	}
	return nil
}

// MinimalEffect is the difference that a two-sided test at alpha finds with the given power, when its standard error is
// stdErr: the smallest effect worth hoping for.
func MinimalEffect(stdErr, alpha, power float64) (float64, error) {
	if err := checkPower(alpha, power); err != nil || !(stdErr > 0) {
		return 0, fmt.Errorf("%w: standard error %v, alpha %v, power %v", ErrInvalid, stdErr, alpha, power)
	}
	return (upperNormal(alpha/2) + upperNormal(1-power)) * stdErr, nil
}
