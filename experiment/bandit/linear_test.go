package bandit_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gonum.org/v1/gonum/mat"

	"github.com/goldrec/gold/experiment/bandit"
)

func newLinear(t testing.TB, d int, opts bandit.LinearOptions) *bandit.Linear {
	t.Helper()
	l, err := bandit.NewLinear(d, opts)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func features(rng *rand.Rand, d int) []float64 {
	x := make([]float64, d)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	return x
}

// TestLinearIsRidgeRegression compares with the normal equations solved by gonum after every kind of number of updates,
// with and without forgetting.
func TestLinearIsRidgeRegression(t *testing.T) {
	t.Parallel()
	for _, halfLife := range []float64{0, 50} {
		const d, ridge = 12, 2.0
		l := newLinear(t, d, bandit.LinearOptions{Ridge: ridge, HalfLife: halfLife})
		rng := rand.New(rand.NewPCG(1, 2))
		gram, moment := mat.NewDense(d, d, nil), mat.NewVecDense(d, nil)
		decay := 1.0
		if halfLife > 0 {
			decay = math.Exp2(-1 / halfLife)
		}
		for step := range 12 * 20 {
			x, r := features(rng, d), rng.NormFloat64()
			if err := l.Update(x, r); err != nil {
				t.Fatal(err)
			}
			v := mat.NewVecDense(d, x)
			var outer mat.Dense
			outer.Outer(1, v, v)
			gram.Scale(decay, gram)
			gram.Add(gram, &outer)
			moment.AddScaledVec(scaled(decay, moment), r, v)
			if halfLife > 0 && step%d != d-1 {
				continue // between, the ridge has faded a little
			}
			a := mat.NewDense(d, d, nil)
			a.Copy(gram)
			for i := range d {
				a.Set(i, i, a.At(i, i)+ridge)
			}
			var theta, inv mat.VecDense
			if err := theta.SolveVec(a, moment); err != nil {
				t.Fatal(err)
			}
			probe := features(rng, d)
			if err := inv.SolveVec(a, mat.NewVecDense(d, probe)); err != nil {
				t.Fatal(err)
			}
			p := mat.NewVecDense(d, probe)
			mean, uncertainty, err := l.Predict(probe)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(mean-mat.Dot(&theta, p)) > 1e-9 || math.Abs(uncertainty-math.Sqrt(mat.Dot(p, &inv))) > 1e-9 {
				t.Fatalf("half-life %v, step %d: %v ± %v, want %v ± %v", halfLife, step, mean, uncertainty,
					mat.Dot(&theta, p), math.Sqrt(mat.Dot(p, &inv)))
			}
		}
	}
}

func scaled(f float64, v *mat.VecDense) *mat.VecDense {
	v.ScaleVec(f, v)
	return v
}

func TestLinearMerge(t *testing.T) {
	t.Parallel()
	one, all := newLinear(t, 5, bandit.LinearOptions{}), newLinear(t, 5, bandit.LinearOptions{})
	parts := []*bandit.Linear{newLinear(t, 5, bandit.LinearOptions{}), newLinear(t, 5, bandit.LinearOptions{})}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 100 {
		x, r := features(rng, 5), rng.NormFloat64()
		for _, l := range []*bandit.Linear{one, parts[i%2]} {
			if err := l.Update(x, r); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, p := range parts {
		text, err := json.Marshal(p.Drain())
		if err != nil {
			t.Fatal(err)
		}
		var s bandit.LinearState
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		if err := all.Merge(s); err != nil {
			t.Fatal(err)
		}
		if again := p.Drain(); again.N != 0 {
			t.Errorf("drained twice: %v observations", again.N)
		}
	}
	if diff := cmp.Diff(one.Snapshot(), all.Snapshot(), cmpopts.EquateApprox(1e-12, 1e-12)); diff != "" {
		t.Error(diff)
	}
}

func TestLinearInvalid(t *testing.T) {
	t.Parallel()
	l := newLinear(t, 2, bandit.LinearOptions{})
	_, none := l.Choose(nil)
	_, many := l.Choose(make([][]float64, bandit.CandidatesMax+1))
	_, short := l.Choose([][]float64{{1}})
	for name, err := range map[string]error{
		"none": none, "many": many, "short": short,
		"NaN":            l.Update([]float64{math.NaN(), 0}, 1),
		"infinite":       l.Update([]float64{1, 0}, math.Inf(1)),
		"other size":     l.Merge(bandit.LinearState{Version: 1, Gram: make([]float64, 6), Moment: make([]float64, 3)}),
		"not a gram":     l.Merge(bandit.LinearState{Version: 1, N: 1, Gram: []float64{-9, 0, -9}, Moment: []float64{0, 0}}),
		"not a gram too": l.Merge(bandit.LinearState{Version: 1, N: 1, Gram: []float64{1, 9, 1}, Moment: []float64{0, 0}}),
	} {
		if !errors.Is(err, bandit.ErrInvalid) {
			t.Errorf("%s: error = %v, want ErrInvalid", name, err)
		}
	}
	if s := l.Snapshot(); s.N != 0 {
		t.Errorf("bad input was learned from: %+v", s)
	}
	// Enormous, collinear and zero features must not break what comes later.
	for _, x := range [][]float64{{1e40, 1e40}, {1e40, 1e40}, {0, 0}, {1e-40, 1}} {
		if err := l.Update(x, 1); err != nil {
			t.Fatal(err)
		}
		c, err := l.Choose([][]float64{{1, 0}, {0, 1}, {1e40, -1e40}})
		if err != nil || !(c.Propensity > 0 && c.Propensity <= 1) {
			t.Errorf("after %v: %+v, %v", x, c, err)
		}
	}
}
