package bandit_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/experiment/bandit"
)

func newBandit(t testing.TB, arms int, opts bandit.Options) *bandit.Bandit {
	t.Helper()
	b, err := bandit.New(arms, opts)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestThompsonPropensities compares with 200,000 draws from the beliefs: a propensity's deviation is at most
// 0.5/sqrt(200,000) = 0.0011, and five of them and the grid's error of 0.001 are allowed.
func TestThompsonPropensities(t *testing.T) {
	t.Parallel()
	tests := map[string][][2]int{ // successes and failures
		"nothing known":  {{0, 0}, {0, 0}, {0, 0}},
		"few":            {{1, 3}, {2, 2}, {0, 1}},
		"many and none":  {{200, 9800}, {0, 0}},
		"close":          {{1000, 9000}, {1040, 8960}, {900, 9100}},
		"never and ever": {{0, 50}, {50, 0}},
		"five":           {{3, 40}, {5, 41}, {4, 44}, {7, 60}, {0, 3}},
	}
	for name, known := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBandit(t, len(known), bandit.Options{})
			state := bandit.State{Version: bandit.StateVersion}
			for _, k := range known {
				s := float64(k[0])
				state.Arms = append(state.Arms, bandit.Arm{N: s + float64(k[1]), Sum: s, Squares: s})
			}
			if err := b.Merge(state); err != nil {
				t.Fatal(err)
			}
			const n = 200_000
			rng := rand.New(rand.NewPCG(3, 4))
			want := make([]float64, len(known))
			for range n {
				best, most := 0, -1.0
				for i, k := range known {
					if v := betaDraw(rng, 1+float64(k[0]), 1+float64(k[1])); v > most {
						best, most = i, v
					}
				}
				want[best] += 1.0 / n
			}
			got := b.Propensities()
			for i := range want {
				if math.Abs(got[i]-want[i]) > 0.0066 {
					t.Fatalf("propensities %.4f, want %.4f", got, want)
				}
			}
		})
	}
}

// betaDraw draws from Beta(a, b) as a ratio of gammas (Marsaglia and Tsang 2000, for shapes of at least 1).
func betaDraw(rng *rand.Rand, a, b float64) float64 {
	gamma := func(shape float64) float64 {
		d := shape - 1.0/3
		c := 1 / math.Sqrt(9*d)
		for {
			x := rng.NormFloat64()
			v := (1 + c*x) * (1 + c*x) * (1 + c*x)
			if v > 0 && math.Log(1-rng.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
				return d * v
			}
		}
	}
	x, y := gamma(a), gamma(b)
	return x / (x + y)
}

// TestPropensitiesAreExact draws: the share of each arm is its propensity.
func TestPropensitiesAreExact(t *testing.T) {
	t.Parallel()
	for _, policy := range []bandit.Policy{bandit.ThompsonBeta, bandit.ThompsonGaussian, bandit.UCB1, bandit.EpsilonGreedy} {
		b := newBandit(t, 4, bandit.Options{Policy: policy, Floor: 0.08, Seed: 5})
		for i := range 40 {
			if err := b.Update(i%4, float64(i%3)/2); err != nil {
				t.Fatal(err)
			}
		}
		want := b.Propensities()
		const n = 100_000
		counts := make([]float64, 4)
		for range n {
			c := b.Choose()
			if c.Propensity != want[c.Arm] || c.Propensity < 0.02 {
				t.Fatalf("%s: chose %+v with propensities %v", policy, c, want)
			}
			counts[c.Arm]++
		}
		for i, p := range want { // five binomial deviations
			if math.Abs(counts[i]/n-p) > 5*math.Sqrt(p*(1-p)/n) {
				t.Errorf("%s: arm %d chosen %v of the time, propensity %v", policy, i, counts[i]/n, p)
			}
		}
	}
}

