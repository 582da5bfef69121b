package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/model"
)

// knobs are the hyper-parameters that -tune turns, and how far.
func knobs(name string) []eval.Knob {
	var mine []eval.Knob
	for _, k := range []eval.Knob{
		{Name: "popular.HalfLifeDays", Low: 1, High: 1000, Scale: eval.Logarithmic},
		{Name: "itemknn.Neighbors", Low: 20, High: 500, Scale: eval.Logarithmic, Step: 10},
		{Name: "itemknn.Shrink", Low: 0.5, High: 100, Scale: eval.Logarithmic},
		{Name: "itemknn.Asymmetry", Low: 0.1, High: 1},
		{Name: "als.Factors", Low: 32, High: 384, Scale: eval.Logarithmic, Step: 32},
		{Name: "als.Regularization", Low: 0.001, High: 0.02, Scale: eval.Logarithmic},
		{Name: "als.Unobserved", Low: 2, High: 60, Scale: eval.Logarithmic},
		{Name: "content.Neighbors", Low: 10, High: 200, Scale: eval.Logarithmic, Step: 10},
		{Name: "graph.UserExponent", Low: 0.3, High: 1.2},
		{Name: "graph.HistoryExponent", Low: 0.2, High: 1},
		{Name: "graph.CandidateExponent", Low: 0.1, High: 0.7},
		{Name: "graph.Low", Low: 0.05, High: 1, Scale: eval.Logarithmic},
		{Name: "linear.Ridge", Low: 0.3, High: 30, Scale: eval.Logarithmic},
		{Name: "linear.UserExponent", Low: 0.05, High: 0.8},
		{Name: "sequence.Gap", Low: 1, High: 30, Scale: eval.Logarithmic},
		{Name: "sequence.Backward", Low: 0.05, High: 1},
		{Name: "sequence.RowExponent", Low: 0.1, High: 1},
		{Name: "sequence.ColExponent", Low: 0.01, High: 0.6},
		{Name: "sequence.Recency", Low: 0.5, High: 10, Scale: eval.Logarithmic},
	} {
		if strings.HasPrefix(k.Name, name+".") {
			mine = append(mine, k)
		}
	}
	return mine
}

// tune searches for good hyper-parameters of every model that is asked for or a part of a blend, one after the other, by a part of
// what is trained on, and returns the contenders with them. What it found goes to the file of -config.
func tune(ctx context.Context, contenders []contender, x exam, opt options, stderr io.Writer) ([]contender, error) {
	practice := x.holdOut(x.train, opt.seed+1) // those drawn by the seed itself are not in train any more
	if practice.train.Len() == 0 || practice.questions() == 0 {
		return nil, errors.New("-tune: too few interactions to hold some of them out")
	}
	var trainers []model.Trainer
	for _, c := range contenders {
		for _, t := range c.parts {
			known := func(o model.Trainer) bool { return o.Name() == t.Name() }
			if !slices.ContainsFunc(trainers, known) && len(knobs(t.Name())) > 0 {
				trainers = append(trainers, t)
			}
		}
	}
	found := eval.Config{}
	maps.Copy(found, opt.config)
	until := time.Now().Add(opt.tune)
	for i, t := range trainers {
		tuned, err := tuneOne(ctx, t, practice, opt, time.Until(until)/time.Duration(len(trainers)-i), stderr)
		if err != nil {
			return nil, fmt.Errorf("tune %s: %w", t.Name(), err)
		}
		fmt.Fprintf(stderr, "%s: %d runs, ndcg@%d of what was held out %.4f before, %.4f with %v\n",
			t.Name(), len(tuned.Runs), opt.k, tuned.Default.Score, tuned.Score, tuned.Config)
		maps.Copy(found, tuned.Config)
	}
	if err := toFile(opt.configFile, found.Write); err != nil {
		return nil, err
	}
	return configured(contenders, found)
}

// configured sets what the configuration says of the contenders' trainers, and passes over what it says of others.
func configured(contenders []contender, c eval.Config) ([]contender, error) {
	out := slices.Clone(contenders)
	for i := range out {
		mine := eval.Config{}
		for path, v := range c {
			name, _, _ := strings.Cut(path, ".")
			if slices.ContainsFunc(out[i].parts, func(t model.Trainer) bool { return t.Name() == name }) {
				mine[path] = v
			}
		}
		var err error
		if out[i].parts, err = mine.Apply(out[i].parts); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// tuneOne gives one model its share of the time.
func tuneOne(ctx context.Context, t model.Trainer, x exam, opt options, budget time.Duration, stderr io.Writer) (eval.Tuned, error) {
	bar := newBar(stderr, "tune "+t.Name())
	defer bar.Close()
	begun := time.Now()
	return eval.Tune(ctx, knobs(t.Name()), func(ctx context.Context, c eval.Config, part float64) (float64, error) {
		trainers, err := c.Apply([]model.Trainer{t})
		if err != nil {
			return 0, err
		}
		some := x.part(part, opt.seed)
		m, err := trainers[0].Train(ctx, withoutNewest(some.train, opt.unlearned), model.TrainOptions{Seed: opt.seed, Workers: opt.workers})
		if err != nil {
			return 0, err
		}
		report, err := some.rank(ctx, m, eval.Options{Cutoffs: []int{opt.k}, Workers: opt.workers})
		return report.At(opt.k).NDCG, err
	}, eval.TuneOptions{
		Trials: opt.trials, Budget: max(budget, 1), Seed: opt.seed,
		Progress: func(eval.Trial) { bar.Set(int(min(time.Since(begun), budget)/time.Second), int(budget/time.Second)+1) },
	})
}

// part keeps the histories and the questions of a part of the users, drawn alike for every model.
func (x exam) part(part float64, seed uint64) exam {
	oneIn := uint64(math.Round(1 / part))
	x.train = keeping(x.train, eval.Sample(x.train, oneIn, seed))
	if x.test != nil {
		x.test = keeping(x.test, eval.Sample(x.test, oneIn, seed))
		return x
	}
	var some []eval.Case
	for i, c := range x.cases {
		if uint64(i)%oneIn == 0 {
			some = append(some, c)
		}
	}
	x.cases = some
	return x
}

// readConfig reads the file of -config, when there is one to read.
func readConfig(path string) (eval.Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c, err := eval.ReadConfig(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}
