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
	anntest.Run(t, anntest.Suite{
		New: func(dim int, m ann.Metric) (ann.Index, error) {
			return ann.NewHNSW(ann.Options{Dim: dim, Metric: m, Seed: 1})
		},
		RecallMin: 0.95,
	})
}
