package experiment_test

import (
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
		{"salts", func(d *experiment.Definition, a, _ *experiment.Experiment) {
			d.Holdout = &experiment.Holdout{Key: "h", Salt: "\xff"}
			d.Layers[0].Salt = "\xff"
			a.Holdout = &experiment.Holdout{Key: "h", Salt: "\xff"}
		},
			[]string{`holdout.salt: is not UTF-8`, `layer "page" salt: is not UTF-8`, `experiment "a" holdout.salt: is not UTF-8`}},
		{"layer holdout", func(d *experiment.Definition, _, _ *experiment.Experiment) {
			d.Layers[0].Holdout = &experiment.Holdout{Key: "h", Share: 2}
		},
			[]string{`layer "page" holdout.share: is 2`}},
		{"same layer", func(d *experiment.Definition, _, _ *experiment.Experiment) {
			d.Layers = append(d.Layers, experiment.Layer{Key: "page", Slots: 10})
		},
			[]string{`layer "page": is defined twice`}},
		{"hash version 2", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.HashVersion = 2 },
			[]string{`is 2`}},
		{"weights a little off", func(_ *experiment.Definition, a, _ *experiment.Experiment) { a.Variants[1].Weight = 0.50001 },
			[]string{`add up to 1.00001`}},
		{"slots of nothing", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Slots = experiment.Slots{From: 3, To: 3}
		},
			[]string{`not a range`}},
		{"slots overlap below", func(_ *experiment.Definition, a, b *experiment.Experiment) {
			a.Slots, b.Slots = experiment.Slots{From: 5, To: 10}, experiment.Slots{To: 6}
		},
			[]string{`overlap`}},
		{"empty range", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Variants[0].Ranges = []experiment.Range{{From: 0, To: 0}, {From: 0, To: experiment.Buckets}}
		},
			[]string{`every bucket once, at 0`}},
		{"range beyond", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Variants[0].Ranges = []experiment.Range{{From: 0, To: experiment.Buckets + 1}}
		},
			[]string{`every bucket once, at 0`}},
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
		{"no attribute", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Condition = &experiment.Condition{Op: experiment.Exists}
		},
			[]string{`no attribute`}},
		{"value of exists", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Condition = &experiment.Condition{Attribute: "x", Op: experiment.Exists, Value: 1}
		},
			[]string{`takes no value`}},
		{"no value", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Condition = &experiment.Condition{Attribute: "x", Op: experiment.Equal}
		},
			[]string{`not a string, bool or number`}},
		{"value NaN", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Condition = &experiment.Condition{Attribute: "x", Op: experiment.Equal, Value: math.NaN()}
		},
			[]string{`not a number`}},
		{"prefix of a number", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Condition = &experiment.Condition{Attribute: "x", Op: experiment.Prefix, Value: 1}
		},
			[]string{`not a string`}},
		{"list with nothing", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Condition = &experiment.Condition{Attribute: "x", Op: experiment.In, Value: []any{"a", nil}}
		},
			[]string{`not a list of`}},
		{"no list", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Condition = &experiment.Condition{Attribute: "x", Op: experiment.In, Value: "a"}
		},
			[]string{`not a list of`}},
		{"long expression", func(_ *experiment.Definition, a, _ *experiment.Experiment) {
			a.Condition = &experiment.Condition{Attribute: "x", Op: experiment.Matches, Value: strings.Repeat("a", 1001)}
		},
			[]string{`at most 1000 bytes`}},
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
		"nan": math.NaN(), "null": nil, "blank": []string{""}, "int64": int64(1) << 40, "int32": int32(7), "uint64": uint64(1) << 63,
		"uint32": uint32(1) << 31, "float32": float32(0.5), "json": json.Number("2.5"),
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
		{c{Attribute: "null", Op: experiment.Exists}, true},
		{c{Attribute: "null", Op: experiment.Missing}, false},
		{c{Attribute: "age", Op: experiment.Prefix, Value: ""}, false},
		{c{Attribute: "country", Op: experiment.Prefix, Value: ""}, true},
		{c{Attribute: "age", Op: experiment.Matches, Value: ""}, false},
		{c{Attribute: "country", Op: experiment.Contains, Value: 1}, false},
		{c{Attribute: "blank", Op: experiment.Contains, Value: 0}, false},
		{c{Attribute: "blank", Op: experiment.Contains, Value: ""}, true},
		{c{Attribute: "int64", Op: experiment.Equal, Value: float64(1 << 40)}, true},
		{c{Attribute: "int32", Op: experiment.Equal, Value: 7}, true},
		{c{Attribute: "uint64", Op: experiment.Equal, Value: float64(1 << 63)}, true},
		{c{Attribute: "uint32", Op: experiment.Equal, Value: int64(1 << 31)}, true},
		{c{Attribute: "float32", Op: experiment.Equal, Value: 0.5}, true},
		{c{Attribute: "json", Op: experiment.Greater, Value: 2}, true},
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

