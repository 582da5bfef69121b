package stats

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestSummaryMerges splits the same units over summaries in many ways: merged they are what one pass gives, and what two
// passes over the data give.
func TestSummaryMerges(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	const n, columns = 1_000, 3
	rows := make([][]float64, n)
	for i := range rows {
		x := 1e6 + rng.NormFloat64() // a large mean and a small spread: where naive sums lose their digits
		rows[i] = []float64{x, 3*x + rng.ExpFloat64(), rng.Float64()}
	}
	whole := NewSummary(columns)
	for _, r := range rows {
		if err := whole.Add(r...); err != nil {
			t.Fatal(err)
		}
	}
	for _, parts := range []int{1, 2, 7, 300, 1_000} {
		split := make([]*Summary, parts)
		for i := range split {
			split[i] = NewSummary(columns)
		}
		for i, r := range rows {
			if err := split[i%parts].Add(r...); err != nil {
				t.Fatal(err)
			}
		}
		merged := NewSummary(columns)
		for _, s := range split {
			if err := merged.Merge(s); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(whole, merged, cmpopts.EquateApprox(1e-8, 0)); diff != "" {
			t.Errorf("%d parts: %s", parts, diff)
		}
	}
	for i := range columns {
		for j := range columns {
			mi, mj, sum := 0.0, 0.0, 0.0
			for _, r := range rows {
				mi, mj = mi+r[i]/n, mj+r[j]/n
			}
			for _, r := range rows {
				sum += (r[i] - mi) * (r[j] - mj)
			}
			if rel := relative(whole.Covariance(i, j), sum/(n-1)); rel > 1e-7 {
				t.Errorf("covariance %d, %d: %v, two passes %v", i, j, whole.Covariance(i, j), sum/(n-1))
			}
		}
	}
}

func TestSummaryOfBadUnits(t *testing.T) {
	s := NewSummary(2)
	if err := s.Add(1, 2); err != nil {
		t.Fatal(err)
	}
	before := s.Clone()
	for _, row := range [][]float64{{math.NaN(), 1}, {1, math.Inf(1)}, {1e200, 0}, {1}, {1, 2, 3}} {
		if err := s.Add(row...); !errors.Is(err, ErrInvalid) {
			t.Errorf("%v: error = %v, want ErrInvalid", row, err)
		}
	}
	if s.Bad != 3 {
		t.Errorf("%d bad units, want 3", s.Bad)
	}
	s.Bad = 0
	if diff := cmp.Diff(before, s); diff != "" {
		t.Errorf("bad units changed the summary: %s", diff)
	}
	if err := s.Merge(NewSummary(3)); !errors.Is(err, ErrInvalid) {
		t.Errorf("merging other columns: %v", err)
	}
	if n := testing.AllocsPerRun(100, func() { s.Add(1, 2) }); n != 0 {
		t.Errorf("Add allocates %v times", n)
	}
}

// FuzzSummaryJSON compares whatever reads as summaries: errors are fine, panics are not, and an effect is finite.
func FuzzSummaryJSON(f *testing.F) {
	f.Add(`{"n":10,"mean":[0.5],"m2":[2.5]}`, `{"n":12,"mean":[0.25],"m2":[2.25]}`)
	f.Add(`{"n":10,"mean":[1,2],"m2":[1,0,1]}`, `{"n":3,"mean":[0,0],"m2":[1e300,-1e300,1e300]}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		var c, v Summary
		if json.Unmarshal([]byte(a), &c) != nil || json.Unmarshal([]byte(b), &v) != nil {
			return
		}
		for _, m := range []Metric{{}, {Kind: Proportion}, {Kind: Ratio}, {Covariate: true}, {Kind: Ratio, Covariate: true}} {
			plan := Plan{Metrics: []Metric{m}}
			r, err := Analyze(plan, []Arm{{Variant: "a", Weight: 1, Units: max(c.N, 0), Metrics: []*Summary{&c}}, {Variant: "b", Weight: 1, Units: max(v.N, 0), Metrics: []*Summary{&v}}})
			if err == nil {
				if _, err := json.Marshal(r); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

func TestCompareErrors(t *testing.T) {
	t.Parallel()
	empty, one := NewSummary(1), summarize(t, []float64{1})
	same, some := summarize(t, []float64{1, 1, 1}), summarize(t, []float64{1, 2, 3})
	tests := []struct {
		name             string
		metric           Metric
		control, variant *Summary
		want             error
	}{
		{"no users", Metric{}, some, empty, ErrTooFew},
		{"one user", Metric{}, one, some, ErrTooFew},
		{"all alike", Metric{}, same, same, ErrNoVariance},
		{"all alike, proportion", Metric{Kind: Proportion}, same, same, ErrNoVariance},
		{"no proportion", Metric{Kind: Proportion}, some, some, ErrInvalid},
		{"other columns", Metric{Kind: Ratio}, some, some, ErrInvalid},
		{"kind", Metric{Kind: "median"}, some, some, ErrInvalid},
		{"margin", Metric{Margin: math.NaN()}, some, some, ErrInvalid},
		{"nothing below", Metric{Kind: Ratio}, summarize(t, []float64{1, 2}, []float64{0, 0}), summarize(t, []float64{1, 2}, []float64{1, 1}), ErrNoBase},
	}
	for _, test := range tests {
		if _, err := Compare(test.metric, test.control, test.variant); !errors.Is(err, test.want) {
			t.Errorf("%s: error = %v, want %v", test.name, err, test.want)
		}
	}
	e := compare(t, Metric{}, summarize(t, []float64{-1, 0, 1}), some)
	if !math.IsNaN(e.Lift) || math.IsNaN(e.Difference) {
		t.Errorf("against a control of zero: lift %v, difference %v", e.Lift, e.Difference)
	}
}

// TestQuantilesStayBounded adds more distinct values than are kept: the answer is off by less than the bits kept allow,
// and does not depend on the order or on merges.
func TestQuantilesStayBounded(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	whole, exact := Quantiles{DistinctMax: 500}, Quantiles{}
	parts := [3]Quantiles{{DistinctMax: 500}, {DistinctMax: 500}, {DistinctMax: 500}}
	for i := range 20_000 {
		v := math.Exp(3 * rng.NormFloat64())
		for _, q := range []*Quantiles{&whole, &exact, &parts[i%3]} {
			if err := q.Add(v); err != nil {
				t.Fatal(err)
			}
		}
	}
	merged := Quantiles{DistinctMax: 500}
	for i := range parts {
		merged.Merge(&parts[2-i])
	}
	for _, p := range []float64{0, 0.01, 0.25, 0.5, 0.9, 0.999, 1} {
		got, want := whole.Quantile(p), exact.Quantile(p)
		if rel := relative(got, want); rel > math.Exp2(-float64(whole.Bits())-1)*1.01 {
			t.Errorf("quantile %v: %v, exactly %v, with %d bits", p, got, want, whole.Bits())
		}
		if m := merged.Quantile(p); m != got {
			t.Errorf("quantile %v: %v in one, %v merged", p, got, m)
		}
	}
	if len(whole.counts) > 500 || whole.Bits() >= quantileBits || whole.N() != 20_000 {
		t.Errorf("%d values of %d units, %d bits", len(whole.counts), whole.N(), whole.Bits())
	}
	if err := whole.Add(math.NaN()); !errors.Is(err, ErrInvalid) || whole.Bad != 1 {
		t.Errorf("NaN: %v, %d bad", err, whole.Bad)
	}
	if _, err := CompareQuantiles(0.999, &parts[0], &Quantiles{}); !errors.Is(err, ErrTooFew) {
		t.Errorf("no units: %v", err)
	}
}

func TestPlanning(t *testing.T) {
	t.Parallel()
	n, err := UnitsForMeans(0.5, 1.3, 0.05, 0.8)
	if err != nil || n != 108 { // R: power.t.test(delta = 0.5, sd = 1.3, power = 0.8) says 107.09
		t.Errorf("units for means: %d, %v; want 108", n, err)
	}
	if p, err := PowerOfMeans(float64(n-1), 0.5, 1.3, 0.05); err != nil || p >= 0.8 {
		t.Errorf("one unit fewer has power %v, %v", p, err)
	}
	n, err = UnitsForProportions(0.1, 0.12, 0.05, 0.8)
	if err != nil || n != 3841 { // R: power.prop.test(p1 = 0.1, p2 = 0.12, power = 0.8) says 3840.8
		t.Errorf("units for proportions: %d, %v; want 3841", n, err)
	}
	d, err := MinimalEffect(0.1, 0.05, 0.8)
	if err != nil || relative(d, 0.1*(1.959963984540054+0.8416212335729143)) > 1e-12 {
		t.Errorf("minimal effect %v, %v", d, err)
	}
	for name, err := range map[string]error{
		"no delta": second(UnitsForMeans(0, 1, 0.05, 0.8)), "tiny delta": second(UnitsForMeans(1e-12, 1, 0.05, 0.8)),
		"same": second(UnitsForProportions(0.1, 0.1, 0.05, 0.8)), "power 1": second(UnitsForProportions(0.1, 0.2, 0.05, 1)),
		"NaN": second(PowerOfMeans(10, math.NaN(), 1, 0.05)), "no error": second(MinimalEffect(0, 0.05, 0.8)),
	} {
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: error = %v, want ErrInvalid", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestBayes(t *testing.T) {
	t.Parallel()
	a, err := Beta{1, 1}.Observe(100, 1_000)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Beta{1, 1}.Observe(130, 1_000)
	if err != nil {
		t.Fatal(err)
	}
	if sum := a.Beats(b) + b.Beats(a); math.Abs(sum-1) > 1e-11 {
		t.Errorf("the two chances add up to %v", sum)
	}
	// E max(b-a, 0) - E max(a-b, 0) = E b - E a
	if d := a.Loss(b) - b.Loss(a) - (b.Mean() - a.Mean()); math.Abs(d) > 1e-12 {
		t.Errorf("losses differ by %v too much", d)
	}
	if i := a.Interval(0.05); !i.Contains(a.Mean()) || i.Lower < 0.08 || i.Upper > 0.121 {
		t.Errorf("interval %v around %v", i, a.Mean())
	}
	prior, err := Normal{0, math.Inf(1)}.Observe(2, 1)
	if err != nil || prior != (Normal{2, 1}) {
		t.Errorf("knowing nothing: %v, %v", prior, err)
	}
	posterior, err := Normal{0, 1}.Observe(2, 1)
	if err != nil || posterior.Mean != 1 || relative(posterior.SD, math.Sqrt(0.5)) > 1e-15 {
		t.Errorf("half way: %v, %v", posterior, err)
	}
	// E max(-X, 0) - E max(X, 0) = -mean
	mirror := Normal{-posterior.Mean, posterior.SD}
	if d := posterior.Loss() - mirror.Loss() + posterior.Mean; math.Abs(d) > 1e-15 {
		t.Errorf("losses differ by %v too much", d)
	}
	if _, err := (Beta{1, 1}).Observe(5, 3); !errors.Is(err, ErrInvalid) {
		t.Errorf("more successes than units: %v", err)
	}
}

func TestFieller(t *testing.T) {
	t.Parallel()
	// Far from zero it agrees with the delta method to first order.
	i, ok := Fieller(10, 0.01, 11, 0.01, 0.05)
	se := math.Sqrt(0.01*0.01+1.1*1.1*0.01*0.01) / 10
	if !ok || math.Abs(i.Lower-(0.1-1.96*se)) > 1e-5 || math.Abs(i.Upper-(0.1+1.96*se)) > 1e-5 {
		t.Errorf("%v, %v; want 0.1 ± %v", i, ok, 1.96*se)
	}
	if i, ok := Fieller(0.1, 1, 5, 1, 0.05); ok || !math.IsInf(i.Upper, 1) {
		t.Errorf("a control that may be zero: %v, %v", i, ok)
	}
}
