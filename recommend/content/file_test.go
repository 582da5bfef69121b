package content_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/model"
)

// TestGoneWhileStored has items go between saving and loading, which counts as change.
func TestGoneWhileStored(t *testing.T) {
	t.Parallel()
	m, _ := again(t, dataOf(kettles(200)), nil)
	for _, gone := range []int{10, 30} {
		at := make([]uint32, 200)
		for i := range at {
			at[i] = uint32(i - gone)
			if i < gone {
				at[i] = model.NoItem
			}
		}
		r, err := codec.NewReader(bytes.NewReader(file(t, m)))
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := content.Trainer{}.Load(r, at)
		if err != nil {
			t.Fatal(err)
		}
		_, compared := again(t, dataOf(kettles(200)[gone:]), loaded)
		if all := compared == 200-gone; all != (gone == 30) {
			t.Errorf("%d of 200 items went, and %d were compared", gone, compared)
		}
	}
}

// TestUnsound has files whose sums are right and whose numbers do not fit.
func TestUnsound(t *testing.T) {
	t.Parallel()
	type stored struct {
		k       uint32
		prints  []uint64
		offsets []uint64
		near    []uint32
		similar []float32
	}
	good := func() stored {
		return stored{5, []uint64{1, 2, 3, 0}, []uint64{0, 1, 2, 2, 2}, []uint32{1, 0}, []float32{0.5, 1}}
	}
	for name, spoil := range map[string]func(s *stored){
		"":                         func(*stored) {},
		"no neighbours wanted":     func(s *stored) { s.k = 0 },
		"too many wanted":          func(s *stored) { s.k = 1001 },
		"more items than known":    func(s *stored) { s.prints = append(s.prints, 0); s.offsets = append(s.offsets, 2) },
		"an offset too few":        func(s *stored) { s.offsets = s.offsets[:4] },
		"no offsets":               func(s *stored) { s.prints, s.offsets = nil, nil },
		"begins late":              func(s *stored) { s.offsets[0] = 1 },
		"ends late":                func(s *stored) { s.offsets[4] = 3 },
		"ends early":               func(s *stored) { s.offsets = []uint64{0, 1, 1, 1, 1} },
		"goes back":                func(s *stored) { s.offsets[1], s.offsets[2] = 2, 1 },
		"goes beyond":              func(s *stored) { s.offsets[1] = 1 << 60 },
		"a score too few":          func(s *stored) { s.similar = s.similar[:1] },
		"a neighbour out of range": func(s *stored) { s.near[0] = 4 },
		"a neighbour of no print":  func(s *stored) { s.near[0] = 3 },
		"a score of 0":             func(s *stored) { s.similar[0] = 0 },
		"a score above 1":          func(s *stored) { s.similar[0] = 1.5 },
	} {
		s := good()
		spoil(&s)
		var b bytes.Buffer
		w := codec.NewWriter(&b)
		w.Section(content.Name, 1)
		for _, v := range []uint32{s.k, 3, 0} {
			w.Uint32(v)
		}
		w.Uint64s(s.prints)
		w.Uint64s(s.offsets)
		w.Uint32s(s.near)
		w.Float32s(s.similar)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := codec.NewReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		_, err = content.Trainer{}.Load(r, []uint32{0, 1, 2, 3})
		if (err == nil) != (name == "") || err != nil && !errors.Is(err, model.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
