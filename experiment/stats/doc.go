// Package stats says what an experiment has shown, and how sure that is.
//
// A [Summary] takes in what was observed, one unit (a user) at a time, and merges with others: nothing of the size of
// the data is kept. A [Metric] says how the observations become a number: a mean, a proportion, a ratio of sums, each
// with or without a covariate from before the experiment (CUPED). [Compare] gives the effect of one arm against another
// with its standard error; an [Effect] gives tests and intervals for the difference and for the relative lift, valid at
// the planned size, at every look, or at planned looks. [Analyze] does all of it for an experiment and returns a
// [Report] in text, JSON and HTML; a [Collector] makes its arms from exposures and outcomes as they come.
//
//	metric := stats.Metric{Name: "bought", Kind: stats.Proportion}
//	control, variant := metric.NewSummary(), metric.NewSummary()
//	err := control.Add(1) // a user who bought; 0 for one who did not
//	effect, err := stats.Compare(metric, control, variant)
//	report, err := stats.Analyze(stats.Plan{Metrics: []stats.Metric{metric}, Looking: stats.Always}, arms)
//
// # Before and after
//
// [UnitsForMeans] and [UnitsForProportions] say how many units an experiment needs, [SampleRatio] whether as many came
// to each arm as should, [Adjust] corrects for several questions, and [CompareStrata] and [CompareQuantiles] compare
// what a mean does not show. [Beta] and [Normal] are beliefs, for those who decide by what they expect to lose.
//
// # Cost and concurrency
//
// A Summary has the size of its columns squared, whatever the number of units, and Add allocates nothing. Quantiles
// keep distinct values, up to a bound; a Collector keeps every unit, up to a bound. None of these is safe for
// concurrent use: let each goroutine have its own and merge them.
//
// # Caveats
//
// Units are what was randomised. Observations of one user are added up first; adding them one by one makes every
// interval too short. A fixed-size test is valid once, at the size it was planned for: looked at twenty times on the way it
// raises a false alarm in a quarter of experiments instead of 5 %. Use [AlwaysValid] to look whenever you like.
package stats
