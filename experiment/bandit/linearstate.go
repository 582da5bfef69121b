package bandit

import (
	"fmt"
	"math"
	"slices"
)

// LinearState is what a Linear has learned: its JSON form may be kept and read again.
type LinearState struct {
	Version int       `json:"version"`
	N       float64   `json:"n"`
	Gram    []float64 `json:"gram"`   // sum of x x': the lower triangle, row by row
	Moment  []float64 `json:"moment"` // sum of reward x
}

func newLinearState(d int) LinearState {
	return LinearState{StateVersion, 0, make([]float64, d*(d+1)/2), make([]float64, d)}
}

func (s *LinearState) clone() LinearState {
	return LinearState{s.Version, s.N, slices.Clone(s.Gram), slices.Clone(s.Moment)}
}

// add takes in one observation after the earlier ones have faded.
func (s *LinearState) add(x []float64, reward, decay float64) {
	s.N = s.N*decay + 1
	k := 0
	for i, v := range x {
		s.Moment[i] = s.Moment[i]*decay + reward*v
		for _, w := range x[:i+1] {
			s.Gram[k] = s.Gram[k]*decay + v*w
			k++
		}
	}
}

// validate accepts what observations can have made: finite numbers, and a Gram matrix that is positive definite with the
// ridge added.
func (s *LinearState) validate(d int, ridge float64) error {
	if s.Version != StateVersion || len(s.Gram) != d*(d+1)/2 || len(s.Moment) != d || !(s.N >= 0) || math.IsInf(s.N, 0) {
		return fmt.Errorf("%w: state of version %d with %d features, want version %d with %d", ErrInvalid, s.Version, len(s.Moment), StateVersion, d)
	}
	for _, v := range append(slices.Clone(s.Gram), s.Moment...) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%w: state with %v", ErrInvalid, v)
		}
	}
	a := slices.Clone(s.Gram)
	for i := range d {
		a[i*(i+1)/2+i] += ridge
	}
	if !cholesky(a, d) {
		return fmt.Errorf("%w: state that no features can have made", ErrInvalid)
	}
	return nil
}

// cholesky replaces the lower triangle of a positive definite matrix by its factor. It reports false when the matrix is
// not positive definite; the factor is then that of a nearby one.
func cholesky(a []float64, d int) (ok bool) {
	ok = true
	for i := range d {
		row := a[i*(i+1)/2 : i*(i+1)/2+i+1]
		for j := range i {
			other := a[j*(j+1)/2 : j*(j+1)/2+j+1]
			row[j] = (row[j] - dot(row[:j], other[:j])) / other[j]
		}
		rest := row[i] - dot(row[:i], row[:i])
		if least := 1e-14 * (math.Abs(row[i]) + 1e-300); !(rest > least) {
			ok = ok && rest > -1e-9*math.Abs(row[i])
			rest = max(least, 1e-300)
		}
		row[i] = math.Sqrt(rest)
	}
	return ok
}

// rankOne turns the factor of A into that of A + x x' (Gill, Golub, Murray and Saunders 1974). It overwrites x.
func rankOne(l, x []float64) {
	d := len(x)
	for k := range d {
		diagonal := k*(k+1)/2 + k
		r := math.Hypot(l[diagonal], x[k])
		c, s := r/l[diagonal], x[k]/l[diagonal]
		l[diagonal] = r
		for i := k + 1; i < d; i++ {
			at := i*(i+1)/2 + k
			l[at] = (l[at] + s*x[i]) / c
			x[i] = c*x[i] - s*l[at]
		}
	}
}

// forward solves L y = x in place.
func forward(l, x []float64) {
	for i := range x {
		row := l[i*(i+1)/2 : i*(i+1)/2+i+1]
		x[i] = (x[i] - dot(row[:i], x[:i])) / row[i]
	}
}

// backward solves L' y = x in place.
func backward(l, x []float64) {
	for i := len(x) - 1; i >= 0; i-- {
		row := l[i*(i+1)/2 : i*(i+1)/2+i+1]
		x[i] /= row[i]
		for j := range i {
			x[j] -= row[j] * x[i]
		}
	}
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}
