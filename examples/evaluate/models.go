package main

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/graph"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/linear"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
	"github.com/goldrec/gold/recommend/sequence"
)

// blended is what -models calls the blend of all models.
const blended = "blend"

// all models, in the order in which they are evaluated; the blend of them comes behind.
func all() []model.Trainer {
	return []model.Trainer{popular.Trainer{}, itemknn.Trainer{}, als.Trainer{}, content.Trainer{}, graph.Trainer{}, linear.Trainer{}, sequence.Trainer{}}
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
func contendersOf(list, parts string, params []string) ([]contender, error) {
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
	for _, param := range params {
		if err := set(trainers, param); err != nil {
			return nil, fmt.Errorf("-param %s: %w", param, err)
		}
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

// set sets one field of one trainer, given as model.Field=value. The trainers are structs, which are replaced.
func set(trainers []model.Trainer, param string) error {
	path, value, ok := strings.Cut(param, "=")
	name, field, dotted := strings.Cut(path, ".")
	if !ok || !dotted {
		return fmt.Errorf("want model.Field=value")
	}
	at := slices.IndexFunc(trainers, func(t model.Trainer) bool { return t.Name() == name })
	if at < 0 {
		return fmt.Errorf("model %q is not among -models", name)
	}
	changed := reflect.New(reflect.TypeOf(trainers[at])).Elem()
	changed.Set(reflect.ValueOf(trainers[at]))
	into := changed.FieldByName(field)
	if !into.IsValid() || !into.CanSet() {
		return fmt.Errorf("%s has no field %q", name, field)
	}
	if err := parseInto(into, value); err != nil {
		return err
	}
	trainers[at] = changed.Interface().(model.Trainer)
	return nil
}

func parseInto(into reflect.Value, text string) (err error) {
	switch {
	case into.CanInt():
		var v int64
		v, err = strconv.ParseInt(text, 10, into.Type().Bits())
		into.SetInt(v)
	case into.CanUint():
		var v uint64
		v, err = strconv.ParseUint(text, 10, into.Type().Bits())
		into.SetUint(v)
	case into.CanFloat():
		var v float64
		v, err = strconv.ParseFloat(text, into.Type().Bits())
		into.SetFloat(v)
	default:
		err = fmt.Errorf("a %s cannot be given here", into.Type())
	}
	return err
}
