package stats

import (
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
)

// simulations is how many experiments each simulation runs: 10,000, or a fifth of that with -short and under the race
// detector. The bands below follow from the number.
func simulations() int {
	if testing.Short() || raceEnabled {
		return 2_000
	}
	return 10_000
}

// share runs n experiments, each from a seed of its own, and returns the share of those that are true. The result does
// not depend on the number of workers.
func share(n int, stream uint64, experiment func(rng *rand.Rand) bool) float64 {
	workers := runtime.GOMAXPROCS(0)
	counts := make([]int, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				if experiment(rand.New(rand.NewPCG(uint64(i), stream))) {
					counts[w]++
				}
			}
		})
	}
	wg.Wait()
	total := 0
	for _, c := range counts {
		total += c
	}
	return float64(total) / float64(n)
}

// band is the binomial 99 % band around p over n experiments: z(0.005) = 2.5758 deviations.
func band(p float64, n int) float64 { return 2.5758 * math.Sqrt(p*(1-p)/float64(n)) }

// worlds draw units of a metric; the arms are alike, or shifted by a factor.
type world struct {
	name   string
	metric Metric
	draw   func(rng *rand.Rand, lift float64) []float64
	truth  float64 // the mean, or ratio, without lift
	units  int     // of each arm
}

// The worlds: a light tail, a skewed one, few successes, several observations a unit that go together, and a covariate
// that explains half of the variance.
var worlds = []world{
	{"mean", Metric{}, func(rng *rand.Rand, lift float64) []float64 {
		return []float64{(1 + lift) * (5 + rng.NormFloat64())}
	}, 5, 200},
	{"skewed mean", Metric{}, func(rng *rand.Rand, lift float64) []float64 {
		return []float64{(1 + lift) * rng.ExpFloat64()}
	}, 1, 500},
	{"proportion", Metric{Kind: Proportion}, func(rng *rand.Rand, lift float64) []float64 {
		if rng.Float64() < 0.2*(1+lift) {
			return []float64{1}
		}
		return []float64{0}
	}, 0.2, 500},
	{"ratio", Metric{Kind: Ratio}, func(rng *rand.Rand, lift float64) []float64 {
		own := rng.Float64() // a user's own rate, shared by all their sessions
		n := 1 + rng.IntN(5)
		y := 0.0
		for range n {
			if rng.Float64() < own {
				y++
			}
		}
		return []float64{(1 + lift) * y, float64(n)}
	}, 0.5, 400},
	{"CUPED", Metric{Covariate: true}, func(rng *rand.Rand, lift float64) []float64 {
		x := rng.NormFloat64()
		return []float64{(1 + lift) * (5 + x + rng.NormFloat64()), x}
	}, 5, 200},
	{"CUPED ratio", Metric{Kind: Ratio, Covariate: true}, func(rng *rand.Rand, lift float64) []float64 {
		own := 0.2 + 0.6*rng.Float64()
		n, m := 1+rng.IntN(5), 1+rng.IntN(5)
		return []float64{(1 + lift) * float64(n) * (own + 0.2*rng.NormFloat64()), float64(n),
			float64(m) * (own + 0.2*rng.NormFloat64()), float64(m)}
	}, 0.5, 400},
}

// sample draws both arms, of which the variant has the lift.
func (w world) sample(rng *rand.Rand, lift float64) (control, variant *Summary) {
	control, variant = w.metric.NewSummary(), w.metric.NewSummary()
	for range w.units {
		control.Add(w.draw(rng, 0)...)
		variant.Add(w.draw(rng, lift)...)
	}
	return control, variant
}

func (w world) effect(rng *rand.Rand, lift float64) (Effect, error) {
	control, variant := w.sample(rng, lift)
	return Compare(w.metric, control, variant)
}

// TestFalseAlarms runs A/A experiments: at the planned size a share of alpha = 5 % of them shows an effect, within the
// binomial 99 % band over 10,000, which is ± 0.56 %.
func TestFalseAlarms(t *testing.T) {
	t.Parallel()
	n := simulations()
	for stream, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			got := share(n, uint64(stream), func(rng *rand.Rand) bool {
				e, err := w.effect(rng, 0)
				return err == nil && e.PValue() < 0.05
			})
			if math.Abs(got-0.05) > band(0.05, n) {
				t.Errorf("false alarms: %.4f, want 0.05 ± %.4f", got, band(0.05, n))
			}
		})
	}
}

