package eval

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// ErrInvalid says that what was asked for makes no sense; the error that wraps it says what.
var ErrInvalid = errors.New("eval: invalid")

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

// Values returns what measure says of each user's metrics at cutoff k, in the order of Each, for [Bootstrap] and
// [Paired]. Reports of two models on the same train and test have the same users. Of a k that was not asked for there are none.
func (r Report) Values(k int, measure func(Metrics) float64) []float64 {
	var values []float64
	for _, one := range r.Each {
		for _, m := range one.Metrics {
			if m.K == k {
				values = append(values, measure(m))
				break
			}
		}
	}
	return values
}

// Where is the report of some of the users. Coverage and Gini are 0: who was shown what is not known any more.
func (r Report) Where(of func(One) bool) Report {
	some := Report{}
	cutoffs := make([]int, len(r.Metrics))
	for i, m := range r.Metrics {
		cutoffs[i] = m.K
	}
	for _, one := range r.Each {
		if of(one) {
			some.Each = append(some.Each, one)
		}
	}
	some.average(cutoffs)
	return some
}

// Segment is the report of users who have something in common.
type Segment struct {
	Name string // "0", "1-5", "6+"
	Report
}

// ByHistory divides the users by the length of their histories in train: up to the first bound, above it up to the second, and so
// on, and above the last. Bounds rise. Segments without users are there, and empty.
func (r Report) ByHistory(bounds ...int) []Segment {
	var segments []Segment
	from := 0
	for _, to := range append(slices.Clone(bounds), math.MaxInt) {
		name := fmt.Sprintf("%d-%d", from, to)
		switch to {
		case math.MaxInt:
			name = fmt.Sprintf("%d+", from)
		case from:
			name = fmt.Sprint(from)
		}
		segments = append(segments, Segment{name, r.Where(func(one One) bool { return one.History >= from && one.History <= to })})
		from = to + 1
	}
	return segments
}

// Interval is where a mean lies: the mean of what was observed, and bounds.
type Interval struct{ Mean, Low, High float64 }

// String is the three numbers, such as "0.1234 [0.1200, 0.1270]".
func (i Interval) String() string { return fmt.Sprintf("%.4f [%.4f, %.4f]", i.Mean, i.Low, i.High) }

// resamples is how often Bootstrap and SignFlip draw: bounds of 95 % are then sure to about a fifteenth of a standard error.
const resamples = 1000

// Bootstrap returns the mean of values, one for each user, and the interval that covers that of all users like them with a
// chance of level, such as 0.95, by the percentiles of the means of 1,000 samples drawn with replacement (Efron 1979). Of the
// differences of two models' values it is the paired interval. It is symmetric in no way, stays within the values' range, and is
// too short for fewer than some 20 users; for one it is the value, and for none 0. A value of NaN makes all three NaN. It
// costs 1,000 draws a user.
func Bootstrap(values []float64, level float64, seed uint64) Interval {
	n := len(values)
	if n == 0 {
		return Interval{}
	}
	rng := rand.New(rand.NewPCG(seed, 0xb007))
	means := make([]float64, resamples)
	for i := range means {
		for range n {
			means[i] += values[rng.IntN(n)]
		}
		means[i] /= float64(n)
	}
	slices.Sort(means)
	tail := min(max((1-level)/2, 0), 0.5)
	at := func(p float64) float64 { return means[int(math.Round(p*float64(resamples-1)))] }
	all := Interval{Low: at(tail), High: at(1 - tail)}
	for _, v := range values {
		all.Mean += v / float64(n)
	}
	if math.IsNaN(all.Mean) {
		all.Low, all.High = all.Mean, all.Mean
	}
	return all
}

// PValue is the chance of a difference at least as large, either way, if there were none: Student's test of paired values, with
// Users-1 degrees of freedom. For fewer than two users it is 1. It is 1 when all values are equal, and 0 when all differ by the same.
func (d Difference) PValue() float64 {
	gap := math.Abs(d.A - d.B)
	if d.Users < 2 || gap == 0 {
		return 1
	}
	return 2 * distuv.StudentsT{Sigma: 1, Nu: float64(d.Users - 1)}.Survival(gap/d.StdErr)
}

// SignFlip is the same chance by Fisher's randomisation test, which supposes nothing of how values are distributed: the part of
// 1,000 drawings of a sign for each difference whose sum is at least as large, either way, the one observed counted too. It costs
// 1,000 draws a user and is never below 1/1001. It panics when the lengths differ.
func SignFlip(a, b []float64, seed uint64) float64 {
	if len(a) != len(b) {
		panic(fmt.Sprintf("eval: %d users paired with %d", len(a), len(b)))
	}
	diff, observed := make([]float64, len(a)), 0.0
	for i := range a {
		diff[i] = a[i] - b[i]
		observed += diff[i]
	}
	// Sums of the same differences in other signs are equal only up to rounding.
	least := math.Abs(observed) * (1 - 1e-12)
	rng := rand.New(rand.NewPCG(seed, 0xf11b))
	as := 1
	for range resamples {
		sum, bits := 0.0, uint64(0)
		for i, v := range diff {
			if i%64 == 0 {
				bits = rng.Uint64()
			}
			if bits>>(i%64)&1 == 1 {
				v = -v
			}
			sum += v
		}
		if math.Abs(sum) >= least {
			as++
		}
	}
	return float64(as) / (resamples + 1)
}
