// Package als factorises who likes what: implicit alternating least squares.
//
// Every user u gets a vector x and every item i a vector y, and the score is their inner product. With c the summed
// weight of what u did with i, the vectors minimise
//
//	Σ over pairs with c > 0 of c·(1 − x·y)²  +  α₀·Σ over all pairs of (x·y)²  +  Σ λᵤ‖x‖²  +  Σ λᵢ‖y‖²
//	λᵤ = λ·(Σᵢ c + α₀·items)        λᵢ = λ·(Σᵤ c + α₀·users)
//
// This is the model of Hu, Koren and Volinsky (Collaborative filtering for implicit feedback datasets, ICDM 2008), with
// the unobserved weight and the regularisation by frequency of Rendle, Krichene, Zhang and Koren (Revisiting the
// performance of iALS on item recommendation benchmarks, RecSys 2022). One side is held still and the other solved for,
// in turn, by three conjugate-gradient steps a row (Takács, Pilászy and Tikk, Applications of the conjugate gradient
// method for implicit feedback collaborative filtering, RecSys 2011).
//
// Users are not stored. A user's vector is solved for from the history when it is needed, by [Model.Embed], so that one
// whom training never saw is served like any other and a new interaction counts at once.
//
// # Caveats
//
// Items without a positive weight in training have no vector: they score zero and are never proposed. Train and serve
// on one kind of machine if scores must agree to the last bit: kernels round differently on different processors.
package als

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/recommend/model"
)

// Trainer trains and loads ALS models. The zero value is a good one for catalogues of thousands to millions.
type Trainer struct {
	Factors    int // columns of the vectors; 0 means 192, more than 4096 is an error
	Iterations int // times that both sides are solved for; 0 means 12

	// Regularization is λ; 0 means 0.005. Good ones lie between 0.001 and 0.02.
	Regularization float64

	// Unobserved is what all pairs together weigh for being unobserved, over what the observed ones weigh:
	// α₀·users·items / Σ c. 0 means 12; a good α₀ of one data set is a poor one of another, but a good ratio of
	// one is good for most. α₀ is never more than the mean c.
	Unobserved float64
}

const name = "als"

// Name is "als".
func (t Trainer) Name() string { return name }

// factorsMax bounds what Trainer and Load accept.
const factorsMax = 4096

func (t Trainer) withDefaults() (Trainer, error) {
	t.Factors = cmp.Or(t.Factors, 192)
	t.Iterations = cmp.Or(t.Iterations, 12)
	t.Regularization = cmp.Or(t.Regularization, 0.005)
	t.Unobserved = cmp.Or(t.Unobserved, 12)
	switch {
	case t.Factors < 1 || t.Factors > factorsMax:
		return t, fmt.Errorf("als: %d factors, not 1 to %d", t.Factors, factorsMax)
	case t.Iterations < 1:
		return t, fmt.Errorf("als: %d iterations", t.Iterations)
	case !positive(t.Regularization):
		return t, fmt.Errorf("als: regularization %v is not above zero", t.Regularization)
	case !positive(t.Unobserved):
		return t, fmt.Errorf("als: unobserved weight %v is not above zero", t.Unobserved)
	}
	return t, nil
}

func positive(v float64) bool { return v > 0 && v <= math.MaxFloat32 }

const (
	trainSteps = 3
	// serveSteps bounds what solving from nothing takes; it ends earlier at tolerance.
	serveSteps = 24
)

// Train factorises the data. An iteration costs in the order of Factors²·(users+items) + Factors·pairs operations for
// each of its conjugate-gradient steps; it holds a float32 matrix of (users+items)·Factors. From 20,000 items on they are
// indexed in the end.
func (t Trainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	t, err := t.withDefaults()
	if err != nil {
		return nil, err
	}
	byUser, err := sparse.Build(ctx, opt.Workers, data.Users.Len(), data.Items.Len(),
		func(u int) int { return len(data.History(uint32(u))) },
		func(u, i int) sparse.Entry {
			e := data.History(uint32(u))[i]
			return sparse.Entry{Col: e.Item, Value: e.Weight}
		})
	if err != nil {
		return nil, err
	}
	byItem, err := byUser.Transpose(ctx, opt.Workers)
	if err != nil {
		return nil, err
	}
	f := t.newFit(byUser, byItem, opt.Seed)
	for done := range t.Iterations {
		if err := f.half(ctx, opt.Workers, f.users, f.items, byUser, occupied(byItem)); err != nil {
			return nil, err
		}
		if err := f.half(ctx, opt.Workers, f.items, f.users, byItem, occupied(byUser)); err != nil {
			return nil, err
		}
		if opt.Progress != nil {
			opt.Progress(done+1, t.Iterations)
		}
	}
	m, err := newModel(ctx, f.loss, data.Items, f.items, opt.Workers)
	if err != nil {
		return nil, err
	}
	if len(m.known) >= indexMin {
		if err := m.buildIndex(ctx, opt.Workers, opt.Seed); err != nil {
			return nil, err
		}
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

// fit is a training under way.
type fit struct {
	loss
	users, items []float32 // the vectors; those of who has no pairs stay zero
}

func (t Trainer) newFit(byUser, byItem *sparse.Matrix, seed uint64) *fit {
	var total float64
	for _, c := range byUser.Values {
		total += float64(c)
	}
	pairs := max(1, float64(byUser.Len()))
	all := max(1, float64(occupied(byUser))*float64(occupied(byItem)))
	f := &fit{
		loss: loss{
			factors: t.Factors, regularization: t.Regularization,
			unobserved: total / pairs * min(1, t.Unobserved*pairs/all),
		},
		users: make([]float32, byUser.Rows()*t.Factors),
		items: make([]float32, byItem.Rows()*t.Factors),
	}
	// Normally distributed, and so small that scores begin near zero.
	scale := 0.1 / math.Sqrt(float64(t.Factors))
	for i := range byItem.Rows() {
		if users, _ := byItem.Row(i); len(users) == 0 {
			continue
		}
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		for c := range t.Factors {
			f.items[i*t.Factors+c] = float32(scale * rng.NormFloat64())
		}
	}
	return f
}

// occupied counts the rows that hold anything.
func occupied(m *sparse.Matrix) int {
	n := 0
	for r := range m.Rows() {
		if m.Offsets[r] < m.Offsets[r+1] {
			n++
		}
	}
	return n
}

// half solves for one side while the other, on which so many others have vectors, stands still.
func (f *fit) half(
	ctx context.Context, workers int, solved, still []float32, rows *sparse.Matrix, others int,
) error {
	sys, err := newSystem(ctx, workers, still, f.factors, f.unobserved)
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
		sys.solve(x, index, weights, f.ridge(weights, others), trainSteps, scratches[worker])
	})
}
