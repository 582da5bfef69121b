package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"runtime"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/examples/shop/accounts"
	"github.com/goldrec/gold/examples/shop/database"
	"github.com/goldrec/gold/examples/shop/golden"
	"github.com/goldrec/gold/examples/shop/retail"
	"github.com/goldrec/gold/examples/shop/stock"
	"github.com/goldrec/gold/examples/shop/web"
	"github.com/goldrec/gold/experiment"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

// ranking is the experiment that the shop runs: a fifth of its users get pages from item-kNN alone, the others from the
// blend of all models.
const ranking = "ranking"

// shop is gold's rooms put together.
type shop struct {
	store   store.Store
	db      *database.DB
	engine  *recommend.Engine
	handler http.Handler
	log     *slog.Logger
}

// openShop opens what fill left in the directory.
func openShop(ctx context.Context, cfg config) (_ *shop, err error) {
	goods, err := stock.Dir(cfg.data).Load()
	if err != nil {
		return nil, err
	}
	if cfg.source == retail.Source && goods.Source != retail.Source {
		return nil, fmt.Errorf("%s already holds a shop (%s); choose another directory with -data, or remove this one",
			cfg.data, goods.Source)
	}
	s := &shop{log: cfg.log}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	cat := catalog.New()
	for _, item := range goods.Items {
		if _, err := cat.Upsert(item); err != nil {
			return nil, fmt.Errorf("catalogue of %s: %w", cfg.data, err)
		}
	}
	hour, err := golden.New(cat, cfg.golden, cfg.zone)
	if err != nil {
		return nil, err
	}
	experiments, err := experiment.Compile(experiment.Definition{Experiments: []experiment.Experiment{{
		Key: ranking, Variants: []experiment.Variant{{Key: "blend", Weight: 0.8}, {Key: "neighbours", Weight: 0.2}},
	}}}, experiment.Options{})
	if err != nil {
		return nil, err
	}
	live := experiment.NewLive(experiments)
	stored := stock.Dir(cfg.data).StorePath()
	if s.store, err = openStore(stored, cfg.log); err != nil {
		return nil, err
	}
	s.engine, err = recommend.Open(ctx, s.store, recommend.Options{
		Catalog:     cat,
		Experiments: []recommend.Assigner{live.Assigner(ranking)},
		Policies:    []recommend.Policy{{Variant: "neighbours", Parts: []string{"itemknn"}}},
		TrainEvery:  cfg.train, // by Run, and at once when there is no model yet
		Seed:        cfg.seed,
		Workers:     max(1, runtime.GOMAXPROCS(0)/2), // the rest serves
		Logger:      cfg.log,
	})
	if err != nil {
		return nil, err
	}
	if s.db, err = database.Open(ctx, filepath.Join(cfg.data, "shop.db"), accounts.Migrations()); err != nil {
		return nil, err
	}
	mailbox := &accounts.Mailbox{}
	people, err := accounts.Open(ctx, accounts.Options{DB: s.db, Sessions: store.NewMemoryCache(store.MemoryCacheOptions{}), Mail: mailbox})
	if err != nil {
		return nil, err
	}
	s.handler, err = web.New(web.Config{
		Catalog: cat, Engine: s.engine, Store: s.store, Golden: hour, Experiments: live, Accounts: people, Mailbox: mailbox,
		Shoppers: goods.Shoppers, Demonstrate: cfg.demonstrate, Logger: cfg.log,
	})
	return s, err
}

// Close closes what is open, the engine before its store.
func (s *shop) Close() error {
	var errs []error
	if s.engine != nil {
		errs = append(errs, s.engine.Close())
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}
