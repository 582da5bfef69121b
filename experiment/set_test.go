package experiment_test

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goldrec/gold/experiment"
)

var dawn = time.Date(2026, 1, 1, 6, 0, 0, 0, time.UTC)

func compile(t testing.TB, d experiment.Definition, opts experiment.Options) *experiment.Set {
	t.Helper()
	set, err := experiment.Compile(d, opts)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func variants(weights ...float64) []experiment.Variant {
	out := make([]experiment.Variant, len(weights))
	for i, w := range weights {
		out[i] = experiment.Variant{Key: string(rune('a' + i)), Weight: w}
	}
	return out
}

func one(e experiment.Experiment) experiment.Definition {
	return experiment.Definition{Experiments: []experiment.Experiment{e}}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	all := &experiment.Holdout{Key: "all", Share: 1}
	base := experiment.Experiment{Key: "e", Variants: variants(0, 0)}
	with := func(change func(e *experiment.Experiment)) experiment.Definition {
		e := base
		change(&e)
		return one(e)
	}
	tests := []struct {
		name    string
		def     experiment.Definition
		subject experiment.Subject
		want    experiment.Reason
	}{
		{"plain", one(base), experiment.Subject{Unit: "u"}, experiment.Hashed},
		{"empty unit", one(base), experiment.Subject{}, experiment.InvalidUnit},
		{"longest unit", one(base), experiment.Subject{Unit: strings.Repeat("u", 512)}, experiment.Hashed},
		{"enormous unit", one(base), experiment.Subject{Unit: strings.Repeat("u", 513)}, experiment.InvalidUnit},
		{"other experiment", experiment.Definition{}, experiment.Subject{Unit: "u"}, experiment.Unknown},
		{"stopped though forced", with(func(e *experiment.Experiment) {
			e.Stopped, e.Forced = true, map[string]string{"u": "b"}
		}), experiment.Subject{Unit: "u"}, experiment.Stopped},
		{"forced before the start", with(func(e *experiment.Experiment) {
			e.Start, e.Forced = noon, map[string]string{"u": "b"}
		}), experiment.Subject{Unit: "u", Time: noon.Add(-1)}, experiment.Forced},
		{"before the start", with(func(e *experiment.Experiment) { e.Start = noon }),
			experiment.Subject{Unit: "u", Time: noon.Add(-1)}, experiment.OutsidePeriod},
		{"at the start", with(func(e *experiment.Experiment) { e.Start = noon }),
			experiment.Subject{Unit: "u", Time: noon}, experiment.Hashed},
		{"at the end", with(func(e *experiment.Experiment) { e.End = noon }),
			experiment.Subject{Unit: "u", Time: noon}, experiment.OutsidePeriod},
		{"global holdout", experiment.Definition{Experiments: []experiment.Experiment{base}, Holdout: all},
			experiment.Subject{Unit: "u"}, experiment.HeldOut},
		{"own holdout", with(func(e *experiment.Experiment) { e.Holdout = all }),
			experiment.Subject{Unit: "u"}, experiment.HeldOut},
		{"layer holdout", experiment.Definition{
			Layers: []experiment.Layer{{Key: "l", Slots: 1, Holdout: all}},
			Experiments: []experiment.Experiment{{Key: "e", Variants: variants(0), Layer: "l",
				Slots: experiment.Slots{To: 1}}},
		}, experiment.Subject{Unit: "u"}, experiment.HeldOut},
		{"no coverage", with(func(e *experiment.Experiment) { e.Coverage = new(0.0) }),
			experiment.Subject{Unit: "u"}, experiment.NotCovered},
		{"not targeted", with(func(e *experiment.Experiment) {
			e.Condition = &experiment.Condition{Attribute: "country", Op: experiment.Equal, Value: "FR"}
		}), experiment.Subject{Unit: "u", Attributes: map[string]any{"country": "DE"}}, experiment.NotTargeted},
		{"targeted", with(func(e *experiment.Experiment) {
			e.Condition = &experiment.Condition{Attribute: "country", Op: experiment.Equal, Value: "FR"}
		}), experiment.Subject{Unit: "u", Attributes: map[string]any{"country": "FR"}}, experiment.Hashed},
		{"prerequisite", experiment.Definition{Experiments: []experiment.Experiment{
			{Key: "e", Variants: variants(0, 0), Prerequisites: []experiment.Prerequisite{{Experiment: "p", Variants: []string{"b"}}}},
			{Key: "p", Variants: variants(1, 0)},
		}}, experiment.Subject{Unit: "u"}, experiment.NotPrerequired},
		{"prerequisite holds", experiment.Definition{Experiments: []experiment.Experiment{
			{Key: "e", Variants: variants(0, 0), Prerequisites: []experiment.Prerequisite{{Experiment: "p", Variants: []string{"a"}}}},
			{Key: "p", Variants: variants(1, 0)},
		}}, experiment.Subject{Unit: "u"}, experiment.Hashed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := compile(t, test.def, experiment.Options{}).Assign("e", test.subject)
			if a.Reason != test.want {
				t.Errorf("reason = %v, want %v", a.Reason, test.want)
			}
			if in := test.want <= experiment.Forced; in != (a.Variant != nil) {
				t.Errorf("variant = %v for reason %v", a.Variant, a.Reason)
			}
		})
	}
}

