package session_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/session"
)

// stored is what a file says.
type stored struct {
	recent, neighbors     uint64
	decay, length, repeat float64
	room                  uint64
	returns               [][]float32
	lengths, items        []uint32
}

func (s stored) load(t *testing.T, at []uint32) (model.Model, error) {
	t.Helper()
	var file bytes.Buffer
	w := codec.NewWriter(&file)
	w.Section("session", 1)
	w.Uint64(s.recent)
	w.Uint64(s.neighbors)
	w.Float64(s.decay)
	w.Float64(s.length)
	w.Float64(s.repeat)
	w.Uint64(s.room)
	for _, shares := range s.returns {
		w.Float32s(shares)
	}
	w.Uint32s(s.lengths)
	w.Uint32s(s.items)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := codec.NewReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	return session.Trainer{}.Load(r, at)
}

// TestForged loads files that no training would make.
func TestForged(t *testing.T) {
	t.Parallel()
	at := []uint32{0, 1, 2}
	sound := stored{10, 10, 3, 0.4, 4, 10_000, slices.Repeat([][]float32{make([]float32, 10)}, 8), []uint32{2, 1, 3}, []uint32{1, 2, 0, 2, 1, model.NoItem}}
	if m, err := sound.load(t, at); err != nil || m.(*session.Model).Len() != 3 {
		t.Fatalf("a sound file: %v", err)
	}
	for name, forge := range map[string]func(s *stored){
		"no visits looked at": func(s *stored) { s.recent = 0 },
		"too many":            func(s *stored) { s.recent = math.MaxUint64 },
		"no neighbours":       func(s *stored) { s.neighbors = 0 },
		"no decay":            func(s *stored) { s.decay = 0 },
		"length":              func(s *stored) { s.length = -1 },
		"repeats":             func(s *stored) { s.repeat = 1e30 },
		"room":                func(s *stored) { s.room = 1 },
		"more room":           func(s *stored) { s.room = 1 << 32 },
		"a share above 1":     func(s *stored) { s.returns[7] = []float32{0, 0, 0, 0, 0, 0, 0, 0, 0, 1.1} },
		"a share below 0":     func(s *stored) { s.returns[0] = []float32{-0.1, 0, 0, 0, 0, 0, 0, 0, 0, 0} },
		"few shares":          func(s *stored) { s.returns[3] = make([]float32, 9) },
		"an empty visit":      func(s *stored) { s.lengths = []uint32{2, 0, 1, 3} },
		"a long visit":        func(s *stored) { s.lengths, s.items = []uint32{101}, slices.Repeat([]uint32{model.NoItem}, 101) },
		"a visit cut short":   func(s *stored) { s.lengths = []uint32{2, 1, 4} },
		"items of no visit":   func(s *stored) { s.lengths = []uint32{2, 1} },
		"an unknown item":     func(s *stored) { s.items[3] = 3 },
		"an item twice":       func(s *stored) { s.items[1] = 1 },
	} {
		forged := sound
		forged.items = slices.Clone(sound.items)
		forged.returns = slices.Clone(sound.returns)
		forge(&forged)
		if _, err := forged.load(t, at); !errors.Is(err, model.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestGone wants a visit to count by the length that it had when some of its items are gone.
func TestGone(t *testing.T) {
	t.Parallel()
	file := stored{10, 10, 3, 1, 1, 10_000, slices.Repeat([][]float32{make([]float32, 10)}, 8), []uint32{4, 2}, []uint32{0, 1, 2, 3, 0, 4}}
	m, err := file.load(t, []uint32{1, 0, model.NoItem, model.NoItem, 2})
	if err != nil {
		t.Fatal(err)
	}
	got := scores(m, visit(1), 3)
	if math.Abs(got[0]-0.2) > 1e-6 || math.Abs(got[2]-0.4) > 1e-6 { // (1/4) and (1/2) of 3/4 + 1/2
		t.Errorf("scores %v, want 0.2 for the first, whose visit had four items, and 0.4 for the last, whose visit has two", got)
	}
}

// TestSavesAdded wants what was added in the file.
func TestSavesAdded(t *testing.T) {
	t.Parallel()
	m := train(t, session.Trainer{}, dataset([][]uint32{{0, 1}}, 3))
	m.Add([]uint32{1, 2})
	var file bytes.Buffer
	w := codec.NewWriter(&file)
	m.Save(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := codec.NewReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := session.Trainer{}.Load(r, []uint32{0, 1, 2})
	if err != nil {
		t.Fatal(err)
	}
	if got := loaded.Propose(nil, visit(2), 1, nil, model.Quick); len(got) != 1 || got[0].Item != 1 {
		t.Errorf("loaded it proposes %v after an item that came later", got)
	}
}
