package linear

import (
	"cmp"
	"context"
	"slices"

	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/internal/ridge"
	"github.com/goldrec/gold/recommend/model"
)

// kept is how many entries of a row of Xᵀ·X are kept: more than a column is solved for, because what its items have in
// common with one another counts too.
func kept(solved int) int { return 2*solved + 100 }

// reduced returns of every candidate its column of B, solved for the items that it is most alike to.
func (t Trainer) reduced(ctx context.Context, byUser, byItem *sparse.Matrix, opt model.TrainOptions) ([][]topk.Scored, error) {
	n, solved, lambda := byItem.Rows(), cmp.Or(t.Neighbors, sparseNeighbors), t.ridge(byItem)
	progress := parallel.NewProgress(2*n, opt.Progress)
	gram, squares, err := products(ctx, kept(solved), byUser, byItem, opt, progress)
	if err != nil {
		return nil, err
	}
	lists := make([][]topk.Scored, n)
	solvers := make([]*ridge.Solver, parallel.Workers(opt.Workers, n))
	err = parallel.For(ctx, opt.Workers, n, func(worker, i int) {
		if solvers[worker] == nil {
			solvers[worker] = ridge.NewSolver(gram, squares, lambda)
		}
		lists[i] = solvers[worker].Column(gram[i], solved)
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
				best.Push(j, ridge.Alike(s.Values[j], squares[j]))
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

func byHandle(a, b topk.Scored) int { return cmp.Compare(a.Item, b.Item) }
