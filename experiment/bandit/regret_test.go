package bandit_test

import (
	"encoding/csv"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/goldrec/gold/experiment/bandit"
)

// TestRegret runs every policy in the same simulated world, prints the regret at growing horizons (docs/experiments.md
// has the table), and holds that it is far below that of choosing at random, and that it flattens: the second half costs
// less than the first.
//
//	go test ./experiment/bandit -run Regret -v
func TestRegret(t *testing.T) {
	t.Parallel()
	means := []float64{0.04, 0.05, 0.06, 0.07, 0.10}
	const horizon, worlds = 20_000, 20
	random := 0.0
	for _, m := range means {
		random += (0.10 - m) / float64(len(means)) * horizon
	}
	for _, test := range []struct {
		opts bandit.Options
		most float64 // share of the regret of choosing at random
	}{
		{bandit.Options{Policy: bandit.ThompsonBeta}, 0.12},
		{bandit.Options{Policy: bandit.ThompsonGaussian}, 0.25},
		{bandit.Options{Policy: bandit.UCB1}, 0.75},
		{bandit.Options{Policy: bandit.EpsilonGreedy}, 0.25},
	} {
		var at [3]float64 // regret at 1,000, at half and at all of the horizon
		for world := range uint64(worlds) {
			test.opts.Seed = world
			b := newBandit(t, len(means), test.opts)
			rng := rand.New(rand.NewPCG(world, 9))
			regret := 0.0
			for step := 1; step <= horizon; step++ {
				c := b.Choose()
				reward := 0.0
				if rng.Float64() < means[c.Arm] {
					reward = 1
				}
				if err := b.Update(c.Arm, reward); err != nil {
					t.Fatal(err)
				}
				regret += 0.10 - means[c.Arm]
				for i, s := range [...]int{1_000, horizon / 2, horizon} {
					if step == s {
						at[i] += regret / worlds
					}
				}
			}
		}
		t.Logf("%-18s regret at 1,000: %6.1f  10,000: %6.1f  20,000: %6.1f  (random: %.0f)", test.opts.Policy, at[0], at[1], at[2], random)
		if at[2] > test.most*random {
			t.Errorf("%s: regret %v, want at most %v", test.opts.Policy, at[2], test.most*random)
		}
		if at[2]-at[1] > at[1] {
			t.Errorf("%s: regret grows from %v to %v in the second half", test.opts.Policy, at[1], at[2])
		}
	}
}

// TestLinearRegret does the same for the policies over features: ten candidates a step, drawn anew.
func TestLinearRegret(t *testing.T) {
	t.Parallel()
	const d, candidates, horizon = 16, 10, 3_000
	for _, policy := range []bandit.LinearPolicy{bandit.LinUCB, bandit.LinThompson} {
		l := newLinear(t, d, bandit.LinearOptions{Policy: policy, Seed: 3, Draws: 32})
		rng := rand.New(rand.NewPCG(5, 6))
		truth := features(rng, d)
		var regret, first, random float64
		for step := range horizon {
			xs, values := make([][]float64, candidates), make([]float64, candidates)
			best, mean := math.Inf(-1), 0.0
			for i := range xs {
				xs[i] = features(rng, d)
				for k := range d {
					values[i] += xs[i][k] * truth[k] / d
				}
				best, mean = max(best, values[i]), mean+values[i]/candidates
			}
			c, err := l.Choose(xs)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Update(xs[c.Arm], values[c.Arm]+0.2*rng.NormFloat64()); err != nil {
				t.Fatal(err)
			}
			regret += best - values[c.Arm]
			random += best - mean
			if step == horizon/2 {
				first = regret
			}
		}
		t.Logf("%-12s regret at 1,500: %6.1f  3,000: %6.1f  (random: %.0f)", policy, first, regret, random)
		if regret > 0.1*random || regret-first > first {
			t.Errorf("%s: regret %v, %v in the first half, %v at random", policy, regret, first, random)
		}
	}
}

// TestOpenBanditReplay replays the Open Bandit log of the uniformly random policy (Saito et al. 2020): an event counts
// when the bandit chooses the item that was shown (Li et al. 2011), and is learned from then. The log has 10,000 events
// and 34 or 46 items, so that about 300 count: it shows that real logs run through, and how little so few events tell.
func TestOpenBanditReplay(t *testing.T) {
	data := os.Getenv("GOLD_DATA")
	if data == "" {
		data = "../../.data"
	}
	for _, campaign := range []struct {
		name  string
		items int
	}{{"men", 34}, {"women", 46}} {
		f, err := os.Open(filepath.Join(data, "obd", "random", campaign.name, campaign.name+".csv"))
		if err != nil {
			t.Skip("no Open Bandit log: set GOLD_DATA")
		}
		defer f.Close()
		rows, err := csv.NewReader(f).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		column := map[string]int{}
		for i, name := range rows[0] {
			column[name] = i
		}
		logged := 0.0
		for _, row := range rows[1:] {
			if row[column["click"]] == "1" {
				logged += 1 / float64(len(rows)-1)
			}
		}
		for _, policy := range []bandit.Policy{bandit.ThompsonBeta, bandit.UCB1, bandit.EpsilonGreedy} {
			var matched, clicks float64
			for seed := range uint64(10) {
				b := newBandit(t, campaign.items, bandit.Options{Policy: policy, Seed: seed})
				for _, row := range rows[1:] {
					item, err := strconv.Atoi(row[column["item_id"]])
					if err != nil {
						t.Fatal(err)
					}
					if b.Choose().Arm != item {
						continue
					}
					reward := 0.0
					if row[column["click"]] == "1" {
						reward = 1
					}
					if err := b.Update(item, reward); err != nil {
						t.Fatal(err)
					}
					matched, clicks = matched+1, clicks+reward
				}
			}
			rate := clicks / matched
			t.Logf("%-6s %-15s click rate %.4f ± %.4f over %.0f events a run (logged policy: %.4f)",
				campaign.name, policy, rate, math.Sqrt(rate*(1-rate)/(matched/10)), matched/10, logged)
			// A match has probability 1/items whatever the policy: the number is binomial over 100,000.
			want := 10 * float64(len(rows)-1) / float64(campaign.items)
			if policy == bandit.ThompsonBeta && math.Abs(matched-want) > 0.15*want {
				t.Errorf("%s: %v events count, want about %v", campaign.name, matched, want)
			}
		}
	}
}
