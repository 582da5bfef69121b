package stats

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCollector collects events one by one, in two orders: the arms are those of the units' sums.
func TestCollector(t *testing.T) {
	t.Parallel()
	plan := Plan{Experiment: "e", Metrics: []Metric{
		{Name: "bought", Kind: Proportion}, {Name: "revenue"}, {Name: "ctr", Kind: Ratio}, {Name: "cuped", Covariate: true},
		{Name: "median", Kind: Quantile, P: 0.5, Secondary: true},
	}}
	names := []Arm{{Variant: "a", Weight: 1}, {Variant: "b", Weight: 1}}
	c, err := NewCollector(plan, names, 0)
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var bought, revenue [2][]float64
	for i := range 200 {
		name, arm := fmt.Sprint(i), i%2
		must(c.Expose(name, names[arm].Variant))
		must(c.Expose(name, names[arm].Variant)) // again: nothing new
		buys, sum := i%3, 0.0
		for k := range buys {
			must(c.Observe(name, "bought", 1))
			must(c.Observe(name, "revenue", float64(10*k+i)))
			sum += float64(10*k + i)
		}
		must(c.Observe(name, "median", float64(i)))
		must(c.Observe(name, "ctr", float64(buys), 5))
		must(c.Observe(name, "cuped", float64(buys), 0))
		must(c.Observe(name, "cuped", 0, float64(i)))
		bought[arm] = append(bought[arm], float64(min(buys, 1)))
		revenue[arm] = append(revenue[arm], sum)
	}
	must(c.Observe("stranger", "revenue", 1e9)) // not exposed
	must(c.Expose("both", "a"))
	must(c.Expose("both", "b"))
	must(c.Expose("both", "a"))
	must(c.Observe("both", "revenue", 1e9))
	if c.Exposed("stranger") || !c.Exposed("both") {
		t.Error("who is exposed is wrong")
	}
	arms := c.arms()
	for i := range arms {
		if arms[i].Units != 100 {
			t.Errorf("arm %d has %d units", i, arms[i].Units)
		}
		if diff := cmp.Diff(summarize(t, bought[i]), arms[i].Metrics[0]); diff != "" {
			t.Errorf("bought: %s", diff)
		}
		if diff := cmp.Diff(summarize(t, revenue[i]), arms[i].Metrics[1]); diff != "" {
			t.Errorf("revenue: %s", diff)
		}
	}
	r, err := c.Report()
	must(err)
	if m := r.Comparisons[4]; m.ControlValue != 99 || m.VariantValue != 100 || m.Verdict != Unclear || m.ControlUnits != 100 {
		t.Errorf("medians of the even and the odd numbers to 200: %+v", m)
	}
	if all := strings.Join(r.Problems, "\n"); !strings.Contains(all, "1 units saw more than one variant") {
		t.Errorf("problems: %s", all)
	}
	for name, err := range map[string]error{
		"variant": c.Expose("x", "c"), "metric": c.Observe("1", "clicks", 1), "columns": c.Observe("1", "ctr", 1),
		"NaN": c.Observe("1", "revenue", math.NaN()),
	} {
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: error = %v, want ErrInvalid", name, err)
		}
	}
	full, err := NewCollector(plan, names, 1)
	must(err)
	must(full.Expose("1", "a"))
	if err := full.Expose("2", "a"); !errors.Is(err, ErrFull) {
		t.Errorf("beyond the bound: %v", err)
	}
	if _, err := NewCollector(plan, names[:1], 0); !errors.Is(err, ErrInvalid) {
		t.Errorf("one arm: %v", err)
	}
}
