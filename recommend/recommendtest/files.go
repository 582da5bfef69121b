package recommendtest

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/codec/codectest"
	"github.com/goldrec/gold/recommend/model"
)

// save makes a file of the model's sections.
func save(t *testing.T, m *trained) []byte {
	t.Helper()
	file, err := encode(m.Model)
	if err != nil {
		t.Fatalf("save: %v", err)
	}
	return file
}

// encode puts the model behind a prefix, as the engine does.
func encode(m model.Model) ([]byte, error) {
	var b bytes.Buffer
	w := codec.NewWriter(&b)
	m.Save(w.Within("part/"))
	err := w.Close()
	return b.Bytes(), err
}

// decode reads a model and the file to its end.
func decode(trainer model.Trainer, src io.Reader, at []uint32) (model.Model, error) {
	r, err := codec.NewReader(src)
	if err != nil {
		return nil, err
	}
	m, err := trainer.Load(r.Within("part/"), at)
	if err != nil {
		return nil, err
	}
	return m, r.Close()
}

func (s *suite) saveLoad(t *testing.T) { s.reload(t, s.onMarket(t)) }

// reload wants a saved model to come back the same to the last bit.
func (s *suite) reload(t *testing.T, m *trained) {
	t.Helper()
	file := save(t, m)
	if !bytes.Equal(file, save(t, m)) {
		t.Error("saved again, the file is another")
	}
	loaded, err := decode(s.newTrainer(), iotest.HalfReader(bytes.NewReader(file)), handles(m.items))
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	got := &trained{loaded, m.data, m.items}
	if !bytes.Equal(file, save(t, got)) {
		t.Error("loaded and saved, the file is another")
	}
	if got.Name() != m.Name() {
		t.Fatalf("loaded %s, saved %s", got.Name(), m.Name())
	}
	for name, history := range histories(m.data) {
		before, after := m.user(history), got.user(history)
		if diff := differs(before.Vector, after.Vector); diff != "" {
			t.Fatalf("%s: another vector: %s", name, diff)
		}
		if diff := differs(m.score(t, before), got.score(t, after)); diff != "" {
			t.Fatalf("%s: other scores: %s", name, diff)
		}
		propose := func(m *trained, u *model.User) []model.Scored { return m.Propose(nil, u, 20, nil, model.Thorough) }
		if diff := differs(propose(m, before), propose(got, after)); diff != "" {
			t.Fatalf("%s: other candidates: %s", name, diff)
		}
	}
}

