package als_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/model"
)

// objective is what the package's document says that the vectors minimise, by its words: float64, over all pairs.
type objective struct {
	c          [][]float64 // by user and item
	unobserved float64     // α₀
	lambda     float64     // λ
}

// newObjective is that of data in which every item and user occurs.
func newObjective(d *model.Dataset, ratio, lambda float64) *objective {
	o := &objective{lambda: lambda, c: make([][]float64, d.UserCount())}
	total, pairs := 0.0, 0.0
	for u := range o.c {
		o.c[u] = make([]float64, d.ItemCount())
		sums := make([]float32, d.ItemCount())
		for _, e := range d.History(uint32(u)) {
			sums[e.Item] += e.Weight
		}
		for i, sum := range sums {
			if sum > 0 {
				o.c[u][i] = float64(model.Confidence(sum))
				total += o.c[u][i]
				pairs++
			}
		}
	}
	all := float64(d.UserCount() * d.ItemCount())
	o.unobserved = min(ratio*total/all, total/pairs)
	return o
}

// across is the same objective seen from the items.
func (o *objective) across() *objective {
	t := &objective{unobserved: o.unobserved, lambda: o.lambda, c: make([][]float64, len(o.c[0]))}
	for i := range t.c {
		for u := range o.c {
			t.c[i] = append(t.c[i], o.c[u][i])
		}
	}
	return t
}

// ridge is λᵤ.
func (o *objective) ridge(u int) float64 {
	sum := o.unobserved * float64(len(o.c[u]))
	for _, c := range o.c[u] {
		sum += c
	}
	return o.lambda * sum
}

// value is the objective at vectors x of users and y of items.
func (o *objective) value(x, y [][]float64) (out float64) {
	t := o.across()
	for u := range x {
		for i := range y {
			s := dot(x[u], y[i])
			out += o.c[u][i]*(1-s)*(1-s) + o.unobserved*s*s
		}
		out += o.ridge(u) * dot(x[u], x[u])
	}
	for i := range y {
		out += t.ridge(i) * dot(y[i], y[i])
	}
	return out
}

// steepest is the largest gradient of a user's part, over the length of what pulls the other way.
func (o *objective) steepest(x, y [][]float64) (most float64) {
	for u := range x {
		gradient, pull := make([]float64, len(x[u])), make([]float64, len(x[u]))
		for f := range gradient {
			gradient[f] = o.ridge(u) * x[u][f]
			for i := range y {
				s := dot(x[u], y[i])
				gradient[f] += (o.c[u][i]*(s-1) + o.unobserved*s) * y[i][f]
				pull[f] += o.c[u][i] * y[i][f]
			}
		}
		most = max(most, math.Sqrt(dot(gradient, gradient)/dot(pull, pull)))
	}
	return most
}

// solve is x for the items' y, exactly.
func (o *objective) solve(y [][]float64) (x [][]float64) {
	for u := range o.c {
		c := map[int]float64{}
		for i, v := range o.c[u] {
			c[i] = v
		}
		x = append(x, naive(y, c, o.unobserved, o.ridge(u)))
	}
	return x
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

func rowsOf(flat []float32, dim int) (rows [][]float64) {
	for i, v := range flat {
		if i%dim == 0 {
			rows = append(rows, nil)
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], float64(v))
	}
	return rows
}

// TestObjective holds training to its published objective: every half comes down, all of them nearly as far as exact solutions
// from another beginning, and where a side has been solved for to the end, the gradient of each of its rows vanishes.
func TestObjective(t *testing.T) {
	t.Parallel()
	const dim = 6
	d := clusters(70, 50, 9)
	for name, tr := range map[string]als.Trainer{
		"defaults": {}, "less unobserved": {Unobserved: 3}, "as much as it may be": {Unobserved: 1e3}, "more regularised": {Regularization: 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr.Factors = dim
			ratio, lambda := tr.Unobserved, tr.Regularization
			if ratio == 0 {
				ratio = 12
			}
			if lambda == 0 {
				lambda = 0.005
			}
			o := newObjective(d, ratio, lambda)
			fit := als.NewFit(tr, d)
			value := func() float64 { return o.value(rowsOf(fit.Users(), dim), rowsOf(fit.Items(), dim)) }
			before := math.Inf(1)
			for n := range 20 {
				fit.SolveUsers(0)
				users := value()
				fit.SolveItems(0)
				if items := value(); users > before*1.000001 || items > users*1.000001 {
					t.Fatalf("iteration %d: %v, after the users %v, after the items %v", n, before, users, items)
				} else {
					before = items
				}
			}
			if exact := exactALS(o, dim, 20); before > exact*1.01 {
				t.Errorf("it comes down to %v, exact solutions to %v", before, exact)
			}
			fit.SolveUsers(50)
			if g := o.steepest(rowsOf(fit.Users(), dim), rowsOf(fit.Items(), dim)); g > 1e-4 {
				t.Errorf("a user's gradient is %v of its pull", g)
			}
			fit.SolveItems(50)
			if g := o.across().steepest(rowsOf(fit.Items(), dim), rowsOf(fit.Users(), dim)); g > 1e-4 {
				t.Errorf("an item's gradient is %v of its pull", g)
			}
		})
	}
}

// exactALS is what alternating exact solutions come down to.
func exactALS(o *objective, dim, iterations int) float64 {
	rng, y := rand.New(rand.NewPCG(99, 99)), make([][]float64, len(o.c[0]))
	for i := range y {
		for range dim {
			y[i] = append(y[i], 0.03*rng.NormFloat64())
		}
	}
	var x [][]float64
	for range iterations {
		x = o.solve(y)
		y = o.across().solve(x)
	}
	return o.value(x, y)
}

// TestEmbedIsTheOptimum holds a model, and the vector that a user is served with, to the same objective.
func TestEmbedIsTheOptimum(t *testing.T) {
	t.Parallel()
	const dim = 6
	d := clusters(70, 50, 9)
	m := train(t, als.Trainer{Factors: dim, Iterations: 20}, d, model.TrainOptions{Seed: 1})
	o := newObjective(d, 12, 0.005)
	var x, y [][]float64
	for i := range uint32(d.ItemCount()) {
		y = append(y, rowsOf(m.Vector(nil, i), dim)...)
	}
	for u := range uint32(d.UserCount()) {
		x = append(x, rowsOf(m.Embed(nil, d.History(u), 0), dim)...)
	}
	if g := o.steepest(x, y); g > 1e-4 {
		t.Errorf("a gradient is %v of its pull", g)
	}
	if got, exact := o.value(x, y), exactALS(o, dim, 20); got > exact*1.01 {
		t.Errorf("training comes down to %v, exact solutions to %v", got, exact)
	}
}

func train(t testing.TB, tr als.Trainer, d *model.Dataset, opt model.TrainOptions) *als.Model {
	t.Helper()
	m, err := tr.Train(t.Context(), d, opt)
	if err != nil {
		t.Fatal(err)
	}
	return m.(*als.Model)
}
