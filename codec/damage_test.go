package codec_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/codec/codectest"
	"github.com/google/go-cmp/cmp"
)

// records cuts a file into its magic and its records.
func records(t testing.TB, file []byte) (all [][]byte) {
	t.Helper()
	all = append(all, file[:8])
	for at := 8; at < len(file); {
		n := 0
		switch file[at] {
		case 'S':
			n = 3 + int(binary.LittleEndian.Uint16(file[at+1:])) + 4 + 4
		case 'B':
			n = 5 + int(binary.LittleEndian.Uint32(file[at+1:])) + 4
		case 'E':
			n = 5
		default:
			t.Fatalf("record %q", file[at])
		}
		all = append(all, file[at:at+n])
		at += n
	}
	return all
}

// recut makes the same file of blocks of so many bytes.
func recut(t testing.TB, file []byte, size int) []byte {
	t.Helper()
	var out []byte
	for _, r := range records(t, file) {
		if r[0] != 'B' {
			out = append(out, r...)
			continue
		}
		for part := range slices.Chunk(r[5:len(r)-4], size) {
			out = binary.LittleEndian.AppendUint32(append(out, 'B'), uint32(len(part)))
			out = append(append(out, part...), 0, 0, 0, 0)
		}
	}
	return codectest.Mend(out)
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

// TestRecordsOutOfPlace has every record whole, and one missing, doubled or in another's place.
func TestRecordsOutOfPlace(t *testing.T) {
	t.Parallel()
	s := small()
	s.Ints = make([]uint32, 100) // of which many blocks are alike
	all := records(t, recut(t, encode(t, s), 32))
	if len(all) < 10 {
		t.Fatalf("only %d records", len(all))
	}
	refuse := func(what string, i int, all [][]byte) {
		t.Helper()
		if _, err := load(bytes.NewReader(slices.Concat(all...))); !errors.Is(err, codec.ErrCorrupt) {
			t.Errorf("record %d %s: %v", i, what, err)
		}
	}
	for i := 1; i < len(all); i++ {
		refuse("dropped", i, slices.Delete(slices.Clone(all), i, i+1))
		refuse("doubled", i, slices.Insert(slices.Clone(all), i, all[i]))
		for j := i + 1; j < len(all); j++ {
			swapped := slices.Clone(all)
			swapped[i], swapped[j] = swapped[j], swapped[i]
			refuse("swapped", i, swapped)
		}
	}
}

// hostile is a file of one section that holds what is given, with sums that are right.
func hostile(payload ...byte) []byte {
	file := append([]byte("gold\x00se\x02"), 'S', 1, 0, 'x', 1, 0, 0, 0, 0, 0, 0, 0)
	file = binary.LittleEndian.AppendUint32(append(file, 'B'), uint32(len(payload)))
	file = append(append(file, payload...), 0, 0, 0, 0)
	return codectest.Mend(append(file, 'E', 0, 0, 0, 0))
}

// TestHostileLengths also counts bytes, and so is not parallel.
func TestHostileLengths(t *testing.T) {
	getters := map[string]func(*codec.Reader) int{
		"string":   func(r *codec.Reader) int { return len(r.String()) },
		"bytes":    func(r *codec.Reader) int { return cap(r.Bytes()) },
		"uint32s":  func(r *codec.Reader) int { return cap(r.Uint32s()) },
		"uint64s":  func(r *codec.Reader) int { return cap(r.Uint64s()) },
		"float32s": func(r *codec.Reader) int { return cap(r.Float32s()) },
		"strings":  func(r *codec.Reader) int { return cap(r.Strings()) },
	}
	for _, length := range []uint64{math.MaxUint64, math.MaxUint64 / 4, math.MaxInt64, 1 << 40, 0xffff_ffff, 50} {
		file := hostile(append(binary.LittleEndian.AppendUint64(nil, length), 1, 2, 3, 4)...)
		for name, get := range getters {
			if name == "string" && length > math.MaxUint32 {
				continue // the length of a string is a uint32
			}
			for how, src := range map[string]io.Reader{"known": bytes.NewReader(file), "unknown": io.MultiReader(bytes.NewReader(file))} {
				r, err := codec.NewReader(src)
				if err != nil {
					t.Fatal(err)
				}
				r.Section("x", 1)
				var n int
				allocated := bytesOf(func() { n = get(r) })
				if err := r.Err(); !errors.Is(err, codec.ErrCorrupt) || n != 0 {
					t.Errorf("%s of length %d, size %s: %d, %v", name, length, how, n, err)
				}
				if limit := map[string]float64{"known": 1 << 14, "unknown": 5 << 20}[how]; allocated > limit {
					t.Errorf("%s of length %d, size %s: allocates %.0f bytes of a file of %d", name, length, how, allocated, len(file))
				}
			}
		}
	}
}

// TestHostileHeads has sums that are right and lengths that are not, in files that can be read but for those.
func TestHostileHeads(t *testing.T) {
	t.Parallel()
	const magic, sum = "gold\x00se\x02", "\x00\x00\x00\x00"
	const section, end = "S\x01\x00x\x01\x00\x00\x00" + sum, "E" + sum
	block := func(n int) string { return string(binary.LittleEndian.AppendUint32([]byte("B"), uint32(n))) }
	named := func(n int) string {
		return string(binary.LittleEndian.AppendUint16([]byte("S"), uint16(n))) + strings.Repeat("x", n) + "\x01\x00\x00\x00" + sum
	}
	for name, tt := range map[string]struct {
		file string
		ok   bool
	}{
		"the largest block":       {magic + section + block(1<<20) + strings.Repeat("a", 1<<20) + sum + end, true},
		"a block too large":       {magic + section + block(1<<20+1) + strings.Repeat("a", 1<<20+1) + sum + end, false},
		"a block longer than all": {magic + section + block(1<<20-1) + "abc", false},
		"an empty block":          {magic + section + block(0) + sum + end, false},
		"the longest name":        {magic + named(1024) + end, true},
		"a name too long":         {magic + named(1025) + end, false},
		"a record of no kind":     {magic + section + "X" + sum + end, false},
		"another magic":           {"gold\x00se\x03" + section + end, false},
		"nothing":                 {"", false},
	} {
		r, err := codec.NewReader(io.MultiReader(bytes.NewReader(codectest.Mend([]byte(tt.file)))))
		if err == nil {
			r.Skip()
			r.Skip()
			err = r.Close()
		}
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, codec.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, err := codec.NewReader(bytes.NewReader(codectest.Mend([]byte(magic + block(4) + "aaaa" + sum + end))))
	if err != nil {
		t.Fatal(err)
	}
	if r.Section("x", 1); !errors.Is(r.Close(), codec.ErrCorrupt) {
		t.Errorf("a block of no section: %v", err)
	}
}

func TestNotFinite(t *testing.T) {
	t.Parallel()
	infinity := binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(math.Inf(1))))
	nan := binary.LittleEndian.AppendUint64(nil, math.Float64bits(math.NaN()))
	for name, tt := range map[string]struct {
		payload []byte
		get     func(r *codec.Reader) bool // whether it got something
	}{
		"float32":  {infinity, func(r *codec.Reader) bool { return r.Float32() != 0 }},
		"float64":  {nan, func(r *codec.Reader) bool { return r.Float64() != 0 }},
		"float32s": {append([]byte{1, 0, 0, 0, 0, 0, 0, 0}, infinity...), func(r *codec.Reader) bool { return r.Float32s() != nil }},
	} {
		r, err := codec.NewReader(bytes.NewReader(hostile(tt.payload...)))
		if err != nil {
			t.Fatal(err)
		}
		r.Section("x", 1)
		if tt.get(r) || !errors.Is(r.Close(), codec.ErrCorrupt) {
			t.Errorf("%s: read, with the error %v", name, r.Err())
		}
	}
}

