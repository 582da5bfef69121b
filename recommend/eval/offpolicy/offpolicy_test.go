package offpolicy_test

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goldrec/gold/recommend/eval/offpolicy"
	"github.com/goldrec/gold/store"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

// TestByHand has four samples of weights 2, 0.5, 0 and 20.
func TestByHand(t *testing.T) {
	t.Parallel()
	samples := []offpolicy.Sample{
		{Reward: 1, Propensity: 0.25, Target: 0.5, Predicted: 0.5, Expected: 0.4},
		{Reward: 2, Propensity: 0.5, Target: 0.25, Predicted: 1, Expected: 0.4},
		{Reward: 3, Propensity: 0.5, Target: 0, Predicted: 1, Expected: 0.2},
		{Reward: 1, Propensity: 0.05, Target: 1, Predicted: 0.5, Expected: 0.5},
	}
	r, err := offpolicy.Estimate(samples, offpolicy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		name      string
		got, want float64
	}{
		{"logged", r.Logged.Mean, 7.0 / 4},
		{"IPS", r.IPS.Mean, (2 + 1 + 0 + 20.0) / 4},
		{"SNIPS", r.SNIPS.Mean, (2 + 1 + 0 + 20.0) / 22.5},
		{"DR", r.DR.Mean, (0.4 + 2*0.5 + 0.4 + 0.5 + 0.2 + 0.5 + 20*0.5) / 4},
		{"switch", r.Switch.Mean, (0.4 + 2*0.5 + 0.4 + 0.5 + 0.2 + 0.5) / 4},
		{"effective size", r.EffectiveSize, 22.5 * 22.5 / (4 + 0.25 + 400)},
		{"mean weight", r.WeightMean, 22.5 / 4},
		{"largest weight", r.WeightMax, 20},
		// Of 1, 2, 3, 1: a variance of 11/12; t of 3 degrees at 97.5 % is 3.18245.
		{"logged, standard error", r.Logged.StdErr, math.Sqrt(11.0 / 12 / 4)},
		{"SNIPS, standard error", r.SNIPS.StdErr, snipsError(samples, 23.0/22.5, 22.5/4)},
	} {
		if !near(v.got, v.want) {
			t.Errorf("%s is %v, want %v", v.name, v.got, v.want)
		}
	}
	if reach := 3.182446 * r.Logged.StdErr; math.Abs(r.Logged.High-1.75-reach) > 1e-5 || math.Abs(r.Logged.Low-1.75+reach) > 1e-5 {
		t.Errorf("logged: %v", r.Logged)
	}
	if r.Samples != 4 || r.Units != 4 || r.Switched != 1 {
		t.Errorf("%+v", r)
	}
	all, err := offpolicy.Estimate(samples, offpolicy.Options{SwitchAt: 20})
	if err != nil || !near(all.Switch.Mean, all.DR.Mean) || all.Switched != 0 {
		t.Errorf("a switch at the largest weight: %v, %v", all.Switch, err)
	}
}

func snipsError(samples []offpolicy.Sample, v, mean float64) float64 {
	sum := 0.0
	for _, s := range samples {
		d := s.Target / s.Propensity * (s.Reward - v) / mean
		sum += d * d
	}
	return math.Sqrt(sum / 3 / 4)
}

