// Command evaluate trains models on a file of interactions and says how well they find what it held out:
//
//	go run ./examples/evaluate -layout triples -train ratings.csv -models popular,itemknn,als -k 20
//
// Of every item that a model knows, all that a user has not touched in training are ranked, none are sampled; ties, and
// so everything by a model that has nothing to say, such as content without -items, rank in the order in which items first
// came. The blend is of all models or those of -blend, and its training that of its parts and of its weights. Models that the
// data give nothing to learn from, such as content without -items, are left out with a word. One JSON object a line and model goes to
// the file of -json or to the standard output, and tables to the standard error, the second with intervals and how surely each
// model differs from the first; -html has the same with plots:
//
//	recall@20, ndcg@20  found among the first 20, or what -k says; relevance is yes or no
//	mrr@20, map@20, precision@20, coverage@20, novelty@20, gini@20, popularity@20, auc
//	                    as package recommend/eval defines them
//	recall_interval@20, ndcg_interval@20
//	                    95 % of a bootstrap over users
//	hr@10, ndcg@10      the same at 10, recall being whether any was found
//	fit_seconds         training, wall clock
//	score_seconds       ranking for all test users and measuring, wall clock
//	peak_rss_bytes      most resident memory of the process from the start of training to the end of ranking, the data
//	                    included; where the system cannot start a new peak, since the process began; 0 if it has none
//
// # Layouts
//
//	adjacency  a line is "user item item …", in no order
//	sequence   the same in the order of time; without -test the last item of each user is the test
//	triples    "user,item[,rating][,timestamp]" in CSV, or separated by tabs, with or without a header
//	sessions   "item item …" in the order of time, a visit of somebody unknown; -test has lines of "item item … TAB next", and what
//	           was seen in the visit is ranked like everything else; without -test a tenth of the visits is drawn, and asked
//	           for every event but the first. P@20 of the papers is recall@20
//
// Fields of the first two and the last are separated by spaces. Of a third column in triples a header says whether it is a time; if
// there is none, a number of 100,000,000 or more on the first line is. Times are Unix seconds, or milliseconds when they
// are above 10¹¹. Every line counts as one interaction of weight 1, whatever its rating; -rating-min leaves the poorer
// ones out. An item's identifier is its text: "7" and "07" are two items.
//
// # Test users and items
//
// Without -test a fifth of each user's items is held out: those of the newest fifth of their times when the file has
// timestamps, else a fifth drawn with -seed. Users of one item keep it and are not tested. With -test the file is taken
// as it is. A user's recall is the part of their test items that is found, and the figures are means over all test users
// who have a test item, which is the protocol of LightGCN and of the BARS benchmarks. Test users whom training does not
// know are strangers to the models and count; test items that training does not know are never found and count; test
// items that the user touched in training are not asked for.
//
// # Choosing hyper-parameters
//
// Never by a test file: without -test a part of the training file is held out, by -seed, and of sequences -forget 1 takes away what
// is tested otherwise. Published figures of next-item exams are of models that were not trained on the event before the test's
// and are only shown it: -unlearned 1.
//
// -tune 10m searches itself, by successive halving on a part of what is trained on that is held out as without -test, and writes
// what it found to the file of -config, one JSON object such as {"als.Factors": 64}; -config alone reads it. An engine is opened with
// it too: eval.ReadConfig reads the file, and Config.Apply sets the trainers for recommend.Options.
//
// # For others to score
//
// -ranking FILE writes one model's rankings as trec_eval reads them, and FILE.qrels what is relevant.
//
// # The tables of docs/accuracy.md
//
//	go run ./examples/evaluate tables -data DIR
//
// makes those of the data sets that are in DIR, on the standard output, with the commands that make each row.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// errUsage says that the command line makes no sense: exit code 2, where failures are 1.
var errUsage = errors.New("usage")

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "tables" {
		return tables(ctx, args[1:], stdout, stderr)
	}
	opt, err := parse(args, stderr)
	if err == nil {
		err = evaluate(ctx, opt, stdout, stderr)
	}
	return exitCode(err, stderr)
}

func exitCode(err error, stderr io.Writer) int {
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintln(stderr, "evaluate:", err)
		return 2
	}
	fmt.Fprintln(stderr, "evaluate:", err)
	return 1
}

// evaluate loads the data and then trains, ranks and reports, one model after the other.
func evaluate(ctx context.Context, opt options, stdout, stderr io.Writer) (err error) {
	x, err := opt.load()
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "%d users, %d items, %d interactions to train on, %d to test on\n",
		x.train.UserCount(), x.train.ItemCount(), x.train.Len(), x.questions())
	contenders, err := opt.prepare(ctx, x, stderr)
	if err != nil {
		return err
	}
	out, err := newReporter(opt, stdout, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	for _, c := range contenders {
		r, err := measure(ctx, c, x, opt, stderr)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if err := out.Result(r); err != nil {
			return err
		}
	}
	return nil
}

// prepare leaves out who has nothing to learn from, and sets or searches for hyper-parameters.
func (opt options) prepare(ctx context.Context, x exam, stderr io.Writer) ([]contender, error) {
	contenders := x.able(opt.contenders, stderr)
	switch {
	case len(contenders) == 0:
		return nil, errors.New("no model is left")
	case opt.tune > 0:
		return tune(ctx, contenders, x, opt, stderr)
	case opt.configFile == "":
		return contenders, nil
	}
	c, err := readConfig(opt.configFile)
	if err != nil {
		return nil, err
	}
	maps.Copy(c, opt.config)
	return configured(contenders, c)
}
