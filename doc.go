// Package gold is an embeddable recommendation library: the document of the whole, without code of its own.
//
// A program opens an engine on a store, gives it a catalogue and what people do, and asks it what to show:
//
//	eng, err := recommend.Open(ctx, st, recommend.Options{Catalog: cat})
//	err = eng.Record(ctx, store.Interaction{User: "ann", Item: "tea", Kind: store.Purchase})
//	report, err := eng.Train(ctx)
//	page, err := eng.Recommend(ctx, recommend.Request{User: "ann", N: 20})
//
// The Example below is such a program. docs/tutorial.md in the repository takes an hour to read and goes from two files
// to an experiment; docs/howto.md has recipes.
//
// # Packages
//
// What most programs import:
//
//   - [github.com/goldrec/gold/recommend]: the engine.
//   - [github.com/goldrec/gold/store]: what must not be forgotten: interactions, profiles, models; the in-memory store; CSV.
//   - [github.com/goldrec/gold/catalog]: items, facets, filters, text search; its words are of [github.com/goldrec/gold/catalog/words].
//   - [github.com/goldrec/gold/recommend/stage] and [github.com/goldrec/gold/recommend/source]: what pages are made with.
//   - [github.com/goldrec/gold/experiment]: who sees which variant.
//   - [github.com/goldrec/gold/experiment/stats]: what an experiment has shown.
//   - [github.com/goldrec/gold/deals]: offers in windows of any time zone, and claims; [github.com/goldrec/gold/deals/ledger]
//     keeps those, [github.com/goldrec/gold/deals/alert] tells users in time, [github.com/goldrec/gold/deals/allot] shares what is scarce.
//
// The models, and what is needed to write or measure one:
//
//   - [github.com/goldrec/gold/recommend/popular], [github.com/goldrec/gold/recommend/itemknn],
//     [github.com/goldrec/gold/recommend/content], [github.com/goldrec/gold/recommend/als]: the models of the default.
//   - [github.com/goldrec/gold/recommend/linear], [github.com/goldrec/gold/recommend/sequence], [github.com/goldrec/gold/recommend/graph]:
//     others, what goes with what in closed form, what follows what, and where short walks lead.
//   - [github.com/goldrec/gold/recommend/session]: anonymous visitors, by visits like theirs.
//   - [github.com/goldrec/gold/recommend/blend]: their weights, and one ranking of several.
//   - [github.com/goldrec/gold/recommend/model]: what a model is made from and must do.
//   - [github.com/goldrec/gold/recommend/eval]: splits, metrics, intervals and tests, search for hyper-parameters.
//   - [github.com/goldrec/gold/recommend/eval/offpolicy]: what another policy would have earned, from a log with propensities.
//   - [github.com/goldrec/gold/codec]: the form of model and index files.
//   - [github.com/goldrec/gold/recommend/recommendtest], [github.com/goldrec/gold/recommend/stage/stagetest],
//     [github.com/goldrec/gold/store/storetest], [github.com/goldrec/gold/ann/anntest],
//     [github.com/goldrec/gold/deals/dealstest], [github.com/goldrec/gold/codec/codectest]: the suites that models, stages, stores,
//     indexes, ledgers and files pass, yours too.
//
// Of use on their own:
//
//   - [github.com/goldrec/gold/ann]: nearest-neighbour indexes.
//   - [github.com/goldrec/gold/experiment/bandit], [github.com/goldrec/gold/experiment/interleave],
//     [github.com/goldrec/gold/experiment/growthbook]: bandits, interleaving, GrowthBook's payloads.
//
// The durable stores are modules of their own, since they bring Pebble and pgx and what those need: one on disk, for one
// process, and one in PostgreSQL, for many; a log in Kafka above one of those; and a cache in Redis.
//
//	go get github.com/goldrec/gold/store/pebblestore
//	go get github.com/goldrec/gold/store/pgstore
//	go get github.com/goldrec/gold/store/kafkastore
//	go get github.com/goldrec/gold/store/redisstore
//
//	st, err := pebblestore.Open("data", pebblestore.Options{})
//	st, err := pgstore.Open(ctx, "postgres://gold@db/shop", pgstore.Options{})
//
// So is store/pgstore, which keeps it in PostgreSQL for many processes, and store/kafkastore, whose log is in Kafka.
//
// # Cost
//
// Nothing here opens a socket or starts a service. Models and catalogue are in the memory of the process, so that a page
// takes microseconds; README.md in the repository has the figures, and the commands that repeat them.
//
// # Caveats
//
// Identifiers are strings at the edge and dense handles inside; an identifier is at most 512 bytes of UTF-8. The module
// is at version 0: what a release changes is in CHANGELOG.md.
package gold
