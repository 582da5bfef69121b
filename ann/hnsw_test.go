package ann_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/ann/anntest"
)

func TestSameGraphWithAnyWorkers(t *testing.T) {
	n := 1500
	if raceEnabled {
		n = 300
	}
	for _, storage := range []ann.Storage{ann.Float32, ann.Quantized} {
		var first []byte
		for _, workers := range []int{1, 2, 7} {
			h := build(t, n, ann.Options{Dim: 16, Metric: ann.InnerProduct, Storage: storage, Seed: 5, Workers: workers})
			for _, key := range anntest.Keys(n)[:2*n/5] { // repairs run in parallel too
				h.Delete(key)
			}
			if first == nil {
				first = encode(t, h)
			} else if !bytes.Equal(first, encode(t, h)) {
				t.Errorf("storage %d: another graph with %d workers", storage, workers)
			}
		}
	}
}

func TestOptions(t *testing.T) {
	for name, opts := range map[string]ann.Options{
		"no dimension": {}, "negative dimension": {Dim: -1}, "wide": {Dim: ann.DimMax + 1}, "metric": {Dim: 1, Metric: 9},
		"storage": {Dim: 1, Storage: 9}, "M": {Dim: 1, M: 1}, "EfConstruction": {Dim: 1, EfConstruction: -1},
		"Capacity": {Dim: 1, Capacity: -1}, "Workers": {Dim: 1, Workers: -1},
	} {
		if _, err := ann.NewHNSW(opts); !errors.Is(err, ann.ErrOptions) {
			t.Errorf("%s: %v, want ErrOptions", name, err)
		}
	}
}

func TestProgress(t *testing.T) {
	last := 0
	build(t, 700, ann.Options{Dim: 3, Progress: func(done, total int) {
		if done <= last || total != 700 {
			t.Errorf("progress from %d to %d of %d", last, done, total)
		}
		last = done
	}})
	if last != 700 {
		t.Errorf("progress ended at %d", last)
	}
}

// TestSlotsAreUsedAgain replaces everything many times over: what is saved does not grow with it.
func TestSlotsAreUsedAgain(t *testing.T) {
	h := build(t, 400, ann.Options{Dim: 8})
	before := len(encode(t, h))
	rng := rand.New(rand.NewPCG(1, 1))
	keys, rows := anntest.Keys(400), anntest.Clustered(400, 8, 7, 3)
	updates := 4000
	if raceEnabled {
		updates = 500
	}
	for range updates {
		i := rng.IntN(400)
		if err := h.Add(keys[i], rows[i*8:][:8]); err != nil {
			t.Fatal(err)
		}
	}
	if after := len(encode(t, h)); after > before*3/2 || h.Len() != 400 {
		t.Errorf("%d bytes of %d vectors after %d updates, %d of 400 before", after, h.Len(), updates, before)
	}
}
