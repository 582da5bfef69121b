// Replica is gold behind HTTP, as many copies as there is work for, on one PostgreSQL:
//
//	replica -store postgres://gold@db/shop -catalogue products.jsonl -listen :8080 -private :9090
//
// Any copy takes what people do and answers what to show; a click that one has taken is in the pages of all others as soon
// as they have followed the log. With -role train a copy trains on a schedule, under a lease, and all others take the new
// models into service. A copy keeps nothing that is not in the store, and may be killed at any moment.
//
//	POST   /v1/interactions              an array of interactions, with IDs so that it can be sent again
//	GET    /v1/recommendations?user=U    n, placement and session may be given too
//	DELETE /v1/users/{user}              forgets a user, on all copies
//
// The private address serves /live, /ready and /metrics. ../README.md says how copies are run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store/pgstore"
)

const (
	requestTimeout  = 10 * time.Second // for a client to send a request, and to take the answer
	shutdownTimeout = 20 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	cfg, err := parseFlags(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	}
	if err == nil {
		err = run(ctx, cfg, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "replica:", err)
		os.Exit(1)
	}
}

// config is what the flags say.
type config struct {
	store, schema   string
	catalogue       string
	listen, private string
	role            string
	train, drain    time.Duration
	log             *slog.Logger
}

func parseFlags(args []string, out io.Writer) (config, error) {
	var cfg config
	level := slog.LevelInfo
	flags := flag.NewFlagSet("replica", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&cfg.store, "store", os.Getenv("GOLD_STORE"), "URL of the PostgreSQL; default: the variable GOLD_STORE, which other processes do not see")
	flags.StringVar(&cfg.schema, "schema", "gold", "schema of the database")
	flags.StringVar(&cfg.catalogue, "catalogue", "", "file of products, JSON Lines; without one, whatever people have done something with")
	flags.StringVar(&cfg.listen, "listen", "127.0.0.1:8080", "address of the service")
	flags.StringVar(&cfg.private, "private", "127.0.0.1:9090", "address of /live, /ready and /metrics")
	flags.StringVar(&cfg.role, "role", "serve", "serve, train (which serves too, for those that ask it), or both")
	flags.DurationVar(&cfg.train, "train", 10*time.Minute, "how often one that trains does")
	flags.DurationVar(&cfg.drain, "drain", 5*time.Second, "how long it says that it is not ready before it stops")
	flags.TextVar(&level, "log", slog.LevelInfo, "least level of what is logged: debug, info, warn or error")
	if err := flags.Parse(args); err != nil {
		return cfg, err
	}
	cfg.log = slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level}))
	switch {
	case flags.NArg() > 0:
		return cfg, fmt.Errorf("what is %q? There are flags only", flags.Arg(0))
	case cfg.store == "":
		return cfg, errors.New("-store or GOLD_STORE must name a PostgreSQL")
	case cfg.role != "serve" && cfg.role != "train" && cfg.role != "both":
		return cfg, fmt.Errorf("-role %q: serve, train or both", cfg.role)
	case cfg.train <= 0 || cfg.drain < 0:
		return cfg, errors.New("-train must be above 0, -drain not below")
	}
	return cfg, nil
}

// run serves until ctx ends. Then it says that it is not ready, goes on until those who send requests have heard it, and
// finishes what is under way.
func run(ctx context.Context, cfg config, out io.Writer) (err error) {
	replica := newReplica(cfg.log)
	private, err := listen(ctx, cfg.private, replica.private())
	if err != nil {
		return err
	}
	defer private.Close() // it is asked while everything else starts and stops

	st, err := pgstore.Open(ctx, cfg.store, pgstore.Options{Schema: cfg.schema, Logger: cfg.log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	opts := recommend.Options{Logger: cfg.log}
	if opts.Catalog, err = readCatalogue(ctx, cfg.catalogue); err != nil {
		return err
	}
	if cfg.role != "serve" {
		opts.TrainEvery = cfg.train
	}
	engine, err := recommend.Open(ctx, st, opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()

	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	var background sync.WaitGroup
	defer background.Wait()
	defer stop()
	background.Go(func() {
		if err := engine.Run(serving); err != nil {
			cfg.log.Error("engine stopped", "error", err)
		}
	})
	public, err := listen(ctx, cfg.listen, replica.open(engine))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "serving on %s, private on %s\n", public.Addr, private.Addr)
	<-ctx.Done()
	replica.ready.Store(false)
	time.Sleep(cfg.drain)
	grace, cancel := context.WithTimeout(serving, shutdownTimeout)
	defer cancel()
	return public.Shutdown(grace)
}

// listen starts a server, whose Addr is where it listens.
func listen(ctx context.Context, addr string, handler http.Handler) (*http.Server, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	server := &http.Server{
		Addr: listener.Addr().String(), Handler: handler, ReadHeaderTimeout: requestTimeout, ReadTimeout: requestTimeout,
		WriteTimeout: 2 * requestTimeout, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	go server.Serve(listener) //nolint:errcheck // it ends with ErrServerClosed
	return server, nil
}

// readCatalogue reads a file of products. Without one it returns nil, and everything may be shown that an interaction names.
func readCatalogue(ctx context.Context, path string) (*catalog.Catalog, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	cat := catalog.New()
	if _, err := cat.Import(ctx, catalog.ReadJSONLines(f), catalog.ImportOptions{}); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return cat, nil
}
