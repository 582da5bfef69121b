package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// running is one arm of a simulation that is looked at after every unit.
type running struct{ n, sum, squares float64 }

func (r *running) add(v float64) { r.n, r.sum, r.squares = r.n+1, r.sum+v, r.squares+v*v }

// part is the arm's mean and its variance.
func (r *running) part() (mean, variance float64) {
	mean = r.sum / r.n
	return mean, (r.squares - r.n*mean*mean) / (r.n - 1) / r.n
}

// z is the difference of the arms in standard errors.
func z(arms *[2]running) float64 {
	m0, v0 := arms[0].part()
	m1, v1 := arms[1].part()
	return (m1 - m0) / math.Sqrt(v0+v1)
}

// TestAlwaysValidFalseAlarms looks at A/A experiments after every unit: at most a share of alpha ever shows an effect.
// The bound is alpha itself, without a band for luck: the sequence is conservative at any finite end.
func TestAlwaysValidFalseAlarms(t *testing.T) {
	t.Parallel()
	for stream, world := range []struct {
		name string
		draw func(rng *rand.Rand) float64
	}{
		{"normal", func(rng *rand.Rand) float64 { return 10 + rng.NormFloat64() }},
		{"skewed", func(rng *rand.Rand) float64 { return rng.ExpFloat64() }},
		{"proportion", func(rng *rand.Rand) float64 {
			if rng.Float64() < 0.1 {
				return 1
			}
			return 0
		}},
	} {
		t.Run(world.name, func(t *testing.T) {
			n := simulations()
			always := AlwaysValid{TightAt: 2_000}
			got := share(n, uint64(400+stream), func(rng *rand.Rand) bool {
				var arms [2]running
				for i := range int64(5_000) {
					arms[rng.IntN(2)].add(world.draw(rng))
					if i > 500 && always.pValue(z(&arms), i+1, 0.05) < 0.05 {
						return true
					}
				}
				return false
			})
			if got > 0.05 {
				t.Errorf("false alarms: %.4f, want at most 0.05", got)
			}
			if got < 0.005 {
				t.Errorf("false alarms: %.4f: does it look at all?", got)
			}
			t.Logf("%.4f", got)
		})
	}
}

// TestPeekingAtAFixedTest repeats a table (Armitage, McPherson and Rowe 1969): a z-test at 5 %, looked at 20 times, raises
// 24.8 % false alarms. It shows that the simulation above would notice.
func TestPeekingAtAFixedTest(t *testing.T) {
	t.Parallel()
	n := simulations()
	got := share(n, 500, func(rng *rand.Rand) bool {
		sum := 0.0
		for look := range 20 {
			sum += rng.NormFloat64()
			if math.Abs(sum)/math.Sqrt(float64(look+1)) > 1.959964 {
				return true
			}
		}
		return false
	})
	if math.Abs(got-0.248) > band(0.248, n)+0.0005 { // the table's rounding
		t.Errorf("false alarms: %.4f, want 0.248 ± %.4f", got, band(0.248, n))
	}
}

func TestAlwaysValid(t *testing.T) {
	t.Parallel()
	c, v := dataset()
	e := compare(t, Metric{}, summarize(t, c.y), summarize(t, v.y))
	always := AlwaysValid{TightAt: 1_000}
	// The p-value is the alpha at which the interval's end touches zero. With rho held, that is exact.
	p := always.PValue(e, 0.05)
	rho := always.rho2(0.05) * float64(e.Units)
	at := math.Sqrt((1 + 1/rho) * 2 * (math.Log1p(rho)/2 - math.Log(p)))
	if rel := relative(at, math.Abs(e.Statistic())); rel > 1e-12 {
		t.Errorf("the interval at p = %v ends %v standard errors from the middle, zero lies %v", p, at, e.Statistic())
	}
	// Formula of theorem 2.2 at rho² = 0.01, n = 1000, alpha = 0.05, computed by hand: v = 10.
	tight := (-2*math.Log(0.05) + math.Log(-2*math.Log(0.05)+1)) / 0.01
	got := AlwaysValid{TightAt: int64(math.Round(tight))}.Multiplier(1000, 0.05)
	want := math.Sqrt(2 * 11.0 / 10 * math.Log(math.Sqrt(11)/0.05))
	if relative(got, want) > 1e-3 { // TightAt is whole
		t.Errorf("multiplier %v, want %v", got, want)
	}
	if m := always.Multiplier(10, 0.05); !math.IsInf(m, 1) {
		t.Errorf("multiplier before the first look: %v", m)
	}
}

