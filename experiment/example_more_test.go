package experiment_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"sync"

	"github.com/goldrec/gold/experiment"
)

// rankingSet makes a set of one experiment of two variants.
func rankingSet(e experiment.Experiment, opts experiment.Options) *experiment.Set {
	e.Key, e.Variants = "ranking", []experiment.Variant{{Key: "control"}, {Key: "blend"}}
	set, err := experiment.Compile(experiment.Definition{Experiments: []experiment.Experiment{e}}, opts)
	if err != nil {
		log.Fatal(err)
	}
	return set
}

// Everything that is wrong with a definition is said at once, and where.
func ExampleCompile() {
	_, err := experiment.Compile(experiment.Definition{Experiments: []experiment.Experiment{{
		Key:      "ranking",
		Variants: []experiment.Variant{{Key: "control", Weight: 0.5}, {Key: "control", Weight: 0.6}},
	}}}, experiment.Options{})
	fmt.Println(err)
	// Output:
	// experiment: invalid: experiment "ranking" variants[1].key: "control" is there twice
	// experiment: invalid: experiment "ranking" variants: have weights that add up to 1.1, not 1
}

// A definition as an editor keeps it. A misspelt field is an error.
func ExampleParse() {
	d, err := experiment.Parse(strings.NewReader(`{"experiments": [{
		"key": "ranking", "coverage": 0.2, "variants": [{"key": "control"}, {"key": "blend"}]
	}]}`))
	fmt.Println(*d.Experiments[0].Coverage, err)
	_, err = experiment.Parse(strings.NewReader(`{"experiments": [{"key": "ranking", "cover": 0.2}]}`))
	fmt.Println(errors.Is(err, experiment.ErrInvalid))
	// Output:
	// 0.2 <nil>
	// true
}

// The hash of the algorithm's own specification, which any language has.
func ExampleHash() {
	fmt.Printf("%016x\n", experiment.Hash(0, ""))
	fmt.Println(experiment.Hash(1, "ann")>>32 == experiment.Hash(2, "ann")>>32) // another seed, another bucket
	// Output:
	// ef46db3751d8e999
	// false
}

// Why somebody is outside stands in the assignment.
func ExampleAssignment_VariantKey() {
	set := rankingSet(experiment.Experiment{
		Condition: &experiment.Condition{Attribute: "country", Op: experiment.In, Value: []any{"FR", "DE"}},
	}, experiment.Options{})
	for _, country := range []string{"FR", "US"} {
		a := set.Assign("ranking", experiment.Subject{Unit: "ann", Attributes: map[string]any{"country": country}})
		fmt.Printf("%q %v\n", a.VariantKey(), a.Reason)
	}
	// Output:
	// "blend" hashed
	// "" not targeted
}

// The kill switch: another set takes the place of the one in service, in one step.
func ExampleNewLive() {
	live := experiment.NewLive(rankingSet(experiment.Experiment{}, experiment.Options{}))
	ranking := live.Assigner("ranking")
	fmt.Printf("%q\n", ranking.Variant("ann"))
	live.Swap(rankingSet(experiment.Experiment{Stopped: true}, experiment.Options{}))
	fmt.Printf("%q\n", ranking.Variant("ann"))
	// Output:
	// "blend"
	// ""
}

// A tester sees a variant, and does not count.
func ExampleAssigner_Forced() {
	ranking := experiment.NewLive(rankingSet(experiment.Experiment{
		Forced: map[string]string{"tester": "blend"},
	}, experiment.Options{})).Assigner("ranking")
	fmt.Println(ranking.Variant("tester"), ranking.Forced("tester"), ranking.Forced("ann"))
	// Output: blend true false
}

// Who got a variant keeps it when the experiment is narrowed.
func ExampleNewMemorySticky() {
	sticky := experiment.NewMemorySticky(10_000)
	before := rankingSet(experiment.Experiment{}, experiment.Options{Sticky: sticky})
	after := rankingSet(experiment.Experiment{Coverage: new(0.0)}, experiment.Options{Sticky: sticky})
	first := before.Assign("ranking", experiment.Subject{Unit: "ann"})
	for _, unit := range []string{"ann", "bob"} {
		a := after.Assign("ranking", experiment.Subject{Unit: unit})
		fmt.Println(unit, a.VariantKey() == first.VariantKey(), a.Reason)
	}
	// Output:
	// ann true sticky
	// bob false not covered
}

// table is a Table in memory, in the place of one in a database.
type table struct {
	mu   sync.Mutex
	rows map[string][]byte
}

func (t *table) Get(_ context.Context, key string) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rows[key], nil
}

func (t *table) Put(_ context.Context, key string, value []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows[key] = value
	return nil
}

// Variants are kept in the program's own database, and survive a restart.
func ExampleNewStoredSticky() {
	rows := &table{rows: map[string][]byte{}}
	sticky := experiment.NewStoredSticky(context.Background(), rows, 1000)
	set := rankingSet(experiment.Experiment{}, experiment.Options{Sticky: sticky})
	set.Assign("ranking", experiment.Subject{Unit: "ann"})

	restarted := experiment.NewStoredSticky(context.Background(), rows, 1000)
	variant, err := restarted.Stuck(experiment.StickyKey{Experiment: "ranking", Unit: "ann"})
	fmt.Println(variant, err)
	// Output: blend <nil>
}

// One of the things that are wrong.
func ExampleFault() {
	_, err := experiment.Compile(experiment.Definition{Experiments: []experiment.Experiment{{Key: "ranking"}}}, experiment.Options{})
	if fault, ok := errors.AsType[*experiment.Fault](err); ok {
		fmt.Println(fault.Where)
		fmt.Println(fault.Problem)
	}
	// Output:
	// experiment "ranking" variants
	// are 0, not 1 to 10000
}

// Two experiments of one layer never meet the same user.
func ExampleLayer() {
	variants := []experiment.Variant{{Key: "a"}, {Key: "b"}}
	set, err := experiment.Compile(experiment.Definition{
		Layers: []experiment.Layer{{Key: "page", Slots: 10}},
		Experiments: []experiment.Experiment{
			{Key: "ranking", Layer: "page", Slots: experiment.Slots{From: 0, To: 5}, Variants: variants},
			{Key: "layout", Layer: "page", Slots: experiment.Slots{From: 5, To: 10}, Variants: variants},
		},
	}, experiment.Options{})
	if err != nil {
		log.Fatal(err)
	}
	both, one := 0, 0
	for i := range 1000 {
		user := experiment.Subject{Unit: fmt.Sprint("user-", i)}
		ranking, layout := set.Assign("ranking", user).Variant != nil, set.Assign("layout", user).Variant != nil
		if ranking && layout {
			both++
		}
		if ranking != layout {
			one++
		}
	}
	fmt.Println(both, one)
	// Output: 0 1000
}

// What a variant means to the program stands in its payload.
func ExampleSet_Assign() {
	set, err := experiment.Compile(experiment.Definition{Experiments: []experiment.Experiment{{
		Key:      "button",
		Variants: []experiment.Variant{{Key: "red", Payload: []byte(`{"colour": "#c00"}`)}},
	}}}, experiment.Options{})
	if err != nil {
		log.Fatal(err)
	}
	a := set.Assign("button", experiment.Subject{Unit: "ann"})
	fmt.Println(a.Variant.Key, string(a.Variant.Payload))
	// Output: red {"colour": "#c00"}
}
