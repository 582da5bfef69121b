// Shop is the reference shop: gold's rooms put together behind a storefront and a JSON API, in one process and one
// directory.
//
//	go run ./examples/shop                                   # a made-up catalogue, shoppers with hidden tastes
//	go run ./examples/shop -import online-retail FILE        # the UCI Online Retail data instead
//	go run ./examples/shop -import online-retail FILE -evaluate   # no shop: measure the models on it
//
// It keeps everything in the directory of -data and goes on from there at the next start. README.md beside this file
// walks through it; web/openapi.yaml describes the API.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
	_ "time/tzdata" // the golden hour's zone, on machines that have none

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/examples/shop/golden"
	"github.com/goldrec/gold/examples/shop/retail"
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
		fmt.Fprintln(os.Stderr, "shop:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, cfg config, out io.Writer) error {
	if cfg.evaluate {
		return evaluate(ctx, cfg, out)
	}
	return serve(ctx, cfg, out)
}

// config is what the flags say.
type config struct {
	addr        string
	data        string
	source      string // of -import: empty, or retail.Source
	file        string // to import
	evaluate    bool
	seed        uint64
	items       int
	shoppers    int
	zone        string
	golden      string
	train       time.Duration
	demonstrate bool
	crowd       float64 // visits a second
	log         *slog.Logger
}

// parseFlags reads the flags, which may also stand behind the file to import.
func parseFlags(args []string, out io.Writer) (config, error) {
	var cfg config
	level := slog.LevelInfo
	flags := flag.NewFlagSet("shop", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&cfg.addr, "addr", "127.0.0.1:8080", "address to listen on; port 0 takes any free one")
	flags.StringVar(&cfg.data, "data", defaultData(), "directory that keeps the shop")
	flags.StringVar(&cfg.source, "import", "", "fill a new shop from a data set: online-retail, followed by the FILE")
	flags.BoolVar(&cfg.evaluate, "evaluate", false, "with -import: do not open, measure the models on the data set")
	flags.Uint64Var(&cfg.seed, "seed", 1, "of everything random: the made-up shop and the training")
	flags.IntVar(&cfg.items, "items", 3000, "products of a made-up shop")
	flags.IntVar(&cfg.shoppers, "shoppers", 1000, "shoppers of a made-up shop")
	flags.StringVar(&cfg.zone, "zone", "Europe/Berlin", "time zone of the golden hour, an IANA name")
	flags.StringVar(&cfg.golden, "golden", "18:00", "when the golden hour begins")
	flags.Float64Var(&cfg.crowd, "crowd", 2, "visits a second of simulated shoppers while the shop is open; 0 for none")
	flags.BoolVar(&cfg.demonstrate, "demonstrate", true, "open a golden hour of three minutes soon after somebody comes; the daily one keeps its hour")
	flags.DurationVar(&cfg.train, "train", 10*time.Minute, "how often to train on what is new")
	flags.TextVar(&level, "log", slog.LevelInfo, "least level of what is logged: debug, info, warn or error")
	if err := flags.Parse(args); err != nil {
		return cfg, err
	}
	cfg.log = slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level}))
	if cfg.source != "" && flags.NArg() > 0 {
		cfg.file = flags.Arg(0)
		if err := flags.Parse(flags.Args()[1:]); err != nil {
			return cfg, err
		}
	}
	switch {
	case flags.NArg() > 0:
		return cfg, fmt.Errorf("what is %q? Flags come before, or right behind the file to import", flags.Arg(0))
	case cfg.source != "" && cfg.source != retail.Source:
		return cfg, fmt.Errorf("-import %s: the only data set it knows is %s", cfg.source, retail.Source)
	case cfg.source != "" && cfg.file == "":
		return cfg, fmt.Errorf("-import %s: name the FILE behind it", cfg.source)
	case cfg.evaluate && cfg.source == "":
		return cfg, errors.New("-evaluate needs -import online-retail FILE")
	case cfg.items < 1 || cfg.items > 1_000_000 || cfg.shoppers < 0 || cfg.shoppers > 1_000_000:
		return cfg, errors.New("-items goes from 1 to a million, -shoppers from 0")
	case !(cfg.crowd >= 0 && cfg.crowd <= 1000):
		return cfg, errors.New("-crowd goes from 0 to 1000")
	case cfg.train <= 0:
		return cfg, errors.New("-train must be above 0")
	case cfg.data == "":
		return cfg, errors.New("-data must name a directory")
	}
	_, err := golden.New(catalog.New(), cfg.golden, cfg.zone) // before a shop is filled for nothing
	return cfg, err
}

// defaultData is a directory of the user's cache, or one right here when there is none.
func defaultData() string {
	if cache, err := os.UserCacheDir(); err == nil {
		return filepath.Join(cache, "gold-shop")
	}
	return ".shop"
}
