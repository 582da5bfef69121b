package codec_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/goldrec/gold/codec"
	"github.com/google/go-cmp/cmp"
)

// TestInto gets what was put into slices that are there, across blocks, and refuses other lengths and what is not finite.
func TestInto(t *testing.T) {
	t.Parallel()
	numbers, floats, text := make([]uint32, 200_000), make([]float32, 70_001), []byte("odd")
	for i := range numbers {
		numbers[i] = uint32(i * 7919)
	}
	for i := range floats {
		floats[i] = float32(i) / 3
	}
	var file bytes.Buffer
	w := codec.NewWriter(&file)
	w.Section("a", 1)
	w.Bytes(text)
	w.Uint32s(numbers)
	w.Float32s(floats)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string]io.Reader{"known": bytes.NewReader(file.Bytes()), "unknown": iotest.HalfReader(bytes.NewReader(file.Bytes()))} {
		r, err := codec.NewReader(src)
		if err != nil {
			t.Fatal(err)
		}
		if left, known := r.Left(); known != (name == "known") || known && left != int64(file.Len()-8) {
			t.Errorf("%s: %d bytes left, known %v", name, left, known)
		}
		gotText, gotNumbers, gotFloats := make([]byte, 3), make([]uint32, len(numbers)), make([]float32, len(floats))
		r.Section("a", 1)
		r.BytesInto(gotText)
		r.Uint32sInto(gotNumbers)
		r.Float32sInto(gotFloats)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(text, gotText) + cmp.Diff(numbers, gotNumbers) + cmp.Diff(floats, gotFloats); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for n := range 7 {
		r, err := codec.NewReader(bytes.NewReader(file.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		r.Section("a", 1)
		if r.BytesInto(make([]byte, n)); (r.Err() == nil) != (n == 3) || n != 3 && !errors.Is(r.Err(), codec.ErrCorrupt) {
			t.Errorf("three bytes into %d: %v", n, r.Err())
		}
	}
	file.Reset()
	w = codec.NewWriter(&file)
	w.Section("a", 1)
	w.Uint32s([]uint32{1, 0x7f800000})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := codec.NewReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	r.Section("a", 1)
	if r.Float32sInto(make([]float32, 2)); !errors.Is(r.Err(), codec.ErrCorrupt) {
		t.Errorf("an infinity: %v", r.Err())
	}
}
