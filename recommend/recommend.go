// Package recommend answers who should be shown what. An [Engine] records interactions, recommends from them at once,
// and trains models from the log while it serves.
//
//	eng, err := recommend.Open(ctx, st, recommend.Options{})
//	err = eng.Record(ctx, store.Interaction{User: "ann", Item: "tea", Kind: store.Purchase, Time: now})
//	report, err := eng.Train(ctx)
//	page, err := eng.Recommend(ctx, recommend.Request{User: "ann", N: 20})
//	for item, score := range page.All() { … }
//
// Under an experiment (Options.Experiment) a user's variant chooses the models, or mixes several on one page. Who saw
// which variant is in the same log as what they did, and the engine says from it how the variants do:
//
//	report, err := eng.CompareVariants(ctx, recommend.Trial{Arms: []stats.Arm{{Variant: "control"}, {Variant: "new"}}})
//	duels, err := eng.CompareModels(ctx, "mix", recommend.Period{Since: monday})
//
// The models live in packages of their own below this one; those who write one need package model.
package recommend

import (
	"context"
	"errors"
	"time"

	"github.com/goldrec/gold/recommend/model"
)

var (
	// ErrInvalid says that a request cannot be answered as it is; the wrapping error says which field and why.
	ErrInvalid = errors.New("recommend: invalid request")
	// ErrNoModel says that no model of the asked name is in service.
	ErrNoModel = errors.New("recommend: no such model")
	// ErrClosed says that the engine was closed before the call.
	ErrClosed = errors.New("recommend: closed")
)

// The parts that make a model, as package model defines them.
type (
	Model   = model.Model
	Scorer  = model.Scorer
	Source  = model.Source
	Trainer = model.Trainer
)

// Recommender answers requests. An Engine is one.
type Recommender interface {
	Recommend(ctx context.Context, req Request) (*Page, error)
}

// Assigner gives a user's variant of the running experiment, or "" outside it; *experiment.Assigner is one. When it has a
// method Forced(user string) bool too, those for whom it is true are shown their variant but not exposed to it.
type Assigner interface {
	Variant(user string) string
}

// Exposure is the fact that a page was given to a user.
type Exposure struct {
	User, Session, Placement string
	Context                  map[string]string // of the request; read-only
	Page                     *Page             // read-only
	Time                     time.Time
}

// Observer is told of every page the engine gives, cached ones too: the place to count them, or to log all that was
// shown. It is called before Recommend returns, from many goroutines; what takes long belongs behind a bounded queue.
type Observer interface {
	Observe(ctx context.Context, exposure Exposure)
}
