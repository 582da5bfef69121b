package als

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/recommend/model"
)

const (
	// trainSteps are enough from the vector of the iteration before: they come as far down as solving exactly.
	trainSteps = 2
	// serveSteps bounds what solving from nothing takes; it ends earlier, mostly after four to seven.
	serveSteps = 24
)

// Train factorises the data. An iteration costs in the order of Factors²·(users+items) + Factors·pairs operations for
// each of its conjugate-gradient steps; it holds 16 bytes for each pair of a user and an item, and a float32 matrix of
// (users+items)·Factors, of which the model keeps the items' part.
//
// From a Previous model of as many factors it goes on: items that this one knew begin with their vectors. Then as large
// a part of Iterations is enough as of the pairs is new, and at least a sixth. A draft from nothing takes two thirds of them.
func (t Trainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	t, err := t.withDefaults()
	if err != nil {
		return nil, err
	}
	byUser, err := pairs(ctx, data, opt.Workers, func(uint32) bool { return true })
	if err != nil {
		return nil, err
	}
	items := byUser.Squeeze()
	byItem, err := byUser.Transpose(ctx, opt.Workers)
	if err != nil {
		return nil, err
	}
	f := t.newFit(byUser, byItem, items, opt.Seed)
	if previous, ok := opt.Previous.(*Model); ok && previous.factors == t.Factors {
		t.Iterations = f.startFrom(previous, items, t.Iterations)
	} else if opt.Draft {
		t.Iterations = draftIterations(t.Iterations)
	}
	if err := f.run(ctx, t.Iterations, opt); err != nil {
		return nil, err
	}
	m, err := f.model(ctx, items, opt.Workers)
	if err == nil && !opt.Draft && m.wantsIndex() {
		err = m.buildIndex(ctx, opt.Workers, opt.Seed)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// pairs are the c of what every user did with those items that of contains, by user.
func pairs(ctx context.Context, data *model.Dataset, workers int, of func(item uint32) bool) (*sparse.Matrix, error) {
	m, err := sparse.Build(ctx, workers, data.UserCount(), data.ItemCount(), func(row []sparse.Entry, u int) []sparse.Entry {
		for _, e := range data.History(uint32(u)) {
			if of(e.Item) {
				row = append(row, sparse.Entry{Col: e.Item, Value: e.Weight})
			}
		}
		return row
	})
	if err != nil {
		return nil, err
	}
	for k, sum := range m.Values {
		m.Values[k] = model.Confidence(sum)
	}
	return m, nil
}

// loss is what the vectors minimise, in the numbers of one data set.
type loss struct {
	factors        int
	regularization float64 // λ
	unobserved     float64 // α₀
}

// ridge is the weight of ‖x‖² for somebody of these weights, on a side where others stand opposite: in proportion to
// how often x takes part in the loss.
func (l loss) ridge(weights []float32, others int) float32 {
	total := l.unobserved * float64(others)
	for _, w := range weights {
		total += float64(w)
	}
	return float32(l.regularization * total)
}

// least is the ridge of somebody without weights.
func (l loss) least(others int) float64 { return l.regularization * l.unobserved * float64(others) }

// fit is a training under way.
type fit struct {
	loss
	byUser, byItem *sparse.Matrix
	users          []float32 // a vector each; those of who has no pairs stay zero
	items          []float32 // a vector for each item that somebody has, and zeros behind them
	active         int       // users who have pairs
}

func (t Trainer) newFit(byUser, byItem *sparse.Matrix, items []uint32, seed uint64) *fit {
	f := &fit{
		byUser: byUser, byItem: byItem,
		users: make([]float32, byUser.Rows()*t.Factors),
		items: make([]float32, (len(items)+1)*t.Factors),
	}
	for u := range byUser.Rows() {
		if row, _ := byUser.Row(u); len(row) > 0 {
			f.active++
		}
	}
	f.loss = loss{
		factors: t.Factors, regularization: t.Regularization,
		unobserved: t.unobservedWeight(byUser, f.active),
	}
	// Normally distributed, and so small that scores begin near zero.
	scale := 0.1 / math.Sqrt(float64(t.Factors))
	for row, item := range items {
		rng := rand.New(rand.NewPCG(seed, uint64(item)))
		for c := range t.Factors {
			f.items[row*t.Factors+c] = float32(scale * rng.NormFloat64())
		}
	}
	return f
}

// startFrom takes over the vectors of a previous model, and returns how many of the iterations are left to do.
func (f *fit) startFrom(previous *Model, items []uint32, iterations int) int {
	known := uint64(0) // pairs of items that have a vector already
	for row, item := range items {
		if at := previous.row(item); int(at) < len(previous.items) {
			copy(f.items[row*f.factors:], previous.vector(at))
			users, _ := f.byItem.Row(row)
			known += uint64(len(users))
		}
	}
	return warmIterations(iterations, min(known, previous.pairs), uint64(f.byUser.Len()))
}

// draftIterations is how many iterations a draft takes from nothing. What went on from eight by two more ranked as well as what
// took twelve and two, within what can be measured, on ML-100k, ML-1M, Beauty and Gowalla.
func draftIterations(iterations int) int { return iterations - iterations/3 }

// warmIterations is how many iterations are left to do when so many of the pairs have been trained with: a part like that of
// the new ones. On ML-1M and Gowalla, from models of 70 to 99 % of every history, that ended below the loss of twelve
// iterations from nothing each time, or within half a permille of it.
func warmIterations(iterations int, known, pairs uint64) int {
	fresh := 1 - float64(known)/float64(max(pairs, 1))
	part := max(1./6, fresh)
	return max(min(2, iterations), int(math.Ceil(float64(iterations)*part)))
}

// run solves for both sides in turn.
func (f *fit) run(ctx context.Context, iterations int, opt model.TrainOptions) error {
	for done := range iterations {
		if err := f.half(ctx, opt.Workers, f.users, f.items, f.byUser, f.byItem.Rows(), trainSteps); err != nil {
			return err
		}
		if err := f.half(ctx, opt.Workers, f.items, f.users, f.byItem, f.active, trainSteps); err != nil {
			return err
		}
		if opt.Progress != nil {
			opt.Progress(done+1, iterations)
		}
	}
	return nil
}

// model is the model of what has been found, without an index.
func (f *fit) model(ctx context.Context, items []uint32, workers int) (*Model, error) {
	users, err := newSystem(ctx, workers, f.users, f.factors, f.unobserved, f.least(f.active))
	if err != nil {
		return nil, err
	}
	return newModel(ctx, parts{
		loss: f.loss, pairs: uint64(f.byUser.Len()), users: audience{active: f.active, gram: users.gram},
		trained: len(items), items: items, vectors: f.items,
	}, workers)
}

// unobservedWeight is α₀ for pairs of so many users and of the matrix's columns.
func (t Trainer) unobservedWeight(byUser *sparse.Matrix, users int) float64 {
	var total float64
	for _, c := range byUser.Values {
		total += float64(c)
	}
	pairs := max(1, float64(byUser.Len()))
	all := max(1, float64(users)*float64(byUser.Cols))
	return total / pairs * min(1, t.Unobserved*pairs/all)
}

// half solves for one side while the other, on which so many others have vectors, stands still.
func (f *fit) half(
	ctx context.Context, workers int, solved, still []float32, rows *sparse.Matrix, others, steps int,
) error {
	sys, err := newSystem(ctx, workers, still, f.factors, f.unobserved, f.least(others))
	if err != nil {
		return err
	}
	scratches := make([]*scratch, parallel.Workers(workers, rows.Rows()))
	return parallel.For(ctx, workers, rows.Rows(), func(worker, r int) {
		index, weights := rows.Row(r)
		if len(index) == 0 {
			return
		}
		if scratches[worker] == nil {
			scratches[worker] = newScratch(f.factors)
		}
		x := solved[r*f.factors : (r+1)*f.factors]
		sys.solve(x, index, weights, f.ridge(weights, others), steps, scratches[worker])
	})
}
