package experiment_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/experiment"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	valid := func() experiment.Definition {
		return experiment.Definition{
			Layers: []experiment.Layer{{Key: "page", Slots: 10}},
			Experiments: []experiment.Experiment{
				{Key: "a", Variants: variants(0.5, 0.5), Layer: "page", Slots: experiment.Slots{To: 5}},
				{Key: "b", Variants: variants(0, 0), Layer: "page", Slots: experiment.Slots{From: 5, To: 10}},
			},
		}
	}
	if _, err := experiment.Compile(valid(), experiment.Options{}); err != nil {
		t.Fatal(err)
	}
	deep := experiment.Condition{Attribute: "x", Op: experiment.Exists}
	for range experiment.ConditionDepthMax + 1 {
		deep = experiment.Condition{Not: new(deep)}
	}
	wide := experiment.Condition{Any: make([]experiment.Condition, experiment.ConditionNodesMax)}
	tests := []struct {
		name   string
		change func(d *experiment.Definition, a, b *experiment.Experiment)
		want   []string // parts of the messages, one a fault
	}{
		{"no key", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Key = "" }, []string{"is empty"}},
		{"long key", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Key = strings.Repeat("k", 513) }, []string{"513 bytes"}},
		{"bad key", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Key = "\xff" }, []string{"not UTF-8"}},
		{"zero byte", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Salt = "a\x00b" }, []string{"zero byte"}},
		{"same key", func(_ *experiment.Definition, a, b *experiment.Experiment) { a.Key = b.Key }, []string{"defined twice"}},
		{"no variants", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Variants = nil }, []string{"are 0"}},
		{"too many variants", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Variants = make([]experiment.Variant, experiment.VariantsMax+1)
		}, []string{"are 10001"}},
		{"same variant", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Variants[1].Key = "a" }, []string{"there twice"}},
		{"weights below 1", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Variants[1].Weight = 0.4 }, []string{"add up to 0.9"}},
		{"weights above 1", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Variants[1].Weight = 0.6 }, []string{"add up to 1.1"}},
		{"a weight of NaN", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Variants[1].Weight = math.NaN() },
			[]string{"weight: is NaN", "add up to NaN"}},
		{"a weight below 0", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Variants[0].Weight, a.Variants[1].Weight = 1.5, -0.5
		}, []string{"is 1.5", "is -0.5"}},
		{"coverage", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Coverage = new(1.01) }, []string{"is 1.01"}},
		{"hash version 1", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.HashVersion = 1 }, []string{"correlates"}},
		{"hash version 9", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.HashVersion = 9 }, []string{"is 9"}},
		{"period", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Start, a.End = dawn, dawn }, []string{"not after the start"}},
		{"phase", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Phase = -1 }, []string{"below 0"}},
		{"forced", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Forced = map[string]string{"u": "z"} }, []string{"no variant"}},
		{"holdout", func(d *experiment.Definition, _, _ *experiment.Experiment) { d.Holdout = &experiment.Holdout{Share: 2} },
			[]string{"is empty", "is 2"}},
		{"no such layer", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Layer = "x" }, []string{"not defined"}},
		{"slots outside", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Slots.To = 11 }, []string{"not a range"}},
		{"slots overlap", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Slots.To = 6 }, []string{"overlap"}},
		{"slots without layer", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Layer = "" }, []string{"without a layer"}},
		{"ranges", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Variants[0].Ranges = []experiment.Range{{From: 0, To: 10}, {From: 11, To: experiment.Buckets}}
		}, []string{"every bucket once, at 10"}},
		{"ranges end", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Variants[0].Ranges = []experiment.Range{{From: 0, To: 10}}
		}, []string{"end at 10"}},
		{"no such prerequisite", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Prerequisites = []experiment.Prerequisite{{Experiment: "x"}, {Experiment: "b", Variants: []string{"z"}}}
		}, []string{`"x" is not defined`, `no variant "z"`}},
		{"own prerequisite", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Prerequisites = []experiment.Prerequisite{{Experiment: "a"}}
		}, []string{"back to itself"}},
		{"cycle", func(_ *experiment.Definition, a, b *experiment.Experiment) {
			a.Prerequisites = []experiment.Prerequisite{{Experiment: "b"}}
			b.Prerequisites = []experiment.Prerequisite{{Experiment: "a"}}
		}, []string{"back to itself"}},
		{"deep condition", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Condition = &deep }, []string{"deeper than 32"}},
		{"wide condition", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Condition = &wide }, []string{"more than 10000 nodes"}},
		{"two forms", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Condition = &experiment.Condition{All: []experiment.Condition{}, Attribute: "x", Op: experiment.Exists}
		}, []string{"more than one"}},
		{"operator", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Condition = &experiment.Condition{Attribute: "x", Op: "like", Value: "y"}
		}, []string{"unknown operator"}},
		{"expression", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Condition = &experiment.Condition{Attribute: "x", Op: experiment.Matches, Value: "(?=a)"}
		}, []string{"invalid"}},
		{"value", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Condition = &experiment.Condition{Attribute: "x", Op: experiment.Less, Value: true}
		}, []string{"not a string or number"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := valid()
			test.change(&d, &d.Experiments[0], &d.Experiments[1])
			_, err := experiment.Compile(d, experiment.Options{})
			joined, ok := err.(interface{ Unwrap() []error })
			if !ok || !errors.Is(err, experiment.ErrInvalid) {
				t.Fatalf("error = %v, want faults", err)
			}
			faults := joined.Unwrap()
			if test.name == "too many variants" || test.name == "no key" || test.name == "long key" || test.name == "bad key" {
				faults = faults[:1] // others follow from it
			}
			if len(faults) != len(test.want) {
				t.Fatalf("faults %v, want %d", faults, len(test.want))
			}
			for i, want := range test.want {
				if _, ok := errors.AsType[*experiment.Fault](faults[i]); !ok || !strings.Contains(faults[i].Error(), want) {
					t.Errorf("fault %v, want %q", faults[i], want)
				}
			}
		})
	}
}

