package eval_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/sequence"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func knobs() []eval.Knob {
	return []eval.Knob{
		{Name: "m.X", Low: -1, High: 3},
		{Name: "m.Y", Low: 0.001, High: 1000, Scale: eval.Logarithmic},
		{Name: "m.N", Low: 10, High: 500, Scale: eval.Logarithmic, Step: 32},
	}
}

// hill is highest at X = 1 and Y = 1; without changes it is at X = 0, Y = 10.
func hill(_ context.Context, c eval.Config, part float64) (float64, error) {
	x, y := 0.0, 10.0
	if v, ok := c["m.X"]; ok {
		x, y = v, c["m.Y"]
	}
	return part * (10 - (x-1)*(x-1) - math.Log10(y)*math.Log10(y)), nil
}

func TestTune(t *testing.T) {
	t.Parallel()
	var told []eval.Trial
	opt := eval.TuneOptions{Trials: 1 + 27, Seed: 1, Progress: func(t eval.Trial) { told = append(told, t) }}
	got, err := eval.Tune(t.Context(), knobs(), hill, opt)
	if err != nil {
		t.Fatal(err)
	}
	ignoring := cmpopts.IgnoreFields(eval.Trial{}, "Elapsed")
	if diff := gocmp.Diff(got.Runs, told, ignoring); diff != "" {
		t.Error("what was told:", diff)
	}
	// The first, and of three brackets nine, three and one.
	parts := map[float64]int{}
	for _, r := range got.Runs {
		parts[math.Round(9*r.Part)]++
	}
	if diff := gocmp.Diff(map[float64]int{1: 27, 3: 9, 9: 4}, parts); diff != "" {
		t.Error(diff)
	}
	// Any of 27 is within 1 of the top with a chance of a sixth or so. The best of 27 is the best of all, since a part tells as much as all.
	best := math.Inf(-1)
	for _, r := range got.Runs {
		best = max(best, r.Score/r.Part)
		if n := r.Config["m.N"]; r.Number > 0 && (n != 32*math.Round(n/32) || n < 32 || n > 480) {
			t.Errorf("m.N is %v", n)
		}
	}
	if math.Abs(best-got.Score) > 1e-9 || got.Score < 9 || got.Part != 1 || got.Default.Score != 8 || got.Default.Number != 0 {
		t.Errorf("found %v of %v, without changes %v", got.Score, best, got.Default.Score)
	}
	again, err := eval.Tune(t.Context(), knobs(), hill, opt)
	if diff := gocmp.Diff(got, again, ignoring); err != nil || diff != "" {
		t.Error(err, diff)
	}
	opt.Seed = 2
	if other, err := eval.Tune(t.Context(), knobs(), hill, opt); err != nil || gocmp.Equal(got.Config, other.Config) {
		t.Error("another seed finds the same", err)
	}
	if few, err := eval.Tune(t.Context(), knobs(), hill, eval.TuneOptions{}); err != nil || few.Runs[len(few.Runs)-1].Number > 26 {
		t.Errorf("%d runs, %v", len(few.Runs), err)
	}
}

// TestTuneSpread looks at where values fall: alike on the knob's scale.
func TestTuneSpread(t *testing.T) {
	t.Parallel()
	below := map[string]float64{}
	got, err := eval.Tune(t.Context(), knobs(), hill, eval.TuneOptions{Trials: 1 + 900})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got.Runs {
		if r.Part == 1 || r.Part > 0.2 {
			continue
		}
		x, y := r.Config["m.X"], r.Config["m.Y"]
		if x < -1 || x > 3 || y < 0.001 || y > 1000 {
			t.Errorf("%v", r.Config)
		}
		if x < 1 {
			below["x"]++
		}
		if y < 1 {
			below["y"]++
		}
	}
	for name, n := range below { // binomial of 900, five deviations
		if math.Abs(n-450) > 75 {
			t.Errorf("%v of 900 values of %s lie below the middle", n, name)
		}
	}
}

