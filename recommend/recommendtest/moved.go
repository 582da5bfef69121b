package recommendtest

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/goldrec/gold/recommend/model"
)

// permutation gives n items other places among size, and every gone-th none; 0: all have one.
func permutation(n, size, gone int) []uint32 {
	rng := rand.New(rand.NewPCG(uint64(n), uint64(size)))
	at := make([]uint32, n)
	for i, place := range rng.Perm(size)[:n] {
		at[i] = uint32(place)
		if gone > 0 && i%gone == 1 {
			at[i] = model.NoItem
		}
	}
	return at
}

// moved wants a saved model to give the same scores to the same items when their handles are others, and none to items
// that are gone.
func (s *suite) moved(t *testing.T) {
	m := s.onMarket(t)
	file := save(t, m)
	shifted := handles(m.items)
	for i := range shifted {
		shifted[i] += 3
	}
	tail := handles(m.items)
	for i := len(tail) - 4; i < len(tail); i++ {
		tail[i] = model.NoItem
	}
	for name, at := range map[string][]uint32{
		"shifted": shifted, "mixed": permutation(m.items, m.items, 0), "spread": permutation(m.items, 5*m.items, 0),
		"some gone": permutation(m.items, 2*m.items, 9), "the last gone": tail,
		"all gone": slices.Repeat([]uint32{model.NoItem}, m.items),
	} {
		t.Run(name, func(t *testing.T) { s.movedTo(t, m, file, at) })
	}
}

func (s *suite) movedTo(t *testing.T, m *trained, file []byte, at []uint32) {
	kept := slices.Clone(at)
	loaded, err := decode(s.newTrainer(), bytes.NewReader(file), at)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	if !slices.Equal(kept, at) {
		t.Error("Load changed at")
	}
	now := &trained{loaded, m.data, 5*m.items + 3}
	for name, history := range histories(m.data) {
		var before, after []model.Event
		for _, e := range history {
			if int64(e.Item) >= int64(len(at)) || at[e.Item] == model.NoItem {
				continue
			}
			before = append(before, e)
			e.Item = at[e.Item]
			after = append(after, e)
		}
		u := m.user(before)
		scores := m.score(t, u)
		want := make([]float32, now.items)
		for i, h := range at {
			if h != model.NoItem {
				want[h] = scores[i]
			}
		}
		who := now.user(after)
		if diff := near(want, now.score(t, who), 10); diff != "" {
			t.Fatalf("%s: in other places, %s", name, diff)
		}
		there := model.AllowFunc(func(item uint32) bool { return at[item] != model.NoItem })
		if a, b := len(m.everything(t, u, there)), len(now.everything(t, who, nil)); a != b {
			t.Fatalf("%s: in other places %d candidates, want %d", name, b, a)
		}
	}
}

// twice wants ErrCorrupt when a table of identifiers gives two items one place.
func (s *suite) twice(t *testing.T) {
	m := s.onMarket(t)
	at := handles(m.items)
	at[m.items/2] = at[m.items/3]
	if _, err := decode(s.newTrainer(), bytes.NewReader(save(t, m)), at); !errors.Is(err, model.ErrCorrupt) {
		t.Errorf("two items in one place: %v", err)
	}
}
