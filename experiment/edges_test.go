package experiment_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/goldrec/gold/experiment"
)

// bucketOf is the bucket of a unit, as testdata/bucketing.json pins it.
func bucketOf(question, salt, unit string) uint64 {
	return experiment.Hash(experiment.Hash(0, question+"\x00"+salt), unit) >> 32
}

// A share or a range that ends at the unit's very bucket leaves it out, and one that ends behind it does not.
func TestEdges(t *testing.T) {
	t.Parallel()
	const unit = "ann"
	share := func(buckets float64) float64 { return buckets / experiment.Buckets }
	reason := func(e experiment.Experiment) experiment.Assignment {
		e.Key = "e"
		return compile(t, one(e), experiment.Options{}).Assign("e", experiment.Subject{Unit: unit})
	}
	covered, held, arm := bucketOf("coverage", "e", unit), bucketOf("holdout", "h", unit), bucketOf("arm", "e", unit)
	for _, edge := range []struct {
		beyond float64
		in     bool
	}{{0, false}, {0.5, false}, {1, true}} {
		a := reason(experiment.Experiment{Variants: variants(0), Coverage: new(share(float64(covered) + edge.beyond))})
		if in := a.Reason == experiment.Hashed; in != edge.in {
			t.Errorf("coverage %v beyond the bucket: %v", edge.beyond, a.Reason)
		}
		a = reason(experiment.Experiment{Variants: variants(0), Holdout: &experiment.Holdout{Key: "h", Share: share(float64(held) + edge.beyond)}})
		if in := a.Reason == experiment.HeldOut; in != edge.in {
			t.Errorf("holdout %v beyond the bucket: %v", edge.beyond, a.Reason)
		}
	}
	for _, arms := range []int{3, 40} { // few are searched one by one, many by halves
		for back := range uint64(2) {
			e := experiment.Experiment{}
			ends := []uint64{arm - 1 + back, arm + back}
			for i := 1; len(ends) < arms-1; i++ {
				ends = append(ends, arm+back+uint64(i)*1000)
			}
			var from uint64
			for i, to := range append(ends, experiment.Buckets) {
				e.Variants = append(e.Variants, experiment.Variant{Key: fmt.Sprint(i), Ranges: []experiment.Range{{From: from, To: to}}})
				from = to
			}
			if got, want := reason(e).VariantKey(), fmt.Sprint(2-back); got != want {
				t.Errorf("of %d arms the unit has %s, want %s", arms, got, want)
			}
		}
	}
}

