package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/experiment"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
	"github.com/goldrec/gold/recommend/source"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pebblestore"
)

// shop is what a program keeps while it runs.
type shop struct {
	store   *pebblestore.Store
	catalog *catalog.Catalog
	engine  *recommend.Engine
}

// open opens the store in a directory, and an engine on it.
func open(ctx context.Context, dir string, opts recommend.Options) (*shop, error) {
	st, err := pebblestore.Open(dir, pebblestore.Options{})
	if err != nil {
		return nil, err
	}
	eng, err := recommend.Open(ctx, st, opts)
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return &shop{store: st, catalog: eng.Catalog(), engine: eng}, nil
}

func (s *shop) Close() error { return errors.Join(s.engine.Close(), s.store.Close()) }

// today is the day after the last rating of MovieLens 100k. A program of yours leaves Options.Now out.
func today() time.Time { return time.Date(1998, 4, 24, 12, 0, 0, 0, time.UTC) }

func simpleOptions(cat *catalog.Catalog, progress io.Writer) recommend.Options {
	return recommend.Options{
		Catalog:  cat,
		Ratings:  recommend.Range{Min: 1, Max: 5},
		Trainers: trainers(),
		Seed:     7, // the same log, catalogue and seed give the same models
		Now:      today,
		Progress: func(step string, done, total int) {
			fmt.Fprintf(progress, "\r%s: %d of %d ", step, done, total)
		},
	}
}

// trainers are the models of the blend. Those of the default are the same with 192 factors, which takes longer.
func trainers() []model.Trainer {
	return []model.Trainer{popular.Trainer{}, itemknn.Trainer{}, content.Trainer{}, als.Trainer{Factors: 32}}
}

// fullOptions are simpleOptions with pages made by policies, and an experiment.
func fullOptions(cat *catalog.Catalog, progress io.Writer) (recommend.Options, error) {
	live, err := rankingExperiment()
	opts := simpleOptions(cat, progress)
	opts.Experiments = []recommend.Assigner{live.Assigner("ranking")}
	opts.Policies = []recommend.Policy{
		{
			Placement: "home",
			Sources:   []stage.Source{&source.List{ID: "editor", Items: []string{"50", "98"}}},
			Stages: []stage.Stage{
				&stage.Preferences{},
				&stage.Diverse{Fields: []string{"attr.genre"}},
				&stage.Cap{Field: "attr.genre", Max: 3},
				&stage.Pin{Slots: map[int]string{2: "12"}},
			},
			Seen: &stage.Seen{Hide: map[store.Kind]time.Duration{store.View: time.Hour, store.Click: 0}},
		},
		{Experiment: "ranking", Variant: "popular", Parts: []string{popular.Name}},
	}
	opts.TrainEvery = 24 * time.Hour // by Run
	return opts, err
}

// rankingExperiment gives half of the users pages by popularity alone, and the others those of the blend.
func rankingExperiment() (*experiment.Live, error) {
	set, err := experiment.Compile(experiment.Definition{Experiments: []experiment.Experiment{{
		Key:      "ranking",
		Variants: []experiment.Variant{{Key: "popular"}, {Key: "blend"}},
	}}}, experiment.Options{})
	if err != nil {
		return nil, err
	}
	return experiment.NewLive(set), nil
}
