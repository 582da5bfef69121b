package content

import (
	"cmp"
	"context"
	"fmt"

	"github.com/goldrec/gold/recommend/model"
)

// Train reads the items' content; interactions play no part, so an item is covered as soon as it is in the dataset with
// its content.
func (t Trainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	if t.Neighbors < 0 || t.Neighbors > neighborsMax {
		return nil, fmt.Errorf("content: %d neighbours", t.Neighbors)
	}
	k := cmp.Or(t.Neighbors, 50)
	texts, err := newTexts(ctx, data, opt.Workers)
	if err != nil {
		return nil, err
	}
	vectors, err := newVectors(ctx, data, opt)
	if err != nil {
		return nil, err
	}
	lists, err := nearest(ctx, texts, vectors, k, opt)
	if err != nil {
		return nil, err
	}
	return newModel(bothWays(lists, k), texts.prints, k), nil
}
