package stats

import (
	"cmp"
	"fmt"
)

// Looking says when an experiment may be looked at.
type Looking string

// The ways to look.
const (
	Once   Looking = "once"   // at the planned size; a look before that decides nothing
	Always Looking = "always" // whenever one likes; see AlwaysValid
	Group  Looking = "group"  // at planned shares of the planned size; see Spending
)

// Plan is what was decided before the experiment began. Metrics is required; the rest may be zero.
type Plan struct {
	Experiment   string     `json:"experiment"`
	Metrics      []Metric   `json:"metrics"`
	Alpha        float64    `json:"alpha,omitempty"`        // of a false alarm; 0 means 0.05
	Looking      Looking    `json:"looking,omitempty"`      // empty: Once
	PlannedUnits int64      `json:"plannedUnits,omitempty"` // of all arms; 0: whatever there is. Required for Group
	Correction   Correction `json:"correction,omitempty"`   // over metrics that decide, and variants; empty: Holm
	SRMAlpha     float64    `json:"srmAlpha,omitempty"`     // below it the sample ratio counts as wrong; 0 means 0.001

	Spending    Spending    `json:"spending,omitempty"`   // for Group; empty: OBrienFleming
	Looks       []float64   `json:"looks,omitempty"`      // for Group: shares of PlannedUnits looked at before, in order
	AlwaysValid AlwaysValid `json:"alwaysValid,omitzero"` // for Always
}

// Arm is what was observed of one variant.
type Arm struct {
	Variant string     `json:"variant"`
	Weight  float64    `json:"weight"`  // its share of the units, relative to the others'
	Units   int64      `json:"units"`   // exposed
	Metrics []*Summary `json:"metrics"` // in the plan's order, over the same units; nil for a Quantile

	Quantiles []*Quantiles `json:"-"` // in the plan's order, nil but for a Quantile; may be nil as a whole without one
}

// quantiles is the distribution of metric i, nil when there is none.
func (a *Arm) quantiles(i int) *Quantiles {
	if i >= len(a.Quantiles) {
		return nil
	}
	return a.Quantiles[i]
}

// counts is how many units metric i has, and how many it left out.
func (a *Arm) counts(i int) (n, bad int64) {
	if q := a.quantiles(i); q != nil {
		return q.n, q.Bad
	}
	return a.Metrics[i].N, a.Metrics[i].Bad
}

// effectOn compares two arms on metric i.
func effectOn(m Metric, control, variant *Arm, i int) (Effect, error) {
	if m.Kind == Quantile {
		return CompareQuantiles(m.P, control.quantiles(i), variant.quantiles(i))
	}
	return Compare(m, control.Metrics[i], variant.Metrics[i])
}

func (p Plan) withDefaults() Plan {
	p.Alpha = cmp.Or(p.Alpha, 0.05)
	p.SRMAlpha = cmp.Or(p.SRMAlpha, 0.001)
	p.Looking = cmp.Or(p.Looking, Once)
	p.Correction = cmp.Or(p.Correction, Holm)
	p.Spending = cmp.Or(p.Spending, OBrienFleming)
	if p.AlwaysValid.TightAt == 0 {
		p.AlwaysValid.TightAt = p.PlannedUnits
	}
	return p
}

// validate says why the plan and the arms do not go together, wrapping ErrInvalid.
func (p Plan) validate(arms []Arm) error {
	fault := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, args...)...)
	}
	switch {
	case len(p.Metrics) == 0:
		return fault("a plan without metrics")
	case !(p.Alpha > 0 && p.Alpha < 0.5):
		return fault("alpha %v", p.Alpha)
	case !(p.SRMAlpha > 0 && p.SRMAlpha < 0.5):
		return fault("alpha of the sample ratio %v", p.SRMAlpha)
	case p.Looking != Once && p.Looking != Always && p.Looking != Group:
		return fault("looking %q", p.Looking)
	case p.PlannedUnits < 0 || p.Looking == Group && p.PlannedUnits == 0:
		return fault("planned units %d", p.PlannedUnits)
	case len(arms) < 2:
		return fault("%d arms", len(arms))
	}
	if _, err := Adjust(p.Correction, nil); err != nil {
		return err
	}
	for _, m := range p.Metrics {
		if err := m.Validate(); err != nil {
			return err
		}
	}
	seen := make(map[string]bool, len(arms))
	for _, a := range arms {
		if a.Variant == "" || seen[a.Variant] {
			return fault("variant %q without a name or twice", a.Variant)
		}
		seen[a.Variant] = true
		if len(a.Metrics) != len(p.Metrics) {
			return fault("variant %q has %d metrics, the plan %d", a.Variant, len(a.Metrics), len(p.Metrics))
		}
		for i, m := range p.Metrics {
			if m.Kind != Quantile && a.Metrics[i] == nil || m.Kind == Quantile && a.quantiles(i) == nil {
				return fault("variant %q lacks metric %q", a.Variant, m.Name)
			}
		}
	}
	return nil
}
