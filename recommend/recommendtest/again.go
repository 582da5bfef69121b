package recommendtest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/goldrec/gold/recommend/model"
)

// previous wants a training that may start from an earlier model to end in one as good, the same every time, and to leave
// the earlier one as it was.
func (s *suite) previous(t *testing.T) {
	half := checkerboard().WithHistories(func(_ uint32, history []model.Event) []model.Event {
		return slices.Clone(history[:len(history)/2])
	})
	for name, before := range map[string]*model.Dataset{"nothing": new(model.Builder).Build(), "half": half, "all": checkerboard()} {
		old := s.train(t, before, model.TrainOptions{Seed: 1})
		file := save(t, old)
		var first []byte
		for _, workers := range []int{1, 3} {
			m := s.train(t, checkerboard(), model.TrainOptions{Seed: 2, Workers: workers, Previous: old.Model})
			if !s.impersonal {
				s.onBoard(t, m)
			}
			if first == nil {
				first = save(t, m)
			} else if !bytes.Equal(first, save(t, m)) {
				t.Errorf("from a model of %s: another model with %d workers", name, workers)
			}
		}
		if !bytes.Equal(file, save(t, old)) {
			t.Errorf("training changed the model of %s that it started from", name)
		}
	}
}

// follow wants a vector that goes on from that of all but the newest event to score like one made anew.
func (s *suite) follow(t *testing.T) {
	m := s.onMarket(t)
	f, ok := m.Model.(model.Follower)
	if !ok {
		t.Skip("the model does not follow histories")
	}
	for u := range uint32(m.data.UserCount()) {
		history := m.data.History(u)
		if len(history) == 0 {
			continue
		}
		want := m.user(history)
		got := *want
		got.Vector = f.Embed(nil, history[:len(history)-1], m.data.Now)
		f.Follow(got.Vector, history, m.data.Now)
		// A hundred times rounding: both are solved to a tolerance, from different beginnings.
		if diff := near(m.score(t, want), m.score(t, &got), 100); diff != "" {
			t.Errorf("user %d, followed by one event: %s", u, diff)
		}
	}
}

// extend wants a model that takes in what it has not known and is otherwise as before.
func (s *suite) extend(t *testing.T) {
	const known = 40
	m := s.train(t, growing(known), model.TrainOptions{Seed: 5})
	e, ok := m.Model.(model.Extender)
	if !ok {
		t.Skip("the model takes in nothing")
	}
	before, data := save(t, m), growing(growingMax)
	var first []byte
	var more *trained
	for _, workers := range []int{1, 3} {
		got, err := e.Extend(t.Context(), data, model.TrainOptions{Seed: 5, Workers: workers})
		if err != nil {
			t.Fatalf("extend: %v", err)
		}
		more = &trained{got, data, growingMax}
		if first == nil {
			first = save(t, more)
		} else if !bytes.Equal(first, save(t, more)) {
			t.Errorf("another model with %d workers", workers)
		}
	}
	if !bytes.Equal(before, save(t, m)) {
		t.Error("extending changed the model itself")
	}
	met := make([]bool, growingMax)
	for u := range uint32(data.UserCount()) {
		for _, c := range more.everything(t, more.user(data.History(u)), nil) {
			met[c.Item] = true
		}
		old := slices.DeleteFunc(slices.Clone(data.History(u)), func(e model.Event) bool { return e.Item >= known })
		want := m.score(t, user(m.Model, old, data.Now))
		if diff := near(want, more.score(t, user(more.Model, old, data.Now))[:known], 10); diff != "" {
			t.Fatalf("user %d: extended, %s", u, diff)
		}
	}
	for item := known; item < growingMax; item++ {
		if !met[item] {
			t.Errorf("item %d, which came later, is proposed to nobody", item)
		}
	}
	s.reload(t, more)
	s.extendEdges(t, e, data)
}

func (s *suite) extendEdges(t *testing.T, e model.Extender, data *model.Dataset) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Extend(ctx, data, model.TrainOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled extension gives the error %v", err)
	}
	for name, data := range map[string]*model.Dataset{"nothing": new(model.Builder).Build(), "hostile": hostile()} {
		got, err := e.Extend(t.Context(), data, model.TrainOptions{})
		if err != nil {
			t.Errorf("extending by %s: %v", name, err)
			continue
		}
		exercise(got, growingMax, growing(growingMax).History(0))
	}
	empty := s.train(t, new(model.Builder).Build(), model.TrainOptions{})
	if _, err := empty.Model.(model.Extender).Extend(t.Context(), data, model.TrainOptions{}); err != nil {
		t.Errorf("extending an empty model: %v", err)
	}
}