// TestTuneBudget counts a second for all of the data, by a clock that only runs move.
func TestTuneBudget(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		budget time.Duration
		trials int
		runs   int
	}{
		{time.Millisecond, 0, 1},        // the first is always looked at
		{1900 * time.Millisecond, 0, 1}, // another would take a second
		{2 * time.Second, 0, 1 + 1},
		{2400 * time.Millisecond, 0, 1 + 3 + 1}, // three ninths and one
		{3500 * time.Millisecond, 0, 1 + 6 + 2 + 1},
		{4*time.Second + time.Millisecond, 0, 1 + 9 + 3 + 1},
		{time.Hour, 10, 1 + 9 + 3 + 1},
	} {
		now := time.Unix(0, 0)
		slow := func(ctx context.Context, c eval.Config, part float64) (float64, error) {
			now = now.Add(time.Duration(part * float64(time.Second)))
			return hill(ctx, c, part)
		}
		got, err := eval.Tune(t.Context(), knobs(), slow, eval.TuneOptions{
			Budget: tt.budget, Trials: tt.trials, Now: func() time.Time { return now },
		})
		if err != nil || len(got.Runs) != tt.runs || got.Part != 1 {
			t.Errorf("%v: %d runs, want %d; %v", tt.budget, len(got.Runs), tt.runs, err)
		}
		if spent := now.Sub(time.Unix(0, 0)); spent > max(tt.budget, time.Second) {
			t.Errorf("%v: took %v", tt.budget, spent)
		}
	}
}

// TestTuneSlowerThanExpected: runs with a part take as long as with all, which shows only when they are made.
func TestTuneSlowerThanExpected(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	stubborn := func(ctx context.Context, c eval.Config, part float64) (float64, error) {
		now = now.Add(time.Second)
		return hill(ctx, c, part)
	}
	got, err := eval.Tune(t.Context(), knobs(), stubborn, eval.TuneOptions{Budget: 7500 * time.Millisecond, Now: func() time.Time { return now }})
	if err != nil || len(got.Runs) != 7 || now.Unix() != 7 {
		t.Errorf("%d runs in %d seconds, %v", len(got.Runs), now.Unix(), err)
	}
	for _, r := range got.Runs[1:] {
		if r.Part != 1.0/9 {
			t.Errorf("a run with %v of the data", r.Part)
		}
	}
}

