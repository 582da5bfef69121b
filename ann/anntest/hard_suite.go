package anntest

import (
	"slices"
	"testing"

	"github.com/goldrec/gold/ann"
)

// testHard holds an index to the truth, computed in float64, on every kind of hard data, at an Ef of 64.
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
			if err := h.Fill(t.Context(), index); err != nil {
				t.Fatal(err)
			}
			if got := h.recall(t, index); got < min(s.RecallMin, 0.98) {
				t.Errorf("recall@10 %.3f", got)
			}
		})
	}
}

// rounded is how far below the tenth best, relative to its size, a result may be that is among the ten best by scores in float32:
// twice what one of these is off by, since one may be too high and another too low. In the kernel of four lanes a product goes
// through up to 18 additions, where there are 64 components as here, each off by 2^-24 of a sum at most. As they err in either
// direction, all of them come to about √18, or 4.24, of these.
const rounded = 2 * 4.24 * 0x1p-24

// recall is the mean recall@10 of the queries at an Ef of 64, where what is rounded to the same may be mixed up.
func (h *Hard) recall(t *testing.T, index ann.Index) float64 {
	t.Helper()
	hits, queries := 0, 0
	truth := make([]float64, len(h.Keys))
	for query := range slices.Chunk(h.Queries, h.Dim) {
		for i := range truth {
			truth[i], _ = exactScore(query, h.Base[i*h.Dim:][:h.Dim], index.Metric())
		}
		slices.Sort(truth)
		least := truth[len(truth)-10]
		for _, r := range search(t, index, query, 10, ann.SearchOptions{Ef: 64}) {
			score, size := exactScore(query, h.Base[int(r.Key)*h.Dim:][:h.Dim], index.Metric())
			if score >= least-rounded*size {
				hits++
			}
		}
		queries++
	}
	return float64(hits) / float64(10*queries)
}
