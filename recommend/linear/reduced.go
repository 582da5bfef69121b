package linear

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/goldrec/gold/internal/linalg"
	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/internal/links"
	"github.com/goldrec/gold/recommend/model"
)

// kept is how many entries of a row of Xᵀ·X are kept: more than a column is solved for, because what its items have in
// common with one another counts too.
func kept(solved int) int { return 2*solved + 100 }

// reduced returns of every candidate its column of B, solved for the items that it is most alike to.
func (t Trainer) reduced(ctx context.Context, byUser, byItem *sparse.Matrix, opt model.TrainOptions) ([][]topk.Scored, error) {
	n, solved, ridge := byItem.Rows(), cmp.Or(t.Neighbors, sparseNeighbors), t.ridge(byItem)
	progress := parallel.NewProgress(2*n, opt.Progress)
	gram, squares, err := products(ctx, kept(solved), byUser, byItem, opt, progress)
	if err != nil {
		return nil, err
	}
	lists := make([][]topk.Scored, n)
	solvers := make([]*solver, parallel.Workers(opt.Workers, n))
	err = parallel.For(ctx, opt.Workers, n, func(worker, i int) {
		if solvers[worker] == nil {
			solvers[worker] = &solver{gram: gram, squares: squares, ridge: ridge, place: make([]uint16, n)}
		}
		lists[i] = solvers[worker].column(uint32(i), solved)
		progress.Add(1)
	})
	return lists, err
}

// products returns of every item what it has in common with up to most of those of the highest cosine to it, by item, and its square.
func products(
	ctx context.Context, most int, byUser, byItem *sparse.Matrix, opt model.TrainOptions, progress *parallel.Progress,
) (gram [][]topk.Scored, squares []float64, err error) {
	n := byItem.Rows()
	gram, squares = make([][]topk.Scored, n), make([]float64, n)
	for i := range squares {
		_, values := byItem.Row(i)
		for _, v := range values {
			squares[i] += float64(v) * float64(v)
		}
	}
	sums := make([]*sparse.Sum, parallel.Workers(opt.Workers, n))
	selectors := make([]topk.Selector, len(sums))
	err = parallel.For(ctx, opt.Workers, n, func(worker, i int) {
		s := ofWorker(sums, worker, n)
		s.Gram(i, byUser, byItem)
		best := &selectors[worker]
		best.Reset(most)
		for _, j := range s.Touched {
			if int(j) != i {
				best.Push(j, alike(s.Values[j], squares[j]))
			}
		}
		gram[i] = slices.Clone(best.Sorted())
		for k, e := range gram[i] {
			gram[i][k].Score = s.Values[e.Item]
		}
		slices.SortFunc(gram[i], byHandle)
		s.Clear()
		progress.Add(1)
	})
	return gram, squares, err
}

// alike orders the items that one has something in common with, by their cosine to it.
func alike(common float32, square float64) float32 {
	return float32(float64(common) / math.Sqrt(square))
}

func byHandle(a, b topk.Scored) int { return cmp.Compare(a.Item, b.Item) }

// solver is one worker's memory for one column after another.
type solver struct {
	gram    [][]topk.Scored
	squares []float64
	ridge   float64
	place   []uint16 // by item: one more than its place among those of the column, 0 for others
	best    topk.Selector
	system  []float32
	right   []float32
}

// column regresses an item on up to most of those that it is most alike to: (G + λI)·b = g over these.
func (s *solver) column(item uint32, most int) []topk.Scored {
	s.best.Reset(most)
	for _, e := range s.gram[item] {
		s.best.Push(e.Item, alike(e.Score, s.squares[e.Item]))
	}
	chosen := slices.Clone(s.best.Sorted())
	slices.SortFunc(chosen, byHandle)
	n := len(chosen)
	for k, e := range chosen {
		s.place[e.Item] = uint16(k + 1)
	}
	s.right = slices.Grow(s.right[:0], n)[:n]
	// Pairs that neither list holds count as nothing in common, which may leave a system that is not positive definite:
	// more ridge mends it.
	for ridge := s.ridge; ; ridge *= 4 {
		s.fill(chosen, item, ridge)
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
func (s *solver) fill(chosen []topk.Scored, item uint32, ridge float64) {
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
	clear(s.right)
	for _, e := range s.gram[item] {
		if at := s.place[e.Item]; at > 0 {
			s.right[at-1] = e.Score
		}
	}
}
