package als

import (
	"context"

	"github.com/goldrec/gold/internal/linalg"
	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/internal/simd"
)

// system is one side of the model held still while the other is solved for: with vectors Y, one row an item, and
// G = α₀·YᵀY, the vector x of a user who has items i with weights c solves
//
//	(G + Σ c·y yᵀ + λ·I) x = Σ c·y
//
// It is read-only and shared by all workers.
type system struct {
	vectors []float32 // Y, flat
	gram    []float32 // G, flat
	columns []uint32  // 0, 1, … one for each factor: the row numbers of G
}

// newSystem computes the Gram matrix of the vectors, which are rows of dim columns.
func newSystem(ctx context.Context, workers int, vectors []float32, dim int, unobserved float64) (*system, error) {
	s := &system{vectors: vectors, gram: make([]float32, dim*dim), columns: make([]uint32, dim)}
	for i := range s.columns {
		s.columns[i] = uint32(i)
	}
	rows := len(vectors) / dim
	// The parts depend on the number of rows alone, and are added in order: the same sums whoever computes them.
	parts, bounds := parallel.Spans(rows, min(64, rows/blockRows+1))
	sums := make([][]float32, parts)
	err := parallel.For(ctx, workers, parts, func(_, p int) {
		from, to := bounds(p)
		sums[p] = make([]float32, dim*dim)
		linalg.Gram(sums[p], vectors[from*dim:to*dim], to-from, dim)
	})
	if err != nil {
		return nil, err
	}
	for a := range dim {
		for b := a; b < dim; b++ {
			var sum float64
			for _, part := range sums {
				sum += float64(part[a*dim+b])
			}
			s.gram[a*dim+b] = float32(unobserved * sum)
			s.gram[b*dim+a] = s.gram[a*dim+b]
		}
	}
	return s, nil
}

// blockRows is how many vectors are worth a part of their own.
const blockRows = 128

// scratch is the memory of one solver.
type scratch struct {
	r, p, ap []float32
	dots     []float32
}

func newScratch(dim int) *scratch {
	return &scratch{r: make([]float32, dim), p: make([]float32, dim), ap: make([]float32, dim)}
}

// solve improves x by conjugate gradients, up to steps of them or until the residual has all but vanished (Takács,
// Pilászy and Tikk 2011). Starting from the x of the iteration before, three steps are enough.
func (s *system) solve(x []float32, items []uint32, weights []float32, ridge float32, steps int, sc *scratch) {
	s.residual(x, items, weights, ridge, sc)
	s.descend(x, items, weights, ridge, steps, sc.enough(), sc)
}

// descend takes up to so many steps from x, at which sc.r is the residual, until the square of the residual is no more
// than enough.
func (s *system) descend(
	x []float32, items []uint32, weights []float32, ridge float32, steps int, enough float32, sc *scratch,
) {
	copy(sc.p, sc.r)
	rr := simd.Dot(sc.r, sc.r)
	for range steps {
		if rr <= enough {
			return
		}
		s.multiply(sc.ap, sc.p, items, weights, ridge, sc)
		curve := simd.Dot(sc.p, sc.ap)
		if !(curve > 0) {
			return // rounding has eaten what is left
		}
		step := rr / curve
		simd.Axpy(step, sc.p, x)
		simd.Axpy(-step, sc.ap, sc.r)
		next := simd.Dot(sc.r, sc.r)
		turn := next / rr
		for i, r := range sc.r {
			sc.p[i] = r + turn*sc.p[i]
		}
		rr = next
	}
}

// enough is the square of a residual that has all but vanished, compared with the present one.
func (sc *scratch) enough() float32 { return simd.Dot(sc.r, sc.r) * tolerance * tolerance }

// right sets dst to the right side of the system.
func (s *system) right(dst []float32, items []uint32, weights []float32) {
	clear(dst)
	for k, item := range items {
		simd.Axpy(weights[k], s.vectors[int(item)*len(dst):][:len(dst)], dst)
	}
}

// tolerance is the residual, relative to the first one, below which there is nothing left to gain.
const tolerance = 1e-5

// residual sets sc.r to the right side less the left.
func (s *system) residual(x []float32, items []uint32, weights []float32, ridge float32, sc *scratch) {
	s.dot(x, items, sc)
	simd.DotIDs(sc.r, x, s.gram, s.columns)
	for i := range sc.r {
		sc.r[i] = -sc.r[i] - ridge*x[i]
	}
	dim := len(s.columns)
	for k, item := range items {
		simd.Axpy(weights[k]*(1-sc.dots[k]), s.vectors[int(item)*dim:][:dim], sc.r)
	}
}

// multiply sets dst to the system's matrix times v.
func (s *system) multiply(dst, v []float32, items []uint32, weights []float32, ridge float32, sc *scratch) {
	s.dot(v, items, sc)
	simd.DotIDs(dst, v, s.gram, s.columns)
	simd.Axpy(ridge, v, dst)
	dim := len(s.columns)
	for k, item := range items {
		simd.Axpy(weights[k]*sc.dots[k], s.vectors[int(item)*dim:][:dim], dst)
	}
}

// dot sets sc.dots[k] to v·y of items[k].
func (s *system) dot(v []float32, items []uint32, sc *scratch) {
	if cap(sc.dots) < len(items) {
		sc.dots = make([]float32, len(items)+len(items)/2)
	}
	sc.dots = sc.dots[:len(items)]
	simd.DotIDs(sc.dots, v, s.vectors, items)
}
