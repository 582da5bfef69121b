package experiment_test

import (
	"fmt"
	"log"

	"github.com/goldrec/gold/experiment"
)

func Example() {
	set, err := experiment.Compile(experiment.Definition{Experiments: []experiment.Experiment{{
		Key:      "ranking",
		Variants: []experiment.Variant{{Key: "control"}, {Key: "hybrid"}},
	}}}, experiment.Options{})
	if err != nil {
		log.Fatal(err)
	}
	assigner := experiment.NewLive(set).Assigner("ranking") // for recommend.Options.Experiment
	for _, user := range []string{"ann", "bob", "eve"} {
		fmt.Println(user, assigner.Variant(user))
	}
	// Output:
	// ann hybrid
	// bob control
	// eve control
}

func ExampleExperiment_Reweight() {
	e := experiment.Experiment{Key: "ranking", Variants: []experiment.Variant{{Key: "a"}, {Key: "b"}, {Key: "c"}}}
	e, err := e.Reweight([]float64{0.5, 0.25, 0.25}) // a takes from b and c; nobody moves between those
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range e.Variants {
		fmt.Println(v.Key, v.Weight, len(v.Ranges))
	}
	// Output:
	// a 0.5 3
	// b 0.25 1
	// c 0.25 1
}
