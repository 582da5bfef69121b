// Package blended lets an evaluation treat the blend of all models as if it were one model.
package blended

import (
	"context"
	"errors"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
)

// Trainer trains what the engine serves by default, the blend of all models. What it makes cannot be saved.
type Trainer struct{}

// Name is "blend".
func (Trainer) Name() string { return "blend" }

// Train trains the parts and learns their weights.
func (Trainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	trainers := []model.Trainer{popular.Trainer{}, itemknn.Trainer{}, content.Trainer{}, als.Trainer{}}
	parts, weights, _, err := blend.Fit(ctx, trainers, data, blend.Options{
		Seed: opt.Seed, Workers: opt.Workers, Progress: opt.Progress,
	})
	if err != nil {
		return nil, err
	}
	b, err := blend.New(parts, weights)
	return together{b}, err
}

// Load fails: a blend is no file.
func (Trainer) Load(*codec.Reader, []uint32) (model.Model, error) { return nil, errNoFile }

// together is a blend as a model, which the evaluation does not save.
type together struct{ *blend.Blend }

func (together) Name() string { return "blend" }

func (together) Save(w *codec.Writer) { w.Fail(errNoFile) }

var errNoFile = errors.New("a blend is no file: its parts and weights are")
