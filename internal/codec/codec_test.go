package codec_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/goldrec/gold/internal/codec"
	"github.com/google/go-cmp/cmp"
)

// sample is one of everything.
type sample struct {
	A      uint32
	B      uint64
	C      float32
	D      float64
	E      string
	Ints   []uint32
	Floats []float32
	Names  []string
	Inner  string
}

func (s *sample) save(w io.Writer) error {
	cw := codec.NewWriter(w, "sample", 2)
	cw.Uint32(s.A)
	cw.Uint64(s.B)
	cw.Float32(s.C)
	cw.Float64(s.D)
	cw.String(s.E)
	cw.Uint32s(s.Ints)
	cw.Float32s(s.Floats)
	cw.Strings(len(s.Names), func(i int) string { return s.Names[i] })
	cw.Nested(func(w io.Writer) error {
		inner := codec.NewWriter(w, "inner", 1)
		inner.String(s.Inner)
		return inner.Close()
	})
	return cw.Close()
}

func load(r io.Reader) (*sample, error) {
	cr, err := codec.NewReader(r, "sample", 2)
	if err != nil {
		return nil, err
	}
	s := &sample{
		A: cr.Uint32(), B: cr.Uint64(), C: cr.Float32(), D: cr.Float64(), E: cr.String(),
		Ints: cr.Uint32s(), Floats: cr.Float32s(), Names: cr.Strings(),
	}
	cr.Nested(func(r io.Reader) error {
		inner, err := codec.NewReader(r, "inner", 1)
		if err != nil {
			return err
		}
		s.Inner = inner.String()
		return inner.Close()
	})
	return s, cr.Close()
}

func small() *sample {
	return &sample{
		A: 7, B: 1 << 60, C: -1.5, D: math.Pi, E: "naïve", Ints: []uint32{1, math.MaxUint32},
		Floats: []float32{0, 1e-30, -3}, Names: []string{"", "tea", "mug"}, Inner: "within",
	}
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
	large := small()
	large.Ints, large.Floats = make([]uint32, 100_000), make([]float32, 100_000)
	for i := range large.Ints {
		large.Ints[i], large.Floats[i] = uint32(i), float32(i)/7
	}
	large.E = strings.Repeat("long ", 50_000)
	for name, want := range map[string]*sample{
		"small": small(), "large": large,
		"empty": {Ints: []uint32{}, Floats: []float32{}, Names: []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := load(iotest.HalfReader(bytes.NewReader(encode(t, want))))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCutAnywhere(t *testing.T) {
	t.Parallel()
	file := encode(t, small())
	for n := range file {
		if _, err := load(bytes.NewReader(file[:n])); !errors.Is(err, codec.ErrCorrupt) {
			t.Fatalf("first %d of %d bytes: %v", n, len(file), err)
		}
	}
	if _, err := load(bytes.NewReader(append(file, 0))); !errors.Is(err, codec.ErrCorrupt) {
		t.Errorf("one byte more: %v", err)
	}
}

func TestFlipAnyBit(t *testing.T) {
	t.Parallel()
	file := encode(t, small())
	for i := range 8 * len(file) {
		file[i/8] ^= 1 << (i % 8)
		if _, err := load(bytes.NewReader(file)); !errors.Is(err, codec.ErrCorrupt) {
			t.Fatalf("bit %d: %v", i, err)
		}
		file[i/8] ^= 1 << (i % 8)
	}
}

// seal puts the right length and sum behind a body, as somebody who means harm would.
func seal(body []byte) []byte {
	file := binary.LittleEndian.AppendUint64(bytes.Clone(body), uint64(len(body)))
	return binary.LittleEndian.AppendUint32(file, crc32.Checksum(file, crc32.MakeTable(crc32.Castagnoli)))
}

func TestHostileLengths(t *testing.T) {
	t.Parallel()
	header := append([]byte("gold\x00mf\x01"), 1, 0, 0, 0, 'x', 1, 0, 0, 0)
	file := seal(append(header, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4))
	for name, get := range map[string]func(*codec.Reader){
		"string":   func(r *codec.Reader) { _ = r.String() },
		"uint32s":  func(r *codec.Reader) { r.Uint32s() },
		"float32s": func(r *codec.Reader) { r.Float32s() },
		"strings":  func(r *codec.Reader) { r.Strings() },
		"nested":   func(r *codec.Reader) { r.Nested(func(io.Reader) error { return nil }) },
	} {
		t.Run(name, func(t *testing.T) {
			r, err := codec.NewReader(bytes.NewReader(file), "x", 1)
			if err != nil {
				t.Fatal(err)
			}
			get(r)
			if err := r.Err(); !errors.Is(err, codec.ErrCorrupt) {
				t.Errorf("got %v", err)
			}
		})
	}
	for name, r := range map[string]struct {
		kind   string
		newest uint32
	}{"kind": {"y", 1}, "version": {"x", 0}} {
		if _, err := codec.NewReader(bytes.NewReader(file), r.kind, r.newest); !errors.Is(err, codec.ErrCorrupt) {
			t.Errorf("other %s: %v", name, err)
		}
	}
}

func TestNotFinite(t *testing.T) {
	t.Parallel()
	w := codec.NewWriter(io.Discard, "x", 1)
	w.Float32s([]float32{1, float32(math.NaN())})
	if w.Close() == nil {
		t.Error("a NaN was written")
	}
	body := append([]byte("gold\x00mf\x01"), 1, 0, 0, 0, 'x', 1, 0, 0, 0)
	body = binary.LittleEndian.AppendUint32(body, math.Float32bits(float32(math.Inf(1))))
	r, err := codec.NewReader(bytes.NewReader(seal(body)), "x", 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Float32(); got != 0 || !errors.Is(r.Close(), codec.ErrCorrupt) {
		t.Errorf("an infinity was read as %v", got)
	}
}

func TestErrorsOfTheStream(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk full")
	if err := small().save(failing{broken}); !errors.Is(err, broken) {
		t.Errorf("writing: %v", err)
	}
	if _, err := load(iotest.ErrReader(broken)); !errors.Is(err, broken) || errors.Is(err, codec.ErrCorrupt) {
		t.Errorf("reading: %v", err)
	}
	w := codec.NewWriter(io.Discard, "x", 1)
	w.Nested(func(io.Writer) error { return broken })
	if err := w.Close(); !errors.Is(err, broken) {
		t.Errorf("nested: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// FuzzReader also mends length and sum of the input, so that the getters meet damage of their own.
func FuzzReader(f *testing.F) {
	file := encode(f, small())
	f.Add(file)
	f.Add(file[:len(file)-12])
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, err := load(bytes.NewReader(file)); err != nil && !errors.Is(err, codec.ErrCorrupt) {
			t.Error(err)
		}
		got, err := load(bytes.NewReader(seal(file)))
		if err != nil {
			if !errors.Is(err, codec.ErrCorrupt) {
				t.Error(err)
			}
			return
		}
		again, err := load(bytes.NewReader(encode(t, got)))
		if diff := cmp.Diff(got, again); err != nil || diff != "" {
			t.Error(err, diff)
		}
	})
}
