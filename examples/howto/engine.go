package howto

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
)

// OwnParts are options of a blend of chosen models: two of gold's with other settings than the default's, and one's own.
func OwnParts(cat *catalog.Catalog) recommend.Options {
	return recommend.Options{
		Catalog: cat,
		Trainers: []model.Trainer{
			als.Trainer{Factors: 64, Iterations: 8},
			itemknn.Trainer{Neighbors: 50, Weighting: itemknn.BM25},
			ApprovalTrainer{},
		},
		Policies: []recommend.Policy{
			{Placement: "basket", Parts: []string{itemknn.Name}},
			{Sources: []stage.Source{ByWeather{"rain": {"umbrella"}}}, Stages: []stage.Stage{&stage.Preferences{}, Budget{}}},
		},
	}
}

// Replicas opens engines on one store, as each of several processes would open one, and runs them until work is done.
func Replicas(ctx context.Context, st store.Store, n int, opts recommend.Options, work func([]*recommend.Engine) error) error {
	opts.TrainEvery = 6 * time.Hour // one of them trains, under a lease; all serve what it trained
	running, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	engines, failed := []*recommend.Engine{}, make([]error, n)
	for i := range n {
		eng, err := recommend.Open(ctx, st, opts)
		if err != nil {
			failed[i] = err
			break
		}
		engines = append(engines, eng)
		wg.Go(func() { failed[i] = eng.Run(running) })
	}
	err := errors.Join(failed...)
	if len(engines) == n {
		err = work(engines)
	}
	stop()
	wg.Wait()
	for _, eng := range engines {
		err = errors.Join(err, eng.Close())
	}
	return errors.Join(err, errors.Join(failed...))
}

// Small are options for a process of little memory.
func Small(cat *catalog.Catalog) recommend.Options {
	return recommend.Options{
		Catalog:  cat,
		UsersMax: 10_000, // user states in memory; the others are read from the store when they come
		ItemsMax: 200_000,
		Trainers: []model.Trainer{als.Trainer{Factors: 32}, itemknn.Trainer{Neighbors: 20}},
		Workers:  1, // of training
	}
}
