package recommend

import (
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/hybrid"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

// Options configures an Engine. The zero value works.
type Options struct {
	// Catalog is what may be recommended; items outside it are recorded but never shown. nil: every item that
	// appears in an interaction may be.
	Catalog *catalog.Catalog
	// Trainer makes the model. nil: hybrid.Trainer{}, the blend of all first models.
	Trainer model.Trainer
	// Weights says how much an interaction of each kind speaks for its item: finite, below 0 against it, 0 or
	// missing: nothing, and the item does not count as seen. nil: DefaultWeights.
	Weights map[store.Kind]float32

	// Experiment assigns users to variants; nil: no experiment. Whoever is served a page under a variant is exposed
	// to it: the first time, and then once a UTC day, an interaction of kind Impression with the variant is in the
	// log before the page is given. CompareVariants reads it there.
	Experiment Assigner
	// Pipelines says what a variant's pages come from: a model by its name, as in Request.Model, or several whose
	// pages are mixed by team draft, for CompareModels. A variant that is missing, or of whose models not all are in
	// service, gets the blend.
	Pipelines map[string][]string
	Observer  Observer // nil: none

	UsersMax int           // user states held in memory; 0 means 100,000; the rest are read from the store again
	PageTTL  time.Duration // how long a user's page may be served again; 0 means a minute; below 0: never

	Seed    uint64           // for training, and for who picks first on mixed pages
	Workers int              // for training; 0 means GOMAXPROCS
	Now     func() time.Time // the clock; nil means time.Now
	Logger  *slog.Logger     // nil means silent
}

// DefaultWeights is what Options.Weights nil means. A rating's weight is multiplied by its Value less 2.5, the middle
// of the usual scale to 5, so that a low one speaks against the item.
func DefaultWeights() map[store.Kind]float32 {
	return map[store.Kind]float32{
		store.View: 1, store.Click: 1, store.Cart: 3, store.Purchase: 5, store.Like: 5,
		store.Dislike: -5, store.Skip: -1, store.Impression: 0, store.Rating: 1,
	}
}

const ratingMiddle = 2.5

// weights is Options.Weights by kind.
type weights [store.Rating + 1]float32

func (w *weights) of(in *store.Interaction) float32 {
	if in.Kind == store.Rating {
		// A rating of exactly the middle says nothing for or against, but the item was seen.
		return w[store.Rating] * float32(in.Value-ratingMiddle)
	}
	return w[in.Kind]
}

// counts reports whether interactions of the kind mean that the user has seen the item.
func (w *weights) counts(k store.Kind) bool { return w[k] != 0 }

func (o *Options) fill() (*weights, error) {
	if o.Catalog == nil {
		o.Catalog = catalog.New()
	}
	if o.Trainer == nil {
		o.Trainer = hybrid.Trainer{}
	}
	if o.Weights == nil {
		o.Weights = DefaultWeights()
	}
	if o.UsersMax <= 0 {
		o.UsersMax = 100_000
	}
	if o.PageTTL == 0 {
		o.PageTTL = time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	var w weights
	for kind, weight := range o.Weights {
		if !kind.Valid() {
			return nil, fmt.Errorf("%w: weight for unknown kind %d", ErrInvalid, kind)
		}
		if math.IsNaN(float64(weight)) || math.IsInf(float64(weight), 0) {
			return nil, fmt.Errorf("%w: weight of %v is %v", ErrInvalid, kind, weight)
		}
		w[kind] = weight
	}
	return &w, nil
}
