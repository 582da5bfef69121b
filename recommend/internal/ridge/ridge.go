// Package ridge solves one ridge regression of an item on other items after another, each on the few items that say most for it:
// the columns of (G + λI)·B = H on the support of a thresholded correlation matrix (Steck, Markov random fields for collaborative
// filtering, NeurIPS 2019). The whole of G is never there, but of every item what it has in common with some hundred others.
//
//	s := ridge.NewSolver(gram, squares, lambda)
//	for i := range items {
//		lists[i] = s.Column(rights[i], 100)
//	}
//
// # Cost and concurrency
//
// A column of m items takes m³/3 operations and 4·m² bytes, which the next one uses again. A Solver is one goroutine's.
//
// # Caveats
//
// Pairs that neither list has count as nothing in common.
package ridge

import (
	"cmp"
	"math"
	"slices"

	"github.com/goldrec/gold/internal/linalg"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/internal/links"
)

// Alike orders the items that one has something in common with, by their cosine to it; square is their own entry on G's diagonal.
func Alike(common float32, square float64) float32 {
	return float32(float64(common) / math.Sqrt(square))
}

// Solver is the memory for one column after another.
type Solver struct {
	gram    [][]topk.Scored
	squares []float64
	ridge   float64
	place   []uint16 // by item: one more than its place among those of the column, 0 for others
	best    topk.Selector
	system  []float32
	right   []float32
}

// NewSolver makes a solver of G, of which gram[i] has what is kept of row i, but for its diagonal, by item, and squares the diagonal;
// and of λ. It shares them.
func NewSolver(gram [][]topk.Scored, squares []float64, lambda float64) *Solver {
	return &Solver{gram: gram, squares: squares, ridge: lambda, place: make([]uint16, len(gram))}
}

// Column solves for up to most, below 1<<16, of the items of right, those that are most alike to it: right is the column of H, each
// item once. The items are in order; an item whose square is not above 0 must not be among them.
func (s *Solver) Column(right []topk.Scored, most int) []topk.Scored {
	s.best.Reset(most)
	for _, e := range right {
		s.best.Push(e.Item, Alike(e.Score, s.squares[e.Item]))
	}
	chosen := slices.Clone(s.best.Sorted())
	slices.SortFunc(chosen, byItem)
	n := len(chosen)
	for k, e := range chosen {
		s.place[e.Item] = uint16(k + 1)
	}
	s.right = slices.Grow(s.right[:0], n)[:n]
	// Pairs that neither list holds count as nothing in common, which may leave a system that is not positive definite:
	// more ridge mends it.
	for ridge := s.ridge; ; ridge *= 4 {
		s.fill(chosen, right, ridge)
		if linalg.Cholesky(s.system, n) || ridge > math.MaxFloat32/8 {
			break
		}
	}
	linalg.CholeskySolve(s.system, s.right, n)
	for k, e := range chosen {
		s.place[e.Item] = 0
		chosen[k].Score = links.Bounded(float64(s.right[k]))
	}
	return chosen
}

// fill makes the system of the chosen items.
func (s *Solver) fill(chosen, right []topk.Scored, ridge float64) {
	n := len(chosen)
	s.system = slices.Grow(s.system[:0], n*n)[:n*n]
	clear(s.system)
	for k, e := range chosen {
		for _, other := range s.gram[e.Item] {
			switch at := int(s.place[other.Item]) - 1; {
			case at > k:
				s.system[k*n+at] = other.Score
			case at >= 0: // k's list has it, if at's has not
				s.system[at*n+k] = other.Score
			}
		}
		s.system[k*n+k] = float32(s.squares[e.Item] + ridge)
	}
	for _, e := range right {
		if at := s.place[e.Item]; at > 0 {
			s.right[at-1] = e.Score
		}
	}
}

func byItem(a, b topk.Scored) int { return cmp.Compare(a.Item, b.Item) }
