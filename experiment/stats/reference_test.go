package stats

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

// gen is the gen of testdata/tests.R.
func gen(n, a, b, m int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = float64(((i+1)*a+b)%m) / float64(m)
	}
	return out
}

// dataset is the data of testdata/tests.R: outcome y, covariate x, and denominators of both.
func dataset() (control, variant struct{ y, x, d, e []float64 }) {
	control.x, variant.x = gen(400, 7919, 11, 1009), gen(500, 7907, 29, 1013)
	u1, u2 := gen(400, 104729, 3, 499), gen(500, 104723, 5, 503)
	for i := range u1 {
		control.y = append(control.y, 3+2*control.x[i]+u1[i]*u1[i])
	}
	for i := range u2 {
		variant.y = append(variant.y, 3.1+2*variant.x[i]+u2[i]*u2[i])
	}
	fives := func(u []float64) []float64 {
		for i := range u {
			u[i] = 1 + math.Floor(5*u[i])
		}
		return u
	}
	control.d, variant.d = fives(gen(400, 613, 7, 211)), fives(gen(500, 617, 9, 223))
	control.e, variant.e = fives(gen(400, 613, 8, 211)), fives(gen(500, 617, 2, 223))
	return control, variant
}

func summarize(t testing.TB, columns ...[]float64) *Summary {
	t.Helper()
	s := NewSummary(len(columns))
	row := make([]float64, len(columns))
	for i := range columns[0] {
		for c := range columns {
			row[c] = columns[c][i]
		}
		if err := s.Add(row...); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// successes is the summary of units of which that many succeeded.
func successes(t testing.TB, k, n int) *Summary {
	t.Helper()
	y := make([]float64, n)
	for i := range k {
		y[i] = 1
	}
	return summarize(t, y)
}

func compare(t testing.TB, m Metric, control, variant *Summary) Effect {
	t.Helper()
	e, err := Compare(m, control, variant)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestAgainstR compares with testdata/tests.json, which testdata/tests.R made with R 4.2.2.
func TestAgainstR(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/tests.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]float64
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	ours(t, got)
	for key, w := range want {
		g, ok := got[key]
		tolerance := 1e-9
		if strings.HasPrefix(key, "loss") {
			tolerance = 1e-8 // R's nested integrate is no better
		}
		if rel := relative(g, w); !ok || !(rel <= tolerance) {
			t.Errorf("%s = %v, R says %v: off by %.1e", key, g, w, rel)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d numbers, R has %d", len(got), len(want))
	}
}

// ours computes what R has.
func ours(t *testing.T, got map[string]float64) {
	c, v := dataset()
	welch := compare(t, Metric{}, summarize(t, c.y), summarize(t, v.y))
	got["welch.t"], got["welch.df"], got["welch.p"] = welch.Statistic(), welch.DF, welch.PValue()
	i := welch.Interval(0.05)
	got["welch.lower"], got["welch.upper"], got["welch.se"] = i.Lower, i.Upper, welch.StdErr
	got["lift"], got["lift.se"] = welch.Lift, welch.LiftStdErr

	for k, s := range [][4]int{{20034, 44700, 20119, 45489}, {12, 300, 31, 310}} {
		e := compare(t, Metric{Kind: Proportion}, successes(t, s[0], s[1]), successes(t, s[2], s[3]))
		key := fmt.Sprint("prop", k+1)
		i := e.Interval(0.05)
		got[key+".chi"], got[key+".p"] = e.Statistic()*e.Statistic(), e.PValue()
		got[key+".lower"], got[key+".upper"] = i.Lower, i.Upper
	}

	ratio := compare(t, Metric{Kind: Ratio}, summarize(t, c.y, c.d), summarize(t, v.y, v.d))
	got["ratio.control"], got["ratio.diff"], got["ratio.se"] = ratio.Control, ratio.Difference, ratio.StdErr

	cuped := compare(t, Metric{Covariate: true}, summarize(t, c.y, c.x), summarize(t, v.y, v.x))
	got["cuped.theta"], got["cuped.diff"], got["cuped.se"] = cuped.Theta, cuped.Difference, cuped.StdErr
	got["cuped.p"], got["cuped.lift"], got["cuped.lift.se"] = cuped.PValue(), cuped.Lift, cuped.LiftStdErr

	both := compare(t, Metric{Kind: Ratio, Covariate: true},
		summarize(t, c.y, c.d, c.x, c.e), summarize(t, v.y, v.d, v.x, v.e))
	got["cupedratio.theta"], got["cupedratio.diff"], got["cupedratio.se"] = both.Theta, both.Difference, both.StdErr

	var q Quantiles
	for _, y := range v.y {
		if err := q.Add(y); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []float64{0.1, 0.5, 0.9, 0.99} {
		got["quantile."+strconv.FormatFloat(p, 'g', -1, 64)] = q.Quantile(p)
	}
	oursOfMany(t, got)
}

func oursOfMany(t *testing.T, got map[string]float64) {
	p := []float64{0.001, 0.04, 0.012, 0.3, 0.021, 0.9, 0.0007, 0.05, 0.05, 0.6}
	for name, c := range map[string]Correction{
		"bonferroni": Bonferroni, "holm": Holm, "hochberg": Hochberg, "hommel": Hommel,
		"BH": BenjaminiHochberg, "BY": BenjaminiYekutieli,
	} {
		adjusted, err := Adjust(c, p)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range adjusted {
			got[fmt.Sprintf("adjust.%s.%d", name, i)] = v
		}
	}
	must := func(v float64, err error) float64 {
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	got["srm.2"] = must(SampleRatio([]int64{44700, 45489}, []float64{1, 1}))
	got["srm.3"] = must(SampleRatio([]int64{5000, 3100, 1950}, []float64{0.5, 0.3, 0.2}))
	for _, n := range []float64{5, 64, 1000} {
		got[fmt.Sprint("power.t.", n)] = must(PowerOfMeans(n, 0.5, 1.3, 0.05))
	}
	got["power.prop"] = must(PowerOfProportions(4000, 0.1, 0.12, 0.05))
	got["beats.small"] = Beta{13, 289}.Beats(Beta{32, 280})
	got["beats.mid"] = Beta{102, 900}.Beats(Beta{90, 912})
	got["beats.half"] = Beta{3.5, 2}.Beats(Beta{4, 3})
	got["loss"] = Beta{13, 29}.Loss(Beta{15, 28})
}