// TestPrerequisiteCost holds that a ladder of experiments, each asking both of the rung below, is refused before it takes
// exponential time, and that a long chain is answered.
func TestPrerequisiteCost(t *testing.T) {
	t.Parallel()
	var ladder, chain experiment.Definition
	for i := range 40 {
		for _, side := range []string{"l", "r"} {
			e := experiment.Experiment{Key: fmt.Sprint(side, i), Variants: variants(0)}
			if i > 0 {
				e.Prerequisites = []experiment.Prerequisite{{Experiment: fmt.Sprint("l", i-1)}, {Experiment: fmt.Sprint("r", i-1)}}
			}
			ladder.Experiments = append(ladder.Experiments, e)
		}
	}
	if _, err := experiment.Compile(ladder, experiment.Options{}); !errors.Is(err, experiment.ErrInvalid) {
		t.Errorf("error = %v, want ErrInvalid", err)
	}
	const n = experiment.PrerequisiteCost
	for i := range n {
		e := experiment.Experiment{Key: fmt.Sprint(i), Variants: variants(0)}
		if i > 0 {
			e.Prerequisites = []experiment.Prerequisite{{Experiment: fmt.Sprint(i - 1)}}
		}
		chain.Experiments = append(chain.Experiments, e)
	}
	set := compile(t, chain, experiment.Options{})
	if a := set.Assign(fmt.Sprint(n-1), experiment.Subject{Unit: "u"}); a.Reason != experiment.Hashed {
		t.Errorf("reason = %v", a.Reason)
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	type c = experiment.Condition
	attributes := map[string]any{
		"country": "FR", "age": 30, "score": 1.5, "vip": true, "tags": []string{"a", "b"}, "mixed": []any{"x", 2.0},
		"nan": math.NaN(), "null": nil,
	}
	tests := []struct {
		condition c
		want      bool
	}{
		{c{}, true},
		{c{Attribute: "country", Op: experiment.Equal, Value: "FR"}, true},
		{c{Attribute: "country", Op: experiment.NotEqual, Value: "FR"}, false},
		{c{Attribute: "nothing", Op: experiment.NotEqual, Value: "FR"}, true},
		{c{Attribute: "age", Op: experiment.Equal, Value: 30.0}, true},
		{c{Attribute: "age", Op: experiment.Equal, Value: "30"}, false},
		{c{Attribute: "age", Op: experiment.Less, Value: 31}, true},
		{c{Attribute: "age", Op: experiment.Less, Value: 30}, false},
		{c{Attribute: "age", Op: experiment.LessOrEqual, Value: 30}, true},
		{c{Attribute: "age", Op: experiment.Greater, Value: 30}, false},
		{c{Attribute: "age", Op: experiment.GreaterOrEqual, Value: 30}, true},
		{c{Attribute: "country", Op: experiment.Greater, Value: "DE"}, true},
		{c{Attribute: "country", Op: experiment.Greater, Value: 1}, false},
		{c{Attribute: "nothing", Op: experiment.Less, Value: 1}, false},
		{c{Attribute: "nan", Op: experiment.LessOrEqual, Value: 1}, false},
		{c{Attribute: "nan", Op: experiment.GreaterOrEqual, Value: 1}, false},
		{c{Attribute: "country", Op: experiment.In, Value: []any{"DE", "FR"}}, true},
		{c{Attribute: "country", Op: experiment.NotIn, Value: []string{"DE", "FR"}}, false},
		{c{Attribute: "nothing", Op: experiment.NotIn, Value: []string{"DE"}}, true},
		{c{Attribute: "country", Op: experiment.In, Value: []any{}}, false},
		{c{Attribute: "tags", Op: experiment.Contains, Value: "b"}, true},
		{c{Attribute: "tags", Op: experiment.Contains, Value: "c"}, false},
		{c{Attribute: "mixed", Op: experiment.Contains, Value: 2}, true},
		{c{Attribute: "country", Op: experiment.Contains, Value: "R"}, true},
		{c{Attribute: "country", Op: experiment.Prefix, Value: "F"}, true},
		{c{Attribute: "country", Op: experiment.Matches, Value: "^[A-Z]{2}$"}, true},
		{c{Attribute: "age", Op: experiment.Matches, Value: "30"}, false},
		{c{Attribute: "vip", Op: experiment.Equal, Value: true}, true},
		{c{Attribute: "vip", Op: experiment.Equal, Value: 1}, false},
		{c{Attribute: "vip", Op: experiment.Exists}, true},
		{c{Attribute: "vip", Op: experiment.Missing}, false},
		{c{Attribute: "nothing", Op: experiment.Missing}, true},
		{c{Attribute: "null", Op: experiment.Equal, Value: ""}, false},
		{c{Not: &c{Attribute: "vip", Op: experiment.Exists}}, false},
		{c{Any: []c{}}, false},
		{c{All: []c{}}, true},
		{c{Any: []c{{Attribute: "nothing", Op: experiment.Exists}, {Attribute: "vip", Op: experiment.Exists}}}, true},
		{c{All: []c{{Attribute: "nothing", Op: experiment.Exists}, {Attribute: "vip", Op: experiment.Exists}}}, false},
	}
	for _, test := range tests {
		text, err := json.Marshal(test.condition)
		if err != nil {
			t.Fatal(err)
		}
		e := experiment.Experiment{Key: "e", Variants: variants(0), Condition: &test.condition}
		a := compile(t, one(e), experiment.Options{}).Assign("e", experiment.Subject{Unit: "u", Attributes: attributes})
		if got := a.Reason == experiment.Hashed; got != test.want {
			t.Errorf("%s holds: %v, want %v", text, got, test.want)
		}
	}
}

// TestHostileExpression holds that an expression which takes other engines exponential time is answered at once.
func TestHostileExpression(t *testing.T) {
	t.Parallel()
	e := experiment.Experiment{Key: "e", Variants: variants(0), Condition: &experiment.Condition{
		Attribute: "x", Op: experiment.Matches, Value: "^(a+)+$",
	}}
	set := compile(t, one(e), experiment.Options{})
	start := time.Now()
	set.Assign("e", experiment.Subject{Unit: "u", Attributes: map[string]any{"x": strings.Repeat("a", 100_000) + "b"}})
	if took := time.Since(start); took > time.Minute {
		t.Errorf("took %v", took)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	const text = `{
	  "layers": [{"key": "page", "slots": 100}],
	  "holdout": {"key": "all", "share": 0.01},
	  "experiments": [{
	    "key": "ranking", "coverage": 0.5, "phase": 2, "layer": "page", "slots": {"from": 0, "to": 50},
	    "variants": [{"key": "a", "weight": 0.9, "payload": {"k":1}}, {"key": "b", "weight": 0.1}],
	    "condition": {"all": [{"attribute": "age", "op": "ge", "value": 18}]},
	    "start": "2026-01-01T00:00:00Z", "forced": {"qa": "b"}
	  }]}`
	d, err := experiment.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	d2, err := experiment.Parse(strings.NewReader(string(again)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d, d2); diff != "" {
		t.Error(diff)
	}
	set := compile(t, d, experiment.Options{})
	if a := set.Assign("ranking", experiment.Subject{Unit: "qa"}); a.Reason != experiment.Forced || a.VariantKey() != "b" {
		t.Errorf("forced: %v %v", a.VariantKey(), a.Reason)
	}
	for _, bad := range []string{"", "[]", "{", `{"experiment": []}`, `{"experiments": [{"kay": "x"}]}`, `{} {}`, `{"experiments": 5}`, "nul"} {
		if _, err := experiment.Parse(strings.NewReader(bad)); !errors.Is(err, experiment.ErrInvalid) {
			t.Errorf("%q: error = %v, want ErrInvalid", bad, err)
		}
	}
}

// FuzzParse compiles whatever parses and assigns with it: errors are fine, panics and hangs are not.
func FuzzParse(f *testing.F) {
	f.Add(`{"experiments": [{"key": "e", "variants": [{"key": "a"}], "condition": {"attribute": "x", "op": "matches", "value": "a*"}}]}`)
	f.Add(`{"experiments": [{"key": "e", "variants": [{"key": "a", "ranges": [{"from": 0, "to": 4294967296}]}], "layer": "l", "slots": {"to": 1}}], "layers": [{"key": "l"}]}`)
	f.Add(`{"experiments": [{"key": "e", "variants": [{"key": "a"}], "prerequisites": [{"experiment": "e"}], "coverage": 1e-300}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := experiment.Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		set, err := experiment.Compile(d, experiment.Options{})
		if err != nil {
			return
		}
		for _, e := range d.Experiments {
			a := set.Assign(e.Key, experiment.Subject{Unit: "u", Attributes: map[string]any{"x": "aaa"}})
			if (a.Variant != nil) != (a.Reason <= experiment.Forced) {
				t.Errorf("%v with variant %v", a.Reason, a.Variant)
			}
		}
	})
}

func TestSticky(t *testing.T) {
	t.Parallel()
	tests := map[string]experiment.Sticky{
		"memory": experiment.NewMemorySticky(0),
		"stored": experiment.NewStoredSticky(t.Context(), &mapTable{values: map[string][]byte{}}, 2),
	}
	for name, sticky := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := experiment.Options{Sticky: sticky}
			e := experiment.Experiment{Key: "e", Variants: variants(0.5, 0.5)}
			before := compile(t, one(e), opts)
			first := map[string]string{}
			for i := range 100 {
				unit := fmt.Sprint(i)
				first[unit] = before.Assign("e", experiment.Subject{Unit: unit}).VariantKey()
			}
			e.Variants, e.Coverage = variants(0.01, 0.99), new(0.0)
			after := compile(t, one(e), opts)
			for unit, want := range first {
				a := after.Assign("e", experiment.Subject{Unit: unit})
				if a.VariantKey() != want || a.Reason != experiment.Stuck {
					t.Fatalf("%s moved from %q to %q (%v)", unit, want, a.VariantKey(), a.Reason)
				}
			}
			if a := after.Assign("e", experiment.Subject{Unit: "new"}); a.Reason != experiment.NotCovered {
				t.Errorf("a new unit: %v", a.Reason)
			}
			e.Phase = 1
			if a := compile(t, one(e), opts).Assign("e", experiment.Subject{Unit: "0"}); a.Reason != experiment.NotCovered {
				t.Errorf("in a new phase: %v", a.Reason)
			}
		})
	}
}

func TestStickyFailure(t *testing.T) {
	t.Parallel()
	table := &mapTable{err: errors.New("table is gone")}
	e := experiment.Experiment{Key: "e", Variants: variants(0.5, 0.5)}
	set := compile(t, one(e), experiment.Options{Sticky: experiment.NewStoredSticky(t.Context(), table, 0)})
	want := compile(t, one(e), experiment.Options{}).Assign("e", experiment.Subject{Unit: "u"}).VariantKey()
	if a := set.Assign("e", experiment.Subject{Unit: "u"}); a.VariantKey() != want || a.Reason != experiment.Hashed {
		t.Errorf("%q, %v; want the hash's %q", a.VariantKey(), a.Reason, want)
	}
}

// mapTable is a Table in memory; err, when set, is what it answers.
type mapTable struct {
	values map[string][]byte
	err    error
}

func (m *mapTable) Get(_ context.Context, key string) ([]byte, error) { return m.values[key], m.err }
func (m *mapTable) Put(_ context.Context, key string, value []byte) error {
	if m.err == nil {
		m.values[key] = value
	}
	return m.err
}
