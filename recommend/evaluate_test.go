package recommend_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
)

// TestEvaluate wants what one would find by hand, of the engine's log as training sees it.
func TestEvaluate(t *testing.T) {
	t.Parallel()
	eng, st := trained(t, recommend.Options{Catalog: newCatalog(t)})
	for i := range 3 * recommend.HistoryMax { // of whom models are shown the newest
		record(t, eng, click("long", itemOf(i/7%tastes, i%perItem)))
	}
	data, err := eng.Dataset(t.Context())
	if err != nil || data.Len() != len(all(t, st))-1 { // but what was published
		t.Fatalf("%d events (%v), the log has %d entries", data.Len(), err, len(all(t, st)))
	}
	for name, split := range map[string]func(*model.Dataset) (train, test *model.Dataset){
		"by time": nil, "the last": eval.SplitLast,
	} {
		got, err := eng.Evaluate(t.Context(), recommend.EvaluateOptions{Split: split, Cutoffs: []int{5, 20}})
		if err != nil {
			t.Fatal(err)
		}
		if split == nil {
			split = func(d *model.Dataset) (train, test *model.Dataset) { return eval.SplitTime(d, 0.2) }
		}
		train, test := split(data)
		parts, weights, _, err := blend.Fit(t.Context(), quick(), train, blend.Options{})
		if err != nil {
			t.Fatal(err)
		}
		blended, err := blend.New(parts, weights)
		if err != nil {
			t.Fatal(err)
		}
		var want []recommend.Evaluated
		for _, m := range []struct {
			name string
			model.Scorer
		}{{"popular", parts[0]}, {"itemknn", parts[1]}, {recommend.Blended, blended}} {
			r, err := eval.Evaluate(t.Context(), m, train, test, eval.Options{Cutoffs: []int{5, 20}, Recent: recommend.HistoryMax})
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, recommend.Evaluated{Name: m.name, Report: r})
		}
		if diff := cmp.Diff(want, got, nearly); diff != "" {
			t.Errorf("%s (-by hand +got):\n%s", name, diff)
		}
	}
	if v := eng.Status().Version; v != 1 {
		t.Errorf("version %d is in service after an evaluation, 1 was before", v)
	}
}

// Trainings and evaluations wait for one another, and end with their context and the engine.
func TestEvaluateAlone(t *testing.T) {
	t.Parallel()
	trainer := &amidTrainer{Trainer: popular.Trainer{}}
	eng := open(t, memory(), recommend.Options{Trainers: []model.Trainer{trainer}})
	record(t, eng, shoppers(20, 1)...)
	done := make(chan error)
	trainer.amid = func() {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			_, err := eng.Evaluate(ctx, recommend.EvaluateOptions{Trainers: []model.Trainer{popular.Trainer{}}})
			done <- err
		}()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("an evaluation during a training, whose context ends: %v", err)
		}
	}
	train(t, eng)
	got, err := eng.Evaluate(t.Context(), recommend.EvaluateOptions{Trainers: []model.Trainer{popular.Trainer{}}})
	if names := func() (names []string) {
		for _, m := range got {
			names = append(names, m.Name)
		}
		return names
	}(); err != nil || !slices.Equal(names, []string{"popular", recommend.Blended}) {
		t.Errorf("evaluated %v (%v)", names, err)
	}
	if _, err := eng.Evaluate(t.Context(), recommend.EvaluateOptions{Cutoffs: []int{0}}); err == nil {
		t.Error("a cutoff of 0 is evaluated")
	}
	eng.Close()
	if _, err := eng.Evaluate(t.Context(), recommend.EvaluateOptions{}); !errors.Is(err, recommend.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if _, err := eng.Dataset(t.Context()); !errors.Is(err, recommend.ErrClosed) {
		t.Errorf("the data set, closed: %v", err)
	}
}

// Who asks is told how a training and an evaluation go: every step by its name, from one goroutine at a time, forwards.
func TestProgressIsTold(t *testing.T) {
	t.Parallel()
	var at atomic.Int32
	var mu sync.Mutex
	steps := map[string]int{} // how far each has come, in percent
	eng := open(t, memory(), recommend.Options{Catalog: newCatalog(t), Trainers: small(), Progress: func(step string, done, total int) {
		if at.Add(1) > 1 {
			t.Error("told by two at a time")
		}
		defer at.Add(-1)
		mu.Lock()
		defer mu.Unlock()
		if total <= 0 || done < 0 || done > total {
			t.Errorf("%s: %d of %d", step, done, total)
			return
		}
		if steps[step] == 100 {
			t.Errorf("%s is told of when it is done", step)
		}
		steps[step] = max(steps[step], 100*done/total)
	}})
	during := func(names []string, do func()) {
		t.Helper()
		clear(steps)
		do()
		for _, step := range names {
			if steps[step] != 100 {
				t.Errorf("%s was told to be done to %d %%; of all %v", step, steps[step], steps)
			}
		}
	}
	record(t, eng, shoppers(600, 1)...)
	during([]string{"train"}, func() { train(t, eng) })
	record(t, eng, shoppers(600, 2)...)
	during([]string{"weigh", "compare als", "train als"}, func() { train(t, eng) })
	during([]string{"train", "evaluate als", "evaluate blend"}, func() {
		if _, err := eng.Evaluate(t.Context(), recommend.EvaluateOptions{}); err != nil {
			t.Error(err)
		}
	})
}