// TestCoverage runs experiments with a true lift of 10 %: 95 % intervals of the difference and of the lift hold the truth
// in at least 94.5 % of them, less 2.5758 deviations of the binomial over 10,000 (0.56 %) for the luck of the draw. They
// are not wasteful either: at most 96.5 % plus the same.
func TestCoverage(t *testing.T) {
	t.Parallel()
	const lift = 0.1
	n := simulations()
	for stream, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			lifts := make([]bool, n)
			var mu sync.Mutex
			i := 0
			difference := share(n, uint64(100+stream), func(rng *rand.Rand) bool {
				e, err := w.effect(rng, lift)
				if err != nil {
					return false
				}
				in := e.LiftInterval(0.05).Contains(lift)
				mu.Lock()
				lifts[i] = in
				i++
				mu.Unlock()
				return e.Interval(0.05).Contains(lift * w.truth)
			})
			relative := 0.0
			for _, in := range lifts {
				if in {
					relative += 1 / float64(n)
				}
			}
			for what, got := range map[string]float64{"difference": difference, "lift": relative} {
				if got < 0.945-band(0.945, n) || got > 0.965+band(0.965, n) {
					t.Errorf("%s: covered %.4f", what, got)
				}
			}
			t.Logf("difference %.4f, lift %.4f", difference, relative)
		})
	}
}

// TestCoverageStrata is TestCoverage for post-stratification, in a world where the strata differ and so do their
// effects, and their mix is drawn with the units.
func TestCoverageStrata(t *testing.T) {
	t.Parallel()
	n := simulations()
	means, effects, mix := []float64{2, 5, 9}, []float64{0.2, 1, -0.4}, []float64{0.5, 0.3, 0.2}
	truth, base := 0.0, 0.0
	for k := range mix {
		truth += mix[k] * effects[k]
		base += mix[k] * means[k]
	}
	var mu sync.Mutex
	lifts := 0
	got := share(n, 200, func(rng *rand.Rand) bool {
		strata := make([]Stratum, 3)
		for k := range strata {
			strata[k] = Stratum{NewSummary(1), NewSummary(1)}
		}
		for i := range 600 {
			k, u := 0, rng.Float64()
			for u -= mix[0]; u > 0 && k < 2; u -= mix[k] {
				k++
			}
			y := means[k] + rng.NormFloat64()
			if i%2 == 0 {
				strata[k].Control.Add(y)
			} else {
				strata[k].Variant.Add(y + effects[k])
			}
		}
		e, err := CompareStrata(Metric{}, strata)
		if err != nil {
			return false
		}
		if e.LiftInterval(0.05).Contains(truth / base) {
			mu.Lock()
			lifts++
			mu.Unlock()
		}
		return e.Interval(0.05).Contains(truth)
	})
	for what, got := range map[string]float64{"difference": got, "lift": float64(lifts) / float64(n)} {
		if got < 0.945-band(0.945, n) || got > 0.965+band(0.965, n) {
			t.Errorf("%s: covered %.4f", what, got)
		}
	}
}

// TestQuantileFalseAlarms runs A/A experiments on the 0.9-quantile of a skewed value. The order statistics that enclose
// it are whole ranks, so that the intervals are a little wide: at most alpha plus the band, at least 3 %.
func TestQuantileFalseAlarms(t *testing.T) {
	t.Parallel()
	n := simulations() / 5
	got := share(n, 300, func(rng *rand.Rand) bool {
		var arms [2]Quantiles
		for range 400 {
			arms[0].Add(rng.ExpFloat64())
			arms[1].Add(rng.ExpFloat64())
		}
		e, err := CompareQuantiles(0.9, &arms[0], &arms[1])
		return err == nil && e.PValue() < 0.05
	})
	if got > 0.05+band(0.05, n) || got < 0.03-band(0.03, n) {
		t.Errorf("false alarms: %.4f", got)
	}
}
