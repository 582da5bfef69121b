// Package recommend answers who should be shown what. An [Engine] records interactions, recommends from them at once,
// and trains models from the log while it serves.
//
//	eng, err := recommend.Open(ctx, st, recommend.Options{Catalog: cat})
//	err = eng.Record(ctx, store.Interaction{User: "ann", Item: "tea", Kind: store.Purchase})
//	report, err := eng.Train(ctx)
//	page, err := eng.Recommend(ctx, recommend.Request{User: "ann", N: 20})
//	for item, score := range page.All() { … }
//
// # Nouns
//
//   - An [Engine] stands between a store, which keeps what happened, and a catalogue of what can be shown.
//   - A [Request] asks for a [Page], of which each [Recommendation] says who brought it and, when asked, why.
//   - Parts are the models in service, made by the trainers of [Options]; their blend ranks.
//   - A [Policy] says how the pages of a placement or a variant are made.
//   - A [Report] says what a training did; its [Gate] is the comparison with the models in service.
//   - A [Trial] is what an experiment compares, over a [Period] of the log; a [Duel] is two parts on one page.
//
// # Which call
//
//	what to show this user                      Recommend
//	the same, but from these items              Recommend with Request.Seeds
//	what is like this product                   Similar
//	what goes into this basket                  Together
//	in which order to show these search results Rank
//	what one model alone would say              Recommend with Request.Model
//	only what is red and below 20 €             Request.Filter
//	the next page                               Request.Cursor, which is Page.Next
//	why an item is on a page, or is not         Why
//
// # How a page is made
//
// The parts, models such as als and itemknn, and the sources of the page's [Policy] propose candidates inside what may
// be shown. The blend of the parts scores them all; the stages of the policy reorder, cap, pin and diversify; what is
// short is filled up with what is trending. A policy is chosen by variant and placement, so an experiment may change
// any of it. Who wants something else on the page writes a [stage.Source] or a [stage.Stage], which takes ten lines.
//
// # One engine or many
//
// The store's log is the truth. Everything that an engine holds is a bounded cache of it, made by one function from
// the entries of the log, whatever their order and however often they come; so an engine may be killed at any time.
// Any number of engines run on one store: [Engine.Run] follows the log, puts the model into service that another one
// trained, and trains on a schedule when it is the one that holds the lease. Between trainings it takes new items into
// the models that serve ([Engine.Extend]).
//
// # Experiments
//
// Under Options.Experiments a user's variants choose the policy. Who was exposed to which variant is in the same log
// as what they did, and the engine says from it how the variants do:
//
//	report, err := eng.CompareVariants(ctx, recommend.Trial{Arms: []stats.Arm{{Variant: "control"}, {Variant: "new"}}})
//	duels, err := eng.CompareModels(ctx, "mix", recommend.Period{Since: monday})
//
// How well the models find what users did next, on the same log, [Engine.Evaluate] says in one call.
//
// The models live in packages of their own below this one; those who write one need package model.
//
// # Cost and concurrency
//
// An Engine is safe for concurrent use, and readers take no lock that is held while anything is waited for. A page
// served again costs a few microseconds, one that is made some tens; only a user met for the first time is read from
// the store. Record costs what the store's Append does. Training holds 24 bytes an interaction, what the trainers
// need, and the new models beside the old; serving goes on meanwhile. Users in memory are bounded by Options.UsersMax,
// identifiers by ItemsMax.
//
// # Caveats
//
// With a catalogue, only what is in it and Available is shown; without one, every item that somebody had to do with.
// An empty page exposes nobody to a variant. An experiment that no policy names exposes everybody who is served a
// page, since what it changes is then the program's affair. Profiles are read when a user is first met; write them by
// [Engine.PutProfile], or the engine does not hear of it. Scores are comparable within a page only. An engine that
// does not Run knows only what went through it.
package recommend

import (
	"context"
	"errors"
	"time"

	"github.com/goldrec/gold/recommend/model"
)

var (
	// ErrInvalid says that a request cannot be answered, or an option taken, as it is; the wrapping error says which and
	// why.
	ErrInvalid = errors.New("recommend: invalid request")
	// ErrNoModel says that no model of the asked name is in service.
	ErrNoModel = errors.New("recommend: no such model")
	// ErrClosed says that the engine was closed before the call.
	ErrClosed = errors.New("recommend: closed")
)

// The parts that make a model, as package model defines them.
type (
	Model   = model.Model
	Trainer = model.Trainer
)

// Recommender answers requests. An Engine is one.
type Recommender interface {
	Recommend(ctx context.Context, req Request) (*Page, error)
}

// Assigner gives a user's variant of a running experiment; *experiment.Assigner is one. It is safe for concurrent use.
// When it has a method Forced(user string) bool too, those for whom it is true are shown their variant but not exposed
// to it.
type Assigner interface {
	// Key names the experiment in the log.
	Key() string
	// Variants are the names that Variant may return. None is an error at Open: the experiment does not exist.
	Variants() []string
	// Variant is the user's, or "" outside the experiment.
	Variant(user string) string
}

// forcer is an Assigner that gives some users a variant by hand.
type forcer interface {
	Forced(user string) bool
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
