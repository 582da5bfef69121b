package blend_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/model"
)

func saved(t testing.TB, w *blend.Weights) []byte {
	t.Helper()
	var file bytes.Buffer
	out := codec.NewWriter(&file)
	w.Save(out)
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func loaded(file []byte) (*blend.Weights, error) {
	in, err := codec.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	w, err := blend.Load(in)
	if err != nil {
		return nil, err
	}
	return w, in.Close()
}

func TestSaveLoad(t *testing.T) {
	t.Parallel()
	w := weights(1234, []string{"a", "b", "c"}, 0.25, 0.75, 0)
	w.ByClass[3] = []float32{0, 0.5, 0.5}
	got, err := loaded(saved(t, w))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, got); diff != "" {
		t.Error(diff)
	}
	file := saved(t, w)
	for i := range file {
		bad := bytes.Clone(file)
		bad[i] ^= 4
		if _, err := loaded(bad); !errors.Is(err, model.ErrCorrupt) {
			t.Fatalf("bit of byte %d turned: %v", i, err)
		}
		if _, err := loaded(file[:i]); err == nil {
			t.Fatalf("cut after %d bytes: no error", i)
		}
	}
}

// TestLoadRefuses has files that are whole but say what Save cannot.
func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *blend.Weights){
		"too few weights":    func(w *blend.Weights) { w.ByClass[7] = w.ByClass[7][:1] },
		"too many weights":   func(w *blend.Weights) { w.ByClass[0] = []float32{0.5, 0.5, 0} },
		"a weight below 0":   func(w *blend.Weights) { w.ByClass[1] = []float32{-1, 2} },
		"weights of 0":       func(w *blend.Weights) { w.ByClass[1] = []float32{0, 0} },
		"a part twice":       func(w *blend.Weights) { w.Parts[1] = "a" },
		"weights of nothing": func(w *blend.Weights) { w.Parts = nil },
	} {
		w := weights(10, []string{"a", "b"}, 0.5, 0.5)
		change(w)
		if _, err := loaded(saved(t, w)); !errors.Is(err, model.ErrCorrupt) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(saved(f, weights(10, []string{"a", "b"}, 0.5, 0.5)))
	f.Add(saved(f, &blend.Weights{}))
	f.Fuzz(func(t *testing.T, file []byte) {
		w, err := loaded(file)
		if err != nil {
			return
		}
		parts := make([]model.Model, len(w.Parts))
		for i, name := range w.Parts {
			parts[i] = scaled{plain(name, func(u, item uint64) float64 { return voice(1, u, item) })}
		}
		var score [1]float32
		mustNew(t, w, parts...).Score(score[:], user, []uint32{1})
		if v := float64(score[0]); math.IsNaN(v) || math.IsInf(v, 0) {
			t.Errorf("score %v", v)
		}
	})
}
