package hybrid_test

import (
	"testing"

	"github.com/goldrec/gold/recommend/hybrid"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/recommendtest"
)

func TestSuite(t *testing.T) {
	recommendtest.Run(t, func() model.Trainer { return hybrid.Trainer{} }, recommendtest.Options{})
}
