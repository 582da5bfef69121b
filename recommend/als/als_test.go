package als_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/model"
	"github.com/google/go-cmp/cmp"
)

// clusters is data in which users and items of one remainder go together.
func clusters(users, items, each int) *model.Dataset {
	rng := rand.New(rand.NewPCG(11, 12))
	var b model.Builder
	for u := range users {
		for range each {
			i := rng.IntN(items)
			if rng.IntN(10) > 0 {
				i += (u%8 - i%8 + 8) % 8 // mostly one's own kind
			}
			weight := float32(1 + rng.IntN(3))
			if rng.IntN(40) == 0 {
				weight = 60 // beyond where confidence is linear
			}
			b.Add(fmt.Sprintf("u%05d", u), fmt.Sprintf("i%05d", i%items), weight, int64(rng.IntN(100)))
		}
	}
	return b.Build()
}

// solveDense solves A x = b by Gaussian elimination with pivots, in float64.
func solveDense(a [][]float64, b []float64) []float64 {
	n := len(b)
	for c := range n {
		pivot := c
		for r := c; r < n; r++ {
			if math.Abs(a[r][c]) > math.Abs(a[pivot][c]) {
				pivot = r
			}
		}
		a[c], a[pivot], b[c], b[pivot] = a[pivot], a[c], b[pivot], b[c]
		for r := c + 1; r < n; r++ {
			f := a[r][c] / a[c][c]
			for k := c; k < n; k++ {
				a[r][k] -= f * a[c][k]
			}
			b[r] -= f * b[c]
		}
	}
	for r := n - 1; r >= 0; r-- {
		for k := r + 1; k < n; k++ {
			b[r] -= a[r][k] * b[k]
		}
		b[r] /= a[r][r]
	}
	return b
}

// naive is the least-squares solution by its definition: the normal equations over all items.
func naive(rows [][]float64, c map[int]float64, unobserved, ridge float64) []float64 {
	dim := len(rows[0])
	a, b := make([][]float64, dim), make([]float64, dim)
	for f := range dim {
		a[f] = make([]float64, dim)
		a[f][f] = ridge
	}
	for i, y := range rows {
		for f := range dim {
			b[f] += c[i] * y[f]
			for g := range dim {
				a[f][g] += (unobserved + c[i]) * y[f] * y[g]
			}
		}
	}
	return solveDense(a, b)
}

func TestSolveAgainstNaive(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for _, dim := range []int{1, 3, 16, 37} {
		flat, rows := make([]float32, 500*dim), make([][]float64, 500)
		for i := range rows {
			for f := range dim {
				v := float32(rng.NormFloat64())
				flat[i*dim+f] = v
				rows[i] = append(rows[i], float64(v))
			}
		}
		var items []uint32
		var weights []float32
		c := map[int]float64{}
		for i := uint32(0); i < 500; i += 1 + rng.Uint32N(40) {
			items, weights = append(items, i), append(weights, 1+rng.Float32())
			c[int(i)] = float64(weights[len(weights)-1])
		}
		got, err := als.Solve(flat, dim, 0.1, items, weights, 2, 100)
		if err != nil {
			t.Fatal(err)
		}
		for f, want := range naive(rows, c, 0.1, 2) {
			if math.Abs(float64(got[f])-want) > 1e-4 {
				t.Errorf("dim %d: component %d is %v, want %v", dim, f, got[f], want)
			}
		}
	}
}

func TestGramAgainstNaive(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(2, 1))
	for _, shape := range [][2]int{{1, 1}, {127, 5}, {128, 8}, {1000, 33}} {
		n, dim := shape[0], shape[1]
		flat := make([]float32, n*dim)
		for i := range flat {
			flat[i] = float32(rng.NormFloat64())
		}
		var first []float32
		for _, workers := range []int{1, 2, 7} {
			got, err := als.Gram(workers, flat, dim, 0.5)
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = got
			} else if diff := cmp.Diff(first, got); diff != "" {
				t.Errorf("%d workers differ: %s", workers, diff)
			}
		}
		for a := range dim {
			for b := range dim {
				var want float64
				for i := range n {
					want += 0.5 * float64(flat[i*dim+a]) * float64(flat[i*dim+b])
				}
				if got := float64(first[a*dim+b]); math.Abs(got-want) > 1e-3 {
					t.Errorf("%v: (%d, %d) is %v, want %v", shape, a, b, got, want)
				}
			}
		}
	}
}

func TestExplainAddsUp(t *testing.T) {
	t.Parallel()
	d := clusters(200, 80, 10)
	m, err := als.Trainer{Factors: 16}.Train(t.Context(), d, model.TrainOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	u := &model.User{History: d.History(5)}
	best := m.Propose(nil, u, 1, nil, model.Thorough)[0]
	reasons := m.(*als.Model).Explain(nil, u, best.Item, 100)
	sum := float32(0)
	for i, r := range reasons {
		sum += r.Share
		if i > 0 && r.Share > reasons[i-1].Share || r.Model != "als" {
			t.Errorf("reason %d: %+v after %+v", i, r, reasons[max(i-1, 0)])
		}
	}
	if math.Abs(float64(sum)-1) > 1e-4 || len(reasons) < 2 {
		t.Errorf("%d shares sum up to %v", len(reasons), sum)
	}
	// The strongest reason is one without which the score falls most.
	without := func(item uint32) float32 {
		var history []model.Event
		for _, e := range u.History {
			if e.Item != item {
				history = append(history, e)
			}
		}
		score := []float32{0}
		m.Score(score, &model.User{History: history}, []uint32{best.Item})
		return score[0]
	}
	first, last := without(reasons[0].Because), without(reasons[len(reasons)-1].Because)
	if first > last {
		t.Errorf("without the strongest reason the score is %v, without the weakest %v", first, last)
	}
	if got := m.(*als.Model).Explain(nil, &model.User{}, best.Item, 5); len(got) != 0 {
		t.Errorf("a stranger has reasons: %v", got)
	}
}

func TestScoreUsersIsScore(t *testing.T) {
	t.Parallel()
	d := clusters(60, 1500, 20)
	m, err := als.Trainer{Factors: 12}.Train(t.Context(), d, model.TrainOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	all := make([]uint32, d.ItemCount())
	for i := range all {
		all[i] = uint32(i)
	}
	us := []*model.User{{History: d.History(1)}, {}, {History: d.History(2)}}
	us[2].Vector = m.(*als.Model).Embed(nil, us[2].History, 0)
	dst := make([][]float32, len(us))
	for i := range dst {
		dst[i] = make([]float32, len(all))
	}
	m.(*als.Model).ScoreUsers(dst, us, all)
	for i, u := range us {
		want := make([]float32, len(all))
		m.Score(want, u, all)
		if diff := cmp.Diff(want, dst[i]); diff != "" {
			t.Errorf("user %d: %s", i, diff)
		}
	}
}

func TestTrainerRefuses(t *testing.T) {
	t.Parallel()
	for name, tr := range map[string]als.Trainer{
		"factors": {Factors: -1}, "too many factors": {Factors: 5000}, "iterations": {Iterations: -1},
		"regularization": {Regularization: -1}, "NaN": {Regularization: math.NaN()},
		"unobserved": {Unobserved: math.Inf(1)},
	} {
		if _, err := tr.Train(t.Context(), clusters(3, 3, 2), model.TrainOptions{}); err == nil {
			t.Errorf("%s: %+v was taken", name, tr)
		}
	}
}
