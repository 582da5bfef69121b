package source_test

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/source"
)

func save(t testing.TB, c *source.Counters) []byte {
	t.Helper()
	var file bytes.Buffer
	w := codec.NewWriter(&file)
	c.Save(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func load(c *source.Counters, file []byte, at []uint32) error {
	r, err := codec.NewReader(bytes.NewReader(file))
	if err != nil {
		return err
	}
	if err := c.Load(r, at); err != nil {
		return err
	}
	return r.Close()
}

func identity(n int) []uint32 {
	at := make([]uint32, n)
	for i := range at {
		at[i] = uint32(i)
	}
	return at
}

// TestCountersFile stops in the middle of a history, also while the clock is behind what was counted, and goes on from a file.
func TestCountersFile(t *testing.T) {
	t.Parallel()
	for _, ahead := range []int64{0, 900 * day} {
		rng := rand.New(rand.NewPCG(3, 3))
		whole := counters(t, source.CountersOptions{})
		now := int64(1.7e9)
		add := func(counters ...*source.Counters) {
			item, w, when := rng.Uint32N(3000), float32(rng.IntN(9)-3), now-rng.Int64N(day)
			for _, c := range counters {
				c.Add(item, w, when, now)
			}
			now += rng.Int64N(20)
		}
		whole.Add(77, 5, now+ahead, now+ahead)
		for range 5000 {
			add(whole)
		}
		restarted := counters(t, source.CountersOptions{})
		restarted.Add(1, 1, now, now)
		restarted.Add(1, -1, now, now) // nothing again, but looked at
		restarted.Top(nil, 5, nil, now)
		if err := load(restarted, save(t, whole), identity(3000)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(save(t, whole), save(t, restarted)) {
			t.Error("saved again it is another file")
		}
		for range 5 {
			now++
			if diff := cmp.Diff(whole.Top(nil, 100, nil, now), restarted.Top(nil, 100, nil, now)); diff != "" {
				t.Fatal(diff)
			}
			for range 500 {
				add(whole, restarted)
			}
		}
	}
}

// Handles may have moved, and items be gone or one with others.
func TestCountersFileMoved(t *testing.T) {
	t.Parallel()
	c := counters(t, source.CountersOptions{})
	for item := range uint32(5) {
		c.Add(item, float32(item+1), 100, 100)
	}
	moved := counters(t, source.CountersOptions{ItemsMax: 1000})
	if err := load(moved, save(t, c), []uint32{900, model.NoItem, 3, 900, 5000}); err != nil {
		t.Fatal(err)
	}
	want := []model.Scored{{Item: 900, Score: 5}, {Item: 3, Score: 3}}
	if diff := cmp.Diff(want, moved.Top(nil, 9, nil, 100)); diff != "" {
		t.Error(diff)
	}
}

// Files that the checksums find sound and that no Save wrote.
func TestCountersForged(t *testing.T) {
	t.Parallel()
	c := counters(t, source.CountersOptions{})
	c.Add(2, 1, 5, 5)
	if err := load(counters(t, source.CountersOptions{}), save(t, c), identity(2)); !errors.Is(err, codec.ErrCorrupt) {
		t.Errorf("item 2 of 2: %v", err)
	}
	for name, forge := range map[string]func(w *codec.Writer, shard int){
		"sum NaN":     func(w *codec.Writer, _ int) { row(w, []uint32{0}, []float64{math.NaN()}, []uint64{0}) },
		"sum zero":    func(w *codec.Writer, _ int) { row(w, []uint32{0}, []float64{0}, []uint64{0}) },
		"no time":     func(w *codec.Writer, _ int) { row(w, []uint32{0}, []float64{1}, nil) },
		"no sum":      func(w *codec.Writer, _ int) { row(w, []uint32{0}, nil, []uint64{1}) },
		"half a file": func(w *codec.Writer, shard int) { row(w, nil, nil, nil); w.Section("x", 1) },
	} {
		var file bytes.Buffer
		w := codec.NewWriter(&file)
		w.Section("trending", 1)
		w.Float64(day)
		for range 3 {
			w.Uint64(0)
		}
		for shard := range 64 {
			forge(w, shard)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := load(counters(t, source.CountersOptions{}), file.Bytes(), identity(1)); !errors.Is(err, codec.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func row(w *codec.Writer, items []uint32, sums []float64, times []uint64) {
	bits := make([]uint64, len(sums))
	for i, s := range sums {
		bits[i] = math.Float64bits(s)
	}
	w.Uint32s(items)
	w.Uint64s(bits)
	w.Uint64s(times)
}

func FuzzCountersLoad(f *testing.F) {
	c := counters(f, source.CountersOptions{})
	for item := range uint32(200) {
		c.Add(item, float32(item%7)-3, int64(item), 1000)
	}
	f.Add(save(f, c))
	f.Add([]byte("gold"))
	f.Fuzz(func(t *testing.T, file []byte) {
		c := counters(t, source.CountersOptions{ItemsMax: 1000})
		if err := load(c, file, identity(1000)); err != nil {
			return
		}
		for _, s := range c.Top(nil, 100, nil, 2000) {
			if v := float64(s.Score); !(v > 0) || math.IsInf(v, 0) {
				t.Errorf("item %v", s)
			}
		}
	})
}