// shares counts the variants of n units; "" is outside.
func shares(set *experiment.Set, key string, n int) map[string]int {
	counts := make(map[string]int)
	for i := range n {
		counts[set.Assign(key, experiment.Subject{Unit: fmt.Sprint("user-", i)}).VariantKey()]++
	}
	return counts
}

// near fails when a count is more than five binomial deviations from its expectation, which chance does once in 1.7
// million.
func near(t *testing.T, what string, got, n int, share float64) {
	t.Helper()
	if dev := math.Sqrt(float64(n) * share * (1 - share)); math.Abs(float64(got)-float64(n)*share) > 5*dev+1e-9 {
		t.Errorf("%s: %d of %d, want %v ± %v", what, got, n, float64(n)*share, 5*dev)
	}
}

func TestShares(t *testing.T) {
	t.Parallel()
	const n = 100_000
	e := experiment.Experiment{Key: "e", Variants: variants(0.5, 0.3, 0, 0.2), Coverage: new(0.7)}
	counts := shares(compile(t, one(e), experiment.Options{}), "e", n)
	for key, share := range map[string]float64{"a": 0.35, "b": 0.21, "c": 0, "d": 0.14, "": 0.3} {
		near(t, "variant "+key, counts[key], n, share)
	}
}

func TestTenThousandVariants(t *testing.T) {
	t.Parallel()
	e := experiment.Experiment{Key: "e"}
	for i := range experiment.VariantsMax {
		e.Variants = append(e.Variants, experiment.Variant{Key: fmt.Sprint(i)})
	}
	const n = 200_000
	counts := shares(compile(t, one(e), experiment.Options{}), "e", n)
	if len(counts) != experiment.VariantsMax { // a variant without any of 20 expected units: e^-20 × 10^4
		t.Errorf("%d variants are used, want all %d", len(counts), experiment.VariantsMax)
	}
}

func TestRaisingCoverageMovesNobody(t *testing.T) {
	t.Parallel()
	before := map[string]string{}
	for _, coverage := range []float64{0.01, 0.1, 0.5, 0.9, 1} {
		e := experiment.Experiment{Key: "e", Variants: variants(0.2, 0.5, 0.3), Coverage: &coverage}
		set := compile(t, one(e), experiment.Options{})
		for i := range 20_000 {
			unit := fmt.Sprint("user-", i)
			got := set.Assign("e", experiment.Subject{Unit: unit}).VariantKey()
			if was := before[unit]; was != "" && got != was {
				t.Fatalf("coverage %v moved %s from %q to %q", coverage, unit, was, got)
			}
			before[unit] = got
		}
	}
}

