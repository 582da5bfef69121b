package stats_test

import (
	"fmt"
	"log"
	"os"

	"github.com/goldrec/gold/experiment/stats"
)

// arms are two variants of which one in ten, and one in eight, of the users bought.
func arms(metric stats.Metric) []stats.Arm {
	out := []stats.Arm{{Variant: "control", Weight: 1}, {Variant: "hybrid", Weight: 1}}
	for i, every := range []int{10, 8} {
		s := metric.NewSummary()
		for user := range 8_000 {
			bought := 0.0
			if user%every == 0 {
				bought = 1
			}
			if err := s.Add(bought); err != nil {
				log.Fatal(err)
			}
		}
		out[i].Units, out[i].Metrics = 8_000, []*stats.Summary{s}
	}
	return out
}

func ExampleAnalyze() {
	metric := stats.Metric{Name: "bought", Kind: stats.Proportion}
	plan := stats.Plan{Experiment: "ranking", Metrics: []stats.Metric{metric}, Looking: stats.Always}
	report, err := stats.Analyze(plan, arms(metric))
	if err != nil {
		log.Fatal(err)
	}
	if err := report.WriteText(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// ranking: ship hybrid
	// hybrid is better on bought (adjusted p = 3.31e-05) and nothing that decides is worse
	//
	// peeking allowed    true (looking: always)
	// units              16000
	//   control          8000, expected 8000.0
	//   hybrid           8000, expected 8000.0
	// sample ratio       p = 1
	// alpha, correction  0.05, Holm
	//
	// metric  variant  control  variant  difference  interval             lift      interval           p          adjusted   verdict
	// bought  hybrid   0.1      0.125    +0.025      [0.009787, 0.04021]  +25.000%  [7.964%, 42.036%]  3.313e-05  3.313e-05  better
	//
	// bought: two-proportion z-test, confidence sequence
}

func ExampleCompare() {
	metric := stats.Metric{Kind: stats.Proportion}
	a := arms(metric)
	e, err := stats.Compare(metric, a[0].Metrics[0], a[1].Metrics[0])
	if err != nil {
		log.Fatal(err)
	}
	lift := e.LiftInterval(0.05)
	fmt.Printf("lift %+.1f %% [%+.1f %%, %+.1f %%], p = %.2g\n", 100*e.Lift, 100*lift.Lower, 100*lift.Upper, e.PValue())
	// Output: lift +25.0 % [+14.0 %, +36.0 %], p = 5.6e-07
}
