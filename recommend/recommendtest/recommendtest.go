// Package recommendtest is the suite that every model passes. A model's own test is a few lines:
//
//	func TestModel(t *testing.T) {
//		recommendtest.Run(t, func() model.Trainer { return als.Trainer{} }, recommendtest.Options{})
//	}
//
// It asks of a model what package model promises of it: that it finds the withheld diagonal of a checkerboard, that it
// scores a list as it scores each item of it, proposes within what is allowed, the best first, that training is the same
// with any number of workers and stops with its context, that a saved model comes back as it was and a damaged one not
// at all, and that no history, weight or time that a caller can hand it makes it panic or give a score that is not
// finite. Run it with -race: models are asked from many goroutines.
//
// Weights of events are finite here, as large or small as they may be otherwise: an interaction of a weight that is NaN
// or infinite must have been refused before it comes to a model.
package recommendtest

import (
	"cmp"
	"math"
	"testing"

	"github.com/goldrec/gold/recommend/model"
)

// Options says what a model need not do.
type Options struct {
	Impersonal bool // it scores alike for all users, and so cannot find the checkerboard's diagonal
}

// Run runs the suite as subtests of t, which must not be parallel. newTrainer makes a Trainer of the model under test,
// the same each time; one of small dimensions keeps the suite short.
func Run(t *testing.T, newTrainer func() model.Trainer, opt Options) {
	t.Helper()
	s := &suite{newTrainer: newTrainer}
	t.Run("checkerboard", func(t *testing.T) {
		if opt.Impersonal {
			t.Skip("the model scores alike for all users")
		}
		s.checkerboard(t)
	})
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"batch is single", s.batchIsSingle},
		{"candidates", s.candidates},
		{"filters", s.filters},
		{"users", s.users},
		{"explain", s.explain},
		{"concurrent", s.concurrent},
		{"allocations", s.allocations},
		{"small data", s.smallData},
		{"hostile data", s.hostileData},
		{"deterministic", s.deterministic},
		{"data unchanged", s.dataUnchanged},
		{"cancel", s.cancel},
		{"progress", s.progress},
		{"save and load", s.saveLoad},
		{"save fails", s.saveFails},
		{"damaged file", s.damaged},
		{"forged file", s.forged},
	} {
		t.Run(test.name, test.run)
	}
}

type suite struct {
	newTrainer func() model.Trainer
	shared     model.Model // of market; made by the first who asks
}

// train trains a fresh trainer.
func (s *suite) train(t *testing.T, data *model.Dataset, opt model.TrainOptions) model.Model {
	t.Helper()
	trainer := s.newTrainer()
	m, err := trainer.Train(t.Context(), data, opt)
	if err != nil {
		t.Fatalf("train: %v", err)
	}
	if m.Name() != trainer.Name() || m.Name() == "" {
		t.Fatalf("a trainer named %q makes a model named %q", trainer.Name(), m.Name())
	}
	if got, want := m.Items().Len(), data.Items.Len(); got != want {
		t.Fatalf("the model has %d items of %d", got, want)
	}
	return m
}

// onMarket is the model that most tests share.
func (s *suite) onMarket(t *testing.T) (model.Model, *model.Dataset) {
	t.Helper()
	data := market()
	if s.shared == nil {
		s.shared = s.train(t, data, model.TrainOptions{Seed: 7})
	}
	return s.shared, data
}

// user makes what the engine would: a history and, for a model that wants one, its vector.
func user(m model.Model, history []model.Event, now int64) *model.User {
	u := &model.User{History: history, Now: now}
	if e, ok := m.(model.Embedder); ok {
		u.Vector = e.Embed(nil, history, now)
	}
	return u
}

// score scores all items, and checks that scores are finite.
func score(t *testing.T, m model.Model, u *model.User) []float32 {
	t.Helper()
	dst := make([]float32, m.Items().Len())
	for i := range dst {
		dst[i] = float32(math.NaN()) // what is not set shows
	}
	m.Score(dst, u, handles(len(dst)))
	for i, v := range dst {
		if !finite(v) {
			t.Fatalf("item %d scores %v for %v", i, v, u)
		}
	}
	return dst
}

// propose asks for candidates and checks what is true of all: n at most, allowed, each once, in order, and of the score
// that Score gives.
func propose(t *testing.T, m model.Model, u *model.User, n int, allow func(uint32) bool) []model.Scored {
	t.Helper()
	got := m.Candidates(nil, u, n, allow)
	if len(got) > max(n, 0) {
		t.Fatalf("%d candidates of %d asked for", len(got), n)
	}
	scores, seen := score(t, m, u), make([]bool, m.Items().Len())
	var greatest float64
	for _, v := range scores {
		greatest = max(greatest, math.Abs(float64(v)))
	}
	for i, c := range got {
		switch {
		case int(c.Item) >= len(scores):
			t.Fatalf("candidate %v of %d items", c, len(scores))
		case seen[c.Item]:
			t.Fatalf("candidate %v comes twice", c)
		case allow != nil && !allow(c.Item):
			t.Fatalf("candidate %v is not allowed", c)
		case i > 0 && compare(got[i-1], c) >= 0:
			t.Fatalf("candidate %v comes before %v", got[i-1], c)
		case !(math.Abs(float64(c.Score)-float64(scores[c.Item])) <= 1e-5*greatest): // rounding may differ, no more
			t.Fatalf("candidate %v, but Score says %v", c, scores[c.Item])
		}
		seen[c.Item] = true
	}
	return got
}

func compare(a, b model.Scored) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
}

func finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }

func handles(n int) []uint32 {
	all := make([]uint32, n)
	for i := range all {
		all[i] = uint32(i)
	}
	return all
}
