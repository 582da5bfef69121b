package stats

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// The distribution functions behind the tests, to 1e-9 relative or better, in tails down to 1e-300. gonum's are used
// where a test against R says that they are good enough: not for Student's t and the beta, whose logarithms of gamma
// functions cancel at the sizes of experiments.

// normalSF is the probability that a standard normal exceeds z.
func normalSF(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }

// normalQuantile is the z below which a standard normal is with probability p (AS 241).
func normalQuantile(p float64) float64 { return distuv.UnitNormal.Quantile(p) }

// upperNormal is the z that a standard normal exceeds with probability p, exact for p down to 1e-300.
func upperNormal(p float64) float64 { return -normalQuantile(p) }

// chiSquareSF is the probability that a chi-square variable of df degrees exceeds x.
func chiSquareSF(x, df float64) float64 {
	if !(x > 0) {
		return 1
	}
	return mathext.GammaIncRegComp(df/2, x/2)
}

// studentSF is the probability that Student's t of df degrees exceeds t; df may be infinite. It integrates the density,
// since an incomplete beta function loses the digits of its prefactor when df is large.
func studentSF(t, df float64) float64 {
	switch {
	case math.IsNaN(t) || math.IsNaN(df):
		return math.NaN()
	case math.IsInf(df, 1):
		return normalSF(t)
	case t < 0:
		return 1 - studentSF(-t, df)
	case math.IsInf(t, 1):
		return 0
	}
	density := func(s float64) float64 { return math.Exp(-(df + 1) / 2 * math.Log1p(s*s/df)) }
	c := studentScale(df)
	if t <= 1 {
		return 0.5 - c*legendre(density, 0, t)
	}
	return c * halfLine(density, t, studentSpread(t, df))
}

// studentSpread is the distance over which the density falls by a factor of about e beyond t.
func studentSpread(t, df float64) float64 {
	return (df + t*t) / ((df + 1) * t)
}

// studentScale is the density of t at 0: gamma((df+1)/2) / (sqrt(pi df) gamma(df/2)).
func studentScale(df float64) float64 {
	if df < 200 {
		a, _ := math.Lgamma((df + 1) / 2)
		b, _ := math.Lgamma(df / 2)
		return math.Exp(a-b) / math.Sqrt(math.Pi*df)
	}
	// gamma(z+1/2)/gamma(z) over sqrt(z), by Stirling's series; the next term is below 1e-15 here.
	z := df / 2
	series := 1 + (-1.0/8+(1.0/128+(5.0/1024+(-21.0/32768-399.0/262144/z)/z)/z)/z)/z
	return series / math.Sqrt(2*math.Pi)
}

// studentUpper is the t that Student's t exceeds with probability p < 0.5: Newton's method on the logarithm of the tail.
func studentUpper(p, df float64) float64 {
	if math.IsInf(df, 1) {
		return upperNormal(p)
	}
	if !(p > 0 && p < 0.5 && df > 0) {
		return math.NaN()
	}
	z := upperNormal(p)
	t := z * math.Exp(min((z*z+1)/(4*df), 700/max(df, 1))) // grows with the tail's weight
	lo, hi := 0.0, math.Inf(1)
	for range 200 {
		sf := studentSF(t, df)
		if sf > p {
			lo = t
		} else {
			hi = t
		}
		f := studentScale(df) * math.Exp(-(df+1)/2*math.Log1p(t*t/df))
		next := t + sf/f*math.Log(sf/p)
		if !(next > lo && next < hi) {
			next = (lo + min(hi, 4*t+1)) / 2
		}
		if math.Abs(next-t) <= 1e-15*t {
			return next
		}
		t = next
	}
	return t
}

// stirlingError is what Stirling's formula leaves of the logarithm of gamma(z).
func stirlingError(z float64) float64 {
	if z < 16 {
		l, _ := math.Lgamma(z)
		return l - (z-0.5)*math.Log(z) + z - 0.5*math.Log(2*math.Pi)
	}
	y := 1 / (z * z)
	return (1.0/12 - y*(1.0/360-y*(1.0/1260-y*(1.0/1680-y*(1.0/1188-y*691.0/360360))))) / z
}

// logMinus is log(r) - (r - 1) without cancellation; u is r - 1, exact where r is near 1.
func logMinus(r, u float64) float64 {
	if math.Abs(u) > 0.2 {
		return math.Log(r) - u
	}
	// log(1+u) = 2 artanh(w) with w = u/(2+u); the sum starts where u is already subtracted.
	w := u / (2 + u)
	sum, power := 0.0, w*w*w
	for k := 3.0; ; k += 2 {
		term := power / k
		if sum += term; math.Abs(term) <= 1e-17*math.Abs(sum) {
			break
		}
		power *= w * w
	}
	return 2*sum - u*w // 2w - u = -u w
}

// betaPrefix is x^a (1-x)^b / B(a, b), by the saddle point so that large a and b keep their digits.
func betaPrefix(x, y, a, b float64) float64 {
	n := a + b
	d := x*b - y*a // (x - a/n) n
	e := a*logMinus(x*n/a, d/a) + b*logMinus(y*n/b, -d/b)
	return math.Sqrt(a*b/(2*math.Pi*n)) * math.Exp(e+stirlingError(n)-stirlingError(a)-stirlingError(b))
}

// betaCDF is the regularised incomplete beta function: the probability that a beta(a, b) variable is below x, and that
// it is above, each without cancellation (continued fraction, modified Lentz).
func betaCDF(x, a, b float64) (below, above float64) {
	y := 1 - x
	switch {
	case !(x > 0):
		return 0, 1
	case !(y > 0):
		return 1, 0
	}
	prefix := betaPrefix(x, y, a, b)
	if x <= (a+1)/(a+b+2) {
		below = prefix * betaFraction(x, a, b) / a
		return below, 1 - below
	}
	above = prefix * betaFraction(y, b, a) / b
	return 1 - above, above
}

func betaFraction(x, a, b float64) float64 {
	const tiny = 1e-300
	guard := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/guard(1-(a+b)*x/(a+1))
	h := d
	for m := 1.0; m < 1e6; m++ {
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d = 1 / guard(1+even*d)
		c = guard(1 + even/c)
		h *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d = 1 / guard(1+odd*d)
		c = guard(1 + odd/c)
		h *= d * c
		if math.Abs(d*c-1) < 1e-16 {
			break
		}
	}
	return h
}

// betaQuantile is the x that a beta(a, b) variable is below with probability p.
func betaQuantile(p, a, b float64) float64 {
	lo, hi := 0.0, 1.0
	x := a / (a + b)
	for range 200 {
		below, above := betaCDF(x, a, b)
		// Near 1 the difference of the upper tails is the exact one.
		diff := below - p
		if below > 0.5 {
			diff = (1 - p) - above
		}
		if diff > 0 {
			hi = x
		} else {
			lo = x
		}
		next := x - diff*x*(1-x)/betaPrefix(x, 1-x, a, b)
		if !(next > lo && next < hi) {
			next = (lo + hi) / 2
		}
		if math.Abs(next-x) <= 4e-16*x || hi-lo < 1e-300 {
			return next
		}
		x = next
	}
	return x
}
