package als

import (
	"context"
	"fmt"

	"github.com/goldrec/gold/ann"
)

const (
	// indexMin is how many items with a vector make an index worth while; fewer are all looked at.
	indexMin = 20_000
	// efConstruction is half of what the index takes by itself: vectors of a factorisation are easily told apart.
	efConstruction = 100
	// efMin is how wide a search of the index is at least.
	efMin = 64
	// widest is the part of the items that a search of the index may find before looking at all of them is cheaper.
	widest = 16
)

// wantsIndex reports whether an index is worth while.
func (m *Model) wantsIndex() bool { return len(m.items) >= indexMin }

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
