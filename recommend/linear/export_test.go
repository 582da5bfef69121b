package linear

import (
	"context"
	"reflect"

	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/recommend/model"
)

const (
	RidgeDefault    = ridgeDefault
	ExponentDefault = exponentDefault
)

// IsExact says which form the trainer takes.
func IsExact(t Trainer, d *model.Dataset) bool {
	t, m := prepared(t, d)
	form, err := t.form(m, 2)
	return err == nil && reflect.ValueOf(form).Pointer() == reflect.ValueOf(t.exact).Pointer()
}

// Needs is the memory that the two forms need with two workers.
func Needs(t Trainer, d *model.Dataset) (exact, reduced int64) {
	t, m := prepared(t, d)
	return t.needs(m, 2)
}

func prepared(t Trainer, d *model.Dataset) (Trainer, *sparse.Matrix) {
	t, err := t.withDefaults()
	if err != nil {
		panic(err)
	}
	m, err := sparse.Build(context.Background(), 1, d.UserCount(), d.ItemCount(),
		func(row []sparse.Entry, u int) []sparse.Entry { return appendEntries(row, d.History(uint32(u))) })
	if err != nil {
		panic(err)
	}
	m.Squeeze()
	return t, m
}