// TestUnits: what one user did four times is one observation, and standard errors are of users.
func TestUnits(t *testing.T) {
	t.Parallel()
	var alone, often []offpolicy.Sample
	for u := range 50 {
		s := offpolicy.Sample{Unit: fmt.Sprint(u), Reward: float64(u % 2), Propensity: 0.5, Target: 0.5}
		alone = append(alone, s)
		often = append(often, s, s, s, s)
	}
	a, err := offpolicy.Estimate(alone, offpolicy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := offpolicy.Estimate(often, offpolicy.Options{})
	if err != nil || b.Units != 50 || !near(a.IPS.StdErr, b.IPS.StdErr) || !near(a.IPS.High, b.IPS.High) {
		t.Errorf("%v of users, %v of users four times, %v", a.IPS, b.IPS, err)
	}
	one, err := offpolicy.Estimate(often[:4], offpolicy.Options{})
	if err != nil || !math.IsInf(one.IPS.StdErr, 1) || !math.IsInf(one.IPS.High, 1) || !math.IsInf(one.IPS.Low, -1) {
		t.Errorf("one user: %v, %v", one.IPS, err)
	}
}

// world draws a log of three items for two kinds of users, and knows what the target is worth.
func world(rng *rand.Rand, n int, predict func(kind, item int) float64) (samples []offpolicy.Sample, truth float64) {
	logging := [2][3]float64{{0.6, 0.3, 0.1}, {0.2, 0.2, 0.6}}
	target := [2][3]float64{{0.1, 0.2, 0.7}, {0.3, 0.6, 0.1}}
	for kind := range 2 {
		for item := range 3 {
			truth += target[kind][item] * clicks(kind, item) / 2
		}
	}
	for range n {
		kind, item, u := rng.IntN(2), 0, rng.Float64()
		for u >= logging[kind][item] && item < 2 {
			u -= logging[kind][item]
			item++
		}
		s := offpolicy.Sample{Propensity: logging[kind][item], Target: target[kind][item], Predicted: predict(kind, item)}
		if rng.Float64() < clicks(kind, item) {
			s.Reward = 1
		}
		for i := range 3 {
			s.Expected += target[kind][i] * predict(kind, i)
		}
		samples = append(samples, s)
	}
	return samples, truth
}

func clicks(kind, item int) float64 {
	return [2][3]float64{{0.1, 0.2, 0.5}, {0.4, 0.3, 0.1}}[kind][item]
}

// TestCoverage: of 300 intervals of 95 %, within five standard deviations of 285 cover the truth: 266 to 300. Good predictions make
// the doubly robust estimate surer than IPS, and bad ones leave it right.
func TestCoverage(t *testing.T) {
	t.Parallel()
	bad := func(kind, item int) float64 { return float64(3 * item) }
	warned := 0
	var ips, snips, good, spoiled, switched, errIPS, errGood float64
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		covers := func(v offpolicy.Value, truth float64) float64 {
			if v.Low <= truth && truth <= v.High {
				return 1
			}
			return 0
		}
		samples, truth := world(rng, 800, clicks)
		r, err := offpolicy.Estimate(samples, offpolicy.Options{SwitchAt: 5})
		if err != nil {
			t.Fatal(err)
		}
		ips += covers(r.IPS, truth)
		snips += covers(r.SNIPS, truth)
		good += covers(r.DR, truth)
		switched += covers(r.Switch, truth) // its predictions are right
		errIPS, errGood = errIPS+r.IPS.StdErr, errGood+r.DR.StdErr
		samples, truth = world(rng, 800, bad)
		if r, err = offpolicy.Estimate(samples, offpolicy.Options{}); err != nil {
			t.Fatal(err)
		}
		warned += len(r.Warnings)
		spoiled += covers(r.DR, truth)
	}
	for name, n := range map[string]float64{"IPS": ips, "SNIPS": snips, "DR": good, "DR of bad predictions": spoiled, "switch": switched} {
		if n < 266 {
			t.Errorf("%s: %v of 300 intervals cover the truth", name, n)
		}
	}
	if warned > 6 { // three standard errors are exceeded once in 370; five deviations above 0.8 is 5.3
		t.Errorf("%d warnings", warned)
	}
	if errGood > 0.9*errIPS {
		t.Errorf("standard errors: DR %v, IPS %v", errGood/300, errIPS/300)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	repeat := func(n int, s offpolicy.Sample) []offpolicy.Sample { return slices.Repeat([]offpolicy.Sample{s}, n) }
	even := offpolicy.Sample{Propensity: 0.5, Target: 0.5, Reward: 1}
	for _, tt := range []struct {
		name    string
		samples []offpolicy.Sample
		want    []offpolicy.WarningCode
	}{
		{"the same policy", repeat(200, even), nil},
		{"nothing in common", repeat(200, offpolicy.Sample{Propensity: 0.5}), []offpolicy.WarningCode{offpolicy.NoOverlap}},
		{"few", repeat(50, even), []offpolicy.WarningCode{offpolicy.SmallSample}},
		{"half of it never done", repeat(200, offpolicy.Sample{Propensity: 1, Target: 0.5}), []offpolicy.WarningCode{offpolicy.WeightMean}},
		{"propensities too small", repeat(200, offpolicy.Sample{Propensity: 0.25, Target: 0.5}), []offpolicy.WarningCode{offpolicy.WeightMean}},
		{"one has a tenth", append(repeat(990, even), offpolicy.Sample{Propensity: 0.009, Target: 0.99}), []offpolicy.WarningCode{offpolicy.LargeWeight, offpolicy.SmallSample}},
		{"a hundredth", append(repeat(200, even), repeat(30000, offpolicy.Sample{Propensity: 0.5})...), []offpolicy.WarningCode{offpolicy.WeightMean, offpolicy.SmallSample}},
	} {
		r, err := offpolicy.Estimate(tt.samples, offpolicy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got []offpolicy.WarningCode
		for _, w := range r.Warnings {
			if got = append(got, w.Code); w.String() == "" {
				t.Errorf("%s says nothing", w.Code)
			}
		}
		if diff := gocmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestBadSamples(t *testing.T) {
	t.Parallel()
	good := offpolicy.Sample{Propensity: 0.5, Target: 0.5}
	nan, inf := math.NaN(), math.Inf(1)
	for name, change := range map[string]func(*offpolicy.Sample){
		"propensity 0":       func(s *offpolicy.Sample) { s.Propensity = 0 },
		"propensity above 1": func(s *offpolicy.Sample) { s.Propensity = 1.1 },
		"propensity NaN":     func(s *offpolicy.Sample) { s.Propensity = nan },
		"target below 0":     func(s *offpolicy.Sample) { s.Target = -0.1 },
		"target above 1":     func(s *offpolicy.Sample) { s.Target = 1.1 },
		"target NaN":         func(s *offpolicy.Sample) { s.Target = nan },
		"reward NaN":         func(s *offpolicy.Sample) { s.Reward = nan },
		"prediction":         func(s *offpolicy.Sample) { s.Predicted = inf },
		"expectation":        func(s *offpolicy.Sample) { s.Expected = -inf },
		"weight":             func(s *offpolicy.Sample) { s.Propensity, s.Target = math.SmallestNonzeroFloat64, 1 },
	} {
		bad := good
		change(&bad)
		if _, err := offpolicy.Estimate([]offpolicy.Sample{good, bad}, offpolicy.Options{}); !errors.Is(err, offpolicy.ErrInvalid) || !strings.Contains(err.Error(), "sample 1") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := offpolicy.Estimate(nil, offpolicy.Options{}); !errors.Is(err, offpolicy.ErrInvalid) {
		t.Errorf("no samples: %v", err)
	}
	for _, opt := range []offpolicy.Options{{SwitchAt: -1}, {SwitchAt: nan}, {Level: 1}, {Level: -0.5}, {Level: nan}} {
		if _, err := offpolicy.Estimate([]offpolicy.Sample{good}, opt); !errors.Is(err, offpolicy.ErrInvalid) {
			t.Errorf("%+v: %v", opt, err)
		}
	}
}

func TestFromLog(t *testing.T) {
	t.Parallel()
	entry := func(user, page, item string, kind store.Kind, propensity, value float64) store.Entry {
		return store.Entry{Interaction: store.Interaction{User: user, Page: page, Item: item, Kind: kind, Propensity: propensity, Value: value}}
	}
	exposed := entry("ann", "p", "tea", store.Purchase, 0.5, 5)
	exposed.Fact = store.Exposed
	log := []store.Entry{
		entry("ann", "p", "mug", store.Purchase, 0.5, 7), // its impression comes late
		exposed,
		entry("ann", "p", "tea", store.Impression, 0.5, 0),
		entry("ann", "p", "mug", store.Impression, 0.25, 0),
		entry("ann", "p", "mug", store.Impression, 0.75, 0), // again
		entry("ann", "", "pot", store.Impression, 0.5, 0),   // of no page
		entry("ann", "p", "pot", store.Impression, 0, 0),    // of unknown chance
		entry("bob", "p", "tea", store.Impression, 1, 0),
		entry("ann", "p", "tea", store.Click, 0.5, 9),
		entry("ann", "p", "mug", store.Purchase, 0.5, 2),
		entry("ann", "q", "tea", store.Purchase, 0.5, 100), // another page
	}
	opt := offpolicy.LogOptions{
		Target: func(in store.Interaction) float64 { return float64(len(in.Item)) / 10 },
		Reward: func(in store.Interaction) float64 {
			if in.Kind == store.Purchase {
				return in.Value
			}
			return 0
		},
	}
	scan := func(fail error) func(func(store.Entry, error) bool) {
		return func(yield func(store.Entry, error) bool) {
			for _, e := range log {
				if !yield(e, nil) {
					return
				}
			}
			if fail != nil {
				yield(store.Entry{}, fail)
			}
		}
	}
	got, err := offpolicy.FromLog(scan(nil), opt)
	want := []offpolicy.Sample{
		{Unit: "ann", Propensity: 0.5, Target: 0.3},
		{Unit: "ann", Propensity: 0.25, Target: 0.3, Reward: 9},
		{Unit: "bob", Propensity: 1, Target: 0.3},
	}
	if diff := gocmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-12)); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
	gone := errors.New("gone")
	if _, err := offpolicy.FromLog(scan(gone), opt); !errors.Is(err, gone) {
		t.Errorf("a log that breaks off: %v", err)
	}
	if _, err := offpolicy.FromLog(scan(nil), offpolicy.LogOptions{Target: opt.Target}); !errors.Is(err, offpolicy.ErrInvalid) {
		t.Errorf("no reward: %v", err)
	}
}

// bandit is a row of the Open Bandit log.
type bandit struct {
	place      string // item and position
	click      float64
	propensity float64
}

func openBandit(t *testing.T, policy, campaign string) (rows []bandit, items int) {
	t.Helper()
	dir := cmp.Or(os.Getenv("GOLD_DATA"), filepath.Join("..", "..", "..", ".data"))
	f, err := os.Open(filepath.Join(dir, "obd", policy, campaign, campaign+".csv"))
	if err != nil {
		t.Skip("no Open Bandit log: set GOLD_DATA")
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column, seen := map[string]int{}, map[string]bool{}
	for i, name := range lines[0] {
		column[name] = i
	}
	number := func(line []string, name string) float64 {
		v, err := strconv.ParseFloat(line[column[name]], 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, line := range lines[1:] {
		item := line[column["item_id"]]
		seen[item] = true
		rows = append(rows, bandit{item + " " + line[column["position"]], number(line, "click"), number(line, "propensity_score")})
	}
	return rows, len(seen)
}

// TestOpenBandit (Saito et al. 2020) values each of two policies, Thompson sampling and chance, by the log of the other, and knows
// from its own what it earned. Thompson sampling is taken to choose at each position as often as its log did. The figures were
// computed apart from this code.
func TestOpenBandit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		campaign               string
		backwards              bool // chance, by the log of Thompson sampling
		truth                  float64
		ips, snips, mean, size float64
		warns                  []offpolicy.WarningCode
	}{
		{"men", false, 0.0069, 0.005656266700835461, 0.0057398647019513424, 0.9854355450072784, 2869.2752717879634, nil},
		{"women", false, 0.0046, 0.005805691782949789, 0.005833036087191047, 0.995312166111692, 3491.9575428282096, nil},
		{"men", true, 0.0046, 0.0030086263272564827, 0.00318942316227741, 0.9433136257492313, 655.7098495873233, nil},
		{"women", true, 0.0046, 0.007437577541923159, 0.0023730461434477634, 3.1341900208974502, 2.0778226924836947,
			[]offpolicy.WarningCode{offpolicy.LargeWeight, offpolicy.SmallSample}},
	} {
		thompson, _ := openBandit(t, "bts", tt.campaign)
		chance, items := openBandit(t, "random", tt.campaign)
		often, at := map[string]float64{}, map[string]float64{}
		for _, row := range thompson {
			often[row.place]++
			at[strings.Fields(row.place)[1]]++
		}
		logged, own := chance, thompson
		if tt.backwards {
			logged, own = thompson, chance
		}
		var samples []offpolicy.Sample
		truth := 0.0
		for _, row := range own {
			truth += row.click / float64(len(own))
		}
		for _, row := range logged {
			s := offpolicy.Sample{Reward: row.click, Propensity: row.propensity, Target: 1 / float64(items)}
			if !tt.backwards {
				s.Target = often[row.place] / at[strings.Fields(row.place)[1]]
			}
			samples = append(samples, s)
		}
		r, err := offpolicy.Estimate(samples, offpolicy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s, backwards %v: on policy %.4f, IPS %v, SNIPS %v, effective size %.0f, %v", tt.campaign, tt.backwards, truth, r.IPS, r.SNIPS, r.EffectiveSize, r.Warnings)
		for name, v := range map[string][2]float64{
			"truth": {truth, tt.truth}, "IPS": {r.IPS.Mean, tt.ips}, "SNIPS": {r.SNIPS.Mean, tt.snips},
			"mean weight": {r.WeightMean, tt.mean}, "effective size": {r.EffectiveSize, tt.size},
		} {
			if math.Abs(v[0]-v[1]) > 1e-9*v[1] {
				t.Errorf("%s, backwards %v: %s is %v, want %v", tt.campaign, tt.backwards, name, v[0], v[1])
			}
		}
		var warns []offpolicy.WarningCode
		for _, w := range r.Warnings {
			warns = append(warns, w.Code)
		}
		if diff := gocmp.Diff(tt.warns, warns); diff != "" {
			t.Errorf("%s, backwards %v: %s", tt.campaign, tt.backwards, diff)
		}
		if tt.warns == nil && (truth < r.SNIPS.Low-0.0005 || truth > r.SNIPS.High+0.0005) {
			t.Errorf("%s, backwards %v: on policy %v, estimated %v", tt.campaign, tt.backwards, truth, r.SNIPS)
		}
	}
}
