package als

import (
	"context"

	"github.com/goldrec/gold/recommend/model"
)

// Solve runs steps of conjugate gradients from zero on the system of the rows' vectors.
func Solve(
	vectors []float32, dim int, unobserved float64, items []uint32, weights []float32, ridge float32, steps int,
) ([]float32, error) {
	s, err := newSystem(context.Background(), 2, vectors, dim, unobserved, float64(ridge))
	if err != nil {
		return nil, err
	}
	x := make([]float32, dim)
	s.solve(x, items, weights, ridge, steps, newScratch(dim))
	return x, nil
}

// Gram returns α₀·YᵀY.
func Gram(workers int, vectors []float32, dim int, unobserved float64) ([]float32, error) {
	s, err := newSystem(context.Background(), workers, vectors, dim, unobserved, 1)
	if err != nil {
		return nil, err
	}
	return s.gram, nil
}

// Unobserved is the α₀ that a model was trained with.
func Unobserved(m model.Model) float64 { return m.(*Model).unobserved }

// Index builds the index however few the items are.
func Index(m model.Model) error { return m.(*Model).buildIndex(context.Background(), 2, 1) }

// Unindexed returns the model without its index.
func Unindexed(m model.Model) model.Model {
	plain, err := newModel(context.Background(), m.(*Model).parts, 1)
	if err != nil {
		panic(err)
	}
	return plain
}