func TestForgetting(t *testing.T) {
	t.Parallel()
	b := newBandit(t, 2, bandit.Options{HalfLife: 100, Seed: 1})
	rng := rand.New(rand.NewPCG(1, 1))
	good := func(step int) int { return step / 3000 } // the world turns once
	right := 0
	for step := range 6000 {
		c := b.Choose()
		reward := 0.0
		if rng.Float64() < map[bool]float64{true: 0.6, false: 0.3}[c.Arm == good(step)] {
			reward = 1
		}
		if err := b.Update(c.Arm, reward); err != nil {
			t.Fatal(err)
		}
		if step >= 4000 && c.Arm == 1 {
			right++
		}
	}
	if right < 1400 { // of 2,000; one that never forgets stays with arm 0 for thousands of steps
		t.Errorf("%d of the last 2,000 choices see that the world has turned", right)
	}
}

func TestMergeEqualsOneProcess(t *testing.T) {
	t.Parallel()
	one := newBandit(t, 3, bandit.Options{})
	parts := []*bandit.Bandit{newBandit(t, 3, bandit.Options{}), newBandit(t, 3, bandit.Options{})}
	all := newBandit(t, 3, bandit.Options{})
	for i := range 300 {
		arm, reward := i%3, float64(i%2)
		for _, b := range []*bandit.Bandit{one, parts[i/7%2]} {
			if err := b.Update(arm, reward); err != nil {
				t.Fatal(err)
			}
		}
		if i%50 == 49 {
			for _, p := range parts {
				text, err := json.Marshal(p.Drain())
				if err != nil {
					t.Fatal(err)
				}
				var s bandit.State
				if err := json.Unmarshal(text, &s); err != nil {
					t.Fatal(err)
				}
				if err := all.Merge(s); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if diff := cmp.Diff(one.Snapshot(), all.Snapshot()); diff != "" {
		t.Error(diff)
	}
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	b := newBandit(t, 2, bandit.Options{})
	nan := math.NaN()
	for name, err := range map[string]error{
		"arm -1":        b.Update(-1, 0),
		"arm 2":         b.Update(2, 0),
		"reward 2":      b.Update(0, 2),
		"reward NaN":    b.Update(0, nan),
		"other version": b.Merge(bandit.State{Version: 9, Arms: make([]bandit.Arm, 2)}),
		"other arms":    b.Merge(bandit.State{Version: 1, Arms: make([]bandit.Arm, 3)}),
		"impossible":    b.Merge(bandit.State{Version: 1, Arms: []bandit.Arm{{N: 1, Sum: 5, Squares: 1}, {}}}),
		"NaN":           b.Merge(bandit.State{Version: 1, Arms: []bandit.Arm{{N: nan}, {}}}),
	} {
		if !errors.Is(err, bandit.ErrInvalid) {
			t.Errorf("%s: error = %v, want ErrInvalid", name, err)
		}
	}
	for name, opts := range map[string]bandit.Options{
		"policy": {Policy: "best"}, "epsilon": {Epsilon: 2}, "floor": {Floor: nan}, "half-life": {HalfLife: -1},
	} {
		if _, err := bandit.New(2, opts); !errors.Is(err, bandit.ErrInvalid) {
			t.Errorf("%s: error = %v, want ErrInvalid", name, err)
		}
	}
	if _, err := bandit.New(0, bandit.Options{}); !errors.Is(err, bandit.ErrInvalid) {
		t.Errorf("no arms: error = %v, want ErrInvalid", err)
	}
	if s := b.Snapshot(); s.Arms[0].N != 0 || s.Arms[1].N != 0 {
		t.Errorf("bad input was learned from: %+v", s)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	b := newBandit(t, 3, bandit.Options{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				if err := b.Update(b.Choose().Arm, 1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	total := 0.0
	for _, a := range b.Snapshot().Arms {
		total += a.N
	}
	if total != 2000 {
		t.Errorf("%v updates, want 2000", total)
	}
}
