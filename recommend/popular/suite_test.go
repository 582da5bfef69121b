package popular_test

import (
	"testing"

	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
	"github.com/goldrec/gold/recommend/recommendtest"
)

func TestModel(t *testing.T) {
	recommendtest.Run(t, func() model.Trainer { return popular.Trainer{} }, recommendtest.Options{Impersonal: true})
}

func FuzzLoad(f *testing.F) {
	recommendtest.FuzzLoad(f, func() model.Trainer { return popular.Trainer{} })
}
