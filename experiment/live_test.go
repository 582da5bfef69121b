package experiment_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/experiment"
)

func TestAssignerVariants(t *testing.T) {
	t.Parallel()
	e := experiment.Experiment{Key: "ranking", Variants: []experiment.Variant{{Key: "new"}, {Key: "control"}, {Key: "old"}}}
	set := compile(t, one(e), experiment.Options{})
	live := experiment.NewLive(set)
	assigner, misspelt := live.Assigner("ranking"), live.Assigner("rankin")
	if got := misspelt.Variants(); got != nil {
		t.Errorf("variants of no experiment are %q, want nil", got)
	}
	if misspelt.Key() != "rankin" || misspelt.Variant("ann") != "" {
		t.Errorf("%q has variant %q", misspelt.Key(), misspelt.Variant("ann"))
	}
	got := assigner.Variants()
	if diff := cmp.Diff([]string{"new", "control", "old"}, got); diff != "" {
		t.Errorf("variants (-want +got):\n%s", diff)
	}
	got[0] = "spoilt"
	if again := assigner.Variants(); again[0] != "new" {
		t.Error("the caller's slice is the assigner's")
	}
	e.Variants = e.Variants[:2]
	live.Swap(compile(t, one(e), experiment.Options{}))
	if diff := cmp.Diff([]string{"new", "control"}, assigner.Variants()); diff != "" {
		t.Errorf("after a swap (-want +got):\n%s", diff)
	}
	live.Swap(compile(t, experiment.Definition{}, experiment.Options{}))
	if got := assigner.Variants(); got != nil {
		t.Errorf("variants %q of an experiment that was taken out", got)
	}
}

func TestAssignerForced(t *testing.T) {
	t.Parallel()
	e := experiment.Experiment{Key: "e", Variants: variants(1, 0), Forced: map[string]string{"qa": "b"}}
	assigner := experiment.NewLive(compile(t, one(e), experiment.Options{})).Assigner("e")
	if assigner.Variant("qa") != "b" || !assigner.Forced("qa") {
		t.Errorf("qa gets %q, forced %t", assigner.Variant("qa"), assigner.Forced("qa"))
	}
	if assigner.Variant("ann") != "a" || assigner.Forced("ann") {
		t.Errorf("ann gets %q, forced %t", assigner.Variant("ann"), assigner.Forced("ann"))
	}
}

func TestSetExperiment(t *testing.T) {
	t.Parallel()
	d := experiment.Definition{Experiments: []experiment.Experiment{
		{Key: "x", Variants: variants(0, 0)}, {Key: "y", Variants: variants(1), Phase: 3},
	}}
	set := compile(t, d, experiment.Options{})
	for i, key := range []string{"x", "y"} {
		if diff := cmp.Diff(&d.Experiments[i], set.Experiment(key)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
	for _, key := range []string{"", "X", "z"} {
		if got := set.Experiment(key); got != nil {
			t.Errorf("%q is %+v", key, got)
		}
	}
	if diff := cmp.Diff(d, set.Definition()); diff != "" {
		t.Errorf("definition (-want +got):\n%s", diff)
	}
}
