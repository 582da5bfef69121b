package ann_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/ann/anntest"
	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/codec/codectest"
	"github.com/google/go-cmp/cmp"
)

func build(t testing.TB, n int, opts ann.Options) *ann.HNSW {
	t.Helper()
	return filled(t, anntest.Keys(n), anntest.Clustered(n, opts.Dim, 7, 0), opts)
}

func filled(t testing.TB, keys []uint32, rows []float32, opts ann.Options) *ann.HNSW {
	t.Helper()
	h, err := ann.NewHNSW(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.AddBatch(t.Context(), keys, rows); err != nil {
		t.Fatal(err)
	}
	return h
}

func encode(t testing.TB, h *ann.HNSW) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := h.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("WriteTo: %d of %d bytes, %v", n, b.Len(), err)
	}
	return b.Bytes()
}

// answers is what an index finds for a few queries.
func answers(t testing.TB, ix ann.Index) [][]ann.Result {
	t.Helper()
	var all [][]ann.Result
	q := anntest.Clustered(20, ix.Dim(), 7, 9)
	for i := range 20 {
		got, err := ix.Search(nil, q[i*ix.Dim():][:ix.Dim()], 10, ann.SearchOptions{Ef: 50})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, got)
	}
	return all
}

func TestSaveLoad(t *testing.T) {
	for _, n := range []int{0, 1, 33, 500} {
		for _, m := range []ann.Metric{ann.Cosine, ann.L2, ann.InnerProduct} {
			t.Run(fmt.Sprintf("%d %v", n, m), func(t *testing.T) {
				h := build(t, n, ann.Options{Dim: 9, Metric: m, M: 6, Seed: 3})
				for _, key := range anntest.Keys(n)[:n/3] {
					h.Delete(key)
				}
				path := filepath.Join(t.TempDir(), "index")
				for range 2 { // the second takes the place of the first
					if err := h.Save(path); err != nil {
						t.Fatal(err)
					}
				}
				got, err := ann.Load(path, ann.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(answers(t, h), answers(t, got)); diff != "" {
					t.Error(diff)
				}
				if got.Len() != h.Len() || got.Dim() != 9 || got.Metric() != m {
					t.Errorf("Len %d, Dim %d, %v", got.Len(), got.Dim(), got.Metric())
				}
				// What is added after loading makes the same index as without.
				more := anntest.Clustered(100, 9, 7, 2)
				for _, ix := range []*ann.HNSW{h, got} {
					if err := ix.AddBatch(t.Context(), anntest.Keys(600)[500:], more); err != nil {
						t.Fatal(err)
					}
				}
				if diff := cmp.Diff(answers(t, h), answers(t, got)); diff != "" {
					t.Error(diff)
				}
				files, _ := os.ReadDir(filepath.Dir(path))
				if len(files) != 1 {
					t.Errorf("left behind: %v", files)
				}
			})
		}
	}
}

func TestDataBehindTheEnd(t *testing.T) {
	b := append(encode(t, build(t, 50, ann.Options{Dim: 4})), "rest"...)
	if _, err := ann.ReadHNSW(bytes.NewReader(b), ann.Options{}); !errors.Is(err, ann.ErrCorrupt) {
		t.Errorf("data behind the end: %v", err)
	}
	path := filepath.Join(t.TempDir(), "index")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ann.Load(path, ann.Options{}); !errors.Is(err, ann.ErrCorrupt) {
		t.Errorf("data behind the end of a file: %v", err)
	}
}

// TestUnknownLength reads from a stream that cannot say how long it is, all sizes of records among them.
func TestUnknownLength(t *testing.T) {
	for _, dim := range []int{9, 60, 100} {
		for _, storage := range []ann.Storage{ann.Float32, ann.Quantized} {
			h := build(t, 1100, ann.Options{Dim: dim, Storage: storage, M: 4, EfConstruction: 20})
			file := encode(t, h)
			for name, r := range map[string]io.Reader{"known": bytes.NewReader(file), "unknown": iotest.HalfReader(bytes.NewReader(file))} {
				got, err := ann.ReadHNSW(r, ann.Options{})
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if diff := cmp.Diff(answers(t, h), answers(t, got)); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
				if !bytes.Equal(file, encode(t, got)) {
					t.Errorf("%s: read and written, the file is another", name)
				}
			}
		}
	}
}

// TestSectionMoves loads with keys moved and with some gone.
func TestSectionMoves(t *testing.T) {
	const n, dim = 400, 6
	h := build(t, n, ann.Options{Dim: dim, M: 6, Metric: ann.InnerProduct, Storage: ann.Quantized})
	now := map[uint32]uint32{}
	for i, key := range anntest.Keys(n) {
		if i%3 != 0 {
			now[key] = uint32(n - i)
		}
	}
	var file bytes.Buffer
	w := codec.NewWriter(&file)
	h.SaveSection(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := codec.NewReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ann.LoadSection(r, ann.Options{}, func(key uint32) (uint32, bool) { k, ok := now[key]; return k, ok })
	if err != nil || r.Close() != nil {
		t.Fatal(err, r.Err())
	}
	if got.Len() != len(now) {
		t.Errorf("%d vectors, want %d", got.Len(), len(now))
	}
	for key, to := range now {
		want, _ := h.Vector(nil, key)
		if v, ok := got.Vector(nil, to); !ok || cmp.Diff(want, v) != "" {
			t.Fatalf("key %d, now %d: %v, want %v", key, to, v, want)
		}
	}
	for _, q := range answers(t, got) {
		for _, r := range q {
			if r.Key < 1 || r.Key > n || r.Key%3 == n%3 {
				t.Fatalf("found key %d", r.Key)
			}
		}
	}
	one := func(uint32) (uint32, bool) { return 7, true }
	if r, err = codec.NewReader(bytes.NewReader(encode(t, h))); err != nil {
		t.Fatal(err)
	}
	if _, err := ann.LoadSection(r, ann.Options{}, one); !errors.Is(err, ann.ErrCorrupt) {
		t.Errorf("all under one key: %v", err)
	}
}

func TestClone(t *testing.T) {
	h := build(t, 300, ann.Options{Dim: 5, M: 4})
	for _, key := range anntest.Keys(300)[:120] { // some retired, some dead
		h.Delete(key)
	}
	before, keys, more := encode(t, h), anntest.Keys(500), anntest.Clustered(200, 5, 7, 3)
	clone := h.Clone()
	if diff := cmp.Diff(answers(t, h), answers(t, clone)); diff != "" {
		t.Fatal(diff)
	}
	if err := clone.AddBatch(t.Context(), keys[300:], more); err != nil {
		t.Fatal(err)
	}
	if clone.Len() != 380 || h.Len() != 180 || !bytes.Equal(before, encode(t, h)) {
		t.Errorf("%d vectors in the clone, %d in the first, which has changed: %v", clone.Len(), h.Len(), !bytes.Equal(before, encode(t, h)))
	}
	if err := h.AddBatch(t.Context(), keys[300:], more); err != nil {
		t.Fatal(err)
	}
	// Places of what was deleted are used again in both.
	if got, want := len(encode(t, clone)), len(encode(t, h)); got > want*11/10 {
		t.Errorf("the clone's file has %d bytes, the first's %d", got, want)
	}
	if got := recallOf(t, clone, keys[120:], slices.Concat(anntest.Clustered(300, 5, 7, 0)[120*5:], more), more[:50*5], 64); got < 0.95 {
		t.Errorf("recall@10 of the clone %.3f", got)
	}
}

// TestCloneOfTheDying clones while vectors are deleted and still linked to.
func TestCloneOfTheDying(t *testing.T) {
	h := build(t, 200, ann.Options{Dim: 5, M: 4})
	keys := anntest.Keys(300)
	for _, key := range keys[:30] { // too few for a repair
		h.Delete(key)
	}
	clone := h.Clone()
	clone.Delete(keys[50])
	if _, ok := h.Vector(nil, keys[50]); !ok {
		t.Error("a vector deleted from the clone is gone from the first")
	}
	h.Delete(keys[50])
	for _, ix := range []*ann.HNSW{h, clone} {
		if err := ix.AddBatch(t.Context(), keys[200:], anntest.Clustered(100, 5, 7, 3)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := len(encode(t, clone)), len(encode(t, h)); got > want {
		t.Errorf("the clone's file has %d bytes, the first's %d: places are not used again", got, want)
	}
}

// TestDamaged reads 100,000 damaged copies of an index: each is refused, and none costs much memory.
func TestDamaged(t *testing.T) {
	whole := encode(t, build(t, 12, ann.Options{Dim: 3, M: 3}))
	rng := rand.New(rand.NewPCG(1, 2))
	rounds := 100_000
	if testing.Short() || raceEnabled {
		rounds = 5_000
	}
	for range rounds {
		b := bytes.Clone(whole)
		what := ""
		switch rng.IntN(3) {
		case 0:
			n := rng.IntN(len(b))
			b, what = b[:n], fmt.Sprintf("cut to %d", n)
		case 1:
			bit := rng.IntN(8 * len(b))
			b[bit/8] ^= 1 << (bit % 8)
			what = fmt.Sprintf("bit %d flipped", bit)
		case 2:
			at := rng.IntN(len(b)/4) * 4
			old := bytes.Clone(b[at : at+4])
			copy(b[at:], []byte{byte(rng.Uint32()), 0xff, 0xff, byte(rng.IntN(2)) * 0xff})
			if bytes.Equal(old, b[at:at+4]) {
				continue
			}
			what = fmt.Sprintf("number at %d overwritten", at)
		}
		if _, err := ann.ReadHNSW(bytes.NewReader(b), ann.Options{}); !errors.Is(err, ann.ErrCorrupt) {
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// TestHostileLengths reads well-formed headers that promise far more than follows.
func TestHostileLengths(t *testing.T) {
	whole := encode(t, build(t, 12, ann.Options{Dim: 3, M: 3}))
	const fields = 8 + 3 + 4 + 4 + 4 + 5 // magic, head of the section, head of the block
	for field := range 14 {
		for _, unknown := range []bool{false, true} {
			b := bytes.Clone(whole)
			copy(b[fields+4*field:], []byte{0xf0, 0xff, 0xff, 0x7f})
			b = codectest.Mend(b)
			var r io.Reader = bytes.NewReader(b)
			if unknown {
				r = iotest.HalfReader(r)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := ann.ReadHNSW(r, ann.Options{})
			runtime.ReadMemStats(&after)
			if free := field == 5 || field == 6 || field == 11; err == nil && !free {
				t.Errorf("field %d: taken", field) // but for the numbers that may be anything
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
				t.Errorf("field %d: %d bytes allocated for a file of %d", field, got, len(b))
			}
		}
	}
}

type failing struct{ error }

func (f failing) Read([]byte) (int, error)  { return 0, f.error }
func (f failing) Write([]byte) (int, error) { return 0, f.error }

func TestPassesErrorsOn(t *testing.T) {
	disk := failing{errors.New("disk on fire")}
	if _, err := build(t, 3, ann.Options{Dim: 2}).WriteTo(disk); !errors.Is(err, disk.error) {
		t.Errorf("WriteTo: %v", err)
	}
	if _, err := ann.ReadHNSW(disk, ann.Options{}); !errors.Is(err, disk.error) || errors.Is(err, ann.ErrCorrupt) {
		t.Errorf("ReadHNSW: %v", err)
	}
	if err := build(t, 3, ann.Options{Dim: 2}).Save(filepath.Join(t.TempDir(), "no", "such")); err == nil {
		t.Error("saved into a directory that is not there")
	}
}

func FuzzRead(f *testing.F) {
	whole := encode(f, build(f, 12, ann.Options{Dim: 3, M: 3}))
	f.Add(whole)
	f.Add(whole[:20])
	f.Fuzz(func(t *testing.T, b []byte) {
		// Checksums are made right, so that the fuzzer gets past them.
		h, err := ann.ReadHNSW(bytes.NewReader(codectest.Mend(b)), ann.Options{})
		if err != nil {
			return
		}
		if _, err := h.Search(nil, make([]float32, h.Dim()), 5, ann.SearchOptions{}); err != nil && !errors.Is(err, ann.ErrZeroVector) {
			t.Fatal(err)
		}
		if err := h.Add(1, append(make([]float32, h.Dim()-1), 1)); err != nil {
			t.Fatal(err)
		}
	})
}
