package popular_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
	"github.com/google/go-cmp/cmp"
)

const day = 24 * 60 * 60

type event struct {
	user, item string
	weight     float32
	unix       int64
}

func train(t *testing.T, trainer popular.Trainer, events []event) (*popular.Model, *catalog.IDs) {
	t.Helper()
	var b model.Builder
	for _, e := range events {
		b.Add(e.user, e.item, e.weight, e.unix)
	}
	data := b.Build()
	m, err := trainer.Train(t.Context(), data, model.TrainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m.(*popular.Model), data.Items
}

func TestScores(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		trainer popular.Trainer
		events  []event
		want    map[string]float32
	}{{
		name:   "an event counts half after each half-life",
		events: []event{{"a", "now", 1, 60 * day}, {"a", "month", 1, 30 * day}, {"a", "months", 1, 0}},
		want:   map[string]float32{"now": 1, "month": 0.5, "months": 0.25},
	}, {
		name:    "the half-life is given",
		trainer: popular.Trainer{HalfLifeDays: 1},
		events:  []event{{"a", "now", 1, 2 * day}, {"a", "yesterday", 1, day}},
		want:    map[string]float32{"now": 1, "yesterday": 0.5},
	}, {
		name:    "without decay",
		trainer: popular.Trainer{HalfLifeDays: math.Inf(1)},
		events:  []event{{"a", "now", 2, 1e6 * day}, {"a", "old", 1, 0}},
		want:    map[string]float32{"now": 1, "old": 0.5},
	}, {
		name:   "users weigh more than repeats",
		events: []event{{"a", "x", 1, 0}, {"b", "x", 1, 0}, {"c", "y", 1, 0}, {"c", "y", 1, 0}},
		want:   map[string]float32{"x": 1, "y": 0.75},
	}, {
		name:   "of one user the newest counts in full",
		events: []event{{"a", "x", 2, 30 * day}, {"c", "y", 1, 0}, {"c", "y", 1, 30 * day}},
		want:   map[string]float32{"x": 1, "y": 0.625}, // 1 and half of a half, of 2
	}, {
		name:   "dislikes count against, and an indifferent item is nothing",
		events: []event{{"a", "x", 4, 0}, {"a", "y", -2, 0}, {"b", "z", 0, 0}},
		want:   map[string]float32{"x": 1, "y": -0.5, "z": 0},
	}, {
		name:   "more disliked than any is liked",
		events: []event{{"a", "x", 1, 0}, {"a", "y", -4, 0}},
		want:   map[string]float32{"x": 0.25, "y": -1},
	}, {
		name:   "weights as great as they go",
		events: []event{{"a", "x", math.MaxFloat32, 0}, {"b", "x", math.MaxFloat32, 0}, {"a", "y", -math.MaxFloat32, 0}},
		want:   map[string]float32{"x": 1, "y": -0.5},
	}, {
		name:    "so old that it almost vanishes",
		trainer: popular.Trainer{HalfLifeDays: 1},
		events:  []event{{"a", "x", 1, 400 * day}, {"a", "y", 1, 0}},
		want:    map[string]float32{"x": 1, "y": math.SmallestNonzeroFloat32},
	}} {
		t.Run(tt.name, func(t *testing.T) {
			m, items := train(t, tt.trainer, tt.events)
			got := map[string]float32{}
			for i := range uint32(items.Len()) {
				dst := []float32{7}
				m.Score(dst, &model.User{}, []uint32{i})
				got[items.ID(i)] = dst[0]
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPropose(t *testing.T) {
	t.Parallel()
	m, items := train(t, popular.Trainer{}, []event{
		{"a", "tie1", 1, 0}, {"a", "tie2", 1, 0}, {"a", "best", 3, 0}, {"a", "bad", -1, 0}, {"a", "none", 0, 0},
	})
	notBest := model.AllowFunc(func(item uint32) bool { return items.ID(item) != "best" })
	for _, tt := range []struct {
		name  string
		n     int
		allow model.Allow
		want  []string
	}{
		{"only liked ones, ties by handle", math.MaxInt, nil, []string{"best", "tie1", "tie2"}},
		{"no more than asked for", 2, nil, []string{"best", "tie1"}},
		{"as many as asked for within the filter", 2, notBest, []string{"tie1", "tie2"}},
		{"none", 0, nil, nil},
		{"fewer than none", -1, nil, nil},
	} {
		var got []string
		for _, s := range m.Propose(nil, &model.User{}, tt.n, tt.allow, model.Thorough) {
			got = append(got, items.ID(s.Item))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// TestQuickIsBounded has a filter that refuses all but the least popular.
func TestQuickIsBounded(t *testing.T) {
	t.Parallel()
	var events []event
	for i := range 1000 {
		events = append(events, event{"a", fmt.Sprint(i), float32(2000 - i), 0})
	}
	m, _ := train(t, popular.Trainer{}, events)
	asked := 0
	last := model.AllowFunc(func(item uint32) bool { asked++; return item == 999 })
	if got := m.Propose(nil, &model.User{}, 2, last, model.Quick); len(got) != 0 || asked != 32 {
		t.Errorf("a quick look asked for %d items and found %v", asked, got)
	}
	if got := m.Propose(nil, &model.User{}, 2, last, model.Thorough); len(got) != 1 || got[0].Item != 999 {
		t.Errorf("a thorough look found %v", got)
	}
}

func TestScale(t *testing.T) {
	t.Parallel()
	m, _ := train(t, popular.Trainer{}, []event{{"b", "none", 0, 0}, {"a", "x", 4, 0}, {"a", "y", -2, 0}, {"a", "z", 1, 0}})
	// The scores are 1, -0.5 and 0.25, with the mean 0.25; "none" has none.
	if got, want := float64(m.Scale(nil)), math.Sqrt((0.75*0.75+0.75*0.75)/3); math.Abs(got-want) > 1e-6 {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestImpressionsBetween has what was only shown after what was done.
func TestImpressionsBetween(t *testing.T) {
	t.Parallel()
	m, _ := train(t, popular.Trainer{}, []event{{"a", "x", 1, 0}, {"a", "x", 0, 0}, {"b", "y", 1, 0}})
	got := make([]float32, 2)
	if m.Score(got, nil, []uint32{0, 1}); got[0] != got[1] {
		t.Errorf("seen once more, an item scores %v, not %v", got[0], got[1])
	}
}

func TestHalfLifeRefused(t *testing.T) {
	t.Parallel()
	for _, days := range []float64{-1, math.NaN(), math.Inf(-1)} {
		if _, err := (popular.Trainer{HalfLifeDays: days}).Train(t.Context(), new(model.Builder).Build(), model.TrainOptions{}); err == nil {
			t.Errorf("Trainer took %v days", days)
		}
	}
}

// ending is a context that ends when it has been asked for so often.
type ending struct {
	context.Context
	asked, ends int
}

func (c *ending) Err() error {
	if c.asked++; c.asked > c.ends {
		return context.Canceled
	}
	return nil
}

// TestCancel wants the context asked while there are users, and once more at the end.
func TestCancel(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ users, ends int }{{10, 1}, {5000, 1}, {9000, 2}, {9000, 3}} {
		var b model.Builder
		for u := range tt.users {
			b.Add(fmt.Sprint(u), "tea", 1, 0)
		}
		ctx := &ending{Context: t.Context(), ends: tt.ends}
		_, err := popular.Trainer{}.Train(ctx, b.Build(), model.TrainOptions{})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%d users, the context ends after %d questions of %d: %v", tt.users, tt.ends, ctx.asked, err)
		}
	}
}

func ExampleTrainer() {
	var b model.Builder
	b.Add("ann", "tea", 1, 0)
	b.Add("bob", "tea", 1, 0)
	b.Add("bob", "mug", 1, 0)
	data := b.Build()
	m, err := popular.Trainer{HalfLifeDays: 7}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		panic(err)
	}
	for _, s := range m.Propose(nil, &model.User{}, 10, nil, model.Thorough) {
		fmt.Println(data.Items.ID(s.Item), s.Score)
	}
	// Output:
	// tea 1
	// mug 0.5
}
