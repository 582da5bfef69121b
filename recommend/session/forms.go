package session

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"

	"github.com/goldrec/gold/internal/linalg"
	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/internal/simd"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/internal/links"
	"github.com/goldrec/gold/recommend/internal/ridge"
	"github.com/goldrec/gold/recommend/model"
)

// worker is the memory of one.
type worker struct {
	sum    *sparse.Sum
	column []float32
	best   topk.Selector
	solver *ridge.Solver
}

func (f *fit) workers(opt model.TrainOptions) func(n int) *worker {
	all := make([]*worker, parallel.Workers(opt.Workers, len(f.items)))
	return func(n int) *worker {
		if all[n] == nil {
			all[n] = &worker{sum: sparse.NewSum(len(f.items))}
		}
		return all[n]
	}
}

// exact returns of every candidate the entries of its column of B that are kept, from the whole inverse.
func (t LinearTrainer) exact(ctx context.Context, f *fit, opt model.TrainOptions) ([][]topk.Scored, error) {
	n := len(f.items)
	p, workers, progress := make([]float32, n*n), f.workers(opt), parallel.NewProgress(2*n+1, opt.Progress)
	f.diagonal = make([]float64, n)
	err := parallel.For(ctx, opt.Workers, n, func(id, i int) {
		s := workers(id).sum
		f.gram(s, i)
		for _, j := range s.Touched {
			p[i*n+int(j)] = s.Values[j]
		}
		f.diagonal[i] = float64(s.Values[i])
		s.Clear()
		progress.Add(1)
	})
	if err != nil {
		return nil, err
	}
	lambda := float32(t.ridge(f))
	for i := range n {
		p[i*n+i] += lambda
	}
	if ok, err := linalg.Invert(ctx, opt.Workers, p, n); err != nil || !ok {
		return nil, cmp.Or(err, errSingular)
	}
	progress.Add(1)
	lists := make([][]topk.Scored, n)
	err = parallel.For(ctx, opt.Workers, n, func(id, i int) {
		w := workers(id)
		w.column = slices.Grow(w.column[:0], n)[:n]
		clear(w.column)
		f.right(w.sum, i)
		slices.Sort(w.sum.Touched)
		for _, j := range w.sum.Touched {
			simd.Axpy(w.sum.Values[j], p[int(j)*n:int(j+1)*n], w.column)
		}
		w.sum.Clear()
		w.best.Reset(cmp.Or(t.Neighbors, exactNeighbors))
		for j, v := range w.column {
			w.best.Push(uint32(j), float32(math.Abs(float64(v))))
		}
		lists[i] = slices.Clone(w.best.Sorted())
		for k, e := range lists[i] {
			lists[i][k].Score = links.Bounded(float64(w.column[e.Item]))
		}
		progress.Add(1)
	})
	return lists, err
}

var errSingular = errors.New("session: what items have in common is not positive definite; a greater Ridge helps")

// reduced returns of every candidate its column of B, solved for the items that most often come before it for what they are.
func (t LinearTrainer) reduced(ctx context.Context, f *fit, opt model.TrainOptions) ([][]topk.Scored, error) {
	n, solved := len(f.items), cmp.Or(t.Neighbors, sparseNeighbors)
	workers, progress := f.workers(opt), parallel.NewProgress(2*n, opt.Progress)
	gram, err := f.products(ctx, workers, int(kept(int64(solved))), opt, progress)
	if err != nil {
		return nil, err
	}
	lists, lambda := make([][]topk.Scored, n), t.ridge(f)
	err = parallel.For(ctx, opt.Workers, n, func(id, i int) {
		w := workers(id)
		if w.solver == nil {
			w.solver = ridge.NewSolver(gram, f.diagonal, lambda)
		}
		f.right(w.sum, i)
		right := make([]topk.Scored, 0, len(w.sum.Touched))
		for _, j := range w.sum.Touched {
			right = append(right, topk.Scored{Item: j, Score: w.sum.Values[j]})
		}
		w.sum.Clear()
		lists[i] = w.solver.Column(right, solved)
		progress.Add(1)
	})
	return lists, err
}

// products returns of every item what it has in common with up to most of those of the highest cosine to it, by item, and sets the
// diagonal.
func (f *fit) products(
	ctx context.Context, workers func(int) *worker, most int, opt model.TrainOptions, progress *parallel.Progress,
) ([][]topk.Scored, error) {
	n := len(f.items)
	f.diagonal = make([]float64, n)
	for i := range n {
		f.diagonal[i] = f.square(i)
	}
	gram := make([][]topk.Scored, n)
	err := parallel.For(ctx, opt.Workers, n, func(id, i int) {
		w := workers(id)
		f.gram(w.sum, i)
		w.best.Reset(most)
		for _, j := range w.sum.Touched {
			if v := w.sum.Values[j]; int(j) != i && v > 0 {
				w.best.Push(j, ridge.Alike(v, f.diagonal[j]))
			}
		}
		gram[i] = slices.Clone(w.best.Sorted())
		for k, e := range gram[i] {
			gram[i][k].Score = w.sum.Values[e.Item]
		}
		slices.SortFunc(gram[i], func(a, b topk.Scored) int { return cmp.Compare(a.Item, b.Item) })
		w.sum.Clear()
		progress.Add(1)
	})
	return gram, err
}
