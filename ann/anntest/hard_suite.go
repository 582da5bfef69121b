package anntest

import (
	"slices"
	"testing"

	"github.com/goldrec/gold/ann"
)

// testHard holds an index to the oracle on every kind of hard data, at an Ef of 64. What float32 products round to the same may be
// mixed up.
func testHard(t *testing.T, s Suite, m ann.Metric) {
	if raceEnabled {
		t.Skip("slow under the race detector, and one thing after the other")
	}
	for _, kind := range HardKinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			h := NewHard(kind, 1200, 40, 1)
			index, err := s.New(h.Dim, m)
			if err != nil {
				t.Fatal(err)
			}
			oracle, err := ann.NewFlat(h.Dim, m)
			if err != nil {
				t.Fatal(err)
			}
			if err := h.Fill(t.Context(), index); err != nil {
				t.Fatal(err)
			}
			if err := oracle.AddBatch(t.Context(), h.Keys, h.Base); err != nil {
				t.Fatal(err)
			}
			if got := h.recall(t, index, oracle); got < min(s.RecallMin, 0.98) {
				t.Errorf("recall@10 %.3f", got)
			}
		})
	}
}

// recall is the mean recall@10 of the queries at an Ef of 64, by exact scores.
func (h *Hard) recall(t *testing.T, index, oracle ann.Index) float64 {
	t.Helper()
	var sum float64
	queries := 0
	for query := range slices.Chunk(h.Queries, h.Dim) {
		want := search(t, oracle, query, 10, ann.SearchOptions{})
		hits := 0
		least, _ := exactScore(query, h.Base[int(want[9].Key)*h.Dim:][:h.Dim], index.Metric())
		for _, r := range search(t, index, query, 10, ann.SearchOptions{Ef: 64}) {
			score, size := exactScore(query, h.Base[int(r.Key)*h.Dim:][:h.Dim], index.Metric())
			if score >= least-5e-7*size {
				hits++
			}
		}
		sum += float64(hits) / 10
		queries++
	}
	return sum / float64(queries)
}
