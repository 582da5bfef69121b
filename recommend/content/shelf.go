package content

import (
	"context"
	"slices"

	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/recommend/model"
)

// shelf is what the catalogue says of all items, ready to be compared.
type shelf struct {
	texts   *texts
	vectors *vectors
	prints  []uint64 // of each item's content; 0: none
}

// read looks once at every item of the data. It returns nil when there is no content at all.
func read(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (*shelf, error) {
	n := data.ItemCount()
	bags, units := make([][]counted, n), make([][]float32, n)
	err := parallel.For(ctx, opt.Workers, n, func(_, i int) {
		if item := data.Content(uint32(i)); item != nil {
			bags[i], units[i] = slices.Clip(appendTerms(nil, item)), unit(item.Vector)
		}
	})
	if err != nil {
		return nil, err
	}
	s := &shelf{prints: make([]uint64, n)}
	dim, any := commonDim(units), false
	for i, bag := range bags {
		if len(units[i]) != dim {
			units[i] = nil
		}
		s.prints[i] = fingerprint(bag, units[i])
		any = any || s.prints[i] != 0
	}
	if !any {
		return nil, nil
	}
	if s.texts, err = newTexts(ctx, bags, opt.Workers); err != nil {
		return nil, err
	}
	s.vectors, err = newVectors(ctx, units, opt)
	return s, err
}
