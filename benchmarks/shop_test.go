package benchmarks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/experiment"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

// The shop of these benchmarks: items in groups of 200, users who each have a taste for three groups, and 20 interactions a
// user. Popularity of groups and within a group falls as 1/rank, as it does in shops. GOLD_ITEMS and GOLD_USERS say how
// many there are, 100,000 each by default; GOLD_MODELS=default takes the engine's default models in place of the two that
// are quick to train. GOLD_TRAINED names a file where the models of one shop are kept, so that the next run need not train.
var (
	shopItems = number("GOLD_ITEMS", 100_000)
	shopUsers = number("GOLD_USERS", 100_000)
)

const (
	groupSize = 200
	perUser   = 20
	factors   = 64
)

func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n >= groupSize {
		return n
	}
	return otherwise
}

func itemID(i int) string { return "item-" + strconv.Itoa(i) }
func userID(u int) string { return "user-" + strconv.Itoa(u) }

type shop struct {
	catalog *catalog.Catalog
	store   store.Store
	options recommend.Options
	trained recommend.Report
	engine  *recommend.Engine // serves pages again
	tried   *recommend.Engine // serves pages again, under an experiment
	fresh   *recommend.Engine // computes every page
	users   []string

	newcomers int
}

func trainers() []model.Trainer {
	if os.Getenv("GOLD_MODELS") == "default" {
		return nil
	}
	return []model.Trainer{als.Trainer{Factors: factors, Iterations: 3}, itemknn.Trainer{Neighbors: 50}}
}

// openShop trains once for all benchmarks of the package.
var openShop = sync.OnceValues(func() (*shop, error) {
	ctx := context.Background()
	s := &shop{catalog: catalog.New(), store: store.NewMemory(store.MemoryOptions{})}
	for i := range shopItems {
		if err := putItem(s.catalog, i); err != nil {
			return nil, err
		}
	}
	for u := range shopUsers {
		s.users = append(s.users, userID(u))
	}
	if err := fillLog(ctx, s.store, shopItems, shopUsers); err != nil {
		return nil, err
	}
	s.options = recommend.Options{
		Catalog: s.catalog, Trainers: trainers(), UsersMax: 2 * shopUsers, PageTTL: time.Hour, Seed: 1,
	}
	kept, err := restore(ctx, s.store)
	if err != nil {
		return nil, err
	}
	if s.engine, err = recommend.Open(ctx, s.store, s.options); err != nil {
		return nil, err
	}
	if s.trained = s.engine.Status().Report; !kept {
		if s.trained, err = s.engine.Train(ctx); err != nil {
			return nil, err
		}
		if err = keep(ctx, s.store); err != nil {
			return nil, err
		}
	}
	return s, s.openOthers(ctx)
})

// restore puts the models of an earlier run into a store, if there are any.
func restore(ctx context.Context, st store.Store) (bool, error) {
	f, err := os.Open(os.Getenv("GOLD_TRAINED"))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	version, err := st.PutModel(ctx, recommend.ModelName, f)
	if err != nil {
		return false, err
	}
	return true, st.SetCurrent(ctx, recommend.ModelName, version, 0)
}

// keep saves the models for the next run, if it is told where.
func keep(ctx context.Context, st store.Store) error {
	path := os.Getenv("GOLD_TRAINED")
	if path == "" {
		return nil
	}
	r, _, err := st.OpenModel(ctx, recommend.ModelName, 0)
	if err != nil {
		return err
	}
	defer r.Close()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}

func (s *shop) openOthers(ctx context.Context) error {
	opts := s.options
	ranking, err := anExperiment()
	if err != nil {
		return err
	}
	opts.Experiments = []recommend.Assigner{ranking}
	if s.tried, err = recommend.Open(ctx, s.store, opts); err != nil {
		return err
	}
	opts.Experiments, opts.PageTTL = nil, -1
	if s.fresh, err = recommend.Open(ctx, s.store, opts); err != nil {
		return err
	}
	// Every user is met once, so that what follows measures serving and not the reading of histories.
	return s.meetEverybody(ctx)
}

// anExperiment has two even variants with the same pages.
func anExperiment() (recommend.Assigner, error) {
	set, err := experiment.Compile(experiment.Definition{Experiments: []experiment.Experiment{{
		Key: "ranking", Variants: []experiment.Variant{{Key: "control"}, {Key: "treatment"}},
	}}}, experiment.Options{})
	if err != nil {
		return nil, err
	}
	return experiment.NewLive(set).Assigner("ranking"), nil
}

// meetEverybody gives every user a page of each engine: afterwards two have the pages, one of them has the exposures
// behind it, and all have the users in memory.
func (s *shop) meetEverybody(ctx context.Context) error {
	var group errgroup.Group
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		group.Go(func() error {
			for u := w; u < shopUsers; u += workers {
				for _, engine := range []*recommend.Engine{s.engine, s.tried, s.fresh, s.fresh} {
					if _, err := engine.Recommend(ctx, recommend.Request{User: s.users[u], N: 20}); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func putItem(c *catalog.Catalog, i int) error {
	_, err := c.Upsert(catalog.Item{
		ID: itemID(i), Brand: "brand-" + strconv.Itoa(i%10), Available: i%20 != 0,
		Attributes: map[string][]string{"shelf": {strconv.Itoa(i / 7 % 200)}},
	})
	return err
}

func fillLog(ctx context.Context, st store.Store, items, users int) error {
	rng := rand.New(rand.NewPCG(1, 1))
	groups := items / groupSize
	within, among := rand.NewZipf(rng, 1.1, 1, groupSize-1), rand.NewZipf(rng, 1.05, 20, uint64(groups-1))
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for u := range users {
		batch := make([]store.Entry, perUser)
		tastes := [3]int{int(among.Uint64()), int(among.Uint64()), int(among.Uint64())}
		for i := range batch {
			group := tastes[rng.IntN(len(tastes))]
			if rng.IntN(10) == 0 {
				group = int(among.Uint64())
			}
			batch[i].Interaction = store.Interaction{
				User: userID(u), Item: itemID(group*groupSize + int(within.Uint64())), Kind: store.Purchase,
				Time: start.Add(time.Duration(i) * time.Hour),
			}
		}
		if err := st.Append(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

func mustShop(b *testing.B) *shop {
	b.Helper()
	if testing.Short() {
		b.Skip("trains on two million interactions: not with -short")
	}
	s, err := openShop()
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// cpu is the processor time of the calling thread so far, of one that is locked to it.
func cpu() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

func median(xs []float64) float64 {
	slices.Sort(xs)
	return xs[len(xs)/2]
}

func name(format string, args ...any) string { return fmt.Sprintf(format, args...) }
