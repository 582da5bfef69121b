package stats

import (
	"fmt"
	"math"
	"slices"
)

// analysis makes the comparisons of one report.
type analysis struct {
	plan   Plan
	report *Report
	tests  int     // comparisons that decide
	bound  float64 // for Group: the |z| at which this look stops
}

// choose prepares how the comparisons are tested.
func (a *analysis) choose() error {
	for _, m := range a.plan.Metrics {
		if !m.Secondary {
			a.tests += len(a.report.SampleRatio.Variants) - 1
		}
	}
	if a.plan.Looking != Group {
		return nil
	}
	share := min(1, float64(a.report.Units)/float64(a.plan.PlannedUnits))
	looks := append(append([]float64(nil), a.plan.Looks...), share)
	// Several questions share the alpha evenly: the bounds hold for each.
	bounds, err := a.plan.Spending.Bounds(a.plan.Alpha/float64(max(a.tests, 1)), looks...)
	if err != nil {
		return err
	}
	a.bound = bounds[len(bounds)-1]
	return nil
}

// compare makes the comparison of one arm on metric i.
func (a *analysis) compare(m Metric, control, arm Arm, i int) Comparison {
	c := Comparison{
		Metric: m.Name, Variant: arm.Variant, Control: control.Variant, Decides: !m.Secondary, metric: m,
		PValue: Number(math.NaN()), AdjustedPValue: Number(math.NaN()),
	}
	c.ControlUnits, _ = control.counts(i)
	c.VariantUnits, _ = arm.counts(i)
	e, err := effectOn(m, &control, &arm, i)
	if err != nil {
		c.Verdict, c.Problem = Unknown, err.Error()
		a.report.problem("%s of %q: %v", m.Name, arm.Variant, err)
		return c
	}
	c.effect = e
	c.ControlValue, c.VariantValue = Number(e.Control), Number(e.Variant)
	c.Difference, c.StdErr = Number(e.Difference), Number(e.StdErr)
	c.Lift, c.LiftStdErr = Number(e.Lift), Number(e.LiftStdErr)
	c.Statistic, c.DF = Number(e.Statistic()), Number(e.DF)
	c.Reduction, c.Method = e.Reduction, e.Method
	alpha := a.plan.Alpha
	switch a.plan.Looking {
	case Once:
		c.Interval, c.LiftInterval = rangeOf(e.Interval(alpha)), rangeOf(e.LiftInterval(alpha))
		c.PValue = Number(e.PValue())
	case Always:
		v := a.plan.AlwaysValid
		c.Interval, c.LiftInterval = rangeOf(v.Interval(e, alpha)), rangeOf(v.LiftInterval(e, alpha))
		c.PValue = Number(v.PValue(e, alpha))
		c.Method += ", confidence sequence"
		if v.early(e.Units) {
			a.report.problem("%s of %q: no interval yet, with %d units of the %d from which on one may look at any time",
				m.Name, arm.Variant, e.Units, v.from())
		}
	case Group:
		c.Interval = rangeOf(around(e.Difference, a.bound*e.StdErr))
		c.LiftInterval = rangeOf(around(e.Lift, a.bound*e.LiftStdErr))
		c.PValue = Number(2 * normalSF(math.Abs(e.Statistic())))
		c.Method += fmt.Sprintf(", group-sequential %s: stops at |z| of %.4f", a.plan.Spending, a.bound)
	}
	if m.Margin > 0 {
		c.NonInferiority = new(a.nonInferiority(e, m))
	}
	return c
}

// nonInferiority tests against the margin with the same protection against looking.
func (a *analysis) nonInferiority(e Effect, m Metric) float64 {
	if a.plan.Looking == Once {
		return e.NonInferiority(m.Margin, m.LowerIsBetter)
	}
	shifted := e
	if m.LowerIsBetter {
		shifted.Difference = -e.Difference
	}
	shifted.Difference += m.Margin
	if shifted.Difference <= 0 {
		return 1
	}
	if a.plan.Looking == Always {
		return a.plan.AlwaysValid.PValue(shifted, a.plan.Alpha)
	}
	if shifted.Difference/shifted.StdErr >= a.bound {
		return normalSF(shifted.Difference / shifted.StdErr)
	}
	return 1
}

