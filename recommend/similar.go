package recommend

import (
	"context"

	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/model"
)

// Similar returns the n items that go best with an item, whoever asks: by what people did and by what the items are, as
// the blend has learned to weigh the two for a history of one. An unknown item is ErrInvalid. It is Recommend with one of Seeds.
func (e *Engine) Similar(ctx context.Context, item string, n int) (*Page, error) {
	return e.Recommend(ctx, Request{Seeds: []string{item}, N: n})
}

// Together returns the n items that the same people had to do with most typically as with these: what goes into the same
// basket, when it is asked for a basket. It asks the part "itemknn", without which it is ErrNoModel.
func (e *Engine) Together(ctx context.Context, items []string, n int) (*Page, error) {
	return e.Recommend(ctx, Request{Seeds: items, N: n, Model: "itemknn"})
}

// Rank puts items in the order in which the user is likely to want them: a list that comes from elsewhere, such as a
// search. All that may be shown are on the page, met before or not, up to NMax.
func (e *Engine) Rank(ctx context.Context, user string, items []string) (*Page, error) {
	return e.Recommend(ctx, Request{User: user, Items: items, N: max(1, len(items))})
}

// Status is what an engine has in service.
type Status struct {
	Version uint64 // of the models; 0: none yet
	Report  Report // of their training
	Users   int    // in memory
	Items   int    // identifiers known
	Entries string // how far in the log the engine is, as store.Place writes it
}

// Status returns what the engine has in service. It costs a few microseconds.
func (e *Engine) Status() Status {
	s := Status{Users: e.users.len(), Items: e.items.Len(), Entries: e.applied.place().String()}
	if g := e.service.Load(); g != nil {
		s.Version, s.Report = g.version, g.report
	}
	return s
}

// Part returns a part of the models in service by its name, such as "als", to ask it what only it knows: *als.Model gives its
// vectors, for instance. Items are by the handles of Catalog().IDs(). It stays valid, and the same, when others take service.
func (e *Engine) Part(name string) (model.Model, bool) {
	p := e.service.Load().part(name)
	return p, p != nil
}

// Weights returns how much each part counts in the blend in service, by the length of a user's history; read-only, and nil
// before the first training.
func (e *Engine) Weights() *blend.Weights {
	if g := e.service.Load(); g != nil {
		return g.weights
	}
	return nil
}
