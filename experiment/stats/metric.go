package stats

import (
	"fmt"
	"math"
)

// Kind says how observations become the number that arms are compared by.
type Kind string

// The kinds, and the columns of their summaries. A covariate is the same from before the experiment.
const (
	Mean       Kind = "mean"       // y                  with covariate: y, x
	Proportion Kind = "proportion" // y, 0 or 1          with covariate: y, x
	Ratio      Kind = "ratio"      // y, n: sum y/sum n  with covariate: y, n, x, m: sum x/sum m
	Quantile   Kind = "quantile"   // the P-quantile of y, from Quantiles instead of a Summary; no covariate
)

// Metric is one number that arms are compared by. The zero value is a mean where more is better.
type Metric struct {
	Name      string  `json:"name"`
	Kind      Kind    `json:"kind,omitempty"`      // empty: Mean
	P         float64 `json:"p,omitempty"`         // of Quantile: the share of units below, above 0 and below 1
	Covariate bool    `json:"covariate,omitempty"` // the summaries have a covariate to adjust by (CUPED)

	LowerIsBetter bool    `json:"lowerIsBetter,omitempty"`
	Secondary     bool    `json:"secondary,omitempty"` // reported, but does not decide
	Margin        float64 `json:"margin,omitempty"`    // above 0: not to be worse by this much or more, in the metric's unit, is enough
}

// Columns is how many columns a summary of the metric has.
func (m Metric) Columns() int {
	n := 1
	if m.Kind == Ratio {
		n = 2
	}
	if m.Covariate {
		n *= 2
	}
	return n
}

// NewSummary returns an empty summary of the metric.
func (m Metric) NewSummary() *Summary { return NewSummary(m.Columns()) }

// Validate says why the metric is none, wrapping ErrInvalid.
func (m Metric) Validate() error {
	switch m.Kind {
	case "", Mean, Proportion, Ratio:
	case Quantile:
		if !(m.P > 0 && m.P < 1) || m.Covariate {
			return fmt.Errorf("%w: metric %q of quantile %v", ErrInvalid, m.Name, m.P)
		}
	default:
		return fmt.Errorf("%w: metric %q of kind %q", ErrInvalid, m.Name, m.Kind)
	}
	if !(m.Margin >= 0) || math.IsInf(m.Margin, 0) {
		return fmt.Errorf("%w: metric %q with margin %v", ErrInvalid, m.Name, m.Margin)
	}
	return nil
}

// check says why a summary cannot be used for the metric.
func (m Metric) check(s *Summary) error {
	if err := m.Validate(); err != nil {
		return err
	}
	if err := s.Validate(); err != nil {
		return err
	}
	if s.Columns() != m.Columns() || m.Kind == Quantile {
		return fmt.Errorf("%w: metric %q of kind %q needs %d columns, not %d", ErrInvalid, m.Name, m.Kind, m.Columns(), s.Columns())
	}
	if s.N < 2 {
		return fmt.Errorf("%w: %d", ErrTooFew, s.N)
	}
	if m.Kind == Proportion {
		p, n := s.Mean[0], float64(s.N)
		if p < -1e-12 || p > 1+1e-12 || math.Abs(s.M2[0]-n*p*(1-p)) > 1e-6*n {
			return fmt.Errorf("%w: metric %q is a proportion of values other than 0 and 1", ErrInvalid, m.Name)
		}
	}
	return nil
}

// estimate is a number computed from column means, and its derivative by each of them.
type estimate struct {
	value    float64
	gradient []float64
}

// outcome is the metric's number for one arm.
func (m Metric) outcome(s *Summary) (estimate, error) { return m.at(s, 0) }

// before is the covariate's number for one arm.
func (m Metric) before(s *Summary) (estimate, error) { return m.at(s, m.Columns()/2) }

// at computes the number from the columns from the given one on.
func (m Metric) at(s *Summary, column int) (estimate, error) {
	e := estimate{gradient: make([]float64, s.Columns())}
	if m.Kind != Ratio {
		e.value, e.gradient[column] = s.Mean[column], 1
		return e, nil
	}
	y, n := s.Mean[column], s.Mean[column+1]
	if n == 0 {
		return e, fmt.Errorf("%w: metric %q", ErrNoBase, m.Name)
	}
	e.value = y / n
	e.gradient[column], e.gradient[column+1] = 1/n, -y/(n*n)
	return e, nil
}

// covariance of two linear combinations of columns over the units of one arm.
func (s *Summary) covarianceOf(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		for j := range b {
			if a[i] != 0 && b[j] != 0 {
				sum += a[i] * b[j] * s.Covariance(i, j)
			}
		}
	}
	return sum
}
