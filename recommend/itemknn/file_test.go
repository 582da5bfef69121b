package itemknn_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/internal/links/linkstest"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	gocmp "github.com/google/go-cmp/cmp"
)

func load(t *testing.T, put func(w *codec.Writer), at []uint32) (model.Model, error) {
	t.Helper()
	var file bytes.Buffer
	w := codec.NewWriter(&file)
	put(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := codec.NewReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	return itemknn.Trainer{}.Load(r, at)
}

// TestHubs asks for reasons where lists were cut, and again where their items have moved: they must be found in either.
func TestHubs(t *testing.T) {
	t.Parallel()
	d := linkstest.Shop(200, 60, 10)
	m := train(t, itemknn.Trainer{Neighbors: 2, Shrink: 100}, d) // so that a hub speaks for 8 of 60
	at := make([]uint32, d.ItemCount())
	for i := range at {
		at[i] = uint32(len(at) - 1 - i)
	}
	moved, err := load(t, m.Save, at)
	if err != nil {
		t.Fatal(err)
	}
	cut := false
	for i := range uint32(d.ItemCount()) {
		u := &model.User{History: []model.Event{{Item: i, Weight: 1}}}
		there := &model.User{History: []model.Event{{Item: at[i], Weight: 1}}}
		all := m.Propose(nil, u, 1000, nil, model.Quick)
		cut = cut || len(all) == 8
		for k, c := range all {
			if reasons := m.Explain(nil, u, c.Item, 3); len(reasons) != 1 || reasons[0].Because != i {
				t.Fatalf("item %d, which goes with %d, does for %v", c.Item, i, reasons)
			}
			if reasons := moved.(model.Explainer).Explain(nil, there, at[c.Item], 3); len(reasons) != 1 || reasons[0].Because != at[i] {
				t.Fatalf("item %d, which goes with %d, does for %v where they have moved to", c.Item, i, reasons)
			}
			if k > 0 && k < 8 {
				if diff := gocmp.Diff(all[:k], m.Propose(nil, u, k, nil, model.Quick)); diff != "" {
					t.Fatalf("the best %d are not those of all: %s", k, diff)
				}
			}
		}
	}
	if !cut {
		t.Error("no list was cut")
	}
}

// TestNewest counts the newest thousand events.
func TestNewest(t *testing.T) {
	t.Parallel()
	d := linkstest.Shop(100, 60, 10)
	m := train(t, itemknn.Trainer{}, d)
	var history []model.Event
	for i := range 1500 {
		history = append(history, model.Event{Item: uint32(i / 500 * 7), Weight: 1, Time: int64(i)})
	}
	var want, got model.Sums
	m.Accumulate(&want, &model.User{History: history[500:]})
	m.Accumulate(&got, &model.User{History: history})
	for item, sum := range want.All() {
		if got.Get(item) != sum {
			t.Errorf("item %d scores %v, by the newest thousand events %v", item, got.Get(item), sum)
		}
	}
	if want.Len() != got.Len() || got.Len() == 0 {
		t.Errorf("%d items score, by the newest thousand events %d", got.Len(), want.Len())
	}
}

// TestForged loads files that no training makes.
func TestForged(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]struct {
		items, lengths, index []uint32
		values                []float32
		sound                 bool
	}{
		"sound":               {[]uint32{2, 0}, []uint32{2, 0}, []uint32{0, 1}, []float32{1, 2}, true},
		"one item twice":      {[]uint32{2, 2}, []uint32{2, 0}, []uint32{0, 1}, []float32{1, 2}, false},
		"an item too many":    {[]uint32{2, 3}, []uint32{2, 0}, []uint32{0, 1}, []float32{1, 2}, false},
		"one candidate twice": {[]uint32{2, 0}, []uint32{2, 0}, []uint32{1, 1}, []float32{1, 2}, false},
		"out of order":        {[]uint32{2, 0}, []uint32{2, 0}, []uint32{1, 0}, []float32{1, 2}, false},
		"a strange one":       {[]uint32{2, 0}, []uint32{2, 0}, []uint32{0, 3}, []float32{1, 2}, false},
		"too alike":           {[]uint32{2, 0}, []uint32{2, 0}, []uint32{0, 1}, []float32{1, 2e12}, false},
		"less than not":       {[]uint32{2, 0}, []uint32{2, 0}, []uint32{0, 1}, []float32{1, -2}, false},
		"a row too many":      {[]uint32{2, 0}, []uint32{2, 0, 0}, []uint32{0, 1}, []float32{1, 2}, false},
		"a length too long":   {[]uint32{2, 0}, []uint32{2, 1}, []uint32{0, 1}, []float32{1, 2}, false},
		"a value too few":     {[]uint32{2, 0}, []uint32{2, 0}, []uint32{0, 1}, []float32{1}, false},
	} {
		m, err := load(t, func(w *codec.Writer) {
			w.Section("itemknn", 1)
			w.Uint32s(f.items)
			w.Uint32s(f.lengths)
			w.Uint32s(f.index)
			w.Float32s(slices.Clone(f.values))
		}, []uint32{0, 1, 2})
		if f.sound != (err == nil) || !f.sound && !errors.Is(err, model.ErrCorrupt) {
			t.Errorf("%s: %v, %v", name, m, err)
		}
	}
}
