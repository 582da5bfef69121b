package stats

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

var (
	// ErrInvalid says that an input cannot be taken as it is; the wrapping error says which and why.
	ErrInvalid = errors.New("stats: invalid")
	// ErrTooFew says that an arm has too few units for what was asked: fewer than two.
	ErrTooFew = errors.New("stats: too few units")
	// ErrNoVariance says that all units of both arms are alike, so that no test means anything.
	ErrNoVariance = errors.New("stats: no variance")
	// ErrNoBase says that a ratio has a denominator of zero: a lift against nothing, a rate of no events.
	ErrNoBase = errors.New("stats: denominator is zero")
)

// Summary is what is kept of the observations of one arm: how many units, and the means, the extremes and the products
// of deviations of their columns. It grows with the number of columns only, and is the same, to rounding, however the
// units were split over summaries that were merged (Chan, Golub and LeVeque 1983). It is not safe for concurrent use.
type Summary struct {
	N    int64     `json:"n"`
	Mean []float64 `json:"mean"`
	M2   []float64 `json:"m2"`            // sums of products of deviations: the lower triangle, row by row
	Min  []float64 `json:"min,omitempty"` // nil, as Max, when not known
	Max  []float64 `json:"max,omitempty"`
	Bad  int64     `json:"bad,omitempty"` // units left out since a column was NaN or infinite
}

// NewSummary returns an empty summary of units with that many columns, at least 1.
func NewSummary(columns int) *Summary {
	columns = max(columns, 1)
	return &Summary{
		Mean: make([]float64, columns),
		M2:   make([]float64, columns*(columns+1)/2),
		Min:  make([]float64, columns),
		Max:  make([]float64, columns),
	}
}

// Add takes in one unit. A unit with a column that is NaN or infinite, or so large that its square is, is not taken in
// but counted in Bad; Add then returns ErrInvalid, as it does for a wrong number of columns. It allocates nothing.
func (s *Summary) Add(values ...float64) error {
	if len(values) != len(s.Mean) {
		return fmt.Errorf("%w: %d values for %d columns", ErrInvalid, len(values), len(s.Mean))
	}
	for i, v := range values {
		if !(math.Abs(v) <= 1e150) {
			s.Bad++
			return fmt.Errorf("%w: column %d is %v", ErrInvalid, i, v)
		}
	}
	if s.N++; s.N == 1 {
		copy(s.Min, values)
		copy(s.Max, values)
	}
	n := float64(s.N)
	k := 0
	for i, v := range values {
		deviation := v - s.Mean[i]
		s.Mean[i] += deviation / n
		for j := range i + 1 { // from the old mean of i times from the new mean of j (Welford 1962)
			s.M2[k] += deviation * (values[j] - s.Mean[j])
			k++
		}
	}
	for i := range s.Min {
		s.Min[i], s.Max[i] = min(s.Min[i], values[i]), max(s.Max[i], values[i])
	}
	return nil
}

// Merge takes in all that o has. Summaries of different numbers of columns are ErrInvalid.
func (s *Summary) Merge(o *Summary) error {
	if len(o.Mean) != len(s.Mean) {
		return fmt.Errorf("%w: %d columns merged into %d", ErrInvalid, len(o.Mean), len(s.Mean))
	}
	s.Bad += o.Bad
	if o.N == 0 {
		return nil
	}
	if s.N == 0 {
		bad := s.Bad
		*s = *o.Clone()
		s.Bad = bad
		return nil
	}
	n, m := float64(s.N), float64(o.N)
	share := n * m / (n + m)
	k := 0
	for i := range s.Mean {
		for j := range i + 1 {
			s.M2[k] += o.M2[k] + (o.Mean[i]-s.Mean[i])*(o.Mean[j]-s.Mean[j])*share
			k++
		}
	}
	for i := range s.Mean {
		s.Mean[i] += (o.Mean[i] - s.Mean[i]) * m / (n + m)
	}
	if len(o.Min) != len(s.Min) || len(o.Max) != len(s.Max) {
		s.Min, s.Max = nil, nil // unknown of a part is unknown of the whole
	}
	for i := range s.Min {
		s.Min[i], s.Max[i] = min(s.Min[i], o.Min[i]), max(s.Max[i], o.Max[i])
	}
	s.N += o.N
	return nil
}

// Clone returns a copy that shares nothing.
func (s *Summary) Clone() *Summary {
	c := *s
	c.Mean, c.M2 = slices.Clone(s.Mean), slices.Clone(s.M2)
	c.Min, c.Max = slices.Clone(s.Min), slices.Clone(s.Max)
	return &c
}

// Columns is the number of columns.
func (s *Summary) Columns() int { return len(s.Mean) }

// Sum is the sum of a column.
func (s *Summary) Sum(column int) float64 { return s.Mean[column] * float64(s.N) }

// Covariance is the sample covariance of two columns, with n - 1; NaN for fewer than two units.
func (s *Summary) Covariance(i, j int) float64 {
	if s.N < 2 {
		return math.NaN()
	}
	return s.product(i, j) / float64(s.N-1)
}

// Variance is the sample variance of a column, with n - 1; NaN for fewer than two units.
func (s *Summary) Variance(column int) float64 { return s.Covariance(column, column) }

func (s *Summary) product(i, j int) float64 {
	if i < j {
		i, j = j, i
	}
	return s.M2[i*(i+1)/2+j]
}

// variance is that of the weighted sum of the column means: g' cov g / n.
func (s *Summary) variance(g []float64) float64 {
	sum := 0.0
	for i := range g {
		for j := range g {
			if g[i] != 0 && g[j] != 0 {
				sum += g[i] * g[j] * s.Covariance(i, j)
			}
		}
	}
	return max(sum, 0) / float64(s.N)
}

// Validate says why the summary, when it was read rather than made by Add, is none: sizes that do not fit, counts below
// 0, numbers that are not finite.
func (s *Summary) Validate() error {
	d := len(s.Mean)
	if d == 0 || len(s.M2) != d*(d+1)/2 || s.N < 0 || s.Bad < 0 {
		return fmt.Errorf("%w: summary of %d columns, %d products, %d units", ErrInvalid, d, len(s.M2), s.N)
	}
	for _, v := range append(slices.Clone(s.Mean), s.M2...) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%w: summary with %v", ErrInvalid, v)
		}
	}
	if len(s.Min) != len(s.Max) || len(s.Min) != 0 && len(s.Min) != d {
		return fmt.Errorf("%w: summary of %d columns with %d and %d extremes", ErrInvalid, d, len(s.Min), len(s.Max))
	}
	for i := range d {
		if s.product(i, i) < 0 {
			return fmt.Errorf("%w: summary with a variance below 0", ErrInvalid)
		}
	}
	return nil
}
