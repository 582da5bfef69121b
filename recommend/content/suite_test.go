package content_test

import (
	"testing"

	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/recommendtest"
)

func TestModel(t *testing.T) {
	recommendtest.Run(t, func() model.Trainer { return content.Trainer{} }, recommendtest.Options{})
}

func FuzzLoad(f *testing.F) {
	recommendtest.FuzzLoad(f, func() model.Trainer { return content.Trainer{} })
}
