package stats

import (
	"fmt"
	"math"
)

// Effect is how far a variant is from the control, and how sure that is. Means and ratios have the standard errors of
// Welch's t-test; with clusters (a ratio of sums over units) and covariates they come from the delta method:
//
//	var f(means) = sum over arms of g' Cov g / n, with g the derivative of f by the arm's column means
//
// (Deng, Knoblich and Lu 2018, "Applying the delta method in metric analytics"). A covariate x adjusts both arms towards
// its mean over both (CUPED, Deng et al. 2013): y - theta (x - x pooled), theta = cov(x, y) / var(x) within arms. The
// lift's error counts that the adjusted arms share the pooled mean.
type Effect struct {
	Control float64 // the control's number, adjusted when there is a covariate
	Variant float64

	Difference float64 // Variant - Control
	StdErr     float64
	DF         float64 // degrees of freedom of the t distribution; 0 means normal

	Lift       float64 // Variant/Control - 1; NaN when Control is 0
	LiftStdErr float64
	LiftDF     float64

	Units     int64   // of both arms
	Theta     float64 // the covariate's coefficient
	Reduction float64 // the share of the variance that the covariate took away
	NullErr   float64 // standard error if there were no effect: that of the pooled proportion, else StdErr
	Kind      Kind    // of the metric
	Method    string  // such as "Welch t-test, CUPED"
}

// Compare gives the variant's effect against the control. An arm with fewer than two units is ErrTooFew, a pair of arms
// in which nothing varies ErrNoVariance, a ratio over nothing ErrNoBase.
func Compare(m Metric, control, variant *Summary) (Effect, error) {
	for _, s := range [...]*Summary{control, variant} {
		if err := m.check(s); err != nil {
			return Effect{}, err
		}
	}
	c, err := m.outcome(control)
	if err != nil {
		return Effect{}, err
	}
	v, err := m.outcome(variant)
	if err != nil {
		return Effect{}, err
	}
	e := Effect{Units: control.N + variant.N, Kind: m.Kind, Method: "Welch t-test"}
	if m.Kind == Ratio {
		e.Method = "Welch t-test, delta method"
	}
	p := pair{control: control, variant: variant}
	p.dc, p.dv = c.gradient, v.gradient
	p.mixC, p.mixV = make([]float64, len(c.gradient)), make([]float64, len(c.gradient))
	raw := control.variance(c.gradient) + variant.variance(v.gradient)
	if m.Covariate {
		if err := e.adjust(m, &p, &c, &v); err != nil {
			return Effect{}, err
		}
		e.Method += ", CUPED"
	}
	e.fill(&p, c.value, v.value)
	if m.Kind == Proportion && !m.Covariate {
		e.proportions(control, variant)
	}
	if !(e.StdErr > 0) {
		return e, fmt.Errorf("%w: metric %q", ErrNoVariance, m.Name)
	}
	if m.Covariate && raw > 0 {
		e.Reduction = 1 - e.StdErr*e.StdErr/raw
	}
	return e, nil
}

// pair is two arms with the derivatives of their numbers: of each by its own means (d), and of both alike by the means
// of one arm, through the pooled covariate (mix).
type pair struct {
	control, variant *Summary
	dc, dv           []float64
	mixC, mixV       []float64
}

// adjust moves both arms by what their covariates differ from the pooled one.
func (e *Effect) adjust(m Metric, p *pair, c, v *estimate) error {
	xc, err := m.before(p.control)
	if err != nil {
		return err
	}
	xv, err := m.before(p.variant)
	if err != nil {
		return err
	}
	nc, nv := float64(p.control.N-1), float64(p.variant.N-1)
	both := nc*p.control.covarianceOf(c.gradient, xc.gradient) + nv*p.variant.covarianceOf(v.gradient, xv.gradient)
	own := nc*p.control.covarianceOf(xc.gradient, xc.gradient) + nv*p.variant.covarianceOf(xv.gradient, xv.gradient)
	if !(own > 0) {
		return nil // a covariate that is the same for all tells nothing
	}
	e.Theta = both / own
	pooled := p.control.Clone()
	if err := pooled.Merge(p.variant); err != nil {
		return err
	}
	x, err := m.before(pooled)
	if err != nil {
		return err
	}
	shareC := float64(p.control.N) / float64(pooled.N)
	for i := range c.gradient {
		p.dc[i] -= e.Theta * xc.gradient[i]
		p.dv[i] -= e.Theta * xv.gradient[i]
		p.mixC[i] = e.Theta * x.gradient[i] * shareC
		p.mixV[i] = e.Theta * x.gradient[i] * (1 - shareC)
	}
	c.value -= e.Theta * (xc.value - x.value)
	v.value -= e.Theta * (xv.value - x.value)
	return nil
}

// fill computes difference and lift of two adjusted numbers.
func (e *Effect) fill(p *pair, control, variant float64) {
	e.Control, e.Variant, e.Difference = control, variant, variant-control
	varC, varV := p.control.variance(p.dc), p.variant.variance(p.dv)
	e.StdErr, e.DF = welch(varC, varV, p.control.N, p.variant.N)
	e.NullErr = e.StdErr
	if control == 0 {
		e.Lift, e.LiftStdErr = math.NaN(), math.NaN()
		return
	}
	// lift = v/c - 1, so d lift = dv/c - v/c² dc, and what both share moves it by (1/c - v/c²).
	e.Lift = variant/control - 1
	byV, byC := 1/control, -variant/(control*control)
	gc, gv := make([]float64, len(p.dc)), make([]float64, len(p.dc))
	for i := range gc {
		gc[i] = byC*p.dc[i] + (byV+byC)*p.mixC[i]
		gv[i] = byV*p.dv[i] + (byV+byC)*p.mixV[i]
	}
	e.LiftStdErr, e.LiftDF = welch(p.control.variance(gc), p.variant.variance(gv), p.control.N, p.variant.N)
}

// welch is the standard error of a sum of two independent parts, and the degrees of freedom of its t (Welch 1947,
// Satterthwaite 1946).
func welch(a, b float64, na, nb int64) (stdErr, df float64) {
	if a+b == 0 {
		return 0, 0
	}
	df = (a + b) * (a + b) / (a*a/float64(na-1) + b*b/float64(nb-1))
	return math.Sqrt(a + b), df
}

// proportions replaces the errors by those of the two-proportion z-test: binomial ones for intervals, and the pooled
// one, true when there is no effect, for the test. It is R's prop.test without continuity correction.
func (e *Effect) proportions(control, variant *Summary) {
	nc, nv := float64(control.N), float64(variant.N)
	varC, varV := e.Control*(1-e.Control)/nc, e.Variant*(1-e.Variant)/nv
	pooled := (control.Sum(0) + variant.Sum(0)) / (nc + nv)
	e.StdErr, e.DF = math.Sqrt(max(varC+varV, 0)), 0
	e.NullErr = math.Sqrt(max(pooled*(1-pooled)*(1/nc+1/nv), 0))
	e.LiftDF = 0
	if e.Control != 0 {
		r := e.Variant / e.Control
		e.LiftStdErr = math.Sqrt(max(varV+r*r*varC, 0)) / e.Control
	}
	e.Method = "two-proportion z-test"
}
