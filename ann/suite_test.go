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
		"quantized": {ann.Quantized, 0.95, 0.005},
	} {
		t.Run(name, func(t *testing.T) {
			if c.storage == ann.Float32 && (testing.Short() || raceEnabled) {
				t.Skip("slow under the race detector; Quantized covers all but the comparison with rows")
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
