package stats_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"math"

	"github.com/goldrec/gold/experiment/stats"
)

// summary is an arm of units with one value each.
func summary(values ...float64) *stats.Summary {
	s := stats.NewSummary(1)
	for _, v := range values {
		if err := s.Add(v); err != nil {
			log.Fatal(err)
		}
	}
	return s
}

// Two arms of a few users, from what each spent to what that says.
func Example() {
	metric := stats.Metric{Name: "spent"}
	control, variant := summary(10, 12, 9, 11, 10, 8), summary(12, 14, 11, 13, 15, 13)
	e, err := stats.Compare(metric, control, variant)
	if err != nil {
		log.Fatal(err)
	}
	between := e.Interval(0.05)
	fmt.Printf("%+.1f [%.1f, %.1f], p = %.3f\n", e.Difference, between.Lower, between.Upper, e.PValue())
	// Output: +3.0 [1.2, 4.8], p = 0.004
}

// A unit is a user: what one did is added up before it is added to a summary.
func ExampleNewSummary() {
	s := stats.NewSummary(2) // such as clicks and impressions
	for _, user := range [][]float64{{1, 10}, {0, 5}, {3, 15}} {
		if err := s.Add(user...); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Printf("%d users, %v of %v, variance %.2f\n", s.N, s.Sum(0), s.Sum(1), s.Variance(0))
	err := s.Add(math.NaN(), 1)
	fmt.Println(errors.Is(err, stats.ErrInvalid), s.N, s.Bad)
	// Output:
	// 3 users, 4 of 30, variance 2.33
	// true 3 1
}

// Servers add up on their own, and one merges: the same as if one had seen all.
func ExampleSummary_Merge() {
	a, b, all := summary(1, 2, 3), summary(10, 20), summary(1, 2, 3, 10, 20)
	if err := a.Merge(b); err != nil {
		log.Fatal(err)
	}
	fmt.Println(a.N == all.N, math.Abs(a.Variance(0)-all.Variance(0)) < 1e-9)
	// Output: true true
}

// What a metric's summary holds depends on its kind: of a ratio, both sums.
func ExampleMetric_NewSummary() {
	rate := stats.Metric{Name: "clicks an impression", Kind: stats.Ratio}
	fmt.Println(rate.Columns(), rate.NewSummary().Columns(), rate.Validate())
	// Output: 2 2 <nil>
}

// A collector is told who saw what and what they did, in the order in which it happened, and makes the arms itself.
func ExampleNewCollector() {
	plan := stats.Plan{Experiment: "ranking", Metrics: []stats.Metric{{Name: "bought", Kind: stats.Proportion}}}
	c, err := stats.NewCollector(plan, []stats.Arm{{Variant: "control", Weight: 1}, {Variant: "blend", Weight: 1}}, 0)
	if err != nil {
		log.Fatal(err)
	}
	for i := range 2000 {
		user, variant := fmt.Sprint("user-", i), []string{"control", "blend"}[i%2]
		if err := c.Expose(user, variant); err != nil {
			log.Fatal(err)
		}
		if i%10 == 0 || i%10 == 3 || i%10 == 5 {
			if err := c.Observe(user, "bought", 1); err != nil {
				log.Fatal(err)
			}
		}
	}
	report, err := c.Report()
	if err != nil {
		log.Fatal(err)
	}
	first := report.Comparisons[0]
	fmt.Printf("%s %s: %.2f and %.2f, %s\n", report.Decision, report.Variant, first.ControlValue, first.VariantValue, first.Verdict)
	// Output: ship blend: 0.20 and 0.40, better
}

// How many users each arm needs to find that 10 % who buy become 11 %.
func ExampleUnitsForProportions() {
	n, err := stats.UnitsForProportions(0.10, 0.11, 0.05, 0.8)
	fmt.Println(n, err)
	// Output: 14751 <nil>
}

func ExampleUnitsForMeans() {
	n, err := stats.UnitsForMeans(0.5, 10, 0.05, 0.8) // half a euro, where users vary by ten
	fmt.Println(n, err)
	// Output: 6281 <nil>
}

func ExamplePowerOfProportions() {
	power, err := stats.PowerOfProportions(5000, 0.10, 0.11, 0.05)
	fmt.Printf("%.2f %v\n", power, err)
	// Output: 0.37 <nil>
}

func ExamplePowerOfMeans() {
	power, err := stats.PowerOfMeans(2000, 0.5, 10, 0.05)
	fmt.Printf("%.2f %v\n", power, err)
	// Output: 0.35 <nil>
}

// What an experiment of the size that came about could have found.
func ExampleMinimalEffect() {
	effect, err := stats.MinimalEffect(0.3, 0.05, 0.8)
	fmt.Printf("%.2f %v\n", effect, err)
	// Output: 0.84 <nil>
}

// One arm lost a tenth of its users on the way: nothing else can be trusted.
func ExampleSampleRatio() {
	p, err := stats.SampleRatio([]int64{10_000, 9_000}, []float64{1, 1})
	fmt.Printf("%.1g %v\n", p, err)
	// Output: 4e-13 <nil>
}

// The same for those who look every day.
func ExampleSampleRatioAlways() {
	p, err := stats.SampleRatioAlways([]int64{10_000, 9_900}, []float64{1, 1})
	fmt.Printf("%.2g %v\n", p, err)
	// Output: 1 <nil>
}

func ExampleAdjust() {
	p, err := stats.Adjust(stats.Holm, []float64{0.01, 0.04, 0.03})
	fmt.Printf("%.2f %v\n", p, err)
	// Output: [0.03 0.06 0.06] <nil>
}

// The 90th percentile of how long pages took, which a mean does not show.
func ExampleCompareQuantiles() {
	var control, variant stats.Quantiles
	for i := range 1000 {
		if err := errors.Join(control.Add(float64(i%100)), variant.Add(float64(i%100)*1.2)); err != nil {
			log.Fatal(err)
		}
	}
	e, err := stats.CompareQuantiles(0.9, &control, &variant)
	fmt.Printf("%.0f and %.0f, %v\n", e.Control, e.Variant, err)
	// Output: 89 and 107, <nil>
}

func ExampleQuantiles() {
	var q stats.Quantiles
	for i := range 101 {
		if err := q.Add(float64(i)); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(q.N(), q.Quantile(0.5), q.Quantile(0.9))
	// Output: 101 50 90
}

// Newcomers buy less, and came to the variant more often: compared as they are, the arms say the opposite.
func ExampleCompareStrata() {
	metric := stats.Metric{Kind: stats.Proportion}
	share := func(bought, of int) *stats.Summary {
		s := metric.NewSummary()
		for i := range of {
			v := 0.0
			if i < bought {
				v = 1
			}
			if err := s.Add(v); err != nil {
				log.Fatal(err)
			}
		}
		return s
	}
	strata := []stats.Stratum{
		{Control: share(20, 400), Variant: share(60, 1000)}, // newcomers
		{Control: share(400, 1000), Variant: share(168, 400)},
	}
	e, err := stats.CompareStrata(metric, strata)
	fmt.Printf("%+.3f, %v\n", e.Difference, err)
	plain, err := stats.Compare(metric, share(420, 1400), share(228, 1400))
	fmt.Printf("%+.3f, %v\n", plain.Difference, err)
	// Output:
	// +0.015, <nil>
	// -0.137, <nil>
}

// A lift whose control is not far from zero.
func ExampleFieller() {
	lift, bounded := stats.Fieller(10, 2, 15, 2, 0.05)
	fmt.Printf("%.2f to %.2f, %t\n", lift.Lower, lift.Upper, bounded)
	_, bounded = stats.Fieller(1, 2, 15, 2, 0.05)
	fmt.Println(bounded)
	// Output:
	// -0.04 to 1.59, true
	// false
}

// At a thousand users an interval that holds at every look is wider than one of a single look.
func ExampleAlwaysValid() {
	e, err := stats.Compare(stats.Metric{}, summary(alternating(500, 10)...), summary(alternating(500, 11)...))
	if err != nil {
		log.Fatal(err)
	}
	var always stats.AlwaysValid
	once, every := e.Interval(0.05), always.Interval(e, 0.05)
	fmt.Printf("[%.2f, %.2f] and [%.2f, %.2f]\n", once.Lower, once.Upper, every.Lower, every.Upper)
	fmt.Println(every.Contains(0), once.Contains(0))
	// Output:
	// [0.50, 1.50] and [0.02, 1.98]
	// false false
}

// alternating is n values around a mean.
func alternating(n int, mean float64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = mean + 8*float64(i%2) - 4
	}
	return values
}

// What is believed of two proportions, and what choosing one of them risks.
func ExampleBeta() {
	knowNothing := stats.Beta{A: 1, B: 1}
	a, err := knowNothing.Observe(120, 1000)
	if err != nil {
		log.Fatal(err)
	}
	b, err := knowNothing.Observe(100, 1000)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.3f, better with probability %.2f, at a loss of %.4f\n", a.Mean(), a.Beats(b), a.Loss(b))
	// Output: 0.121, better with probability 0.92, at a loss of 0.0005
}

// A belief about an effect from what experiments usually find, and an estimate.
func ExampleNormal() {
	before := stats.Normal{Mean: 0, SD: 0.02}
	after, err := before.Observe(0.05, 0.02)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.3f, above zero with probability %.2f\n", after.Mean, after.Above(0))
	// Output: 0.025, above zero with probability 0.96
}

// Numbers of a report are null in JSON where there is none.
func ExampleNumber() {
	text, err := json.Marshal([]stats.Number{0.5, stats.Number(math.NaN()), stats.Number(math.Inf(1))})
	fmt.Println(string(text), err)
	// Output: [0.5,null,null] <nil>
}

// Of a hundred users who preferred one of two rankings, sixty preferred the first.
func ExampleSign() {
	s := stats.Sign{Wins: 60, Losses: 40, Ties: 25}
	share, err := s.Interval(0.05)
	fmt.Printf("p = %.3f, share of wins %.2f to %.2f, %v\n", s.PValue(), share.Lower, share.Upper, err)
	// Output: p = 0.057, share of wins 0.50 to 0.70, <nil>
}

// How far off zero an effect has to be to stop at each of three looks.
func ExampleSpending_Bounds() {
	bounds, err := stats.OBrienFleming.Bounds(0.05, 1.0/3, 2.0/3, 1)
	fmt.Printf("%.2f %v\n", bounds, err)
	// Output: [3.71 2.51 1.99] <nil>
}
