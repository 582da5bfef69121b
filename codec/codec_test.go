package codec_test

import (
	"bytes"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/goldrec/gold/codec"
	"github.com/google/go-cmp/cmp"
)

// sample is one of everything, in three sections.
type sample struct {
	A      uint32
	B      uint64
	C      float32
	D      float64
	E      string
	Bytes  []byte
	Ints   []uint32
	Longs  []uint64
	Floats []float32
	Names  []string
	Inner  string
}

func (s *sample) save(dst io.Writer) error {
	w := codec.NewWriter(dst)
	w.Section("sample", 2)
	w.Uint32(s.A)
	w.Uint64(s.B)
	w.Float32(s.C)
	w.Float64(s.D)
	w.String(s.E)
	w.Bytes(s.Bytes)
	w.Uint32s(s.Ints)
	w.Uint64s(s.Longs)
	w.Float32s(s.Floats)
	w.Strings(len(s.Names), func(i int) string { return s.Names[i] })
	w.Section("empty", 1)
	inner := w.Within("part/").Within("of/")
	inner.Section("inner", 1)
	inner.String(s.Inner)
	return w.Close()
}

func load(src io.Reader) (*sample, error) {
	r, err := codec.NewReader(src)
	if err != nil {
		return nil, err
	}
	r.Section("sample", 2)
	s := &sample{
		A: r.Uint32(), B: r.Uint64(), C: r.Float32(), D: r.Float64(), E: r.String(), Bytes: r.Bytes(),
		Ints: r.Uint32s(), Longs: r.Uint64s(), Floats: r.Float32s(), Names: r.Strings(),
	}
	r.Section("empty", 1)
	inner := r.Within("part/").Within("of/")
	inner.Section("inner", 1)
	s.Inner = inner.String()
	return s, r.Close()
}

func small() *sample {
	return &sample{
		A: 7, B: 1 << 60, C: -1.5, D: math.Pi, E: "naïve", Bytes: []byte{0, 255}, Ints: []uint32{1, math.MaxUint32},
		Longs: []uint64{3, math.MaxUint64}, Floats: []float32{0, 1e-30, -3, math.MaxFloat32, -math.MaxFloat32},
		Names: []string{"", "tea", "mug"}, Inner: "within",
	}
}

// large is a sample of many blocks.
func large() *sample {
	s := small()
	s.Ints, s.Longs, s.Floats = make([]uint32, 300_000), make([]uint64, 200_001), make([]float32, 100_000)
	for i := range s.Ints {
		s.Ints[i] = uint32(i)
		s.Longs[i%len(s.Longs)] = uint64(i) << 20
		s.Floats[i%len(s.Floats)] = float32(i) / 7
	}
	s.E, s.Bytes = strings.Repeat("long ", 150_000), bytes.Repeat([]byte("bytes"), 130_001)
	for range 50_000 {
		s.Names = append(s.Names, "name", strings.Repeat("n", len(s.Names)%50))
	}
	return s
}

func encode(t testing.TB, s *sample) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.save(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]*sample{
		"small": small(), "large": large(),
		"empty": {Bytes: []byte{}, Ints: []uint32{}, Longs: []uint64{}, Floats: []float32{}, Names: []string{}},
	} {
		file := encode(t, want)
		for how, src := range map[string]io.Reader{
			"of known size": bytes.NewReader(file), "of unknown size": io.MultiReader(bytes.NewReader(file)),
			"in halves": iotest.HalfReader(bytes.NewReader(file)), "data with the error": iotest.DataErrReader(bytes.NewReader(file)),
			"a section of a file": io.NewSectionReader(bytes.NewReader(file), 0, int64(len(file))),
		} {
			got, err := load(src)
			if err != nil {
				t.Fatalf("%s, %s: %v", name, how, err)
			}
			if !reflect.DeepEqual(want, got) { // which is quicker than to tell where
				t.Errorf("%s, %s: comes back as another", name, how)
			}
		}
	}
}

// TestAcrossBlocks reads a file whose elements lie across blocks, as another writer may cut them.
func TestAcrossBlocks(t *testing.T) {
	t.Parallel()
	want := small()
	file := recut(t, encode(t, want), 3)
	got, err := load(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestWriterMisused wants an error for what a caller does wrong.
func TestWriterMisused(t *testing.T) {
	t.Parallel()
	for name, misuse := range map[string]func(*codec.Writer){
		"put before a section":        func(w *codec.Writer) { w.Uint32(1) },
		"slice before a section":      func(w *codec.Writer) { w.Uint32s(nil) },
		"version 0":                   func(w *codec.Writer) { w.Section("x", 0) },
		"no name":                     func(w *codec.Writer) { w.Section("", 1) },
		"a name that is too long":     func(w *codec.Writer) { w.Section(strings.Repeat("x", 1025), 1) },
		"a name made long by Within":  func(w *codec.Writer) { w.Within(strings.Repeat("x", 1024)).Section("x", 1) },
		"a NaN":                       func(w *codec.Writer) { w.Section("x", 1); w.Float32(float32(math.NaN())) },
		"an infinity":                 func(w *codec.Writer) { w.Section("x", 1); w.Float64(math.Inf(-1)) },
		"an infinity in a slice":      func(w *codec.Writer) { w.Section("x", 1); w.Float32s([]float32{1, float32(math.Inf(1))}) },
		"a NaN at the end of a slice": func(w *codec.Writer) { w.Section("x", 1); w.Float32s([]float32{1, float32(math.NaN())}) },
	} {
		w := codec.NewWriter(io.Discard)
		if misuse(w); w.Err() == nil || w.Close() == nil || w.Close() == nil {
			t.Errorf("%s is taken", name)
		}
	}
	var b bytes.Buffer
	w := codec.NewWriter(&b)
	w.Section(strings.Repeat("x", 1024), 1)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	n := b.Len()
	if err := w.Close(); err != nil || w.Err() != nil || b.Len() != n {
		t.Errorf("closed again: %v, %v, %d bytes more", err, w.Err(), b.Len()-n)
	}
	if w.Uint32(1); w.Close() == nil {
		t.Error("a put after Close is taken")
	}
	w = codec.NewWriter(&b)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if w.Section("x", 1); w.Err() == nil {
		t.Error("a section after Close is taken")
	}
}
