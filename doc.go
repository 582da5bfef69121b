// Package gold is an embeddable recommendation library: the document of the whole, without code of its own.
//
// A program opens an engine on a store, gives it a catalogue and what people do, and asks it what to show:
//
//	eng, err := recommend.Open(ctx, st, recommend.Options{})
//	err = eng.Record(ctx, store.Interaction{User: "ann", Item: "tea", Kind: store.Purchase, Time: now})
//	page, err := eng.Recommend(ctx, recommend.Request{User: "ann", N: 20})
//
// The rooms, lowest floor first:
//
//   - [github.com/goldrec/gold/catalog]: items, facets, filters, text search.
//   - [github.com/goldrec/gold/codec]: the form of model and index files.
//   - [github.com/goldrec/gold/store]: the log of facts, profiles, models, and the in-memory store; store/pebblestore, a module of its
//     own, is the durable embedded one, and store/pgstore, another, keeps it in PostgreSQL for many processes.
//   - [github.com/goldrec/gold/ann]: nearest-neighbour indexes.
//   - [github.com/goldrec/gold/experiment]: who sees which variant, and which variant won.
//   - [github.com/goldrec/gold/deals]: offers in daily windows of any time zone.
//   - [github.com/goldrec/gold/recommend]: the engine; below it the models (als, itemknn, content, popular), their blend, the stages
//     and sources of a page (stage, source), what models are made from (model) and how they are measured (eval).
//
// # Caveats
//
// Identifiers are strings at the edge and dense handles inside; an identifier is at most 512 bytes of UTF-8.
// Nothing here opens a socket or starts a service. examples/shop shows the rooms working together.
package gold
