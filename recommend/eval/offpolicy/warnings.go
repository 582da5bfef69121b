package offpolicy

import (
	"fmt"
	"math"
)

// Warning is a reason not to trust an estimate.
type Warning struct {
	Code WarningCode
	Text string // for people, with the numbers
}

// String is the text.
func (w Warning) String() string { return w.Text }

// WarningCode is the kind of a warning.
type WarningCode string

const (
	// NoOverlap: no sample at all is of what the target does.
	NoOverlap WarningCode = "no-overlap"
	// WeightMean: the mean weight is not 1 beyond chance, by more than three standard errors and a twentieth. Below 1 the target does
	// what the logging policy never does; above, or both, the propensities are not those of the choices.
	WeightMean WarningCode = "weight-mean"
	// LargeWeight: one sample has a tenth of all weight or more.
	LargeWeight WarningCode = "large-weight"
	// SmallSample: the effective size is below 100, or below a hundredth of the samples.
	SmallSample WarningCode = "small-sample"
)

const (
	largeShare   = 0.1
	effectiveMin = 100
	effectiveOf  = 0.01
	meanErrors   = 3
	meanOff      = 0.05
)

// warn looks at the weights, of whose mean stdErr is the standard error.
func (r *Report) warn(stdErr float64) {
	add := func(code WarningCode, format string, args ...any) {
		r.Warnings = append(r.Warnings, Warning{code, fmt.Sprintf(format, args...)})
	}
	if r.WeightMean == 0 {
		add(NoOverlap, "no sample is of what the target does: nothing can be said of it")
		return
	}
	if off := math.Abs(r.WeightMean - 1); off > meanOff && off > meanErrors*stdErr {
		add(WeightMean, "the mean weight is %.3f, not 1: the target does what the log never does, or propensities are wrong", r.WeightMean)
	}
	if share := r.WeightMax / (r.WeightMean * float64(r.Samples)); share >= largeShare {
		add(LargeWeight, "one sample, of weight %.4g, has %.0f %% of all weight", r.WeightMax, 100*share)
	}
	if r.EffectiveSize < effectiveMin || r.EffectiveSize < effectiveOf*float64(r.Samples) {
		add(SmallSample, "%d samples say as much as %.0f of equal weight", r.Samples, r.EffectiveSize)
	}
}
