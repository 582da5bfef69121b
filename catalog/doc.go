// Package catalog holds what is sold and can be recommended: items with their versions, feeds that fill it, filters over
// them, search, and a feed of their changes.
//
// A [Catalog] gives every item a dense handle, a uint32 that stays the item's for the life of the catalogue; sets of
// items are bitmaps of handles. Writers change items while readers read, and no reader ever waits. An item is held packed:
// [Catalog.Item] unpacks it, a [Matcher], [Catalog.Price] and a [Column] tell of it as it lies.
//
//	cat := catalog.New()
//	h, err := cat.Upsert(catalog.Item{ID: "tea", Title: "Green tea", Available: true})
//	m, err := cat.Compile(catalog.And(catalog.Equals("brand", "Acme"), catalog.Available()))
//	ok := m.Match(h)
//
// # Nouns
//
//   - An [Item] is a product: title, brand, category paths, price, attributes, a vector of yours, and whether it may
//     be shown.
//   - A [Filter] is an expression over items; [Catalog.Compile] makes a [Matcher] of it, which answers.
//   - A [Column] gives the values of one field as numbers, to compare and count without strings.
//   - [IDs] is the table of identifiers, each with its handle.
//
// What is in it comes from [Catalog.Upsert], or from a file through [Catalog.Import] and a reader such as [ReadCSV],
// [ReadMerchantXML] or [ReadShopify]. A [Filter] is written in Go, JSON or a short text ([ParseExpression]). [Catalog.Find]
// searches, [Catalog.Suggest] completes what is being typed, [Catalog.Similar] finds what is alike. [Catalog.Changes]
// tells followers what to look at again.
//
// # Cost and concurrency
//
// Everything is safe for concurrent use: writers take turns, and readers never wait. An item of a title, a brand, a
// path, a price and three attribute values costs 85 to 95 bytes beside its identifier and title, and 150 to 200 once
// there is an index for search. Upsert costs some microseconds however many items there are; Match, Price and a
// Column some nanoseconds, without allocation; Bitmap and Count some microseconds for each 65,536 handles and clause
// of the filter. Item unpacks, at about half a microsecond, and is not for loops over many. A search of a million items
// takes some hundred microseconds, and a few milliseconds when words are misspelt.
//
// # Caveats
//
// An item with Available false is held, found and counted, but never shown; and false is what a Go literal has that does
// not say Available: true. The readers of files take an item for available when nothing else is said.
//
// A catalogue lives in memory, whole. Handles of deleted items are never given to others, so a catalogue that only ever
// sees new identifiers grows by some 25 bytes and the identifier for each, deleted or not. Values that no item has any more
// leave nothing behind; keys of attributes stay, some 200 bytes each.
//
// The first search makes the index for it, and the first range over an attribute that attribute's, while writers wait. To
// change an item's text costs taking the old and the new apart.
//
// A call that looks at many items (Bitmap, Count, Facets, Find, All) is no snapshot: of an item that is written
// meanwhile it may see the old or the new. A single item is never seen half written.
package catalog
