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
//	(G + Σ c·y yᵀ + ρ·I) x = Σ c·y
//
// It is read-only and shared by all workers.
//
// Conjugate gradients are preconditioned by M = G + σI, which is the whole matrix but for the few items of one user: where
// plain ones take fifteen steps to five digits, these take four to seven. A step multiplies by M⁻¹ and never by G, for M
// times its direction follows from the residuals: M·M⁻¹r = r.
type system struct {
	vectors []float32 // Y, flat
	gram    []float32 // G, flat
	inverse []float32 // M⁻¹, flat
	shift   float32   // σ
	columns []uint32  // 0, 1, … one for each factor: the row numbers of G
}

// newSystem computes the Gram matrix of the vectors, which are rows of dim columns, and the inverse of what is the same in
// the matrices of all who have a ridge of at least least.
func newSystem(ctx context.Context, workers int, vectors []float32, dim int, unobserved, least float64) (*system, error) {
	s := &system{vectors: vectors, gram: make([]float32, dim*dim), columns: numbered(dim)}
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
	return s, s.invert(ctx, workers, float32(least))
}

// numbered is 0, 1, … up to n-1.
func numbered(n int) []uint32 {
	all := make([]uint32, n)
	for i := range all {
		all[i] = uint32(i)
	}
	return all
}

// invert sets the inverse of M with a shift of least, or a larger one where that would leave the inverse too few digits:
// solutions are the same with any, but take more steps the further it is from the ridge.
func (s *system) invert(ctx context.Context, workers int, least float32) error {
	dim := len(s.columns)
	most := float32(0)
	for i := range dim {
		most = max(most, s.gram[i*dim+i])
	}
	s.inverse = make([]float32, dim*dim)
	factor := make([]float32, dim*dim)
	s.shift = max(least, shiftLeast*most)
	for try := 0; ; try++ {
		copy(factor, s.gram)
		for i := range dim {
			factor[i*dim+i] += s.shift
		}
		if linalg.Cholesky(factor, dim) {
			break
		}
		if try == 3 {
			return ctx.Err() // no vectors, or none that are finite: nobody gets one
		}
		s.shift *= 10
	}
	return parallel.For(ctx, workers, dim, func(_, i int) {
		column := s.inverse[i*dim:][:dim]
		column[i] = 1
		linalg.CholeskySolve(factor, column, dim)
	})
}

// shiftLeast is the least shift for the largest number in G.
const shiftLeast = 1e-4

// blockRows is how many vectors are worth a part of their own.
const blockRows = 128

// scratch is the memory of one solver.
type scratch struct {
	r, p, ap, mp, z []float32
	dots            []float32
}

func newScratch(dim int) *scratch {
	room := make([]float32, 5*dim)
	part := func(i int) []float32 { return room[i*dim:][:dim:dim] }
	return &scratch{r: part(0), p: part(1), ap: part(2), mp: part(3), z: part(4)}
}

// solve improves x by up to so many steps of conjugate gradients (Takács, Pilászy and Tikk 2011).
func (s *system) solve(x []float32, items []uint32, weights []float32, ridge float32, steps int, sc *scratch) {
	energy := s.residual(x, items, weights, ridge, sc)
	s.descend(x, items, weights, ridge, steps, energy, sc)
}

// solveFrom0 is solve for the right side that sc.r is, from x = 0.
func (s *system) solveFrom0(x []float32, items []uint32, weights []float32, ridge float32, steps int, sc *scratch) {
	clear(x)
	s.descend(x, items, weights, ridge, steps, 0, sc)
}

// descend takes up to so many steps from x, at which sc.r is the residual r and energy the product of x and the right side,
// or until there is nothing left to gain.
func (s *system) descend(
	x []float32, items []uint32, weights []float32, ridge float32, steps int, energy float32, sc *scratch,
) {
	simd.DotIDs(sc.z, sc.r, s.inverse, s.columns)
	copy(sc.p, sc.z)
	copy(sc.mp, sc.r)
	rz := simd.Dot(sc.r, sc.z)
	enough := (rz + max(energy, 0)) * tolerance * tolerance
	for step := range steps {
		if rz <= enough {
			return
		}
		s.multiply(items, weights, ridge, sc)
		curve := simd.Dot(sc.p, sc.ap)
		if !(curve > 0) {
			return // rounding has eaten what is left
		}
		length := rz / curve
		simd.Axpy(length, sc.p, x)
		if step == steps-1 {
			return
		}
		simd.Axpy(-length, sc.ap, sc.r)
		simd.DotIDs(sc.z, sc.r, s.inverse, s.columns)
		next := simd.Dot(sc.r, sc.z)
		turn := next / rz
		for i, z := range sc.z {
			sc.p[i] = z + turn*sc.p[i]
			sc.mp[i] = sc.r[i] + turn*sc.mp[i]
		}
		rz = next
	}
}

// tolerance is how far from the solution there is nothing to gain, as a part of it. The square of the distance is
// measured by rᵀM⁻¹r, and that of the solution, roughly, by what that is at 0, or by its product with the right side.
const tolerance = 1e-5

// right sets sc.r to the right side of the system.
func (s *system) right(sc *scratch, items []uint32, weights []float32) {
	clear(sc.r)
	dim := len(s.columns)
	for k, item := range items {
		simd.Axpy(weights[k], s.vectors[int(item)*dim:][:dim], sc.r)
	}
}

// residual sets sc.r to the right side less the left, and returns the product of x and the right side.
func (s *system) residual(
	x []float32, items []uint32, weights []float32, ridge float32, sc *scratch,
) (energy float32) {
	s.dot(x, items, sc)
	simd.DotIDs(sc.r, x, s.gram, s.columns)
	for i := range sc.r {
		sc.r[i] = -sc.r[i] - ridge*x[i]
	}
	dim := len(s.columns)
	for k, item := range items {
		simd.Axpy(weights[k]*(1-sc.dots[k]), s.vectors[int(item)*dim:][:dim], sc.r)
		energy += weights[k] * sc.dots[k]
	}
	return energy
}

// multiply sets sc.ap to the system's matrix times sc.p, of which sc.mp is M times.
func (s *system) multiply(items []uint32, weights []float32, ridge float32, sc *scratch) {
	s.dot(sc.p, items, sc)
	copy(sc.ap, sc.mp)
	simd.Axpy(ridge-s.shift, sc.p, sc.ap)
	dim := len(s.columns)
	for k, item := range items {
		simd.Axpy(weights[k]*sc.dots[k], s.vectors[int(item)*dim:][:dim], sc.ap)
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
