package ann_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/ann/anntest"
	"github.com/goldrec/gold/codec"
)

// TestRepairInSlices deletes and adds while dead vectors are being taken out, now and then the one where walks begin, and wants that
// never a list leads to a slot that is given out again, nor walks begin there, and that no write does more than its share.
func TestRepairInSlices(t *testing.T) {
	t.Parallel()
	for _, m := range []ann.Metric{ann.L2, ann.InnerProduct} {
		t.Run(fmt.Sprint(m), func(t *testing.T) {
			const n, dim = 1500, 8
			rng := rand.New(rand.NewPCG(1, 2))
			keys, rows := anntest.Keys(n), anntest.Clustered(n, dim, 5, 6)
			h := filled(t, keys, rows, ann.Options{Dim: dim, Metric: m, EfConstruction: 40})
			passes := 0
			for i := range 1500 {
				before := ann.Repaired(h)
				if key := rng.IntN(n); i%3 > 0 || h.Len() < n/2 {
					if err := h.Add(keys[key], rows[rng.IntN(n)*dim:][:dim]); err != nil {
						t.Fatal(err)
					}
				} else if i%10 == 0 {
					h.Delete(ann.EntryKey(h))
				} else {
					h.Delete(keys[key])
				}
				after := ann.Repaired(h)
				if after > before+64 {
					t.Fatalf("one write repaired from %d to %d", before, after)
				}
				if after > 0 && before == 0 {
					passes++
				}
				if i%50 == 0 || after == 0 && before > 0 {
					if err := ann.CheckLinks(h); err != nil {
						t.Fatalf("after %d writes: %v", i, err)
					}
				}
			}
			if passes < 3 {
				t.Errorf("%d passes", passes)
			}
		})
	}
}

// TestGrowInSlices lets an index grow while vectors are added and deleted one by one, and wants it to be what it is with room from the
// start, and no write to copy more than its share.
func TestGrowInSlices(t *testing.T) {
	t.Parallel()
	if raceEnabled {
		t.Skip("slow under the race detector, and one thing after the other")
	}
	const n, more, dim = 9000, 3000, 8
	keys, rows := anntest.Keys(n+more), anntest.Clustered(n+more, dim, 5, 6)
	for _, storage := range []ann.Storage{ann.Float32, ann.Quantized} {
		var saved [][]byte
		for _, room := range []int{10000, 20000} {
			h := filled(t, nil, nil, ann.Options{Dim: dim, Metric: ann.InnerProduct, Storage: storage, EfConstruction: 20, M: 6, Capacity: room})
			if err := h.AddBatch(t.Context(), keys[:n], rows[:n*dim]); err != nil {
				t.Fatal(err)
			}
			slots, grown, before := h.Stats().Slots, 0, ann.CopiedAtOnce(h)
			for i := n; i < n+more; i++ {
				if err := h.Add(keys[i], rows[i*dim:][:dim]); err != nil {
					t.Fatal(err)
				}
				if i%3 == 0 {
					h.Delete(keys[i-n/2])
				}
				if now := h.Stats().Slots; now != slots {
					slots, grown = now, grown+1
				}
			}
			if room == 10000 && (grown == 0 || ann.CopiedAtOnce(h) > before) {
				t.Errorf("grew %d times, of which %d at once", grown, ann.CopiedAtOnce(h)-before)
			}
			if err := ann.CheckLinks(h); err != nil {
				t.Error(err)
			}
			for i, key := range keys[:n+more] {
				_, there := h.Vector(nil, key)
				if gone := i >= n/2 && i < n/2+more && (i+n/2)%3 == 0; there == gone {
					t.Fatalf("key %d is there: %v", i, there)
				}
			}
			saved = append(saved, encode(t, h))
		}
		if !bytes.Equal(saved[0], saved[1]) {
			t.Errorf("storage %d: an index that grew differs from one that had the room", storage)
		}
	}
}

