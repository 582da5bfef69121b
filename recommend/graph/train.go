package graph

import (
	"context"
	"math"
	"slices"

	"github.com/goldrec/gold/internal/linalg"
	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/internal/simd"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/internal/links"
	"github.com/goldrec/gold/recommend/model"
)

// Train makes the links. Besides the data it holds 32 bytes for each pair of a user and an item, twice the model, and for
// the low pass 4 · rank numbers for every item and a quarter of rank for every user.
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
	for k, sum := range byUser.Values {
		byUser.Values[k] = float32(math.Sqrt(float64(model.Confidence(sum))))
	}
	n := len(items)
	progress := parallel.NewProgress(n+n/2+1, opt.Progress)
	low, err := t.lowPass(ctx, byUser, opt)
	if err != nil {
		return nil, err
	}
	progress.Add(n/2 + 1)
	lists, err := t.lists(ctx, byUser, low, opt, progress)
	if err != nil {
		return nil, err
	}
	return newModel(links.New(items, links.Matrix(lists))), nil
}

// appendEntries appends the events as entries of a row.
func appendEntries(row []sparse.Entry, history []model.Event) []sparse.Entry {
	for _, e := range history {
		row = append(row, sparse.Entry{Col: e.Item, Value: e.Weight})
	}
	return row
}

// degrees are the entries of every row and column, and the means of those that have any.
type degrees struct {
	users, items       []int
	userMean, itemMean float64
}

func degreesOf(byUser *sparse.Matrix) degrees {
	d := degrees{users: make([]int, byUser.Rows()), items: make([]int, byUser.Cols)}
	some := 0
	for u := range d.users {
		if d.users[u] = byUser.Offsets[u+1] - byUser.Offsets[u]; d.users[u] > 0 {
			some++
		}
	}
	for _, i := range byUser.Index {
		d.items[i]++
	}
	d.userMean = float64(byUser.Len()) / float64(max(1, some))
	d.itemMean = float64(byUser.Len()) / float64(max(1, byUser.Cols))
	return d
}

// weighed is the matrix with every value multiplied by powers of its user's degree and its item's.
func weighed(m *sparse.Matrix, d degrees, user, item float64) *sparse.Matrix {
	out := *m
	out.Values = slices.Clone(m.Values)
	byItem := make([]float64, m.Cols)
	for i, n := range d.items {
		byItem[i] = power(n, d.itemMean, item)
	}
	for u := range m.Rows() {
		index, values := out.Row(u)
		f := power(d.users[u], d.userMean, user)
		for k, i := range index {
			values[k] *= float32(f * byItem[i])
		}
	}
	return &out
}

// factors is L in two parts, rank numbers an item each: L[j, i] = speaks[j] · hears[i].
type factors struct {
	rank          int
	speaks, hears []float32
}

// lowPass makes L, times its weight.
func (t Trainer) lowPass(ctx context.Context, byUser *sparse.Matrix, opt model.TrainOptions) (factors, error) {
	if t.Rank == 0 || byUser.Len() == 0 {
		return factors{}, ctx.Err()
	}
	d := degreesOf(byUser)
	m := weighed(byUser, d, -0.5, -0.5)
	turned, err := m.Transpose(ctx, opt.Workers)
	if err != nil {
		return factors{}, err
	}
	middle := []float32(nil)
	apply := func(ctx context.Context, dst, src []float32, width int) error {
		middle = slices.Grow(middle[:0], m.Rows()*width)[:m.Rows()*width]
		if err := multiply(ctx, opt.Workers, middle, m, src, width); err != nil {
			return err
		}
		return multiply(ctx, opt.Workers, dst, turned, middle, width)
	}
	squares, vectors, err := linalg.Eigen(ctx, apply, m.Cols, t.Rank, opt.Seed)
	if err != nil {
		return factors{}, err
	}
	f := factors{len(squares), vectors, slices.Clone(vectors)}
	for i, n := range d.items {
		root := power(n, d.itemMean, 0.5)
		for e := i * f.rank; e < (i+1)*f.rank; e++ {
			f.speaks[e] *= float32(t.Low / root)
			f.hears[e] *= float32(root)
		}
	}
	return f, nil
}

// multiply sets dst to the product of a sparse matrix and rows of width numbers.
func multiply(ctx context.Context, workers int, dst []float32, m *sparse.Matrix, src []float32, width int) error {
	return parallel.For(ctx, workers, m.Rows(), func(_, r int) {
		to := dst[r*width : (r+1)*width]
		clear(to)
		index, values := m.Row(r)
		for k, c := range index {
			simd.Axpy(values[k], src[int(c)*width:(int(c)+1)*width], to)
		}
	})
}

// lists returns of every item the links of the highest weight.
func (t Trainer) lists(
	ctx context.Context, byUser *sparse.Matrix, low factors, opt model.TrainOptions, progress *parallel.Progress,
) ([][]topk.Scored, error) {
	n := byUser.Cols
	d := degreesOf(byUser)
	walk := weighed(byUser, d, -t.UserExponent/2, 0)
	byItem, err := walk.Transpose(ctx, opt.Workers)
	if err != nil {
		return nil, err
	}
	speaks, hears := make([]float32, n), make([]float32, n)
	// So that the scale of walks is that of GF-CF, of which the greatest singular value is 1, like that of the low pass.
	unit := 1 / (d.userMean * d.itemMean)
	for i, degree := range d.items {
		speaks[i] = float32(unit * power(degree, d.itemMean, -t.HistoryExponent))
		hears[i] = float32(power(degree, d.itemMean, -t.CandidateExponent))
	}
	lists := make([][]topk.Scored, n)
	rooms := make([]*room, parallel.Workers(opt.Workers, n))
	err = parallel.For(ctx, opt.Workers, n, func(worker, j int) {
		if rooms[worker] == nil {
			rooms[worker] = &room{sum: sparse.NewSum(n)}
		}
		r := rooms[worker]
		r.sum.Gram(j, walk, byItem)
		lists[j] = r.best(j, speaks[j], hears, low, t.Neighbors)
		r.sum.Clear()
		progress.Add(1)
	})
	return lists, err
}

// room is one worker's memory.
type room struct {
	sum  *sparse.Sum
	row  []float32 // of L, where the walks lead
	kept topk.Selector
}

// best returns the links of one item that have the highest weights, of those that are above zero and that a walk leads to.
func (r *room) best(item int, speaks float32, hears []float32, low factors, most int) []topk.Scored {
	reached := r.sum.Touched
	r.row = slices.Grow(r.row[:0], len(reached))[:len(reached)]
	clear(r.row)
	if low.rank > 0 {
		simd.DotIDs(r.row, low.speaks[item*low.rank:(item+1)*low.rank], low.hears, reached)
	}
	r.kept.Reset(most)
	for k, i := range reached {
		if v := speaks*hears[i]*r.sum.Values[i] + r.row[k]; v > 0 && int(i) != item {
			r.kept.Push(i, links.Bounded(float64(v)))
		}
	}
	return slices.Clone(r.kept.Sorted())
}
