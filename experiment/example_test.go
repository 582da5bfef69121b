package experiment_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

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

func ExampleExposures() {
	dir, err := os.MkdirTemp("", "exposures")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file, err := experiment.OpenFileLog(filepath.Join(dir, "exposures"))
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	exposures := experiment.NewExposures(file, experiment.ExposuresOptions{})
	at := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for range 3 { // shown three times, recorded once
		e := experiment.Exposure{Experiment: "ranking", Unit: "ann", Variant: "hybrid", Time: at}
		if err := exposures.Record(context.Background(), e); err != nil {
			log.Fatal(err)
		}
	}
	for e, err := range file.All() {
		fmt.Println(e.Unit, e.Variant, err)
	}
	// Output: ann hybrid <nil>
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
