package stats

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// Decision is what to do about an experiment.
type Decision string

// The decisions.
const (
	Ship      Decision = "ship"            // a variant is better, and none of what decides is worse
	DoNotShip Decision = "do not ship"     // what decides is worse
	NoEffect  Decision = "no effect shown" // the planned size was reached without
	Wait      Decision = "wait"            // too early to say
	Invalid   Decision = "invalid"         // the data cannot be trusted
)

// Number is a float64 whose JSON is null when it is NaN or infinite.
type Number float64

// MarshalJSON writes the shortest digits that read back exactly.
func (n Number) MarshalJSON() ([]byte, error) {
	if f := float64(n); math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// Range is an Interval in a report.
type Range [2]Number

func rangeOf(i Interval) Range { return Range{Number(i.Lower), Number(i.Upper)} }

// Report says what an experiment has shown.
type Report struct {
	Experiment     string       `json:"experiment"`
	Decision       Decision     `json:"decision"`
	Variant        string       `json:"variant,omitempty"` // to ship
	Reason         string       `json:"reason"`
	Alpha          float64      `json:"alpha"`
	Looking        Looking      `json:"looking"`
	PeekingAllowed bool         `json:"peekingAllowed"`
	Correction     Correction   `json:"correction"`
	PlannedUnits   int64        `json:"plannedUnits,omitempty"`
	Units          int64        `json:"units"`
	SampleRatio    SampleRatios `json:"sampleRatio"`
	Problems       []string     `json:"problems,omitempty"` // what is wrong with the data
	Comparisons    []Comparison `json:"comparisons"`        // by metric, then variant
}

// SampleRatios says whether the arms have the units they should.
type SampleRatios struct {
	Variants     []string  `json:"variants"`
	Units        []int64   `json:"units"`
	Shares       []float64 `json:"shares"`       // expected
	PValue       Number    `json:"pValue"`       // chi-square, for one look
	AlwaysPValue Number    `json:"alwaysPValue"` // valid at every look
	Mismatch     bool      `json:"mismatch"`
}

// Comparison is the effect of one variant on one metric.
type Comparison struct {
	Metric       string `json:"metric"`
	Variant      string `json:"variant"`
	Control      string `json:"control"`
	ControlValue Number `json:"controlValue"`
	VariantValue Number `json:"variantValue"`
	ControlUnits int64  `json:"controlUnits"`
	VariantUnits int64  `json:"variantUnits"`

	Difference   Number `json:"difference"`
	StdErr       Number `json:"stdErr"`
	Interval     Range  `json:"interval"`
	Lift         Number `json:"lift"` // relative: 0.01 is one per cent
	LiftStdErr   Number `json:"liftStdErr"`
	LiftInterval Range  `json:"liftInterval"`

	Statistic      Number   `json:"statistic"`
	DF             Number   `json:"df,omitzero"` // 0: normal
	PValue         Number   `json:"pValue"`
	AdjustedPValue Number   `json:"adjustedPValue"`
	NonInferiority *float64 `json:"nonInferiorityPValue,omitempty"` // for a metric with a margin
	Reduction      float64  `json:"varianceReduction,omitzero"`     // by a covariate
	Method         string   `json:"method"`

	Decides bool    `json:"decides"`
	Verdict Verdict `json:"verdict"`
	Problem string  `json:"problem,omitempty"` // why there is no effect to report
	effect  Effect
	metric  Metric
}

// Verdict is what one comparison says.
type Verdict string

// The verdicts.
const (
	Better   Verdict = "better"
	Worse    Verdict = "worse"
	NotWorse Verdict = "not worse" // by the margin or more
	Unclear  Verdict = "unclear"
	Unknown  Verdict = "unknown" // not to be computed
)

// Analyze compares every arm with the first, the control. Arms without units, with too few, or in which nothing varies
// get a comparison that says so; a plan and arms that do not go together are ErrInvalid. Intervals are for one question
// at the plan's alpha; the correction is in the adjusted p-values and in the verdicts.
func Analyze(plan Plan, arms []Arm) (*Report, error) {
	plan = plan.withDefaults()
	if err := plan.validate(arms); err != nil {
		return nil, err
	}
	r := &Report{
		Experiment: plan.Experiment, Alpha: plan.Alpha, Looking: plan.Looking, Correction: plan.Correction,
		PlannedUnits: plan.PlannedUnits, PeekingAllowed: plan.Looking != Once,
	}
	if err := r.checkRatio(plan, arms); err != nil {
		return nil, err
	}
	r.checkArms(plan, arms)
	a := analysis{plan: plan, report: r}
	if err := a.choose(); err != nil {
		return nil, err
	}
	for i, m := range plan.Metrics {
		for _, arm := range arms[1:] {
			r.Comparisons = append(r.Comparisons, a.compare(m, arms[0], arm, i))
		}
	}
	if err := a.correct(); err != nil {
		return nil, err
	}
	a.judge()
	r.decide(plan)
	return r, nil
}

// checkRatio compares the units of the arms with their weights.
func (r *Report) checkRatio(plan Plan, arms []Arm) error {
	s := &r.SampleRatio
	total := 0.0
	for _, a := range arms {
		r.Units += a.Units
		s.Variants = append(s.Variants, a.Variant)
		s.Units = append(s.Units, a.Units)
		s.Shares = append(s.Shares, a.Weight)
		total += a.Weight
	}
	fixed, err := SampleRatio(s.Units, s.Shares)
	if err != nil {
		return err
	}
	always, err := SampleRatioAlways(s.Units, s.Shares)
	if err != nil {
		return err
	}
	for i := range s.Shares {
		s.Shares[i] /= total
	}
	s.PValue, s.AlwaysPValue = Number(fixed), Number(always)
	p := fixed
	if plan.Looking != Once {
		p = always
	}
	if s.Mismatch = p < plan.SRMAlpha; s.Mismatch {
		r.problem("sample ratio mismatch: units are not shared as planned (p = %.3g)", p)
	} else if p < 0.01 {
		r.problem("the sample ratio is unusual (p = %.3g): look for units lost on the way", p)
	}
	return nil
}

func (r *Report) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// checkArms looks for what makes numbers misleading without making them wrong.
func (r *Report) checkArms(plan Plan, arms []Arm) {
	for _, a := range arms {
		if a.Units == 0 {
			r.problem("variant %q has no units", a.Variant)
		}
		for i, m := range plan.Metrics {
			n, bad := a.counts(i)
			if bad > 0 {
				r.problem("%d units of %q have no usable value of %s (NaN, infinite or enormous) and are left out", bad, a.Variant, m.Name)
			}
			if a.Units > 0 && n+bad != a.Units {
				r.problem("%s has %d units of %q, of %d exposed", m.Name, n+bad, a.Variant, a.Units)
			}
			if s := a.Metrics[i]; s != nil {
				r.checkSummary(m, a.Variant, s)
			}
		}
	}
}

// checkSummary looks for outliers and for too few successes.
func (r *Report) checkSummary(m Metric, variant string, s *Summary) {
	if m.Kind != Proportion {
		if share := outlierShare(s); share > 0.1 {
			r.problem("one unit of %q makes %.0f %% of the variance of %s: consider a cap", variant, 100*share, m.Name)
		}
	} else if s.N > 0 && len(s.Mean) > 0 {
		if yes := s.Sum(0); math.Min(yes, float64(s.N)-yes) < 10 {
			r.problem("%s has fewer than 10 units of either outcome in %q: intervals are rough", m.Name, variant)
		}
	}
}

// outlierShare is the part of the variance of the first column that comes from the unit farthest from the mean.
func outlierShare(s *Summary) float64 {
	if s.N < 100 || len(s.Max) == 0 || len(s.Min) == 0 || len(s.M2) == 0 || !(s.M2[0] > 0) {
		return 0
	}
	far := math.Max(s.Max[0]-s.Mean[0], s.Mean[0]-s.Min[0])
	return far * far / s.M2[0]
}

// String is the report in text, as WriteText writes it.
func (r *Report) String() string {
	var b strings.Builder
	_ = r.WriteText(&b) // a Builder cannot fail
	return b.String()
}
