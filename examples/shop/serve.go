package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/goldrec/gold/examples/shop/crowd"
	"github.com/goldrec/gold/examples/shop/retail"
	"github.com/goldrec/gold/examples/shop/seed"
	"github.com/goldrec/gold/examples/shop/stock"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pebblestore"
)

// How long a client may take, and how long requests under way have when the shop closes.
const (
	headerTimeout   = 5 * time.Second
	readTimeout     = 15 * time.Second
	writeTimeout    = 30 * time.Second
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 20 * time.Second
)

// serve opens the shop and keeps it open until ctx ends. Then no new request is taken, those under way are finished,
// and the store is closed: what was acknowledged is on the disk before, so nothing is lost either way.
func serve(ctx context.Context, cfg config, out io.Writer) (err error) {
	listener, err := listen(ctx, cfg.addr)
	if err != nil {
		return err
	}
	defer listener.Close() // for the errors before it serves
	if err := fill(ctx, cfg); err != nil {
		return err
	}
	shop, err := openShop(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shop.Close()) }()

	running, stop := context.WithCancel(ctx)
	var background sync.WaitGroup
	background.Go(func() {
		if err := shop.engine.Run(running); err != nil {
			cfg.log.ErrorContext(ctx, "engine stopped", "error", err)
		}
	})
	if cfg.crowd > 0 {
		background.Go(func() {
			if err := crowd.New(shop.engine, shop.engine.Catalog(), cfg.seed).Run(running, cfg.crowd); err != nil {
				cfg.log.ErrorContext(ctx, "crowd stopped", "error", err)
			}
		})
	}
	defer background.Wait()
	defer stop()

	server := &http.Server{
		Handler: onlyHere(listener.Addr(), shop.handler), ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(cfg.log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	background.Go(func() { failed <- server.Serve(listener) })
	fmt.Fprintf(out, "The shop is open: http://%s/   (data in %s; Ctrl-C closes it)\n", listener.Addr(), cfg.data)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	return server.Shutdown(grace)
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken by another program; choose another address with -addr, such as -addr 127.0.0.1:0", addr)
	}
	return listener, err
}

// fill puts stock into a directory that has none, and checks that one that has some is what the flags ask for.
func fill(ctx context.Context, cfg config) error {
	dir := stock.Dir(cfg.data)
	filled, err := dir.Filled()
	if err != nil || filled {
		return err
	}
	began := time.Now()
	goods, err := newStock(cfg)
	if err != nil {
		return err
	}
	if err := dir.Fill(ctx, goods, func(path string) (store.Store, error) { return openStore(path, cfg.log) }); err != nil {
		return err
	}
	cfg.log.InfoContext(ctx, "filled a new shop", "source", goods.Source, "items", len(goods.Items),
		"interactions", len(goods.Interactions), "took", time.Since(began).Round(time.Millisecond))
	return nil
}

// newStock makes the stock up or imports it.
func newStock(cfg config) (*stock.Stock, error) {
	if cfg.source == "" {
		return seed.Generate(seed.Options{Seed: cfg.seed, Items: cfg.items, Shoppers: cfg.shoppers, Now: time.Now()}), nil
	}
	data, err := readRetail(cfg)
	if err != nil {
		return nil, err
	}
	return data.Stock(), nil
}

func readRetail(cfg config) (*retail.Data, error) {
	f, err := os.Open(cfg.file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := retail.Read(f)
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", cfg.file, err)
	}
	cfg.log.Info("read Online Retail", "rows", data.Rows, "kept", len(data.Interactions), "skipped", data.Skipped.String())
	return data, nil
}

func openStore(path string, log *slog.Logger) (store.Store, error) {
	st, err := pebblestore.Open(path, pebblestore.Options{Logger: log})
	if errors.Is(err, pebblestore.ErrInUse) {
		return nil, fmt.Errorf("another shop is open on %s; close it, or choose another directory with -data", path)
	}
	if err != nil {
		return nil, err // not a store that is a nil pointer
	}
	return st, nil
}
