//go:build linux && (amd64 || arm64)

// coder/hnsw does not build everywhere that this package does.

package ann_test

import (
	"testing"

	"github.com/coder/hnsw"
	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/ann/anntest"
)

// TestBesideCoder measures this package's graph and coder/hnsw's on the same vectors and queries. It is why the library has
// its own: see docs/decisions. Were the rival to come near, the test would fail and the decision be looked at again.
func TestBesideCoder(t *testing.T) {
	if raceEnabled {
		t.Skip("nothing here is concurrent, and the rival takes a quarter of a minute")
	}
	const n, dim, queries, k = 3000, 32, 50, 10
	keys, vectors := anntest.Keys(n), anntest.Clustered(n, dim, 7, 0)
	theirs := hnsw.NewGraph[uint32]()
	theirs.M, theirs.EfSearch = 16, 200
	for i, key := range keys {
		theirs.Add(hnsw.MakeNode(key, vectors[i*dim:][:dim]))
	}
	ours := build(t, n, ann.Options{Dim: dim})
	oracle, err := ann.NewFlat(dim, ann.Cosine)
	if err != nil {
		t.Fatal(err)
	}
	if err := oracle.AddBatch(t.Context(), keys, vectors); err != nil {
		t.Fatal(err)
	}
	var recallOurs, recallTheirs float64
	q := anntest.Clustered(queries, dim, 7, 1)
	for i := range queries {
		query := q[i*dim:][:dim]
		want, err := oracle.Search(nil, query, k, ann.SearchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := ours.Search(nil, query, k, ann.SearchOptions{Ef: 200})
		if err != nil {
			t.Fatal(err)
		}
		recallOurs += anntest.Recall(got, want) / queries
		true10 := make(map[uint32]bool)
		for _, r := range want {
			true10[r.Key] = true
		}
		for _, node := range theirs.Search(query, k) {
			if true10[node.Key] {
				recallTheirs += 1.0 / k / queries
			}
		}
	}
	t.Logf("recall@%d at Ef 200: %.3f, coder/hnsw %.3f", k, recallOurs, recallTheirs)
	if recallOurs < 0.98 || recallTheirs > recallOurs-0.2 {
		t.Errorf("recall@%d %.3f beside %.3f", k, recallOurs, recallTheirs)
	}
}