// TestLimits holds that what is as large as it may be is taken.
func TestLimits(t *testing.T) {
	t.Parallel()
	deep := experiment.Condition{Attribute: "x", Op: experiment.Missing}
	for range experiment.ConditionDepthMax / 2 {
		deep = experiment.Condition{Not: &experiment.Condition{Not: new(deep)}}
	}
	wide := experiment.Condition{All: make([]experiment.Condition, experiment.ConditionNodesMax-1)}
	long := experiment.Condition{Attribute: "x", Op: experiment.Matches, Value: strings.Repeat("a?", 500)}
	tests := map[string]experiment.Experiment{
		"deep condition":  {Condition: &deep},
		"wide condition":  {Condition: &wide},
		"long expression": {Condition: &experiment.Condition{Not: &long}},
		"long key":        {Key: strings.Repeat("k", experiment.IDMax)},
		"weights":         {Variants: variants(0.5, 0.5000005)},
		"ranges": {Variants: []experiment.Variant{
			{Key: "a", Ranges: []experiment.Range{{From: 9, To: experiment.Buckets}}}, {Key: "b", Ranges: []experiment.Range{{From: 0, To: 9}}},
		}},
	}
	for name, e := range tests {
		if e.Key == "" {
			e.Key = "e"
		}
		if e.Variants == nil {
			e.Variants = variants(0)
		}
		if a := compile(t, one(e), experiment.Options{}).Assign(e.Key, experiment.Subject{Unit: "u"}); a.Reason != experiment.Hashed {
			t.Errorf("%s: %v", name, a.Reason)
		}
	}
	many := experiment.Definition{Experiments: make([]experiment.Experiment, experiment.ExperimentsMax)}
	for i := range many.Experiments {
		many.Experiments[i] = experiment.Experiment{Key: fmt.Sprint(i), Variants: variants(0)}
	}
	compile(t, many, experiment.Options{})
	many.Experiments = append(many.Experiments, experiment.Experiment{Key: "e", Variants: variants(0)})
	if _, err := experiment.Compile(many, experiment.Options{}); !errors.Is(err, experiment.ErrInvalid) {
		t.Errorf("one experiment too many: %v", err)
	}
}

// TestSlotsInTurn: experiments of a layer may have the same slots when they cannot run at one time.
func TestSlotsInTurn(t *testing.T) {
	t.Parallel()
	later := dawn.Add(time.Hour)
	tests := []struct {
		name   string
		change func(a, b *experiment.Experiment)
		fine   bool
	}{
		{"both for ever", func(_, _ *experiment.Experiment) {}, false},
		{"beside each other", func(a, b *experiment.Experiment) {
			a.Slots, b.Slots = experiment.Slots{From: 5, To: 10}, experiment.Slots{To: 5}
		}, true},
		{"the first is stopped", func(a, _ *experiment.Experiment) { a.Stopped = true }, true},
		{"the second is stopped", func(_, b *experiment.Experiment) { b.Stopped = true }, true},
		{"one ends as the other begins", func(a, b *experiment.Experiment) { a.End, b.Start = dawn, dawn }, true},
		{"the other way round", func(a, b *experiment.Experiment) { b.End, a.Start = dawn, dawn }, true},
		{"a while together", func(a, b *experiment.Experiment) { a.End, b.Start = later, dawn }, false},
		{"ends, but the other has no start", func(a, _ *experiment.Experiment) { a.End = dawn }, false},
	}
	for _, test := range tests {
		d := experiment.Definition{Layers: []experiment.Layer{{Key: "l", Slots: 10}}, Experiments: []experiment.Experiment{
			{Key: "a", Variants: variants(0), Layer: "l", Slots: experiment.Slots{To: 5}},
			{Key: "b", Variants: variants(0), Layer: "l", Slots: experiment.Slots{From: 4, To: 10}},
		}}
		test.change(&d.Experiments[0], &d.Experiments[1])
		if _, err := experiment.Compile(d, experiment.Options{}); (err == nil) != test.fine {
			t.Errorf("%s: error %v", test.name, err)
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