func TestReweightMovesTheFewest(t *testing.T) {
	t.Parallel()
	e := experiment.Experiment{Key: "e", Variants: variants(0, 0, 0, 0)}
	was := []float64{0.25, 0.25, 0.25, 0.25}
	const n = 100_000
	before := compile(t, one(e), experiment.Options{})
	for _, weights := range [][]float64{{0.4, 0.2, 0.2, 0.2}, {0, 0.5, 0.25, 0.25}, {1, 0, 0, 0}, {0.1, 0.2, 0.3, 0.4}} {
		next, err := e.Reweight(weights)
		if err != nil {
			t.Fatal(err)
		}
		after := compile(t, one(next), experiment.Options{})
		moved, counts := 0, map[string]int{}
		for i := range n {
			s := experiment.Subject{Unit: fmt.Sprint("user-", i)}
			a, b := before.Assign("e", s), after.Assign("e", s)
			counts[b.VariantKey()]++
			if a.VariantKey() != b.VariantKey() {
				moved++
			}
		}
		fewest := 0.0 // half the sum of differences: no arrangement moves less
		for i := range weights {
			fewest += math.Abs(weights[i]-was[i]) / 2
			near(t, fmt.Sprint(weights, next.Variants[i].Key), counts[next.Variants[i].Key], n, weights[i])
		}
		near(t, fmt.Sprint("moved to ", weights), moved, n, fewest)
		e, before, was = next, after, weights
	}
	if _, err := e.Reweight([]float64{1, 1, 0, 0}); err == nil {
		t.Error("weights that add up to 2 are taken")
	}
	if _, err := e.Reweight([]float64{math.NaN(), 1, 0, 0}); err == nil {
		t.Error("a weight of NaN is taken")
	}
}

func TestLayersExclude(t *testing.T) {
	t.Parallel()
	d := experiment.Definition{
		Layers: []experiment.Layer{{Key: "page", Slots: 10}},
		Experiments: []experiment.Experiment{
			{Key: "x", Variants: variants(0, 0), Layer: "page", Slots: experiment.Slots{From: 0, To: 3}},
			{Key: "y", Variants: variants(0, 0), Layer: "page", Slots: experiment.Slots{From: 3, To: 10}},
			{Key: "free", Variants: variants(0, 0)},
		},
	}
	set := compile(t, d, experiment.Options{})
	const n = 100_000
	in := map[string]int{}
	for i := range n {
		s := experiment.Subject{Unit: fmt.Sprint("user-", i)}
		x, y, free := set.Assign("x", s), set.Assign("y", s), set.Assign("free", s)
		if (x.Variant == nil) == (y.Variant == nil) {
			t.Fatalf("%s is in %q of x and %q of y", s.Unit, x.VariantKey(), y.VariantKey())
		}
		in[x.VariantKey()+"/"+free.VariantKey()]++
	}
	for _, arm := range []string{"a", "b"} { // the arms of one layer are independent of what is outside it
		near(t, "x a, free "+arm, in["a/"+arm], n, 0.3/4)
		near(t, "x b, free "+arm, in["b/"+arm], n, 0.3/4)
		near(t, "not x, free "+arm, in["/"+arm], n, 0.7/2)
	}
}

func TestSwapUnderLoad(t *testing.T) {
	t.Parallel()
	a := compile(t, one(experiment.Experiment{Key: "e", Variants: variants(1, 0)}), experiment.Options{})
	b := compile(t, one(experiment.Experiment{Key: "e", Variants: variants(0, 1)}), experiment.Options{})
	live := experiment.NewLive(a)
	assigner := live.Assigner("e")
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range 10_000 {
				if v := assigner.Variant("u"); v != "a" && v != "b" {
					t.Errorf("variant = %q", v)
				}
			}
		})
	}
	for range 1_000 {
		if live.Swap(b) != a || live.Swap(a) != b {
			t.Error("Swap does not return the set before")
		}
	}
	wg.Wait()
}

func TestVariantAllocatesNothing(t *testing.T) {
	d := experiment.Definition{
		Layers: []experiment.Layer{{Key: "page"}},
		Experiments: []experiment.Experiment{{
			Key: "e", Variants: variants(0, 0, 0, 0), Layer: "page", Slots: experiment.Slots{To: 900},
			Condition: &experiment.Condition{All: []experiment.Condition{
				{Attribute: "country", Op: experiment.In, Value: []string{"FR", "DE"}},
				{Attribute: "age", Op: experiment.GreaterOrEqual, Value: 18},
				{Attribute: "tags", Op: experiment.Contains, Value: "vip"},
			}},
		}},
	}
	attributes := map[string]any{"country": "DE", "age": 30, "tags": []string{"new", "vip"}}
	live := experiment.NewLive(compile(t, d, experiment.Options{Attributes: func(string) map[string]any { return attributes }}))
	assigner := live.Assigner("e")
	in := 0
	if n := testing.AllocsPerRun(1000, func() {
		if assigner.Variant("ann") != "" {
			in++
		}
	}); n != 0 {
		t.Errorf("Variant allocates %v times", n)
	}
	if in == 0 {
		t.Error("ann is outside, so little was measured")
	}
}
