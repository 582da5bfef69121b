package popular_test

import (
	"math"
	"testing"

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

func train(t *testing.T, trainer popular.Trainer, events []event) model.Model {
	t.Helper()
	var b model.Builder
	for _, e := range events {
		b.Add(e.user, e.item, e.weight, e.unix)
	}
	m, err := trainer.Train(t.Context(), b.Build(), model.TrainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m
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
		name:   "dislikes count against, and an indifferent item is nothing",
		events: []event{{"a", "x", 4, 0}, {"a", "y", -2, 0}, {"b", "z", 0, 0}},
		want:   map[string]float32{"x": 1, "y": -0.5, "z": 0},
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
			m, got := train(t, tt.trainer, tt.events), map[string]float32{}
			for i := range uint32(m.Items().Len()) {
				dst := []float32{7}
				m.Score(dst, &model.User{}, []uint32{i})
				got[m.Items().ID(i)] = dst[0]
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	m := train(t, popular.Trainer{}, []event{
		{"a", "tie2", 1, 0}, {"a", "tie1", 1, 0}, {"a", "best", 3, 0}, {"a", "bad", -1, 0}, {"a", "none", 0, 0},
	})
	names := func(n int, allow func(uint32) bool) (names []string) {
		for _, s := range m.Candidates(nil, &model.User{}, n, allow) {
			names = append(names, m.Items().ID(s.Item))
		}
		return names
	}
	notBest := func(item uint32) bool { return m.Items().ID(item) != "best" }
	for _, tt := range []struct {
		name  string
		n     int
		allow func(uint32) bool
		want  []string
	}{
		{"only liked ones, ties by handle", math.MaxInt, nil, []string{"best", "tie1", "tie2"}},
		{"no more than asked for", 2, nil, []string{"best", "tie1"}},
		{"as many as asked for within the filter", 2, notBest, []string{"tie1", "tie2"}},
		{"none", 0, nil, nil},
		{"fewer than none", -1, nil, nil},
	} {
		if diff := cmp.Diff(tt.want, names(tt.n, tt.allow)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestHalfLifeRefused(t *testing.T) {
	t.Parallel()
	for _, days := range []float64{-1, math.NaN(), math.Inf(-1)} {
		if _, err := (popular.Trainer{HalfLifeDays: days}).Train(t.Context(), new(model.Builder).Build(), model.TrainOptions{}); err == nil {
			t.Errorf("Trainer took %v days", days)
		}
		if _, err := popular.NewCounters(popular.CountersOptions{HalfLifeDays: days}); err == nil {
			t.Errorf("NewCounters took %v days", days)
		}
	}
}
