package recommend_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/goldrec/gold/experiment"
	"github.com/goldrec/gold/experiment/stats"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

var evenArms = []stats.Arm{{Variant: "control"}, {Variant: "treatment"}}

func compare(t testing.TB, eng *recommend.Engine, trial recommend.Trial) *stats.Report {
	t.Helper()
	report, err := eng.CompareVariants(t.Context(), trial)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// sameReport compares what readers see of two reports.
func sameReport(t testing.TB, want, got *stats.Report) {
	t.Helper()
	var a, b bytes.Buffer
	if err := errors.Join(want.WriteJSON(&a), got.WriteJSON(&b)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a.String(), b.String()); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
}

// expose has the log say that a user was exposed to a variant of the experiment without a name.
func expose(t testing.TB, st store.Store, user, variant string) {
	t.Helper()
	entry := store.Entry{Fact: store.Exposed, Interaction: store.Interaction{User: user, Variant: variant, Time: monday}}
	if err := st.Append(t.Context(), []store.Entry{entry}); err != nil {
		t.Fatal(err)
	}
}

// coin assigns by a hash of the user and the seed.
func coin(seed uint64) variants {
	return variants{"ranking", []string{"control", "treatment"}, func(user string) string {
		return [...]string{"control", "treatment"}[experiment.Hash(seed, user)>>63]
	}}
}

// TestBetterVariantShips serves half of the users what is popular and half what goes with their taste. Users click on an
// eighth of what they see of their taste, and buy half of that. With the planned number of users the report says ship,
// with fewer it says wait.
func TestBetterVariantShips(t *testing.T) {
	t.Parallel()
	const users = 400
	st := memory()
	opts := recommend.Options{
		Catalog: newCatalog(t), Experiments: []recommend.Assigner{coin(1)},
		Policies: []recommend.Policy{{Variant: "control", Parts: []string{"popular"}}, {Variant: "treatment", Parts: []string{"itemknn"}}},
	}
	eng := open(t, st, opts)
	record(t, eng, shoppers(users, 1)...)
	train(t, eng)
	rng := rand.New(rand.NewPCG(5, 6))
	for visit := range 2 * users {
		user := fmt.Sprintf("user-%03d", visit%users)
		for item := range ask(t, eng, recommend.Request{User: user, N: 4}).All() {
			if tasteOf(item) != fmt.Sprintf("t%d", visit%tastes) || rng.IntN(8) > 0 {
				continue
			}
			record(t, eng, click(user, item))
			if rng.IntN(2) == 0 {
				record(t, eng, store.Interaction{User: user, Item: item, Kind: store.Purchase, Value: 2})
			}
		}
	}
	trial := recommend.Trial{Arms: evenArms, Period: recommend.Period{Since: monday}}
	trial.Plan = stats.Plan{Experiment: "ranking", Looking: stats.Once, PlannedUnits: users}
	report := compare(t, eng, trial)
	if report.Decision != stats.Ship || report.Variant != "treatment" || report.Units != users ||
		strings.Contains(fmt.Sprint(report.Problems), "more than one variant") || strings.Contains(fmt.Sprint(report.Problems), "stamped") {
		t.Errorf("planned size:\n%v", report)
	}
	bought, quantity := report.Comparisons[1], report.Comparisons[2]
	if quantity.VariantValue != 2*bought.VariantValue || quantity.Decides || bought.Verdict != stats.Better {
		t.Errorf("bought %+v\nquantity %+v", bought, quantity)
	}
	sameReport(t, report, compare(t, open(t, st, opts), trial)) // after a restart
	trial.Plan.PlannedUnits = users + 1
	if r := compare(t, eng, trial); r.Decision != stats.Wait {
		t.Errorf("before the planned size:\n%v", r)
	}
	trial.Plan = stats.Plan{}
	if r := compare(t, eng, trial); !r.PeekingAllowed || r.Experiment != "ranking" || len(r.Comparisons) != 3 {
		t.Errorf("without a plan:\n%v", r)
	}
	trial.Arms = []stats.Arm{{Variant: "control", Weight: 9}, {Variant: "treatment", Weight: 1}}
	if r := compare(t, eng, trial); r.Decision != stats.Invalid || !r.SampleRatio.Mismatch {
		t.Errorf("with the wrong shares:\n%v", r)
	}
}

// TestEqualVariantsDoNotShip runs experiments in which both variants get the same pages. Of 60 at most 10 may end in
// anything but "no effect" at alpha 0.05: more than 10 of Binomial(60, 0.05) come once in 4,000.
func TestEqualVariantsDoNotShip(t *testing.T) {
	t.Parallel()
	const worlds, users = 60, 200
	alarms := 0
	for world := range uint64(worlds) {
		eng := open(t, memory(), recommend.Options{Experiments: []recommend.Assigner{coin(world)}})
		for i := range 5 {
			record(t, eng, click("somebody", fmt.Sprint("item-", i)))
		}
		rng := rand.New(rand.NewPCG(world, 1))
		for u := range users {
			user := fmt.Sprint("user-", u)
			for item := range ask(t, eng, recommend.Request{User: user, N: 3}).All() {
				if rng.IntN(5) == 0 {
					record(t, eng, click(user, item))
				}
			}
		}
		report := compare(t, eng, recommend.Trial{Arms: evenArms, Plan: stats.Plan{
			Metrics: []stats.Metric{{Name: "clicks"}}, PlannedUnits: users,
		}, Outcomes: []recommend.Outcome{{Metric: "clicks", Kind: store.Click}}})
		if report.Units != users {
			t.Fatalf("world %d: %v", world, report)
		}
		if report.Decision != stats.NoEffect {
			alarms++
		}
	}
	if alarms > 10 {
		t.Errorf("%d of %d equal worlds end in an alarm", alarms, worlds)
	}
	t.Logf("%d alarms in %d worlds", alarms, worlds)
}

// history is a random log with everything in it that a trial has to tell apart.
func history(seed uint64, n int) []store.Entry {
	rng := rand.New(rand.NewPCG(seed, 7))
	kinds := []store.Kind{store.Click, store.View, store.Purchase, store.Cart, store.Impression}
	names := []string{"", "control", "treatment", "third"}
	var log []store.Entry
	for range n {
		user := rng.IntN(300)
		in := store.Interaction{
			User: fmt.Sprint("user-", user), Item: "x", Kind: kinds[rng.IntN(len(kinds))], Value: float64(rng.IntN(4)),
			Time: monday.Add(time.Duration(rng.IntN(1000)-500) * time.Minute), Experiment: "random", Variant: names[1+user%2],
		}
		if rng.IntN(20) == 0 { // somebody crosses over
			in.Variant = names[rng.IntN(len(names))]
		}
		if rng.IntN(10) == 0 { // another experiment runs, with variants of the same names
			in.Experiment, in.Variant = "another", names[rng.IntN(len(names))]
		}
		entry := store.Entry{Interaction: in}
		if rng.IntN(4) == 0 {
			entry.Fact, entry.Interaction.Kind = store.Exposed, 0
		}
		log = append(log, entry)
	}
	return log
}

// bruteForce analyses a log user by user, as the documents of CompareVariants and Trial say.
func bruteForce(t *testing.T, log []store.Entry, p recommend.Period, plan stats.Plan) (r *stats.Report, crossed int) {
	t.Helper()
	arms := []stats.Arm{{Variant: "control", Weight: 1}, {Variant: "treatment", Weight: 1}}
	for i := range arms {
		for _, m := range plan.Metrics {
			arms[i].Metrics = append(arms[i].Metrics, m.NewSummary())
		}
	}
	exposes := func(e store.Entry) bool {
		in := e.Interaction
		return e.Fact == store.Exposed && in.Experiment == "random" && (in.Variant == "control" || in.Variant == "treatment") && within(p, in.Time)
	}
	done := map[string]bool{}
	for at, entry := range log {
		first := entry.Interaction
		if !exposes(entry) || done[first.User] {
			continue
		}
		done[first.User] = true
		var clicked, bought, clicks, shown, carts, cartsBefore float64
		for _, e := range log[:at] {
			in := e.Interaction
			if e.Fact == store.Interacted && in.User == first.User && in.Kind == store.Cart && (p.Since.IsZero() || !in.Time.Before(p.Since.Add(-trialBefore))) {
				cartsBefore++
			}
		}
		other := false
		for _, e := range log[at:] {
			in := e.Interaction
			if in.User != first.User || !within(p, in.Time) {
				continue
			}
			other = other || exposes(e) && in.Variant != first.Variant
			if e.Fact != store.Interacted || in.Time.Before(first.Time) {
				continue
			}
			switch in.Kind {
			case store.Click:
				clicked = 1
				clicks++
			case store.Purchase:
				bought += in.Value
			case store.Impression:
				shown++
			case store.Cart:
				carts++
			}
		}
		if other {
			crossed++
			continue
		}
		arm := &arms[0]
		if first.Variant == "treatment" {
			arm = &arms[1]
		}
		arm.Units++
		if err := errors.Join(arm.Metrics[0].Add(clicked), arm.Metrics[1].Add(bought), arm.Metrics[2].Add(clicks, shown),
			arm.Metrics[3].Add(carts, cartsBefore)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := stats.Analyze(plan, arms)
	if err != nil {
		t.Fatal(err)
	}
	return r, crossed
}

// trialBefore is how far back the trials here look for covariates.
const trialBefore = 5 * time.Hour

func within(p recommend.Period, t time.Time) bool {
	return !t.Before(p.Since) && (p.Until.IsZero() || t.Before(p.Until))
}

func TestCompareVariantsIsExact(t *testing.T) {
	t.Parallel()
	trial := recommend.Trial{
		Arms: evenArms,
		Plan: stats.Plan{Experiment: "random", Looking: stats.Always, Metrics: []stats.Metric{
			{Name: "clicked", Kind: stats.Proportion}, {Name: "bought"}, {Name: "ctr", Kind: stats.Ratio}, {Name: "carts", Covariate: true},
		}},
		Before: trialBefore,
		Outcomes: []recommend.Outcome{
			{Metric: "clicked", Kind: store.Click},
			{Metric: "bought", Kind: store.Purchase, Value: func(in *store.Interaction) float64 { return in.Value }},
			{Metric: "ctr", Kind: store.Click}, {Metric: "ctr", Column: 1, Kind: store.Impression},
			{Metric: "carts", Kind: store.Cart},
		},
	}
	for seed := range uint64(5) {
		log := history(seed, 4000)
		st := memory()
		eng := open(t, st, recommend.Options{})
		if err := st.Append(t.Context(), log); err != nil {
			t.Fatal(err)
		}
		for name, p := range map[string]recommend.Period{
			"all": {}, "since": {Since: monday}, "until": {Until: monday},
			"between": {Since: monday.Add(-time.Hour), Until: monday.Add(5 * time.Hour)},
		} {
			trial.Period = p
			want, crossed := bruteForce(t, log, p, trial.Plan)
			got := compare(t, eng, trial)
			if crossed > 0 && !strings.Contains(strings.Join(got.Problems, "\n"), fmt.Sprintf("%d units saw more than one variant", crossed)) {
				t.Errorf("seed %d, %s: problems %q, want %d crossed", seed, name, got.Problems, crossed)
			}
			if !strings.Contains(strings.Join(got.Problems, "\n"), "stamped with another variant") {
				t.Errorf("seed %d, %s: problems %q say nothing of stamps", seed, name, got.Problems)
			}
			if want.Units < 20 || want.SampleRatio.Units[0] == 0 {
				t.Fatalf("seed %d, %s: the oracle has %v", seed, name, want)
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(stats.Report{}, "Problems"), cmpopts.IgnoreUnexported(stats.Comparison{}), cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("seed %d, %s (-brute force +got):\n%s", seed, name, diff)
			}
		}
	}
}

func TestBadTrials(t *testing.T) {
	t.Parallel()
	st := memory()
	eng := open(t, st, recommend.Options{})
	for i := range 3 {
		expose(t, st, fmt.Sprint("user-", i), "control")
	}
	good := func(trial recommend.Trial) recommend.Trial { trial.Arms = evenArms; return trial }
	clicks := stats.Plan{Metrics: []stats.Metric{{Name: "clicks"}}}
	outcomes := []recommend.Outcome{{Metric: "clicks", Kind: store.Click}}
	tests := []struct {
		name  string
		trial recommend.Trial
		err   error
	}{
		{"nothing", recommend.Trial{}, recommend.ErrInvalid},
		{"one arm", recommend.Trial{Arms: evenArms[:1]}, recommend.ErrInvalid},
		{"an arm twice", recommend.Trial{Arms: []stats.Arm{{Variant: "a"}, {Variant: "a"}}}, recommend.ErrInvalid},
		{"an arm without a name", recommend.Trial{Arms: []stats.Arm{{Variant: "a"}, {}}}, recommend.ErrInvalid},
		{"weight NaN", recommend.Trial{Arms: []stats.Arm{{Variant: "a", Weight: math.NaN()}, {Variant: "b"}}}, recommend.ErrInvalid},
		{"weight below 0", recommend.Trial{Arms: []stats.Arm{{Variant: "a", Weight: -1}, {Variant: "b", Weight: 1}}}, recommend.ErrInvalid},
		{"weight infinite", recommend.Trial{Arms: []stats.Arm{{Variant: "a", Weight: math.Inf(1)}, {Variant: "b", Weight: 1}}}, recommend.ErrInvalid},
		{"until before since", good(recommend.Trial{Period: recommend.Period{Since: monday, Until: monday.Add(-1)}}), recommend.ErrInvalid},
		{"alpha NaN", good(recommend.Trial{Plan: stats.Plan{Alpha: math.NaN()}}), recommend.ErrInvalid},
		{"looks out of order", good(recommend.Trial{Plan: stats.Plan{Looking: stats.Group, PlannedUnits: 10, Looks: []float64{0.9, 0.2}}}), recommend.ErrInvalid},
		{"outcomes without metrics", good(recommend.Trial{Outcomes: outcomes}), recommend.ErrInvalid},
		{"metric without outcomes", good(recommend.Trial{Plan: clicks}), recommend.ErrInvalid},
		{"unknown metric", good(recommend.Trial{Plan: clicks, Outcomes: append(outcomes, recommend.Outcome{Metric: "x", Kind: store.Click})}), recommend.ErrInvalid},
		{"unknown kind", good(recommend.Trial{Plan: clicks, Outcomes: []recommend.Outcome{{Metric: "clicks", Kind: 99}}}), recommend.ErrInvalid},
		{"no such column", good(recommend.Trial{Plan: clicks, Outcomes: []recommend.Outcome{{Metric: "clicks", Kind: store.Click, Column: 1}}}), recommend.ErrInvalid},
		{"more users than allowed", good(recommend.Trial{UsersMax: 2}), stats.ErrFull},
		{"as many users as allowed", good(recommend.Trial{UsersMax: 3}), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := eng.CompareVariants(t.Context(), tt.trial); !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := eng.CompareVariants(ctx, good(recommend.Trial{})); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	eng.Close()
	if _, err := eng.CompareVariants(t.Context(), good(recommend.Trial{})); !errors.Is(err, recommend.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

func TestOutcomesThatAreNoNumbers(t *testing.T) {
	t.Parallel()
	st := memory()
	eng := open(t, st, recommend.Options{})
	for i := range 20 {
		user := fmt.Sprint("user-", i)
		expose(t, st, user, evenArms[i%2].Variant)
		record(t, eng, store.Interaction{User: user, Item: "x", Kind: store.Purchase, Value: float64(i / 2 % 3)})
	}
	report := compare(t, eng, recommend.Trial{
		Arms: evenArms, Plan: stats.Plan{Metrics: []stats.Metric{{Name: "log"}}},
		Outcomes: []recommend.Outcome{{Metric: "log", Kind: store.Purchase, Value: func(in *store.Interaction) float64 { return math.Log(in.Value) }}},
	})
	if !strings.Contains(strings.Join(report.Problems, "\n"), "8 observations were not finite") || report.Units != 20 ||
		math.IsNaN(float64(report.Comparisons[0].Difference)) {
		t.Errorf("%v", report)
	}
}

// TestTrialOfAKey takes the name of the experiment from the Assigner that has one.
func TestTrialOfAKey(t *testing.T) {
	t.Parallel()
	set, err := experiment.Compile(experiment.Definition{Experiments: []experiment.Experiment{{
		Key: "ranking", Variants: []experiment.Variant{{Key: "control"}, {Key: "treatment"}},
		Forced: map[string]string{"qa": "treatment"},
	}}}, experiment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	eng := tea(t, memory(), recommend.Options{Experiments: []recommend.Assigner{experiment.NewLive(set).Assigner("ranking")}})
	for _, user := range []string{"qa", "ann", "bob", "eve"} {
		ask(t, eng, recommend.Request{User: user})
	}
	if r := compare(t, eng, recommend.Trial{Arms: evenArms}); r.Experiment != "ranking" || r.Units != 3 {
		t.Errorf("%v", r)
	}
}

// TestComparesWhileEverythingGoesOn looks for races; the counts must only grow.
func TestComparesWhileEverythingGoesOn(t *testing.T) {
	opts := mixing(t, "popular", "itemknn")
	opts.Experiments, opts.UsersMax, opts.Policies[0].Variant = []recommend.Assigner{coin(1)}, 30, "treatment"
	eng, _ := trained(t, opts)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var wg sync.WaitGroup
	loop := func(name string, do func(i int) error) {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				if err := do(i); err != nil && ctx.Err() == nil {
					t.Errorf("%s: %v", name, err)
					return
				}
			}
		})
	}
	for w := range 2 {
		loop("visit", func(i int) error {
			user := fmt.Sprintf("user-%03d", (i*3+w)%60)
			page, err := eng.Recommend(ctx, recommend.Request{User: user, N: 5})
			if err != nil || len(page.Items) == 0 { // who has clicked on everything
				return err
			}
			return eng.Record(ctx, click(user, page.Items[i%len(page.Items)].Item))
		})
	}
	loop("train", func(int) error { _, err := eng.Train(ctx); return err })
	units := int64(0)
	loop("variants", func(int) error {
		report, err := eng.CompareVariants(ctx, recommend.Trial{Arms: evenArms})
		if err == nil && report.Units < units {
			t.Errorf("%d units after %d", report.Units, units)
		}
		if err == nil {
			units = report.Units
		}
		return err
	})
	loop("models", func(int) error { _, err := eng.CompareModels(ctx, "treatment", recommend.Period{}); return err })
	wg.Wait()
	if units == 0 {
		t.Error("nobody was exposed")
	}
}

// Engines that do not hear of each other each expose whom they serve, and the log has it of some users once, of others
// several times: each counts once, from the first time on, and the shares of the arms are as they are of users, whoever
// has met how many engines.
func TestExposedByEnginesThatDoNotKnow(t *testing.T) {
	t.Parallel()
	const users = 600
	st, opts := memory(), recommend.Options{Experiments: []recommend.Assigner{coin(7)}}
	once := memory() // the log as it would be with one engine
	engines := []*recommend.Engine{tea(t, st, opts), tea(t, st, opts), tea(t, st, opts)}
	single := tea(t, once, opts)
	for u := range users {
		user := fmt.Sprint("user-", u)
		ask(t, single, recommend.Request{User: user})
		ask(t, engines[0], recommend.Request{User: user})
		bought := buy(user, fmt.Sprint("thing-", u%3))
		record(t, single, bought)
		record(t, engines[0], bought)
		if opts.Experiments[0].Variant(user) == "control" { // of one arm alone, all come again elsewhere
			ask(t, engines[1], recommend.Request{User: user})
			ask(t, engines[2], recommend.Request{User: user})
		}
	}
	if n := len(logged(t, st, store.Exposed)); n < 2*users-100 {
		t.Fatalf("the log has %d exposures: the engines knew of each other", n)
	}
	for _, eng := range engines {
		report := compare(t, eng, recommend.Trial{Arms: evenArms})
		if report.Units != users || report.SampleRatio.Mismatch {
			t.Errorf("%d users, want %d; %+v", report.Units, users, report.SampleRatio)
		}
		sameReport(t, compare(t, single, recommend.Trial{Arms: evenArms}), report)
	}
}
