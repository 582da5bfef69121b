package offpolicy_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/goldrec/gold/recommend/eval/offpolicy"
	"github.com/goldrec/gold/store"
)

// A page drew one of two teas with equal chances. What would always the green one have sold?
func Example() {
	samples := []offpolicy.Sample{
		{Propensity: 0.5, Target: 1, Reward: 1}, // green, bought
		{Propensity: 0.5, Target: 0, Reward: 0}, // black
		{Propensity: 0.5, Target: 1, Reward: 0},
		{Propensity: 0.5, Target: 0, Reward: 0},
	}
	report, err := offpolicy.Estimate(samples, offpolicy.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("logged", report.Logged.Mean, "target", report.SNIPS.Mean, "by as much as", report.EffectiveSize)
	fmt.Println(report.Warnings)
	// Output:
	// logged 0.25 target 0.5 by as much as 2
	// [one sample, of weight 2, has 50 % of all weight 4 samples say as much as 2 of equal weight]
}

func ExampleEstimate() {
	_, err := offpolicy.Estimate([]offpolicy.Sample{{Propensity: 0, Target: 1}}, offpolicy.Options{})
	fmt.Println(err)
	// Output: offpolicy: invalid: sample 0: propensity 0 is not above 0 and at most 1
}

// Samples of what an engine's store holds.
func ExampleFromLog() {
	ctx, st, now := context.Background(), store.NewMemory(store.MemoryOptions{}), time.Unix(1_700_000_000, 0)
	tea := store.Interaction{User: "ann", Item: "tea", Page: "p1", Rank: 1, Propensity: 0.25, Time: now}
	shown, bought := tea, tea
	shown.Kind, bought.Kind = store.Impression, store.Purchase
	if err := st.Append(ctx, []store.Entry{{Interaction: shown}, {Interaction: bought}}); err != nil {
		log.Fatal(err)
	}
	samples, err := offpolicy.FromLog(st.Scan(ctx, store.Place{}), offpolicy.LogOptions{
		Target: func(store.Interaction) float64 { return 0.5 },
		Reward: func(in store.Interaction) float64 { return 1 },
	})
	fmt.Println(samples, err)
	// Output: [{ann 1 0.25 0.5 0 0}] <nil>
}

func ExampleValue() {
	fmt.Println(offpolicy.Value{Mean: 0.5, StdErr: 0.1, Low: 0.3, High: 0.7})
	// Output: 0.5000 [0.3000, 0.7000]
}