// A salt decides alone: what shares one is drawn alike, and what has one of its own is not.
func TestSalts(t *testing.T) {
	t.Parallel()
	half := func(key, salt string) *experiment.Holdout {
		return &experiment.Holdout{Key: key, Salt: salt, Share: 0.5}
	}
	slots := experiment.Slots{To: 5}
	set := compile(t, experiment.Definition{
		Layers: []experiment.Layer{{Key: "l1", Salt: "s", Slots: 10}, {Key: "l2", Salt: "s", Slots: 10}, {Key: "l3", Slots: 10}},
		Experiments: []experiment.Experiment{
			{Key: "h1", Variants: variants(0), Holdout: half("h1", "s")},
			{Key: "h2", Variants: variants(0), Holdout: half("h2", "s")},
			{Key: "h3", Variants: variants(0), Holdout: half("h3", "")},
			{Key: "s1", Variants: variants(0), Layer: "l1", Slots: slots},
			{Key: "s2", Variants: variants(0), Layer: "l2", Slots: slots},
			{Key: "s3", Variants: variants(0), Layer: "l3", Slots: slots},
			{Key: "a1", Salt: "s", Variants: variants(0, 0)},
			{Key: "a2", Salt: "s", Variants: variants(0, 0)},
			{Key: "a3", Variants: variants(0, 0)},
		},
	}, experiment.Options{})
	for _, kind := range []string{"h", "s", "a"} {
		same, other := 0, 0
		for i := range 1000 {
			var got [3]string
			for n := range got {
				got[n] = set.Assign(fmt.Sprint(kind, n+1), experiment.Subject{Unit: fmt.Sprint(i)}).VariantKey()
			}
			if got[0] == got[1] {
				same++
			}
			if got[0] == got[2] {
				other++
			}
		}
		if same != 1000 {
			t.Errorf("%s: one salt decides alike of %d units in 1000", kind, same)
		}
		near(t, kind+" of two salts", other, 1000, 0.5)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	e := experiment.Experiment{Key: "e", Variants: variants(0), Start: dawn, End: dawn.Add(time.Hour)}
	now := dawn
	set := compile(t, one(e), experiment.Options{Now: func() time.Time { return now }})
	for _, tt := range []struct {
		now, subject time.Time
		in           bool
	}{
		{now: dawn, in: true}, {now: dawn.Add(-1)}, {now: dawn.Add(time.Hour)},
		{now: dawn, subject: dawn.Add(-1)}, {now: dawn.Add(-1), subject: dawn, in: true},
	} {
		now = tt.now
		if a := set.Assign("e", experiment.Subject{Unit: "u", Time: tt.subject}); (a.Reason == experiment.Hashed) != tt.in {
			t.Errorf("clock %v, subject %v: %v", tt.now, tt.subject, a.Reason)
		}
	}
	e.Start, e.End = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	if a := compile(t, one(e), experiment.Options{}).Assign("e", experiment.Subject{Unit: "u"}); a.Reason != experiment.Hashed {
		t.Errorf("by the clock of the machine: %v", a.Reason)
	}
}

// What the subject brings counts, and the set's own knowledge of the unit only when it brings nothing.
func TestAttributes(t *testing.T) {
	t.Parallel()
	e := experiment.Experiment{Key: "e", Variants: variants(0), Condition: &experiment.Condition{Attribute: "of", Op: experiment.Equal, Value: "ann"}}
	set := compile(t, one(e), experiment.Options{Attributes: func(unit string) map[string]any { return map[string]any{"of": unit} }})
	for _, tt := range []struct {
		subject experiment.Subject
		in      bool
	}{
		{experiment.Subject{Unit: "ann"}, true}, {experiment.Subject{Unit: "bob"}, false},
		{experiment.Subject{Unit: "bob", Attributes: map[string]any{"of": "ann"}}, true},
		{experiment.Subject{Unit: "ann", Attributes: map[string]any{}}, false},
	} {
		if a := set.Assign("e", tt.subject); (a.Reason == experiment.Hashed) != tt.in {
			t.Errorf("%+v: %v", tt.subject, a.Reason)
		}
	}
}

func TestEveryPrerequisiteCounts(t *testing.T) {
	t.Parallel()
	p := func(key, variant string) experiment.Prerequisite {
		return experiment.Prerequisite{Experiment: key, Variants: []string{variant}}
	}
	for i, list := range [][]experiment.Prerequisite{
		{p("p", "a"), p("q", "b")}, {p("p", "b"), p("q", "b")}, {p("p", "a"), p("q", "a")}, {{Experiment: "p"}, {Experiment: "off"}},
	} {
		set := compile(t, experiment.Definition{Experiments: []experiment.Experiment{
			{Key: "e", Variants: variants(0), Prerequisites: list},
			{Key: "p", Variants: variants(1, 0)}, {Key: "q", Variants: variants(0, 1)}, {Key: "off", Variants: variants(0), Stopped: true},
		}}, experiment.Options{})
		if a := set.Assign("e", experiment.Subject{Unit: "u"}); (a.Reason == experiment.Hashed) != (i == 0) {
			t.Errorf("%+v: %v", list, a.Reason)
		}
	}
}

func TestReweightEdges(t *testing.T) {
	t.Parallel()
	e := experiment.Experiment{Key: "e", Variants: variants(0.5, 0.5)}
	for _, weights := range [][]float64{nil, {1}, {0.5, 0.5, 0}, {0.5, 0.4}, {1.5, -0.5}} {
		if _, err := e.Reweight(weights); err == nil {
			t.Errorf("weights %v are taken", weights)
		}
	}
	twice := experiment.Experiment{Key: "e", Variants: []experiment.Variant{{Key: "a"}, {Key: "a"}}}
	if _, err := twice.Reweight([]float64{0.5, 0.5}); err == nil {
		t.Error("two variants of one key are taken")
	}
	// Sums that rounding leaves a little below or above 1 still share out every bucket once.
	for _, weights := range [][]float64{{0.3333333, 0.3333333, 0.3333333}, {0.6, 0.4000005, 1e-9}} {
		for _, from := range []experiment.Experiment{{Key: "e", Variants: variants(0, 0, 0)}, {Key: "e", Variants: variants(weights...)}} {
			next, err := from.Reweight(weights)
			if err != nil {
				t.Fatal(err)
			}
			compile(t, one(next), experiment.Options{})
		}
	}
	const middle = experiment.Buckets / 2
	split := experiment.Experiment{Key: "e", Variants: variants(0.5, 0.5)}
	split.Variants[0].Ranges = []experiment.Range{{From: 0, To: 9}, {From: 9, To: middle}}
	split.Variants[1].Ranges = []experiment.Range{{From: middle, To: experiment.Buckets}}
	if next, err := split.Reweight([]float64{0.5, 0.5}); err != nil || len(next.Variants[0].Ranges) != 1 {
		t.Errorf("ranges that touch stay apart: %v, error %v", next.Variants[0].Ranges, err)
	}
}
