// Package recommendtest is the suite that every model passes. A model's own test is a few lines:
//
//	func TestModel(t *testing.T) {
//		recommendtest.Run(t, func() model.Trainer { return als.Trainer{} }, recommendtest.Options{})
//	}
//
// It asks of a model what package model promises of it: that it finds the withheld diagonal of a checkerboard, that it
// scores a list as it scores each item of it, proposes within what is allowed, the best first, that training is the same
// with any number of workers and stops with its context, that a saved model comes back as it was, also when its items have
// other handles meanwhile, and a damaged one not at all, and that no history, weight or time that a caller can hand it
// makes it panic or give a score that is not finite. What a model can do besides, such as explaining or extending, is
// tested when it can. Run it with -race: models are asked from many goroutines.
//
// Weights of events are finite here, as large or small as they may be otherwise: [model.Collect] refuses others.
package recommendtest

import (
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
	s := &suite{newTrainer: newTrainer, impersonal: opt.Impersonal}
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"checkerboard", s.checkerboard},
		{"batch is single", s.batchIsSingle},
		{"unknown items", s.unknownItems},
		{"candidates", s.candidates},
		{"filters", s.filters},
		{"effort", s.effort},
		{"users", s.users},
		{"impressions", s.impressions},
		{"accumulate", s.accumulate},
		{"scale", s.scale},
		{"explain", s.explain},
		{"concurrent", s.concurrent},
		{"allocations", s.allocations},
		{"small data", s.smallData},
		{"hostile data", s.hostileData},
		{"deterministic", s.deterministic},
		{"data unchanged", s.dataUnchanged},
		{"cancel", s.cancel},
		{"progress", s.progress},
		{"previous", s.previous},
		{"follow", s.follow},
		{"extend", s.extend},
		{"save and load", s.saveLoad},
		{"moved", s.moved},
		{"two items in one place", s.twice},
		{"save fails", s.saveFails},
		{"damaged file", s.damaged},
		{"forged file", s.forged},
	} {
		t.Run(test.name, test.run)
	}
}

type suite struct {
	newTrainer func() model.Trainer
	impersonal bool
	shared     *trained // on the market; made by the first who asks
}

// trained is a model and how many items it was trained with.
type trained struct {
	model.Model
	data  *model.Dataset
	items int
}

// train trains a fresh trainer.
func (s *suite) train(t *testing.T, data *model.Dataset, opt model.TrainOptions) *trained {
	t.Helper()
	trainer := s.newTrainer()
	m, err := trainer.Train(t.Context(), data, opt)
	if err != nil {
		t.Fatalf("train: %v", err)
	}
	if m.Name() != trainer.Name() || m.Name() == "" {
		t.Fatalf("a trainer named %q makes a model named %q", trainer.Name(), m.Name())
	}
	return &trained{m, data, data.ItemCount()}
}

// onMarket is the model that most tests share.
func (s *suite) onMarket(t *testing.T) *trained {
	t.Helper()
	if s.shared == nil {
		s.shared = s.train(t, market(), model.TrainOptions{Seed: 7})
	}
	return s.shared
}

// user makes what the engine would: a history, the end of it that is the present visit, and, for a model that wants one,
// the vector.
func user(m model.Model, history []model.Event, now int64) *model.User {
	u := &model.User{History: history, Now: now}
	for i := len(history); i > 0 && history[i-1].Session != 0 && history[i-1].Session == history[len(history)-1].Session; i-- {
		u.Session = history[i-1:]
	}
	if e, ok := m.(model.Embedder); ok {
		u.Vector = e.Embed(nil, history, now)
	}
	return u
}

func (m *trained) user(history []model.Event) *model.User { return user(m.Model, history, m.data.Now) }
