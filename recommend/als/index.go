package als

import (
	"context"
	"fmt"

	"github.com/goldrec/gold/ann"
)

const (
	// indexWork is how many numbers of vectors make a search of the index take about a third of what looking at all does, so that
	// it is worth its building, 70 to 100 µs an item. Measured with vectors of Gowalla, 32 proposals for histories of 30: at 64
	// factors 6,000 items take 21 µs and 12 by the index, 16,000 take 58 and 16; at 192 factors 3,000 take 28 and 10, 6,000
	// take 120 and 14. The index finds 0.95 to 0.98 of the 32 best.
	indexWork = 750_000
	// efConstruction is half of what the index takes by itself: vectors of a factorisation are easily told apart.
	efConstruction = 100
	// efMin is how wide a search of the index is at least.
	efMin = 64
	// widest is the part of the items that a search of the index may find before looking at all of them is cheaper.
	widest = 16
)

// wantsIndex reports whether an index is worth while.
func (m *Model) wantsIndex() bool { return len(m.items)*m.factors >= indexWork }

// buildIndex indexes the vectors by inner product.
func (m *Model) buildIndex(ctx context.Context, workers int, seed uint64) error {
	index, err := ann.NewHNSW(ann.Options{
		Dim: m.factors, Metric: ann.InnerProduct, Storage: ann.Quantized, EfConstruction: efConstruction,
		Capacity: len(m.items), Workers: min(max(workers, 0), 256), Seed: seed,
	})
	if err != nil {
		return fmt.Errorf("als: %w", err)
	}
	m.index = index
	return m.addToIndex(ctx, m.items, m.vectors[:len(m.items)*m.factors])
}

func (m *Model) addToIndex(ctx context.Context, items []uint32, vectors []float32) error {
	if err := m.index.AddBatch(ctx, items, vectors); err != nil {
		return fmt.Errorf("als: index: %w", err)
	}
	return nil
}