// TestFirstErrorStays wants zero values and the first error after an error, also one of the caller's.
func TestFirstErrorStays(t *testing.T) {
	t.Parallel()
	r, err := codec.NewReader(bytes.NewReader(hostile(bytes.Repeat([]byte{1}, 100)...)))
	if err != nil {
		t.Fatal(err)
	}
	r.Section("x", 1)
	r.Uint32()
	r.Fail("%d is too many", 7)
	first := r.Err()
	r.Fail("another")
	zero := r.Uint32() == 0 && r.Uint64() == 0 && r.Float32() == 0 && r.Float64() == 0 && r.String() == "" && r.Bytes() == nil &&
		r.Uint32s() == nil && r.Uint64s() == nil && r.Float32s() == nil && r.Strings() == nil && r.Section("x", 1) == 0
	if _, ok := r.Peek(); ok || !zero {
		t.Error("something is read after an error")
	}
	if r.Skip(); r.Close() != first || !errors.Is(first, codec.ErrCorrupt) {
		t.Errorf("the error %v became %v", first, r.Err())
	}
	broken, w := errors.New("broken"), codec.NewWriter(io.Discard)
	w.Fail(broken)
	w.Fail(errors.New("another"))
	if w.Section("x", 1); w.Close() != broken {
		t.Errorf("the error %v became %v", broken, w.Err())
	}
}

func TestErrorsOfTheStream(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk full")
	s := large()
	for _, room := range []int{0, 8, 100, 600_000, len(encode(t, s)) - 1} {
		if err := s.save(&failing{room, broken}); !errors.Is(err, broken) {
			t.Errorf("writing %d bytes: %v", room, err)
		}
	}
	file := encode(t, s)
	for _, n := range []int{0, 5, 8, 9, 100, 700_000, len(file)} {
		src := io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken))
		if _, err := load(src); !errors.Is(err, broken) || errors.Is(err, codec.ErrCorrupt) {
			t.Errorf("reading %d bytes: %v", n, err)
		}
	}
}

// failing has room for so many bytes.
type failing struct {
	room int
	err  error
}

func (f *failing) Write(b []byte) (int, error) {
	if len(b) > f.room {
		return f.room, f.err
	}
	f.room -= len(b)
	return len(b), nil
}

// FuzzReader also mends the sums of the input, so that the getters meet damage of their own.
func FuzzReader(f *testing.F) {
	file := encode(f, small())
	f.Add(file)
	f.Add(recut(f, file, 3))
	f.Add(file[:len(file)-12])
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, err := load(bytes.NewReader(file)); err != nil && !errors.Is(err, codec.ErrCorrupt) {
			t.Error(err)
		}
		mended := codectest.Mend(file)
		got, err := load(bytes.NewReader(mended))
		blind, blindErr := load(io.MultiReader(bytes.NewReader(mended)))
		if (err == nil) != (blindErr == nil) {
			t.Errorf("of known size %v, else %v", err, blindErr)
		}
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
		if diff := cmp.Diff(got, blind); diff != "" {
			t.Error(diff)
		}
	})
}
