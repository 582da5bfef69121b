package stats

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// arm makes an arm with one proportion.
func arm(t testing.TB, name string, k, n int) Arm {
	t.Helper()
	return Arm{Variant: name, Weight: 1, Units: int64(n), Metrics: []*Summary{successes(t, k, n)}}
}

var conversion = []Metric{{Name: "conversion", Kind: Proportion}}

func analyze(t testing.TB, plan Plan, arms ...Arm) *Report {
	t.Helper()
	r, err := Analyze(plan, arms)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	once, always := Plan{Metrics: conversion}, Plan{Metrics: conversion, Looking: Always, PlannedUnits: 20_000}
	margin := Plan{Metrics: []Metric{{Name: "conversion", Kind: Proportion, Margin: 0.02}}}
	tests := []struct {
		name    string
		plan    Plan
		arms    []Arm
		want    Decision
		variant string
		verdict Verdict
	}{
		{"better", once, []Arm{arm(t, "a", 1000, 10_000), arm(t, "b", 1200, 10_000)}, Ship, "b", Better},
		{"worse", once, []Arm{arm(t, "a", 1200, 10_000), arm(t, "b", 1000, 10_000)}, DoNotShip, "", Worse},
		{"alike", once, []Arm{arm(t, "a", 1000, 10_000), arm(t, "b", 1005, 10_000)}, NoEffect, "", Unclear},
		{"too early", Plan{Metrics: conversion, PlannedUnits: 30_000},
			[]Arm{arm(t, "a", 1000, 10_000), arm(t, "b", 1200, 10_000)}, Wait, "", Better},
		{"always, better", always, []Arm{arm(t, "a", 500, 5_000), arm(t, "b", 700, 5_000)}, Ship, "b", Better},
		{"always, not sure", always, []Arm{arm(t, "a", 500, 5_000), arm(t, "b", 540, 5_000)}, Wait, "", Unclear},
		{"always, done", always, []Arm{arm(t, "a", 1000, 10_000), arm(t, "b", 1005, 10_000)}, NoEffect, "", Unclear},
		{"group, first of two looks", Plan{Metrics: conversion, Looking: Group, PlannedUnits: 20_000},
			[]Arm{arm(t, "a", 500, 5_000), arm(t, "b", 570, 5_000)}, Wait, "", Unclear}, // z = 2.2, at 1.96 once
		{"group, last look", Plan{Metrics: conversion, Looking: Group, PlannedUnits: 10_000, Looks: []float64{0.5}},
			[]Arm{arm(t, "a", 500, 5_000), arm(t, "b", 570, 5_000)}, Ship, "b", Better},
		{"mismatch", once, []Arm{arm(t, "a", 1000, 10_000), arm(t, "b", 1200, 9_000)}, Invalid, "", Better},
		{"no users", once, []Arm{arm(t, "a", 5, 10), arm(t, "b", 0, 0)}, Invalid, "", Unknown},
		{"nobody at all", once, []Arm{arm(t, "a", 0, 0), arm(t, "b", 0, 0)}, Invalid, "", Unknown},
		{"nothing varies", once, []Arm{arm(t, "a", 0, 50), arm(t, "b", 0, 50)}, Invalid, "", Unknown},
		{"not worse by the margin", margin, []Arm{arm(t, "a", 1000, 10_000), arm(t, "b", 1010, 10_000)}, NoEffect, "", NotWorse},
		{"three arms", once, []Arm{arm(t, "a", 1000, 10_000), arm(t, "b", 1010, 10_000), arm(t, "c", 1200, 10_000)}, Ship, "c", Unclear},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := analyze(t, test.plan, test.arms...)
			if r.Decision != test.want || r.Variant != test.variant || r.Comparisons[0].Verdict != test.verdict {
				t.Errorf("%s %q (%s), verdict %s; want %s %q, %s", r.Decision, r.Variant, r.Reason,
					r.Comparisons[0].Verdict, test.want, test.variant, test.verdict)
			}
			if r.PeekingAllowed != (test.plan.Looking == Always || test.plan.Looking == Group) {
				t.Errorf("peeking allowed: %v", r.PeekingAllowed)
			}
			checkForms(t, r)
		})
	}
}

