package als

import (
	"cmp"
	"context"

	"github.com/goldrec/gold/internal/simd"
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

// Fit is a training under way, half by half.
type Fit struct{ f *fit }

// NewFit begins one.
func NewFit(t Trainer, d *model.Dataset) *Fit {
	t, err := t.withDefaults()
	if err != nil {
		panic(err)
	}
	byUser, _ := pairs(context.Background(), d, 2, func(uint32) bool { return true })
	items := byUser.Squeeze()
	byItem, _ := byUser.Transpose(context.Background(), 2)
	return &Fit{t.newFit(byUser, byItem, items, 3)}
}

// SolveUsers and SolveItems are the halves of an iteration, of so many steps or as many as training takes for 0.
func (f *Fit) SolveUsers(steps int) {
	_ = f.f.half(context.Background(), 2, f.f.users, f.f.items, f.f.byUser, f.f.byItem.Rows(), cmp.Or(steps, trainSteps))
}

func (f *Fit) SolveItems(steps int) {
	_ = f.f.half(context.Background(), 2, f.f.items, f.f.users, f.f.byItem, f.f.active, cmp.Or(steps, trainSteps))
}

// Users and Items are the present vectors.
func (f *Fit) Users() []float32 { return f.f.users }
func (f *Fit) Items() []float32 { return f.f.items[:len(f.f.items)-f.f.factors] }

// Gram returns α₀·YᵀY.
func Gram(workers int, vectors []float32, dim int, unobserved float64) ([]float32, error) {
	s, err := newSystem(context.Background(), workers, vectors, dim, unobserved, 1)
	if err != nil {
		return nil, err
	}
	return s.gram, nil
}

// Index builds the index however few the items are.
func Index(m model.Model) error { return m.(*Model).buildIndex(context.Background(), 2, 1) }

// Unindexed returns the model without its index and codes.
func Unindexed(m model.Model) model.Model {
	plain, err := newModel(context.Background(), m.(*Model).parts, 1)
	if err != nil {
		panic(err)
	}
	plain.codes = simd.Codes{}
	return plain
}

// Coded reports whether the model has codes.
func Coded(m model.Model) bool { return m.(*Model).codes.Rows != nil }

// Indexed reports whether the model has an index.
func Indexed(m model.Model) bool { return m.(*Model).index != nil }

// Iterations is how many a training takes when so many of the pairs are known.
func Iterations(iterations int, known, pairs uint64) int {
	return warmIterations(iterations, known, pairs)
}
