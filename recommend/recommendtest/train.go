package recommendtest

import (
	"bytes"
	"context"
	"errors"
	"math"
	"testing"

	"github.com/goldrec/gold/recommend/model"
)

// smallData trains on as little as there may be.
func (s *suite) smallData(t *testing.T) {
	none := func(uint32, []model.Event) []model.Event { return nil }
	first := func(user uint32, history []model.Event) []model.Event {
		if user > 0 {
			return nil
		}
		return history
	}
	for name, data := range map[string]*model.Dataset{
		"nothing":         new(model.Builder).Build(),
		"one event":       single(),
		"one user":        market().WithHistories(first),
		"no interactions": market().WithHistories(none),
		"cut short":       market().Before(func(_ uint32, history []model.Event) int { return len(history) / 2 }),
	} {
		t.Run(name, func(t *testing.T) {
			m := s.train(t, data, model.TrainOptions{})
			for _, history := range histories(data) {
				got := m.propose(t, m.user(history), 10, nil, model.Thorough)
				if m.items == 0 && len(got) > 0 {
					t.Errorf("an empty model proposes %s", brief(got))
				}
			}
			s.reload(t, m)
		})
	}
}

// hostileData wants finite scores of a model trained on weights and times without bounds.
func (s *suite) hostileData(t *testing.T) {
	data := hostile()
	m := s.train(t, data, model.TrainOptions{Seed: math.MaxUint64})
	for _, history := range histories(data) {
		for _, now := range times {
			m.propose(t, user(m.Model, history, now), 10, nil, model.Thorough)
		}
	}
	s.reload(t, m)
}

// deterministic wants the same bytes from any number of workers, and again.
func (s *suite) deterministic(t *testing.T) {
	want := save(t, s.train(t, market(), model.TrainOptions{Seed: 7, Workers: 1}))
	for _, workers := range []int{1, 2, 7, 0} {
		got := save(t, s.train(t, market(), model.TrainOptions{Seed: 7, Workers: workers}))
		if !bytes.Equal(want, got) {
			t.Errorf("another model with %d workers", workers)
		}
	}
}

func (s *suite) dataUnchanged(t *testing.T) {
	data := market()
	s.train(t, data, model.TrainOptions{})
	want := market()
	for u := range uint32(want.UserCount()) {
		if diff := differs(want.History(u), data.History(u)); diff != "" {
			t.Fatalf("training changed the history of user %d: %s", u, diff)
		}
	}
}

// cancel wants training to end with the context's error, whether it ends before or while it trains.
func (s *suite) cancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if m, err := s.newTrainer().Train(ctx, market(), model.TrainOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled training gives the error %v and a model: %v", err, m != nil)
	}
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	last := true // of a model that does not report, nothing can be said
	m, err := s.newTrainer().Train(ctx, market(), model.TrainOptions{Progress: func(done, total int) {
		last = done == total
		cancel()
	}})
	if !errors.Is(err, context.Canceled) && (err != nil || m == nil || !last) {
		t.Errorf("a training cancelled on its way gives the error %v and a model: %v", err, m != nil)
	}
}

// progress wants reports that go forward to the end, which is told once, from one goroutine at a time, which the race detector watches.
func (s *suite) progress(t *testing.T) {
	var calls []float64
	s.train(t, market(), model.TrainOptions{Workers: 4, Progress: func(done, total int) {
		if done < 0 || total <= 0 || done > total {
			t.Errorf("%d of %d done", done, total)
		}
		calls = append(calls, float64(done)/float64(total))
	}})
	for i, v := range calls {
		if i > 0 && v <= calls[i-1] {
			t.Errorf("progress goes from %v to %v", calls[i-1], v)
		}
	}
	if n := len(calls); n > 0 && calls[n-1] != 1 {
		t.Errorf("progress ends at %v", calls[n-1])
	}
}
