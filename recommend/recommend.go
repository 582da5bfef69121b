// Package recommend answers who should be shown what. An [Engine] records interactions, recommends from them at once,
// and trains models from the log while it serves.
//
//	eng, err := recommend.Open(ctx, st, recommend.Options{})
//	err = eng.Record(ctx, store.Interaction{User: "ann", Item: "tea", Kind: store.Purchase, Time: now})
//	report, err := eng.Train(ctx)
//	page, err := eng.Recommend(ctx, recommend.Request{User: "ann", N: 20})
//	for item, score := range page.All() { … }
//
// The models live in packages of their own below this one; those who write one need package model.
package recommend

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
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

// Assigner gives a user's variant of the running experiment, or "" outside it; experiment.Experiment is one.
type Assigner interface {
	Variant(user string) string
}

// Observer is told of every answered request: the place to write exposures. It is called before Recommend returns, on
// cached pages too, from many goroutines, and must not keep or change the page or the request's map.
type Observer interface {
	Observe(ctx context.Context, req *Request, page *Page, at time.Time)
}

// Options configures an Engine. The zero value works.
type Options struct {
	// Catalog is what may be recommended; items outside it are recorded but never shown. nil: every item that
	// appears in an interaction may be.
	Catalog *catalog.Catalog
	// Trainer makes the model. nil: hybrid.Trainer{}, the blend of all first models.
	Trainer model.Trainer
	// Weights says how much an interaction of each kind speaks for its item. nil: DefaultWeights.
	Weights map[store.Kind]float32

	Experiment Assigner          // whose variant is written on pages; nil: no experiment
	Pipelines  map[string]string // variant → Request.Model it is served with; variants not named get the blend
	Observer   Observer          // nil: none

	UsersMax int           // user states held in memory; 0 means 100,000; the rest are read from the store again
	PagesMax int           // first pages held in memory; 0 means 100,000
	PageTTL  time.Duration // how long a page may be served again; 0 means a minute; below 0: never

	Seed    uint64           // for training
	Workers int              // for training; 0 means GOMAXPROCS
	Now     func() time.Time // the clock; nil means time.Now
	Logger  *slog.Logger     // nil means silent
}

// DefaultWeights is what Options.Weights nil means. A rating speaks with its Value: v - 2.5, on the usual scale to 5.
func DefaultWeights() map[store.Kind]float32 {
	return map[store.Kind]float32{
		store.View: 1, store.Click: 1, store.Cart: 3, store.Purchase: 5, store.Like: 5,
		store.Dislike: -5, store.Skip: -1, store.Impression: 0, store.Rating: 1,
	}
}

// Report says what a training did.
type Report struct {
	Version      uint64  // of the model in service afterwards
	Published    bool    // whether the new model took service
	Users, Items int     // in the snapshot of the log
	Interactions int     //
	HeldOutUsers int     // users whose latest item was withheld to compare; 0: nothing to compare on
	NDCG         float64 // nDCG@10 of the new model on them
	NDCGBefore   float64 // nDCG@10 of the model in service on them; 0 when there was none
	Elapsed      time.Duration
}

// Engine is the pipeline around one store: safe for concurrent use. Its methods, built in the files beside this one:
//
//	Open(ctx, st, opts)         loads the newest model that the store has
//	Record(ctx, interactions…)  validates, appends, and updates what the next Recommend sees
//	Recommend(ctx, req)         answers from memory
//	Train(ctx)                  trains on the log, evaluates, and swaps when not worse
//	Rollback(ctx)               goes back to the version before
//	Forget(ctx, user)           removes a user from log, profile, pages and memory
//	Close()                     waits for calls under way; the store stays open
type Engine struct{ todo struct{} }

func Open(ctx context.Context, st store.Store, opts Options) (*Engine, error)  { panic("coming") }
func (e *Engine) Record(ctx context.Context, batch ...store.Interaction) error { panic("coming") }
func (e *Engine) Recommend(ctx context.Context, req Request) (*Page, error)    { panic("coming") }
func (e *Engine) Train(ctx context.Context) (Report, error)                    { panic("coming") }
func (e *Engine) Rollback(ctx context.Context) (version uint64, err error)     { panic("coming") }
func (e *Engine) Forget(ctx context.Context, user string) error                { panic("coming") }
func (e *Engine) Close() error                                                 { panic("coming") }
