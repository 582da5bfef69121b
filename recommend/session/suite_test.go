package session_test

import (
	"testing"

	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/recommendtest"
	"github.com/goldrec/gold/recommend/session"
)

func TestSuite(t *testing.T) {
	recommendtest.Run(t, newTrainer, recommendtest.Options{})
}

func FuzzLoad(f *testing.F) {
	recommendtest.FuzzLoad(f, newTrainer)
}

func newTrainer() model.Trainer { return session.Trainer{} }