// TestFollowInSlices moves what is stored elsewhere, closer together, one by one: codes follow, or give way to the vectors, without a
// copy at once.
func TestFollowInSlices(t *testing.T) {
	t.Parallel()
	if raceEnabled {
		t.Skip("slow under the race detector, and one thing after the other")
	}
	const n, dim = 9000, 16
	keys, rows := anntest.Keys(n), anntest.Clustered(n, dim, 5, 6)
	h := filled(t, keys, rows, ann.Options{Dim: dim, Metric: ann.L2, EfConstruction: 30, M: 8})
	before := ann.CopiedAtOnce(h)
	for i := range rows {
		rows[i] = 0.05*rows[i] + 30
	}
	for i, key := range keys {
		if err := h.Add(key, rows[i*dim:][:dim]); err != nil {
			t.Fatal(err)
		}
	}
	if got := recallOf(t, h, keys, rows, rows[:100*dim], 64); got < 0.97 || ann.CopiedAtOnce(h) > before {
		t.Errorf("recall@10 %.3f, %d copies at once", got, ann.CopiedAtOnce(h)-before)
	}
}

// TestGrowEmpty stores and deletes the only vector of an index that is being copied: what it is stored as while the last slots are
// taken over is what it is.
func TestGrowEmpty(t *testing.T) {
	t.Parallel()
	const n = 9000
	keys, rows := anntest.Keys(n), anntest.Clustered(n, 1, 5, 6)
	full := filled(t, keys, rows, ann.Options{Dim: 1, Metric: ann.L2, M: 2, EfConstruction: 1, Capacity: n})
	r, err := codec.NewReader(bytes.NewReader(encode(t, full)))
	if err != nil {
		t.Fatal(err)
	}
	h, err := ann.LoadSection(r, ann.Options{}, func(key uint32) (uint32, bool) { return key, key == keys[0] })
	if err != nil {
		t.Fatal(err)
	}
	slots, withAdd := h.Stats().Slots, false
	for i := range 40 {
		h.Delete(keys[0])
		before := h.Stats().Slots
		want := float32(100 + i)
		if err := h.Add(keys[0], []float32{want}); err != nil {
			t.Fatal(err)
		}
		if got, ok := h.Vector(nil, keys[0]); !ok || got[0] != want {
			t.Fatalf("the vector is %v, stored was %v", got, want)
		}
		withAdd = withAdd || h.Stats().Slots > before
	}
	if !withAdd {
		t.Errorf("%d slots, and %d before: it did not grow with an Add", h.Stats().Slots, slots)
	}
}

// TestRehashInSlices stores new keys and deletes old ones one by one until their table is full of what is gone: another one takes
// its place without a pass at once, with what was stored and without what was deleted meanwhile.
func TestRehashInSlices(t *testing.T) {
	t.Parallel()
	if raceEnabled {
		t.Skip("slow under the race detector, and one thing after the other")
	}
	const n, writes = 9000, 10000
	rng := rand.New(rand.NewPCG(1, 2))
	keys, rows := anntest.Keys(n+writes), anntest.Clustered(n+writes, 1, 5, 6)
	h := filled(t, keys[:n], rows[:n], ann.Options{Dim: 1, Metric: ann.L2, M: 2, EfConstruction: 1, Capacity: 2 * n})
	living, gone := slices.Clone(keys[:n]), []uint32(nil)
	before, tables := ann.CopiedAtOnce(h), 0
	for i, key := range keys[n:] {
		under := ann.Rehashed(h) > 0
		if err := h.Add(key, rows[n+i:][:1]); err != nil {
			t.Fatal(err)
		}
		at := rng.IntN(n)
		h.Delete(living[at])
		gone = append(gone, living[at])
		living[at] = key
		if !under || ann.Rehashed(h) > 0 {
			continue
		}
		tables++
		for _, key := range living {
			if _, ok := h.Vector(nil, key); !ok {
				t.Fatalf("key %d is lost after %d writes", key, i)
			}
		}
		for _, key := range gone {
			if _, ok := h.Vector(nil, key); ok {
				t.Fatalf("key %d is back after %d writes", key, i)
			}
		}
	}
	if tables == 0 || ann.CopiedAtOnce(h) > before {
		t.Errorf("%d tables in slices, and %d at once", tables, ann.CopiedAtOnce(h)-before)
	}
}