// checkForms holds that the report can be written: JSON reads back, the page's plot is XML, and nothing is NaN in it.
func checkForms(t *testing.T, r *Report) {
	t.Helper()
	var text, page bytes.Buffer
	if err := errors.Join(r.WriteJSON(&text), r.WriteHTML(&page)); err != nil {
		t.Fatal(err)
	}
	var back map[string]any
	if err := json.Unmarshal(text.Bytes(), &back); err != nil {
		t.Error(err)
	}
	html := page.String()
	from, to := strings.Index(html, "<svg"), strings.Index(html, "</svg>")
	if from < 0 || to < 0 || strings.Contains(html[from:to], "NaN") {
		t.Fatalf("no plot, or one with NaN: %s", html)
	}
	d := xml.NewDecoder(strings.NewReader(html[from : to+len("</svg>")]))
	for {
		if _, err := d.Token(); err != nil {
			if err.Error() != "EOF" {
				t.Errorf("the plot is no XML: %v", err)
			}
			break
		}
	}
	for _, want := range []string{string(r.Decision), r.Comparisons[0].Metric} {
		if !strings.Contains(r.String(), want) || !strings.Contains(html, want) {
			t.Errorf("%q is not in the text or the page", want)
		}
	}
}

func TestReportEscapes(t *testing.T) {
	t.Parallel()
	const nasty = `<script>alert("x")</script>`
	plan := Plan{Experiment: nasty, Metrics: []Metric{{Name: nasty, Kind: Proportion}}}
	var page bytes.Buffer
	if err := analyze(t, plan, arm(t, nasty, 5, 50), arm(t, "b", 9, 50)).WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(page.String(), "<script") {
		t.Error("names are not escaped")
	}
}

func TestReportProblems(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	heavy, light := NewSummary(1), NewSummary(1)
	for range 1_000 {
		heavy.Add(rng.ExpFloat64())
		light.Add(rng.ExpFloat64())
	}
	heavy.Add(1_000)
	heavy.Add(math.NaN())
	plan := Plan{Metrics: []Metric{{Name: "revenue"}}}
	r := analyze(t, plan,
		Arm{Variant: "a", Weight: 1, Units: 1_002, Metrics: []*Summary{heavy}},
		Arm{Variant: "b", Weight: 1, Units: 1_005, Metrics: []*Summary{light}})
	all := strings.Join(r.Problems, "\n")
	for _, want := range []string{`1 units of "a" have no usable value`, `one unit of "a" makes`, `revenue has 1000 units of "b", of 1005`} {
		if !strings.Contains(all, want) {
			t.Errorf("problems lack %q:\n%s", want, all)
		}
	}
	if strings.Contains(all, `one unit of "b"`) {
		t.Errorf("b has no outlier:\n%s", all)
	}
}

