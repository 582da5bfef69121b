package session

import (
	"context"
	"reflect"

	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/recommend/model"
)

// Present is what a history ends with, as answers see it.
func Present(history []model.Event) []uint32 {
	return present(nil, &model.User{History: history}, visitMax)
}

// Segments is how many parts the index has.
func (m *Model) Segments() int { return len(m.index.now.Load().segments) }

// IsExact says which form the trainer takes.
func IsExact(t LinearTrainer, d *model.Dataset) bool {
	t, f := prepared(t, d)
	form, err := t.form(f, 2)
	return err == nil && reflect.ValueOf(form).Pointer() == reflect.ValueOf(t.exact).Pointer()
}

// MostAlike is the rows that are kept of each row of what is inverted, up to most.
func MostAlike(t LinearTrainer, d *model.Dataset, most int) (all [][]uint32) {
	_, f := prepared(t, d)
	opt := model.TrainOptions{Workers: 1}
	gram, err := f.products(context.Background(), f.workers(opt), most, opt, parallel.NewProgress(len(f.items), nil))
	if err != nil {
		panic(err)
	}
	for _, row := range gram {
		var kept []uint32
		for _, e := range row {
			kept = append(kept, e.Item)
		}
		all = append(all, kept)
	}
	return all
}

func prepared(t LinearTrainer, d *model.Dataset) (LinearTrainer, *fit) {
	t, err := t.withDefaults()
	if err != nil {
		panic(err)
	}
	v, err := visitsOf(context.Background(), d)
	if err != nil {
		panic(err)
	}
	return t, t.fitOf(v, d.ItemCount())
}