func TestTuneFailures(t *testing.T) {
	t.Parallel()
	bad := errors.New("too many factors")
	picky := func(ctx context.Context, c eval.Config, part float64) (float64, error) {
		switch x := c["m.X"]; {
		case x > 0.9:
			return 0, bad
		case x < -0.5:
			return math.NaN(), nil
		}
		return hill(ctx, c, part)
	}
	got, err := eval.Tune(t.Context(), knobs(), picky, eval.TuneOptions{Trials: 40})
	if err != nil || got.Score < 8 || got.Config["m.X"] > 0.9 {
		t.Errorf("%+v, %v", got.Trial, err)
	}
	failed := 0
	for _, r := range got.Runs {
		if (r.Err == nil) == (r.Config["m.X"] > 0.9 || r.Config["m.X"] < -0.5) {
			t.Errorf("%v: %v", r.Config, r.Err)
		}
		if r.Err != nil {
			if failed++; !math.IsInf(r.Score, -1) {
				t.Errorf("failed with a score of %v", r.Score)
			}
		}
	}
	if failed < 5 {
		t.Errorf("%d runs failed", failed)
	}
	if _, err := eval.Tune(t.Context(), knobs(), func(context.Context, eval.Config, float64) (float64, error) { return 0, bad }, eval.TuneOptions{}); !errors.Is(err, bad) {
		t.Errorf("nothing works: %v", err)
	}
	alone := func(ctx context.Context, c eval.Config, part float64) (float64, error) {
		if len(c) > 0 {
			return 0, bad
		}
		return 1, nil
	}
	if got, err := eval.Tune(t.Context(), knobs(), alone, eval.TuneOptions{Trials: 10}); err != nil || got.Number != 0 || len(got.Runs) != 10 {
		t.Errorf("nothing else works: %d runs, %v", len(got.Runs), err)
	}
	worse := func(_ context.Context, c eval.Config, part float64) (float64, error) { return -float64(len(c)), nil }
	if got, err := eval.Tune(t.Context(), knobs(), worse, eval.TuneOptions{}); err != nil || len(got.Config) != 0 || got.Number != 0 {
		t.Errorf("nothing is better: %v, %v", got.Config, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	ending := func(ctx context.Context, c eval.Config, part float64) (float64, error) {
		if n++; n == 4 {
			cancel()
		}
		return 0, ctx.Err()
	}
	if got, err := eval.Tune(ctx, knobs(), ending, eval.TuneOptions{}); !errors.Is(err, context.Canceled) || n != 4 || got.Number != 0 {
		t.Errorf("cancelled: %v after %d runs", err, n)
	}
	if got, err := eval.Tune(t.Context(), nil, hill, eval.TuneOptions{Budget: time.Hour}); err != nil || len(got.Runs) != 1 {
		t.Errorf("no knobs: %v, %v", got, err)
	}
	for name, k := range map[string][]eval.Knob{
		"upside down":    {{Name: "a", Low: 2, High: 1}},
		"NaN":            {{Name: "a", Low: math.NaN(), High: 1}},
		"endless":        {{Name: "a", High: math.Inf(1)}},
		"logarithm of 0": {{Name: "a", High: 1, Scale: eval.Logarithmic}},
		"step too large": {{Name: "a", Low: 1, High: 2, Step: 3}},
		"step backwards": {{Name: "a", Low: 1, High: 2, Step: -1}},
		"the same knob":  {{Name: "a", High: 1}, {Name: "a", High: 2}},
	} {
		if _, err := eval.Tune(t.Context(), k, hill, eval.TuneOptions{}); !errors.Is(err, eval.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, opt := range []eval.TuneOptions{{Trials: -1}, {Budget: -1}} {
		if _, err := eval.Tune(t.Context(), nil, hill, opt); !errors.Is(err, eval.ErrInvalid) {
			t.Errorf("%+v: %v", opt, err)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	c := eval.Config{"als.Factors": 64, "als.Regularization": 0.01, "sequence.Gap": 4, "itemknn.Weighting": 1}
	var text strings.Builder
	if err := c.Write(&text); err != nil || !strings.HasPrefix(text.String(), "{\n  \"als.Factors\": 64,\n") {
		t.Fatal(err, text.String())
	}
	read, err := eval.ReadConfig(strings.NewReader(text.String()))
	if diff := gocmp.Diff(c, read); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	given := []model.Trainer{als.Trainer{Iterations: 3}, itemknn.Trainer{}, sequence.Trainer{}}
	got, err := read.Apply(given)
	want := []model.Trainer{als.Trainer{Factors: 64, Iterations: 3, Regularization: 0.01}, itemknn.Trainer{Weighting: 1}, sequence.Trainer{Gap: 4}}
	if diff := gocmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if given[0] != (als.Trainer{Iterations: 3}) {
		t.Error("the trainers given were changed")
	}
	text.Reset()
	if err := eval.Config(nil).Write(&text); err != nil || text.String() != "{}\n" {
		t.Errorf("%v %q", err, text.String())
	}
	for c, want := range map[*eval.Config]string{
		{"als": 1}:                     `"als", want model.Field`,
		{"bpr.Factors": 1}:             `model "bpr" is not among`,
		{"als.factors": 1}:             `als has no field "factors"`,
		{"als.Rank": 1}:                `als has no field "Rank"`,
		{"als.Factors": 1.5}:           "1.5 does not fit a int in als.Factors",
		{"als.Factors": 1e300}:         "does not fit",
		{"als.Factors": math.NaN()}:    "does not fit",
		{"als.Unobserved": math.NaN()}: "does not fit",
		{"itemknn.Weighting": -1}:      "does not fit",
		{"itemknn.Weighting": 1e6}:     "does not fit",
	} {
		if _, err := c.Apply(given); !errors.Is(err, eval.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", *c, err, want)
		}
	}
	pointer := []model.Trainer{&als.Trainer{}}
	if _, err := (eval.Config{"als.Factors": 1}).Apply(pointer); !errors.Is(err, eval.ErrInvalid) {
		t.Errorf("a pointer: %v", err)
	}
	if err := (eval.Config{"als.Factors": math.Inf(1)}).Write(&text); !errors.Is(err, eval.ErrInvalid) {
		t.Errorf("infinite: %v", err)
	}
	for _, bad := range []string{"", "[]", `{"als": {"Factors": 1}}`, `{"a.B": 1e999}`, `{} {}`, "{}" + strings.Repeat(" ", 1<<20)} {
		if _, err := eval.ReadConfig(strings.NewReader(bad)); !errors.Is(err, eval.ErrInvalid) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

func FuzzReadConfig(f *testing.F) {
	f.Add(`{"als.Factors": 64}`)
	f.Add(`{"itemknn.Weighting": -1, "sequence.Gap": 1e308}`)
	f.Add(`null`)
	trainers := []model.Trainer{als.Trainer{}, itemknn.Trainer{}, sequence.Trainer{}}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := eval.ReadConfig(strings.NewReader(text))
		if err == nil {
			_, err = c.Apply(trainers)
		}
		if err != nil && !errors.Is(err, eval.ErrInvalid) {
			t.Error(err)
		}
	})
}
