package stats

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// quantileBits is how many bits of a value's mantissa are kept at first: all.
const quantileBits = 52

// Quantiles keeps the distribution of one value over the units of an arm: each distinct value and how often it came.
// When there are more than DistinctMax, values are rounded to fewer bits, as few as needed, so that memory is bounded and
// a quantile is off by at most a relative 2^-Bits/2. What is kept does not depend on the order of units or merges. The
// zero value is empty and keeps up to 65,536 values. It is not safe for concurrent use.
type Quantiles struct {
	DistinctMax int // set before the first Add; 0 means 65,536
	Bad         int64

	counts map[float64]int64
	n      int64
	lost   int // bits of the mantissa no longer kept
}

// Add takes in one unit's value. NaN, infinities and values beyond ±1e300 are counted in Bad and are ErrInvalid.
func (q *Quantiles) Add(value float64) error {
	if !(math.Abs(value) <= 1e300) {
		q.Bad++
		return fmt.Errorf("%w: value %v", ErrInvalid, value)
	}
	if q.counts == nil {
		q.counts = make(map[float64]int64)
	}
	q.counts[q.round(value)]++
	q.n++
	q.shrink()
	return nil
}

// Merge takes in all that o has.
func (q *Quantiles) Merge(o *Quantiles) {
	q.Bad += o.Bad
	q.n += o.n
	if q.counts == nil {
		q.counts = make(map[float64]int64, len(o.counts))
	}
	if o.lost > q.lost {
		q.coarsen(o.lost)
	}
	for v, n := range o.counts {
		q.counts[q.round(v)] += n
	}
	q.shrink()
}

// N is how many units there are.
func (q *Quantiles) N() int64 { return q.n }

// Bits is how many bits of the values' mantissas are kept; 52 is all of them.
func (q *Quantiles) Bits() int { return quantileBits - q.lost }

// round drops the lost bits, towards zero, so that rounding twice is rounding once.
func (q *Quantiles) round(v float64) float64 {
	return math.Float64frombits(math.Float64bits(v)&^(1<<q.lost-1)) + 0 // no negative zero
}

// middle is the middle of all values that round to v.
func (q *Quantiles) middle(v float64) float64 {
	if q.lost == 0 || v == 0 {
		return v
	}
	return math.Float64frombits(math.Float64bits(v) | 1<<(q.lost-1))
}

func (q *Quantiles) coarsen(lost int) {
	q.lost = lost
	rounded := make(map[float64]int64, len(q.counts))
	for v, n := range q.counts {
		rounded[q.round(v)] += n
	}
	q.counts = rounded
}

func (q *Quantiles) shrink() {
	most := q.DistinctMax
	if most <= 0 {
		most = 65_536
	}
	for len(q.counts) > most && q.lost < quantileBits {
		q.coarsen(q.lost + 1)
	}
}

// sample is the values in order, with how many units are at or below each.
type sample struct {
	values []float64
	upTo   []int64
}

func (q *Quantiles) sample() sample {
	s := sample{values: slices.Sorted(maps.Keys(q.counts))}
	total := int64(0)
	for i, v := range s.values {
		total += q.counts[v]
		s.values[i] = q.middle(v)
		s.upTo = append(s.upTo, total)
	}
	return s
}

// at returns the k-th smallest value, from 1.
func (s *sample) at(k int64) float64 {
	last := s.upTo[len(s.upTo)-1]
	i, _ := slices.BinarySearch(s.upTo, min(max(k, 1), last))
	return s.values[i]
}

// quantile interpolates between order statistics as R's type 7 does.
func (s *sample) quantile(p float64) float64 {
	h := p*float64(s.upTo[len(s.upTo)-1]-1) + 1
	k := math.Floor(h)
	low, high := s.at(int64(k)), s.at(int64(k)+1)
	return low + (h-k)*(high-low)
}

// Quantile is the value that a share p of the units is below (R's type 7); NaN when there are none or p is no share.
func (q *Quantiles) Quantile(p float64) float64 {
	if q.n == 0 || !(p >= 0 && p <= 1) {
		return math.NaN()
	}
	s := q.sample()
	return s.quantile(p)
}

// error is the standard error of a quantile, from the order statistics that enclose it: their ranks are binomial
// whatever the distribution (outer confidence interval; Deng, Knoblich and Lu 2018).
func (s *sample) error(p float64) float64 {
	const z = 1.959963984540054
	n := float64(s.upTo[len(s.upTo)-1])
	half := z * math.Sqrt(n*p*(1-p))
	low, high := s.at(int64(math.Floor(n*p-half))), s.at(int64(math.Ceil(n*p+half))+1)
	return (high - low) / (2 * z)
}

// CompareQuantiles gives the effect on the p-quantile of a value of which each unit has one. An arm with too few units
// to enclose the quantile is ErrTooFew: there must be about 20 on either side.
func CompareQuantiles(p float64, control, variant *Quantiles) (Effect, error) {
	if !(p > 0 && p < 1) {
		return Effect{}, fmt.Errorf("%w: quantile %v", ErrInvalid, p)
	}
	for _, q := range [...]*Quantiles{control, variant} {
		if float64(q.n)*min(p, 1-p) < 20 {
			return Effect{}, fmt.Errorf("%w: %d for quantile %v", ErrTooFew, q.n, p)
		}
	}
	c, v := control.sample(), variant.sample()
	e := Effect{Control: c.quantile(p), Variant: v.quantile(p), Units: control.n + variant.n, Kind: Quantile}
	e.Method = fmt.Sprintf("normal test of the %v-quantile, order statistics", p)
	ec, ev := c.error(p), v.error(p)
	e.Difference = e.Variant - e.Control
	e.StdErr = math.Hypot(ec, ev)
	e.NullErr = e.StdErr
	if !(e.StdErr > 0) {
		return e, fmt.Errorf("%w: quantile %v", ErrNoVariance, p)
	}
	e.Lift, e.LiftStdErr = math.NaN(), math.NaN()
	if e.Control != 0 {
		r := e.Variant / e.Control
		e.Lift, e.LiftStdErr = r-1, math.Hypot(ev, r*ec)/math.Abs(e.Control)
	}
	return e, nil
}
