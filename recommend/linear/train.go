package linear

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"

	"github.com/goldrec/gold/internal/linalg"
	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/internal/links"
	"github.com/goldrec/gold/recommend/model"
)

// Train fits the model, in the exact form where ExactMax and MemoryMax allow it and in the sparse form else. What there is no
// room for is a [*MemoryError], before that memory is taken.
func (t Trainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	t, err := t.withDefaults()
	if err != nil {
		return nil, err
	}
	byUser, err := sparse.Build(ctx, opt.Workers, data.UserCount(), data.ItemCount(),
		func(row []sparse.Entry, u int) []sparse.Entry { return appendEntries(row, data.History(uint32(u))) })
	if err != nil {
		return nil, err
	}
	byUser.Sample(t.UserMax, opt.Seed)
	items := byUser.Squeeze()
	form, err := t.form(byUser, parallel.Workers(opt.Workers, len(items)))
	if err != nil {
		return nil, err
	}
	t.weigh(byUser)
	byItem, err := byUser.Transpose(ctx, opt.Workers)
	if err != nil {
		return nil, err
	}
	lists, err := form(ctx, byUser, byItem, opt)
	if err != nil {
		return nil, err
	}
	return newModel(links.New(items, links.Turned(lists))), nil
}

// appendEntries appends the events as entries of a row.
func appendEntries(row []sparse.Entry, history []model.Event) []sparse.Entry {
	for _, e := range history {
		row = append(row, sparse.Entry{Col: e.Item, Value: e.Weight})
	}
	return row
}

// form chooses the exact form or the sparse one by the memory that they need.
func (t Trainer) form(byUser *sparse.Matrix, workers int) (
	func(ctx context.Context, byUser, byItem *sparse.Matrix, opt model.TrainOptions) ([][]topk.Scored, error), error,
) {
	exact, reduced := t.needs(byUser, workers)
	switch {
	case byUser.Cols <= t.ExactMax && exact <= t.MemoryMax:
		return t.exact, nil
	case reduced <= t.MemoryMax:
		return t.reduced, nil
	}
	return nil, &MemoryError{Need: reduced, Max: t.MemoryMax}
}

// needs is how many bytes either form holds at most, besides the data.
func (t Trainer) needs(byUser *sparse.Matrix, workers int) (exact, reduced int64) {
	n, w := int64(byUser.Cols), int64(workers)
	many, m := int64(cmp.Or(t.Neighbors, exactNeighbors)), int64(cmp.Or(t.Neighbors, sparseNeighbors))
	shared := 16*int64(byUser.Len()) + 16*int64(byUser.Rows())     // by user and by item
	model := func(m int64) int64 { return 2*8*n*min(n, m) + 64*n } // lists, and the rows that they are turned into
	exact = shared + 4*n*n + 2*4*256*(n+32) + w*(16*n+1<<17) + 1<<20 + model(many)
	reduced = shared + 8*n*min(n, int64(kept(int(m)))) + w*(16*n+8*m*m+1<<16) + model(m)
	return exact, reduced
}

// weigh makes weights of summed ones, in place.
func (t Trainer) weigh(byUser *sparse.Matrix) {
	mean := float64(byUser.Len()) / float64(max(1, byUser.Rows()))
	for u := range byUser.Rows() {
		_, values := byUser.Row(u)
		degree := math.Pow(float64(len(values))/mean, -t.UserExponent/2)
		for k, sum := range values {
			values[k] = float32(math.Sqrt(float64(model.Confidence(sum))) * degree)
		}
	}
}

// ridge is λ, at least so much that it counts in float32.
func (t Trainer) ridge(m *sparse.Matrix) float64 {
	squares := 0.0
	for _, v := range m.Values {
		squares += float64(v) * float64(v)
	}
	return max(t.Ridge*squares/float64(max(1, m.Rows())), math.SmallestNonzeroFloat32)
}

// exact returns of every candidate the entries of its column of B that are kept, from the whole inverse.
func (t Trainer) exact(ctx context.Context, byUser, byItem *sparse.Matrix, opt model.TrainOptions) ([][]topk.Scored, error) {
	n := byItem.Rows()
	p := make([]float32, n*n)
	ridge := t.ridge(byItem)
	progress := parallel.NewProgress(2*n+1, opt.Progress)
	sums := make([]*sparse.Sum, parallel.Workers(opt.Workers, n))
	err := parallel.For(ctx, opt.Workers, n, func(worker, i int) {
		s := ofWorker(sums, worker, n)
		s.Gram(i, byUser, byItem)
		row := p[i*n : (i+1)*n]
		for _, j := range s.Touched {
			row[j] = s.Values[j]
		}
		row[i] += float32(ridge)
		s.Clear()
		progress.Add(1)
	})
	if err != nil {
		return nil, err
	}
	if ok, err := linalg.Invert(ctx, opt.Workers, p, n); err != nil || !ok {
		return nil, cmp.Or(err, errSingular)
	}
	progress.Add(1)
	lists := make([][]topk.Scored, n)
	selectors := make([]topk.Selector, parallel.Workers(opt.Workers, n))
	err = parallel.For(ctx, opt.Workers, n, func(worker, i int) {
		row := p[i*n : (i+1)*n] // which is the column too
		best := &selectors[worker]
		best.Reset(cmp.Or(t.Neighbors, exactNeighbors))
		for j, v := range row {
			if j != i {
				best.Push(uint32(j), float32(math.Abs(float64(v))))
			}
		}
		lists[i] = slices.Clone(best.Sorted())
		for k, e := range lists[i] {
			lists[i][k].Score = links.Bounded(-float64(row[e.Item]) / float64(row[i]))
		}
		progress.Add(1)
	})
	return lists, err
}

var errSingular = errors.New("linear: what items have in common is not positive definite; a greater Ridge helps")

// ofWorker returns the worker's memory, which is made when it is first needed.
func ofWorker(sums []*sparse.Sum, worker, cols int) *sparse.Sum {
	if sums[worker] == nil {
		sums[worker] = sparse.NewSum(cols)
	}
	return sums[worker]
}