func TestInvalidPlans(t *testing.T) {
	t.Parallel()
	two := []Arm{arm(t, "a", 5, 50), arm(t, "b", 5, 50)}
	for name, test := range map[string]struct {
		plan Plan
		arms []Arm
	}{
		"no metrics":      {Plan{}, two},
		"alpha":           {Plan{Metrics: conversion, Alpha: math.NaN()}, two},
		"looking":         {Plan{Metrics: conversion, Looking: "often"}, two},
		"correction":      {Plan{Metrics: conversion, Correction: "hope"}, two},
		"group unplanned": {Plan{Metrics: conversion, Looking: Group}, two},
		"looks backwards": {Plan{Metrics: conversion, Looking: Group, PlannedUnits: 100, Looks: []float64{0.5, 0.2}}, two},
		"one arm":         {Plan{Metrics: conversion}, two[:1]},
		"same name":       {Plan{Metrics: conversion}, []Arm{two[0], two[0]}},
		"metric missing":  {Plan{Metrics: conversion}, []Arm{two[0], {Variant: "b", Weight: 1}}},
		"quantile 1":      {Plan{Metrics: []Metric{{Kind: Quantile, P: 1}}}, two},
		"no quantiles":    {Plan{Metrics: []Metric{{Kind: Quantile, P: 0.5}}}, two},
		"metric nil":      {Plan{Metrics: conversion}, []Arm{two[0], {Variant: "b", Weight: 1, Metrics: []*Summary{nil}}}},
		"units below 0":   {Plan{Metrics: conversion}, []Arm{two[0], {Variant: "b", Weight: 1, Units: -1, Metrics: two[1].Metrics}}},
		"no weights":      {Plan{Metrics: conversion}, []Arm{{Variant: "a", Metrics: two[0].Metrics}, {Variant: "b", Metrics: two[1].Metrics}}},
		"weight of NaN":   {Plan{Metrics: conversion}, []Arm{two[0], {Variant: "b", Weight: math.NaN(), Metrics: two[1].Metrics}}},
	} {
		if _, err := Analyze(test.plan, test.arms); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: error = %v, want ErrInvalid", name, err)
		}
	}
}

// TestReportOfFewUnits looks before an interval can be given: the report says so in words, and how many it takes.
func TestReportOfFewUnits(t *testing.T) {
	t.Parallel()
	plan := Plan{Metrics: conversion, Looking: Always}
	for units, early := range map[int]bool{100: true, 249: true, 250: false, 1000: false} {
		r, err := Analyze(plan, []Arm{arm(t, "a", units/5, units), arm(t, "b", units/4, units)})
		if err != nil {
			t.Fatal(err)
		}
		var text, page strings.Builder
		if err := errors.Join(r.WriteText(&text), r.WriteHTML(&page)); err != nil {
			t.Fatal(err)
		}
		for form, written := range map[string]string{"text": text.String(), "page": page.String()} {
			said := fmt.Sprintf("no interval yet, with %d units of the 500", 2*units)
			if strings.Contains(written, "Inf") || strings.Contains(written, "NaN") ||
				strings.Contains(written, "none yet") != early || strings.Contains(written, said) != early {
				t.Errorf("%d units, in the %s:\n%s", units, form, written)
			}
		}
	}
}

// TestReportFalseAlarms runs whole A/A experiments with three arms and two metrics: whatever the way to look, at most a
// share of alpha, with the binomial 99 % band for luck, says ship or do not ship.
func TestReportFalseAlarms(t *testing.T) {
	t.Parallel()
	metrics := []Metric{{Name: "y"}, {Name: "p", Kind: Proportion}}
	for name, plan := range map[string]Plan{
		"once":   {Metrics: metrics},
		"group":  {Metrics: metrics, Looking: Group, PlannedUnits: 900, Looks: []float64{1.0 / 3, 2.0 / 3}},
		"always": {Metrics: metrics, Looking: Always, PlannedUnits: 900},
	} {
		n := simulations() / 10
		if plan.Looking == Group { // computing the bounds costs milliseconds a report
			n /= 4
		}
		got := share(n, 800, func(rng *rand.Rand) bool {
			arms := []Arm{{Variant: "a", Weight: 1}, {Variant: "b", Weight: 1}, {Variant: "c", Weight: 1}}
			for i := range arms {
				arms[i].Metrics = []*Summary{NewSummary(1), NewSummary(1)}
				arms[i].Units = 300
				for range 300 {
					arms[i].Metrics[0].Add(rng.NormFloat64())
					arms[i].Metrics[1].Add(math.Floor(0.3 + rng.Float64()))
				}
			}
			r, err := Analyze(plan, arms)
			return err != nil || r.Decision == Ship || r.Decision == DoNotShip
		})
		if got > 0.05+band(0.05, n) {
			t.Errorf("%s: false alarms %.4f", name, got)
		}
		t.Logf("%s: %.4f", name, got)
	}
}