// saveFails wants the errors of the streams themselves.
func (s *suite) saveFails(t *testing.T) {
	m := s.onMarket(t)
	full := errors.New("disk full")
	w := codec.NewWriter(failing{full})
	if m.Save(w); !errors.Is(w.Close(), full) {
		t.Errorf("saved to a full disk: %v", w.Err())
	}
	gone, file := errors.New("disk gone"), save(t, m)
	for _, n := range []int{8, 30, len(file) / 2, len(file) - 20} {
		src := io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(gone))
		if _, err := decode(s.newTrainer(), src, handles(m.items)); !errors.Is(err, gone) || errors.Is(err, model.ErrCorrupt) {
			t.Errorf("loaded from a disk lost after %d of %d bytes: %v", n, len(file), err)
		}
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// damaged wants ErrCorrupt for files cut anywhere, with any bit turned, or of another kind.
func (s *suite) damaged(t *testing.T) {
	m := s.onMarket(t)
	file := save(t, m)
	refuse := func(what string, at int, data []byte) {
		if _, err := decode(s.newTrainer(), bytes.NewReader(data), handles(m.items)); !errors.Is(err, model.ErrCorrupt) {
			t.Errorf("%s at %d of %d bytes: %v", what, at, len(file), err)
		}
	}
	for _, at := range places(len(file)) {
		refuse("cut", at, file[:at])
		turned := slices.Clone(file)
		turned[at] ^= 1 << (at % 8)
		refuse("bit turned", at, turned)
	}
	refuse("a byte more", len(file), append(slices.Clone(file), 0))
	refuse("twice", len(file), append(slices.Clone(file), file...))
	refuse("text", 0, []byte("not a model at all, and long enough to look like something that might be one"))
	refuse("zeros", 0, make([]byte, len(file)))
	var b bytes.Buffer
	w := codec.NewWriter(&b)
	w.Section("part/"+m.Name(), 1<<30) // from the far future
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	refuse("a version nobody knows", 0, b.Bytes())
	if m.items < 2 {
		return
	}
	_, err := decode(s.newTrainer(), bytes.NewReader(file), handles(1))
	if !errors.Is(err, model.ErrCorrupt) {
		t.Errorf("a model of %d items, said to be one: %v", m.items, err)
	}
}

// places are about 400 offsets of a file of n bytes, all of its beginning and end among them.
func places(n int) (at []int) {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range n {
		if i < 100 || i >= n-50 || rng.IntN(n) < 250 {
			at = append(at, i)
		}
	}
	return at
}

// forged turns bits and mends the sums, as nothing but malice would. Such a file may load, but neither loading nor asking
// the model may panic.
func (s *suite) forged(t *testing.T) {
	m := s.onMarket(t)
	file := save(t, m)
	history := m.data.History(0)
	ats := [][]uint32{handles(m.items), permutation(m.items, 2*m.items, 7)}
	for i, at := range places(len(file) - 12) {
		for _, mask := range []byte{1, 0x80, 0xff} {
			forged := slices.Clone(file)
			forged[at] ^= mask
			got, err := decode(s.newTrainer(), bytes.NewReader(codectest.Mend(forged)), ats[i%2])
			if err != nil {
				if !errors.Is(err, model.ErrCorrupt) {
					t.Errorf("byte %d: %v", at, err)
				}
				continue
			}
			exercise(got, 2*m.items, history)
		}
	}
}

// FuzzLoad is the body of a fuzz target for a Trainer's Load, seeded with saved models. The sums of every input are mended
// first, so that the damage gets past them.
func FuzzLoad(f *testing.F, newTrainer func() model.Trainer) {
	for _, data := range []*model.Dataset{new(model.Builder).Build(), single(), checkerboard()} {
		m, err := newTrainer().Train(f.Context(), data, model.TrainOptions{})
		if err != nil {
			f.Fatal(err)
		}
		file, err := encode(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	history := []model.Event{{Item: 0, Weight: 1}, {Item: 5, Weight: -2, Time: 9}, {Item: 0, Weight: 3, Time: 7}}
	f.Fuzz(func(t *testing.T, file []byte) {
		file = codectest.Mend(file)
		for _, at := range [][]uint32{handles(boardSize), permutation(boardSize, 2*boardSize, 5)} {
			m, err := decode(newTrainer(), bytes.NewReader(file), at)
			if err != nil {
				if !errors.Is(err, model.ErrCorrupt) {
					t.Error(err)
				}
				return
			}
			exercise(m, 2*boardSize, history)
		}
	})
}

// exercise asks everything once.
func exercise(m model.Model, items int, history []model.Event) {
	u := user(m, history, 1.7e9)
	m.Score(make([]float32, items), u, handles(items))
	for _, effort := range []model.Effort{model.Quick, model.Thorough} {
		m.Propose(nil, u, 10, nil, effort)
	}
	if e, ok := m.(model.Explainer); ok {
		e.Explain(nil, u, uint32(items)-1, 3)
		e.Explain(nil, u, 0, 3)
	}
	if sc, ok := m.(model.Scaler); ok {
		sc.Scale(u)
	}
	if a, ok := m.(model.Accumulator); ok {
		a.Accumulate(new(model.Sums), u)
	}
	_, _ = encode(m) // numbers that make no sense may be refused
}
