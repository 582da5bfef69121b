package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/goldrec/gold/recommend/eval"
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
	ranking     string
	html        string
	config      eval.Config // of -config and -param, the latter's first
	configFile  string
	tune        time.Duration // 0: not at all
	trials      int
}

func parse(args []string, stderr io.Writer) (options, error) {
	var opt options
	var layoutName, models, parts string
	params := eval.Config{}
	flags := flag.NewFlagSet("evaluate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&layoutName, "layout", "", "how the files are laid out: adjacency, sequence, triples or sessions")
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
		name, value, err := param(v)
		params[name] = value
		return err
	})
	flags.StringVar(&opt.ranking, "ranking", "", "`file` for the rankings in trec_eval's form, and file.qrels for what is relevant; of one model")
	flags.StringVar(&opt.html, "html", "", "`file` for a report with plots")
	flags.StringVar(&opt.configFile, "config", "", "`file` of hyper-parameters to read, or with -tune to write")
	flags.DurationVar(&opt.tune, "tune", 0, "search for hyper-parameters as `long`, such as 10m, by a part of what is trained on")
	flags.IntVar(&opt.trials, "trials", 0, "with -tune, at most `n` configurations of each model, as far as the time goes")
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
	case opt.tune < 0 || opt.trials < 0:
		return opt, fmt.Errorf("%w: -tune is %v and -trials %d, want more than 0", errUsage, opt.tune, opt.trials)
	case opt.tune > 0 && opt.configFile == "":
		return opt, fmt.Errorf("%w: -tune needs -config, the file to write", errUsage)
	case opt.forget < 0 || opt.unlearned < 0:
		return opt, fmt.Errorf("%w: -forget is %d and -unlearned %d, want 0 or more", errUsage, opt.forget, opt.unlearned)
	}
	if opt.layout, err = layoutOf(layoutName); err != nil {
		return opt, fmt.Errorf("%w: %w", errUsage, err)
	}
	if opt.contenders, err = contendersOf(models, parts, params); err != nil {
		return opt, fmt.Errorf("%w: %w", errUsage, err)
	}
	if opt.ranking != "" && (len(opt.contenders) != 1 || opt.layout.name == "sessions") {
		return opt, fmt.Errorf("%w: -ranking is of one model and of users; name one with -models", errUsage)
	}
	opt.config = params
	return opt, nil
}
