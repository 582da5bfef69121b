package eval

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/goldrec/gold/recommend/model"
)

// Config is hyper-parameters by the name of the model and of the field of its Trainer, such as "als.Factors": 64. In a file it is
// one JSON object. The zero Config leaves trainers as they are.
type Config map[string]float64

// configMax bounds the size of a file, in bytes.
const configMax = 1 << 20

// ReadConfig reads what Write wrote. What is no such object, a number that is not finite among them, or more than 1 MiB, is
// ErrInvalid. Which fields there are, Apply finds out.
func ReadConfig(r io.Reader) (Config, error) {
	text, err := io.ReadAll(io.LimitReader(r, configMax+1))
	if err != nil {
		return nil, err
	}
	if len(text) > configMax {
		return nil, invalid("a configuration of more than %d bytes", configMax)
	}
	c := Config{}
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, invalid("configuration: %v", err)
	}
	return c, nil
}

// Write writes the configuration in the order of the names, a line each.
func (c Config) Write(w io.Writer) error {
	if c == nil {
		c = Config{}
	}
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return invalid("configuration: %v", err)
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// Apply returns the trainers, in their order, with the fields set: what an engine is opened with as recommend.Options.Trainers.
// A name of a trainer or field that is not there, of a field that is not a number, and a value that the field's type cannot hold
// exactly (but for the rounding of a float32) are ErrInvalid. Whether a value is one that the model can be trained with, Train says. The
// trainers given are not changed.
func (c Config) Apply(trainers []model.Trainer) ([]model.Trainer, error) {
	out := slices.Clone(trainers)
	for _, path := range slices.Sorted(maps.Keys(c)) {
		name, field, dotted := strings.Cut(path, ".")
		if !dotted {
			return nil, invalid("%q, want model.Field", path)
		}
		at := slices.IndexFunc(out, func(t model.Trainer) bool { return t.Name() == name })
		if at < 0 {
			return nil, invalid("model %q is not among those to set", name)
		}
		given := reflect.ValueOf(out[at])
		if given.Kind() != reflect.Struct {
			return nil, invalid("%s is a %s, whose fields cannot be set", name, given.Type())
		}
		changed := reflect.New(given.Type()).Elem()
		changed.Set(given)
		into := changed.FieldByName(field)
		if !into.IsValid() || !into.CanSet() {
			return nil, invalid("%s has no field %q", name, field)
		}
		if err := setNumber(into, c[path]); err != nil {
			return nil, fmt.Errorf("%w in %s", err, path)
		}
		out[at] = changed.Interface().(model.Trainer)
	}
	return out, nil
}

func setNumber(into reflect.Value, v float64) error {
	const exact = 1 << 53 // up to which a float64 holds every whole number
	whole := v == math.Trunc(v) && math.Abs(v) <= exact
	switch {
	case into.CanFloat() && !math.IsNaN(v):
		into.SetFloat(v)
	case into.CanInt() && whole && !into.OverflowInt(int64(v)):
		into.SetInt(int64(v))
	case into.CanUint() && whole && v >= 0 && !into.OverflowUint(uint64(v)):
		into.SetUint(uint64(v))
	default:
		return invalid("%v does not fit a %s", v, into.Type())
	}
	return nil
}