// TestGroupBounds compares with the tables of Lan and DeMets's spending functions for five equal looks at alpha = 5 %,
// two-sided (as in Reboussin, DeMets, Kim and Lan 2000, programs for boundaries).
func TestGroupBounds(t *testing.T) {
	t.Parallel()
	shares := []float64{0.2, 0.4, 0.6, 0.8, 1}
	for spending, want := range map[Spending][]float64{
		OBrienFleming: {4.8769, 3.3569, 2.6803, 2.2898, 2.0310},
		Pocock:        {2.4380, 2.4268, 2.4101, 2.3966, 2.3859},
	} {
		got, err := spending.Bounds(0.05, shares...)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if math.Abs(got[i]-want[i]) > 0.0002 { // the tables' rounding and their coarser grid
				t.Errorf("%s: bounds %.4f, want %.4f", spending, got, want)
				break
			}
		}
		n := simulations()
		alarms := share(n, 600, func(rng *rand.Rand) bool {
			sum := 0.0
			for i, bound := range got {
				if sum += rng.NormFloat64(); math.Abs(sum)/math.Sqrt(float64(i+1)) >= bound {
					return true
				}
			}
			return false
		})
		if math.Abs(alarms-0.05) > band(0.05, n) {
			t.Errorf("%s: false alarms %.4f, want 0.05 ± %.4f", spending, alarms, band(0.05, n))
		}
	}
	if one, err := OBrienFleming.Bounds(0.05, 1); err != nil || math.Abs(one[0]-1.959963984540054) > 1e-9 {
		t.Errorf("one look: %v, %v; want 1.96", one, err)
	}
}

// TestSampleRatioFalseAlarms assigns units in the expected shares: the fixed test raises alarms at alpha, the sequential
// one, looked at after every unit, at most at alpha.
func TestSampleRatioFalseAlarms(t *testing.T) {
	t.Parallel()
	n := simulations() / 2
	shares := []float64{0.5, 0.3, 0.2}
	draw := func(rng *rand.Rand) int {
		switch u := rng.Float64(); {
		case u < 0.5:
			return 0
		case u < 0.8:
			return 1
		}
		return 2
	}
	fixed := share(n, 700, func(rng *rand.Rand) bool {
		counts := make([]int64, 3)
		for range 1_000 {
			counts[draw(rng)]++
		}
		p, err := SampleRatio(counts, shares)
		return err != nil || p < 0.05
	})
	if math.Abs(fixed-0.05) > band(0.05, n)+0.002 { // counts are whole: the chi-square is off by as much
		t.Errorf("fixed: %.4f, want 0.05 ± %.4f", fixed, band(0.05, n))
	}
	always := share(n, 701, func(rng *rand.Rand) bool {
		counts := make([]int64, 3)
		for range 1_000 {
			counts[draw(rng)]++
			if p, err := SampleRatioAlways(counts, shares); err != nil || p < 0.05 {
				return true
			}
		}
		return false
	})
	if always > 0.05 {
		t.Errorf("sequential: %.4f, want at most 0.05", always)
	}
	if p, err := SampleRatioAlways([]int64{5200, 4800}, []float64{1, 1}); err != nil || p > 0.05 {
		t.Errorf("52 to 48 of 10,000: p = %v, %v", p, err)
	}
}
