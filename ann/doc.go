// Package ann finds the vectors nearest to a query.
//
// An [Index] holds vectors of one dimension under keys of the caller's, and answers a query with the k best of them by
// one [Metric]. [Flat] compares the query with every vector: exact, and the oracle for everything else. [HNSW] walks a
// graph (Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable
// Small World graphs", 2016) and compares it with a few hundred, so that a hundred thousand vectors answer in tens of
// microseconds, at the price of missing some: the share it finds is its recall.
//
//	ix, err := ann.NewHNSW(ann.Options{Dim: 64, Metric: ann.InnerProduct})
//	err = ix.AddBatch(ctx, keys, vectors) // vectors row after row in one slice
//	best, err := ix.Search(nil, query, 10, ann.SearchOptions{})
//
// A [Result] carries a Score of which more is always nearer: the cosine, the inner product, or minus the squared
// Euclidean distance. Ties break by key.
//
// # Concurrency
//
// Every method of Flat and HNSW may be called from any number of goroutines. Writers take turns. A search of an HNSW never
// waits, for another or for a writer; one of a Flat waits while a writer copies its rows.
//
// # Around an index
//
// [Storage] trades exactness for memory and speed. [HNSW.WriteTo], [ReadHNSW], [HNSW.Save] and [Load] carry an index over
// time; [Durable] keeps one in a directory so that each change survives a crash. [Named] takes strings for keys.
//
// # Cost
//
// With M of 16 an HNSW takes about 150 bytes a vector besides the vector and its code; [Quantized] storage keeps the
// vector in 1.25 bytes a component. Adding costs a walk at EfConstruction; AddBatch spreads it over Workers and makes
// the same graph with any number of them. A Flat costs about Dim/20 nanoseconds a vector and search, on a processor
// with AVX-512. What a search costs at what recall, beside another library, is in the repository's README.
//
// # Caveats
//
// Recall depends on the data. Vectors without any neighbourhood, such as independent random ones in a hundred
// dimensions, need a far larger Ef than real ones do. [HNSW.Stats] has what an index sees of its own recall. An index keeps up to
// 256 of the queries it was asked, in memory, to calibrate on: which Ef a recall takes then depends on them.
package ann
