package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
)

// options is the command line.
type options struct {
	layout      layout
	train, test string
	items       string
	ratingMin   float64
	forget      int
	unlearned   int
	contenders  []contender
	k           int
	seed        uint64
	workers     int
	json        string
}

func parse(args []string, stderr io.Writer) (options, error) {
	var opt options
	var layoutName, models, parts string
	var params []string
	flags := flag.NewFlagSet("evaluate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&layoutName, "layout", "", "how the files are laid out: adjacency, sequence or triples")
	flags.StringVar(&opt.train, "train", "", "`file` to train on")
	flags.StringVar(&opt.test, "test", "", "`file` to test on; without it a part of -train is held out")
	flags.StringVar(&opt.items, "items", "", "catalogue `file` for models that read it, .csv or .jsonl, as package catalog reads it")
	flags.Float64Var(&opt.ratingMin, "rating-min", math.Inf(-1), "leave out interactions with a lower rating")
	flags.IntVar(&opt.forget, "forget", 0, "leave out each user's newest `n` events, to choose hyper-parameters by those before them")
	flags.IntVar(&opt.unlearned, "unlearned", 0, "train without each user's newest `n` events before the test's; rank with them")
	flags.StringVar(&models, "models", "all", "comma-separated models: "+known())
	flags.StringVar(&parts, "blend", "all", "comma-separated models that the blend is of")
	flags.IntVar(&opt.k, "k", 20, "cutoff of recall@k and ndcg@k")
	flags.Uint64Var(&opt.seed, "seed", 1, "of the split and of training")
	flags.IntVar(&opt.workers, "workers", 0, "goroutines; 0 means one for each processor; changes no figure")
	flags.StringVar(&opt.json, "json", "-", "`file` for the results; - is the standard output")
	flags.Func("param", "hyper-parameter as `model.Field=value`, such as als.Factors=64; may be given again", func(v string) error {
		params = append(params, v)
		return nil
	})
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return opt, err
	case err != nil:
		return opt, fmt.Errorf("%w: %w", errUsage, err)
	case flags.NArg() > 0:
		return opt, fmt.Errorf("%w: unexpected argument %q", errUsage, flags.Arg(0))
	case opt.train == "":
		return opt, fmt.Errorf("%w: -train is missing", errUsage)
	case opt.k < 1:
		return opt, fmt.Errorf("%w: -k is %d, want 1 or more", errUsage, opt.k)
	case opt.forget < 0 || opt.unlearned < 0:
		return opt, fmt.Errorf("%w: -forget is %d and -unlearned %d, want 0 or more", errUsage, opt.forget, opt.unlearned)
	}
	if opt.layout, err = layoutOf(layoutName); err != nil {
		return opt, fmt.Errorf("%w: %w", errUsage, err)
	}
	if opt.contenders, err = contendersOf(models, parts, params); err != nil {
		return opt, fmt.Errorf("%w: %w", errUsage, err)
	}
	return opt, nil
}
