package codec_test

import (
	"bytes"
	"io"
	"runtime"
	"testing"

	"github.com/goldrec/gold/codec"
)

// bytesOf is how many bytes f allocates, whether or not they were let go since. Other goroutines must be still.
func bytesOf(f func()) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc - before.TotalAlloc)
}

// counter counts what is written to it.
type counter struct{ n int64 }

func (c *counter) Write(b []byte) (int, error) { c.n += int64(len(b)); return len(b), nil }

// TestMemory bounds all that is allocated, which no peak of the heap is above. It is not parallel: other tests allocate.
func TestMemory(t *testing.T) {
	const n = 6 << 20 // 24 MiB
	vs := make([]float32, n)
	var size counter
	writing := bytesOf(func() {
		w := codec.NewWriter(&size)
		w.Section("x", 1)
		w.Float32s(vs)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	})
	if limit := float64(codec.BlockMax); writing > limit {
		t.Errorf("writing %d bytes allocates %.0f, want at most a block", size.n, writing)
	}
	var file bytes.Buffer
	file.Grow(int(size.n))
	w := codec.NewWriter(&file)
	w.Section("x", 1)
	w.Float32s(vs)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	read := func(src io.Reader) func() {
		return func() {
			r, err := codec.NewReader(src)
			if err != nil {
				t.Fatal(err)
			}
			r.Section("x", 1)
			if got := r.Float32s(); len(got) != n || r.Close() != nil {
				t.Fatal(len(got), r.Err())
			}
		}
	}
	if got := bytesOf(read(bytes.NewReader(file.Bytes()))); got > 1.1*float64(size.n) {
		t.Errorf("reading %d bytes allocates %.0f", size.n, got)
	}
	// Of unknown size: a slice that doubles as it grows, all of whose predecessors are counted here.
	if got := bytesOf(read(io.MultiReader(bytes.NewReader(file.Bytes())))); got > 3.2*float64(size.n) {
		t.Errorf("reading %d bytes of unknown size allocates %.0f", size.n, got)
	}
}

func BenchmarkBulk(b *testing.B) {
	const n = 4 << 20
	floats, ints, longs := make([]float32, n), make([]uint32, n), make([]uint64, n/2)
	for i := range n {
		floats[i], ints[i], longs[i/2] = float32(i), uint32(i), uint64(i)
	}
	for _, bm := range []struct {
		name string
		put  func(w *codec.Writer)
		get  func(r *codec.Reader)
	}{
		{"float32s", func(w *codec.Writer) { w.Float32s(floats) }, func(r *codec.Reader) { r.Float32s() }},
		{"uint32s", func(w *codec.Writer) { w.Uint32s(ints) }, func(r *codec.Reader) { r.Uint32s() }},
		{"uint64s", func(w *codec.Writer) { w.Uint64s(longs) }, func(r *codec.Reader) { r.Uint64s() }},
		{"one by one", func(w *codec.Writer) {
			for _, v := range ints {
				w.Uint32(v)
			}
		}, func(r *codec.Reader) {
			for range n {
				r.Uint32()
			}
		}},
	} {
		var file bytes.Buffer
		file.Grow(5 * n)
		write := func(dst io.Writer) {
			w := codec.NewWriter(dst)
			w.Section("x", 1)
			bm.put(w)
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
		}
		write(&file)
		b.Run(bm.name+"/put", func(b *testing.B) {
			b.SetBytes(4 * n)
			for b.Loop() {
				write(io.Discard)
			}
		})
		b.Run(bm.name+"/get", func(b *testing.B) {
			b.SetBytes(4 * n)
			for b.Loop() {
				r, err := codec.NewReader(bytes.NewReader(file.Bytes()))
				if err != nil {
					b.Fatal(err)
				}
				r.Section("x", 1)
				if bm.get(r); r.Close() != nil {
					b.Fatal(r.Err())
				}
			}
		})
	}
}
