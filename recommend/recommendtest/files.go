package recommendtest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/goldrec/gold/recommend/model"
	"github.com/google/go-cmp/cmp"
)

func save(t *testing.T, m model.Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.Save(&b); err != nil {
		t.Fatalf("save: %v", err)
	}
	return b.Bytes()
}

func (s *suite) saveLoad(t *testing.T) {
	m, data := s.onMarket(t)
	s.reload(t, m, data)
}

// reload wants a saved model to come back the same to the last bit.
func (s *suite) reload(t *testing.T, m model.Model, data *model.Dataset) {
	t.Helper()
	file := save(t, m)
	if !bytes.Equal(file, save(t, m)) {
		t.Error("saved again, the file is another")
	}
	got, err := s.newTrainer().Load(iotest.HalfReader(bytes.NewReader(file)))
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	if !bytes.Equal(file, save(t, got)) {
		t.Error("loaded and saved, the file is another")
	}
	if got.Name() != m.Name() || got.Items().Len() != m.Items().Len() {
		t.Fatalf("loaded %s of %d items, saved %s of %d", got.Name(), got.Items().Len(), m.Name(), m.Items().Len())
	}
	for i := range uint32(m.Items().Len()) {
		if id := m.Items().ID(i); got.Items().ID(i) != id {
			t.Fatalf("item %d is %q, was %q", i, got.Items().ID(i), id)
		}
	}
	for name, history := range histories(data) {
		before, after := user(m, history, data.Now), user(got, history, data.Now)
		if diff := cmp.Diff(before, after); diff != "" {
			t.Fatalf("%s: another vector: %s", name, diff)
		}
		if diff := cmp.Diff(score(t, m, before), score(t, got, after)); diff != "" {
			t.Fatalf("%s: other scores: %s", name, diff)
		}
		if diff := cmp.Diff(m.Candidates(nil, before, 20, nil), got.Candidates(nil, after, 20, nil)); diff != "" {
			t.Fatalf("%s: other candidates: %s", name, diff)
		}
	}
}

// saveFails wants the errors of the streams themselves.
func (s *suite) saveFails(t *testing.T) {
	m, _ := s.onMarket(t)
	full := errors.New("disk full")
	if err := m.Save(failing{full}); !errors.Is(err, full) {
		t.Errorf("saved to a full disk: %v", err)
	}
	gone := errors.New("disk gone")
	if _, err := s.newTrainer().Load(iotest.ErrReader(gone)); !errors.Is(err, gone) || errors.Is(err, model.ErrCorrupt) {
		t.Errorf("loaded from a lost disk: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// damaged wants ErrCorrupt for files cut anywhere, with any bit turned, or of another kind.
func (s *suite) damaged(t *testing.T) {
	m, _ := s.onMarket(t)
	file := save(t, m)
	refuse := func(what string, at int, data []byte) {
		if m, err := s.newTrainer().Load(bytes.NewReader(data)); !errors.Is(err, model.ErrCorrupt) {
			t.Errorf("%s at %d of %d bytes: %v, %v", what, at, len(file), m, err)
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

// forged turns bits and mends the checksum that ends a file of package codec, as nothing but malice would. Such a file
// may load, but neither loading nor asking the model may panic.
func (s *suite) forged(t *testing.T) {
	m, data := s.onMarket(t)
	file := save(t, m)
	history := data.History(0)
	for _, at := range places(len(file) - 12) {
		for _, mask := range []byte{1, 0x80, 0xff} {
			forged := slices.Clone(file)
			forged[at] ^= mask
			m, err := s.newTrainer().Load(bytes.NewReader(seal(forged)))
			if err != nil {
				if !errors.Is(err, model.ErrCorrupt) {
					t.Errorf("byte %d: %v", at, err)
				}
				continue
			}
			exercise(m, history)
		}
	}
}

// seal mends the checksum of a file of package codec in place.
func seal(file []byte) []byte {
	body := file[:max(0, len(file)-4)]
	return binary.LittleEndian.AppendUint32(body, crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
}

// FuzzLoad is the body of a fuzz target for a Trainer's Load, seeded with saved models. The checksum of every input is
// mended first, so that the damage gets past it.
func FuzzLoad(f *testing.F, newTrainer func() model.Trainer) {
	for _, data := range []*model.Dataset{new(model.Builder).Build(), single(), checkerboard()} {
		m, err := newTrainer().Train(f.Context(), data, model.TrainOptions{})
		if err != nil {
			f.Fatal(err)
		}
		var b bytes.Buffer
		if err := m.Save(&b); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	history := []model.Event{{Item: 0, Weight: 1}, {Item: 5, Weight: -2, Time: 9}, {Item: 0, Weight: 3, Time: 7}}
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := newTrainer().Load(bytes.NewReader(seal(file)))
		if err != nil {
			if !errors.Is(err, model.ErrCorrupt) {
				t.Error(err)
			}
			return
		}
		exercise(m, history)
	})
}

// exercise asks everything once.
func exercise(m model.Model, history []model.Event) {
	n := uint32(m.Items().Len())
	history = slices.DeleteFunc(slices.Clone(history), func(e model.Event) bool { return e.Item >= n })
	u := user(m, history, 1.7e9)
	m.Score(make([]float32, n), u, handles(int(n)))
	m.Candidates(nil, u, 10, nil)
	if e, ok := m.(model.Explainer); ok && n > 0 {
		e.Explain(nil, u, n-1, 3)
	}
	_ = m.Save(io.Discard) // numbers that make no sense may be refused
}
