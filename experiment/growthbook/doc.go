// Package growthbook reads GrowthBook's feature and experiment JSON and evaluates it as GrowthBook's SDKs do
// (specification 0.12.0), so that a program may keep the definitions it has there and evaluate them in process.
//
//	p, err := growthbook.Parse(payload, growthbook.Options{})
//	result := p.Feature("new-checkout", &growthbook.User{Attributes: map[string]any{"id": "ann"}})
//
// A [Payload] is immutable and safe for concurrent use. What is malformed inside valid JSON is treated as the SDKs treat
// it: a condition that cannot be evaluated does not hold, a rule without a value is skipped.
//
// # Cost and concurrency
//
// Evaluation is in memory and reads nothing; a feature costs its rules and their conditions. A [User] is for one
// evaluation at a time. Sticky buckets are the caller's [StickyBuckets], asked and told as the SDKs do.
//
// # Caveats
//
// Regular expressions are RE2, which is linear in the length of the attribute: an expression with lookaround or a
// backreference is invalid here, so it matches nothing. Hash version 1 correlates the arms of different experiments; it
// is here to keep running experiments where they are, and package experiment refuses it for new ones.
package growthbook
