package ann_test

import (
	"bytes"
	"testing"

	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/ann/anntest"
	"github.com/goldrec/gold/internal/heaptest"
)

// TestLoadingMemory wants loading to take a tenth more than the index at most, besides buffers: arrays go straight to their
// places.
func TestLoadingMemory(t *testing.T) {
	for _, storage := range []ann.Storage{ann.Float32, ann.Quantized} {
		const n, dim = 4_000, 400
		h := filled(t, anntest.Keys(n), groups(n, dim, 40, 0.7), ann.Options{Dim: dim, Storage: storage, M: 2, EfConstruction: 4})
		file := encode(t, h)
		load := func() *ann.HNSW {
			h, err := ann.ReadHNSW(bytes.NewReader(file), ann.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		_, kept := heaptest.Kept(load) // of what is on the heap: on some systems the arrays have pages of their own
		var loaded *ann.HNSW
		peak := heaptest.Peak(func() { loaded = load() })
		if most := kept + len(file)/10 + 1<<20; peak > most || loaded.Len() != n {
			t.Errorf("%d bytes at the most, %d are kept, of a file of %d", peak, kept, len(file))
		}
	}
}
