package ann_test

import (
	"testing"

	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/ann/anntest"
)

func TestFlat(t *testing.T) {
	anntest.Run(t, anntest.Suite{
		New:       func(dim int, m ann.Metric) (ann.Index, error) { return ann.NewFlat(dim, m) },
		RecallMin: 1,
	})
}

func TestHNSW(t *testing.T) {
	for name, c := range map[string]struct {
		storage   ann.Storage
		recall    float64
		tolerance float64
	}{
		"float32":   {ann.Float32, 0.95, 1e-5},
		"int8":      {ann.Int8, 0.9, 0.02},
		"int8exact": {ann.Int8Exact, 0.95, 1e-5},
	} {
		t.Run(name, func(t *testing.T) {
			if c.storage != ann.Int8Exact && (testing.Short() || raceEnabled) {
				t.Skip("slow under the race detector; Int8Exact, with rows and codes, covers the others' paths")
			}
			anntest.Run(t, anntest.Suite{
				New: func(dim int, m ann.Metric) (ann.Index, error) {
					return ann.NewHNSW(ann.Options{Dim: dim, Metric: m, Storage: c.storage, Seed: 1})
				},
				RecallMin:      c.recall,
				ScoreTolerance: c.tolerance,
			})
		})
	}
}
