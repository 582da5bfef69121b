package recommend

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
	"github.com/goldrec/gold/store"
)

// Options configures an Engine. The zero value works.
type Options struct {
	// Catalog is what may be recommended. It may be filled before Open or after, and while the engine runs. Interactions with
	// items that it does not have (yet) count, but are never shown. nil: every item that appears in an interaction may be.
	Catalog *catalog.Catalog
	// Trainers make the models, the parts of the blend, of different names. nil: popular, itemknn, content and als with
	// their defaults.
	Trainers []model.Trainer

	// Weights says how much an interaction of each kind speaks for its item: finite, below 0 against it, 0 or
	// missing: nothing, and the item does not count as seen. nil: DefaultWeights.
	Weights map[store.Kind]float32
	// Ratings is the scale of the Value of a Rating; Record refuses what lies outside. The zero Range means 0 to 5.
	Ratings Range
	// HalfLifeDays is after how long an interaction counts half for what is trending; 0 means 7.
	HalfLifeDays float64

	// Experiments assign users to variants. Several run at once when their layers are disjoint, as package experiment
	// has them. Whoever is served a page that an experiment may have a say in is exposed: the first time, and then once a
	// UTC day, that is in the log before the page is given.
	Experiments []Assigner
	// Policies say how pages are made: the first one that matches is taken, DefaultPolicy when none does.
	Policies []Policy
	Observer Observer // nil: none

	TrainEvery time.Duration // how often Run trains; 0: never
	Retention  time.Duration // how long Run lets the store keep interactions; 0: for ever

	UsersMax int           // user states held in memory; 0 means 100,000; the rest are read from the store again
	ItemsMax int           // identifiers of items known in memory; 0 means 20 million; more are stored, but not counted or learned from
	PageTTL  time.Duration // how long a user's page may be served again; 0 means a minute; below 0: never

	Seed     uint64                             // for training, and for what pages draw
	Workers  int                                // for training; 0 means GOMAXPROCS
	Progress func(step string, done, total int) // told how a training goes, from one goroutine at a time; nil: nobody
	Now      func() time.Time                   // the clock; nil means time.Now
	Logger   *slog.Logger                       // nil means silent
}

func defaultTrainers() []model.Trainer {
	return []model.Trainer{popular.Trainer{}, itemknn.Trainer{}, content.Trainer{}, als.Trainer{}}
}

// fill sets what is zero to its default, and checks the rest.
func (o *Options) fill() (*weights, error) {
	if o.Trainers == nil {
		o.Trainers = defaultTrainers()
	}
	if o.Weights == nil {
		o.Weights = DefaultWeights()
	}
	if o.Ratings == (Range{}) {
		o.Ratings = Range{0, 5}
	}
	if o.UsersMax <= 0 {
		o.UsersMax = 100_000
	}
	if o.ItemsMax <= 0 {
		o.ItemsMax = 20_000_000
	}
	if o.PageTTL == 0 {
		o.PageTTL = time.Minute
	}
	if o.HalfLifeDays == 0 {
		o.HalfLifeDays = 7
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	names := map[string]bool{}
	for i, t := range o.Trainers {
		if t == nil || t.Name() == "" || names[t.Name()] || isSourceName(t.Name()) {
			return nil, fmt.Errorf("%w: trainer %d of %d is nil, or its name is empty, another's or reserved", ErrInvalid, i+1, len(o.Trainers))
		}
		names[t.Name()] = true
	}
	return newWeights(o.Weights, o.Ratings)
}
