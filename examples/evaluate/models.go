package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/graph"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/linear"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
	"github.com/goldrec/gold/recommend/sequence"
)

// blended is what -models calls the blend of all models.
const blended = "blend"

// lacks says what a model has too little of to learn anything from these data, or nothing.
func (x exam) lacks(name string) string {
	switch {
	case name == "content" && !x.catalogue:
		return "needs -items"
	case name == "sequence" && !x.timed:
		return "needs a layout with the order of events"
	}
	return ""
}

// able leaves out the contenders, and of blends the parts, that have nothing to learn from, with a word to each.
func (x exam) able(contenders []contender, say io.Writer) []contender {
	var out []contender
	for _, c := range contenders {
		c.parts = slices.DeleteFunc(slices.Clone(c.parts), func(t model.Trainer) bool { return x.lacks(t.Name()) != "" })
		if why := x.lacks(c.name); why != "" {
			fmt.Fprintf(say, "%s is left out: it %s\n", c.name, why)
		} else if len(c.parts) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// all models, in the order in which they are evaluated; the blend of them comes behind. A new family is one more here, and
// knobs of it are in tune.go.
func all() []model.Trainer {
	return []model.Trainer{
		popular.Trainer{}, itemknn.Trainer{}, als.Trainer{}, content.Trainer{}, graph.Trainer{}, linear.Trainer{}, sequence.Trainer{},
	}
}

// known lists what -models may name.
func known() string {
	var names []string
	for _, trainer := range all() {
		names = append(names, trainer.Name())
	}
	return strings.Join(append(names, blended, "all"), ", ")
}

// contender is what is trained and measured: a model, or the blend of several.
type contender struct {
	name  string
	parts []model.Trainer
}

// contendersOf returns the named models, in the order of naming and each once, with their hyper-parameters set. The blend is of
// the named parts, whose parameters are set alike.
func contendersOf(list, parts string, params eval.Config) ([]contender, error) {
	names, err := named(list)
	if err != nil {
		return nil, err
	}
	blendOf, err := named(parts)
	if err != nil {
		return nil, fmt.Errorf("-blend: %w", err)
	}
	isPart := func(t model.Trainer) bool { return slices.Contains(blendOf, t.Name()) }
	trainers := slices.DeleteFunc(all(), func(t model.Trainer) bool {
		return !slices.Contains(names, t.Name()) && !(slices.Contains(names, blended) && isPart(t))
	})
	if trainers, err = params.Apply(trainers); err != nil {
		return nil, err
	}
	var out []contender
	for _, name := range names {
		c := contender{name: name, parts: slices.DeleteFunc(slices.Clone(trainers), func(t model.Trainer) bool { return !isPart(t) })}
		if at := slices.IndexFunc(trainers, func(t model.Trainer) bool { return t.Name() == name }); at >= 0 {
			c.parts = trainers[at : at+1]
		}
		out = append(out, c)
	}
	return out, nil
}

func named(list string) (names []string, err error) {
	var every []string
	for _, t := range all() {
		every = append(every, t.Name())
	}
	every = append(every, blended)
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		switch {
		case name == "all":
			return every, nil
		case !slices.Contains(every, name):
			return nil, fmt.Errorf("unknown model %q; known are %s", name, known())
		case !slices.Contains(names, name):
			names = append(names, name)
		}
	}
	return names, nil
}

// fit trains the contender on the data.
func (c contender) fit(ctx context.Context, data *model.Dataset, opt options, progress func(done, total int)) (model.Scorer, error) {
	if c.name != blended {
		return c.parts[0].Train(ctx, data, model.TrainOptions{Seed: opt.seed, Workers: opt.workers, Progress: progress})
	}
	parts, weights, _, err := blend.Fit(ctx, c.parts, data, blend.Options{Seed: opt.seed, Workers: opt.workers, Progress: progress})
	if err != nil {
		return nil, err
	}
	return blend.New(parts, weights)
}

// param reads a hyper-parameter given as model.Field=value.
func param(text string) (name string, value float64, err error) {
	name, number, ok := strings.Cut(text, "=")
	if !ok {
		return "", 0, errors.New("want model.Field=value")
	}
	value, err = strconv.ParseFloat(number, 64)
	return name, value, err
}
