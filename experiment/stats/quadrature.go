package stats

import "math"

// legendreNodes and legendreWeights are those of 20-point Gauss-Legendre quadrature on [-1, 1], the positive half.
var (
	legendreNodes = [10]float64{
		0.0765265211334973337546404, 0.2277858511416450780804962, 0.3737060887154195606725482,
		0.5108670019508270980043641, 0.6360536807265150254528367, 0.7463319064601507926143051,
		0.8391169718222188233945291, 0.9122344282513259058677524, 0.9639719272779137912676661,
		0.9931285991850949247861224,
	}
	legendreWeights = [10]float64{
		0.1527533871307258506980843, 0.1491729864726037467878287, 0.1420961093183820513292983,
		0.1316886384491766268984945, 0.1181945319615184173123774, 0.1019301198172404350367501,
		0.0832767415767047487247581, 0.0626720483341090635695065, 0.0406014298003869413310400,
		0.0176140071391521183118620,
	}
)

// legendre integrates f from a to b. It is exact for polynomials to degree 39.
func legendre(f func(float64) float64, a, b float64) float64 {
	mid, half := (a+b)/2, (b-a)/2
	sum := 0.0
	for i, x := range legendreNodes {
		sum += legendreWeights[i] * (f(mid+half*x) + f(mid-half*x))
	}
	return sum * half
}

// panels integrates f from a to b in n pieces of legendre.
func panels(f func(float64) float64, a, b float64, n int) float64 {
	sum := 0.0
	for i := range n {
		from := a + (b-a)*float64(i)/float64(n)
		to := a + (b-a)*float64(i+1)/float64(n)
		sum += legendre(f, from, to)
	}
	return sum
}

// halfLine integrates a positive f, which decreases over about the given spread, from a to infinity: the exp-sinh rule
// (Takahasi and Mori 1974), whose error falls doubly exponentially for decay by powers and by exponentials alike.
func halfLine(f func(float64) float64, a, spread float64) float64 {
	const h = 1.0 / 16
	sum := 0.0
	for _, direction := range [...]float64{1, -1} {
		for i := range 16 * 8 {
			if i == 0 && direction < 0 {
				continue // counted once
			}
			u := direction * h * float64(i)
			x := math.Exp(math.Pi / 2 * math.Sinh(u))
			term := f(a+spread*x) * x * math.Cosh(u)
			sum += term
			if i > 16 && term <= 1e-18*sum {
				break
			}
		}
	}
	return sum * spread * h * math.Pi / 2
}