// correct adjusts the p-values of the comparisons that decide for being several; the others stay as they are.
func (a *analysis) correct() error {
	var p []float64
	var which []int
	for i := range a.report.Comparisons {
		c := &a.report.Comparisons[i]
		c.AdjustedPValue = c.PValue
		if c.Decides && c.Verdict != Unknown {
			p, which = append(p, float64(c.PValue)), append(which, i)
		}
	}
	adjusted, err := Adjust(a.plan.Correction, p)
	if err != nil {
		return err
	}
	for k, i := range which {
		a.report.Comparisons[i].AdjustedPValue = Number(adjusted[k])
	}
	return nil
}

// judge says of every comparison whether the variant is better or worse.
func (a *analysis) judge() {
	for i := range a.report.Comparisons {
		c := &a.report.Comparisons[i]
		if c.Verdict == Unknown {
			continue
		}
		sure := float64(c.AdjustedPValue) < a.plan.Alpha
		if a.plan.Looking == Group {
			sure = math.Abs(float64(c.Statistic)) >= a.bound
		}
		better := (float64(c.Difference) > 0) != c.metric.LowerIsBetter
		switch {
		case sure && better:
			c.Verdict = Better
		case sure:
			c.Verdict = Worse
		case c.NonInferiority != nil && *c.NonInferiority < a.plan.Alpha:
			c.Verdict = NotWorse
		default:
			c.Verdict = Unclear
		}
		// Worse by less than the margin was agreed to be no harm.
		if c.Verdict == Worse && c.NonInferiority != nil && *c.NonInferiority < a.plan.Alpha {
			c.Verdict = NotWorse
		}
	}
}

// decide draws the conclusion.
func (r *Report) decide(plan Plan) {
	set := func(d Decision, variant, reason string, args ...any) {
		r.Decision, r.Variant, r.Reason = d, variant, fmt.Sprintf(reason, args...)
	}
	if r.SampleRatio.Mismatch {
		set(Invalid, "", "the sample ratio is wrong, so the arms cannot be compared; find out where units are lost first")
		return
	}
	if slices.Contains(r.SampleRatio.Units, 0) {
		set(Invalid, "", "a variant has no units")
		return
	}
	if plan.Looking == Once && r.Units < plan.PlannedUnits {
		set(Wait, "", "%d of %d planned units; a look before the planned size decides nothing", r.Units, plan.PlannedUnits)
		return
	}
	best, harm, unknown := r.weigh()
	done := plan.PlannedUnits == 0 || r.Units >= plan.PlannedUnits
	switch {
	case best != nil:
		set(Ship, best.Variant, "%s is better on %s (adjusted p = %.3g) and nothing that decides is worse",
			best.Variant, best.Metric, float64(best.AdjustedPValue))
	case harm != nil:
		set(DoNotShip, "", "%s is worse on %s (adjusted p = %.3g)", harm.Variant, harm.Metric, float64(harm.AdjustedPValue))
	case unknown:
		set(Invalid, "", "no metric that decides could be computed")
	case !done || plan.Looking == Always && plan.PlannedUnits == 0:
		set(Wait, "", "nothing is sure yet; looking again is allowed")
	default:
		set(NoEffect, "", "the intervals say how large an effect could still be")
	}
}

// weigh finds the best variant that may be shipped, else one that does harm. unknown says that nothing was computed.
func (r *Report) weigh() (best, harm *Comparison, unknown bool) {
	worse := map[string]*Comparison{}
	unknown = true
	for i := range r.Comparisons {
		c := &r.Comparisons[i]
		unknown = unknown && (c.Verdict == Unknown || !c.Decides)
		// A metric with a margin must be shown not to be worse, one without must not be shown to be.
		if c.Decides && (c.Verdict == Worse || c.metric.Margin > 0 && c.Verdict == Unclear) && worse[c.Variant] == nil {
			worse[c.Variant] = c
		}
		if c.Decides && c.Verdict == Worse && harm == nil {
			harm = c
		}
	}
	for i := range r.Comparisons {
		c := &r.Comparisons[i]
		if c.Decides && c.Verdict == Better && worse[c.Variant] == nil &&
			(best == nil || math.Abs(float64(c.Statistic)) > math.Abs(float64(best.Statistic))) {
			best = c
		}
	}
	return best, harm, unknown
}
