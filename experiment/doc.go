// Package experiment decides by hash alone which variant of an experiment a unit (a user, a session) sees.
//
// A [Definition] describes experiments, the layers that keep them apart and the holdouts that keep units out of all of
// them. [Compile] checks it and makes a [Set], which is immutable; a [Live] holds the set in service and swaps it in
// one step. An [Assigner] answers for one experiment and is what recommend.Options.Experiments takes: the engine then writes
// down who saw what in its own log, and compares the variants from there. Who saw what of other experiments is the
// program's to record. The analysis of what followed is in package experiment/stats, and the compatibility with
// GrowthBook in experiment/growthbook.
//
//	set, err := experiment.Compile(experiment.Definition{Experiments: []experiment.Experiment{{
//		Key:      "ranking",
//		Variants: []experiment.Variant{{Key: "control"}, {Key: "blend"}},
//	}}}, experiment.Options{})
//	variant := experiment.NewLive(set).Assigner("ranking").Variant("ann")
//
// # How a unit is assigned
//
// XXH64, a published 64-bit hash with a seed, is taken of the unit's identifier; its upper half is one of 2^32 buckets.
// Each question has a seed of its own, the hash of its kind and salt: which slot of a layer, whether held out, whether
// covered, which arm. So the answers are independent of one another and of other experiments, and the same in every
// process and on every architecture: only integers are compared. testdata/bucketing.json pins them for ever.
//
// # Cost and concurrency
//
// A [Set] is immutable, a [Live] swaps it in one step, and both are safe for concurrent use. An assignment allocates
// nothing and costs well under 100 ns without condition, sticky variants or a period; a condition costs its clauses,
// and a sticky variant that is not in memory a look-up in the program's table.
//
// # Caveats
//
// Changing a salt reshuffles every unit. Changing weights in place moves more units than it must when there are more
// than two arms; [Experiment.Reweight] moves the fewest possible. Raising or lowering the coverage moves no unit
// between arms.
package experiment
