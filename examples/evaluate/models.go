package main

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goldrec/gold/examples/internal/blended"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
)

// all models, in the order in which they are evaluated.
func all() []model.Trainer {
	return []model.Trainer{popular.Trainer{}, itemknn.Trainer{}, als.Trainer{}, content.Trainer{}, blended.Trainer{}}
}

// known lists what -models may name.
func known() string {
	names := make([]string, 0, 6)
	for _, trainer := range all() {
		names = append(names, trainer.Name())
	}
	return strings.Join(append(names, "all"), ", ")
}

// trainersOf returns the named models, in the order of naming and each once, with their hyper-parameters set.
func trainersOf(list string, params []string) ([]model.Trainer, error) {
	trainers, err := named(list)
	if err != nil {
		return nil, err
	}
	for _, param := range params {
		if err := set(trainers, param); err != nil {
			return nil, fmt.Errorf("-param %s: %w", param, err)
		}
	}
	return trainers, nil
}

func named(list string) (trainers []model.Trainer, err error) {
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if name == "all" {
			return all(), nil
		}
		at := slices.IndexFunc(all(), func(t model.Trainer) bool { return t.Name() == name })
		if at < 0 {
			return nil, fmt.Errorf("unknown model %q; known are %s", name, known())
		}
		if !slices.ContainsFunc(trainers, func(t model.Trainer) bool { return t.Name() == name }) {
			trainers = append(trainers, all()[at])
		}
	}
	return trainers, nil
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
