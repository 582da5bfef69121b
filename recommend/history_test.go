package recommend

import (
	"encoding/base32"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/store"
)

// What a history unpacks to is what was packed, whole or one by one.
func TestHistoriesUnpack(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 3))
	for _, tt := range []struct {
		name                 string
		positions, times     uint64 // between two events
		items, visits, kinds uint32
	}{
		{"usual", 5000, 100_000, 100_000, 3, 2},
		{"far apart", math.MaxUint64 / 64, math.MaxUint32, math.MaxUint32, 1 << 24, 250},
	} {
		var events []event
		var h history
		for i := range 60 {
			ev := event{
				position: store.Position(1 + rng.Uint64N(tt.positions)), time: uint32(rng.Uint64N(tt.times)), item: rng.Uint32N(tt.items),
				weight: float32(rng.IntN(3)) - 1, visit: rng.Uint32N(tt.kinds)<<visitBits | rng.Uint32N(tt.visits),
			}
			var last event
			if i > 0 {
				last = events[i-1]
				ev.position += last.position
			}
			before := h
			if h = h.with(last, ev); i%7 == 0 {
				before.with(last, event{position: last.position + 1}) // of a state that another has replaced
				h = before.with(last, ev)
			}
			events = append(events, ev)
		}
		for name, h := range map[string]history{"one by one": h, "packed": pack(events)} {
			if diff := cmp.Diff(events, h.appendTo(nil), cmp.AllowUnexported(event{})); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", tt.name, name, diff)
			}
			if h.n != len(events) || h.newest != events[len(events)-1].position {
				t.Errorf("%s, %s: %d events up to %d", tt.name, name, h.n, h.newest)
			}
		}
		if size := len(pack(events).packed); tt.name == "usual" && size > 15*len(events) {
			t.Errorf("%d bytes", size)
		}
	}
}

func TestItemsUnpack(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 4))
	for _, items := range []uint32{1, 1000, math.MaxUint32} {
		var all []uint32
		for range 50 {
			all = append(all, rng.Uint32N(items))
		}
		slices.Sort(all)
		all = slices.Compact(all)
		if diff := cmp.Diff(append([]uint32{7}, all...), unpackItems([]uint32{7}, packItems(all))); diff != "" {
			t.Errorf("of %d (-want +got):\n%s", items, diff)
		}
	}
}

// Pages of other shapes stay, the newest of each, and no more than so many.
func TestKeptPages(t *testing.T) {
	t.Parallel()
	s := &userState{}
	var want []uint64
	rng := rand.New(rand.NewPCG(5, 5))
	for range 300 {
		shape := rng.Uint64N(7)
		s.keep(&cachedPage{shape: shape}, true)
		want = slices.DeleteFunc(want, func(of uint64) bool { return of == shape })
		want = append([]uint64{shape}, want[:min(len(want), pagesMax-1)]...)
		var got []uint64
		for p := s.newest.Load(); p != nil; p = p.older {
			got = append(got, p.shape)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
}

// Numbers of pages are written as they were when a library wrote them.
func TestPageNumbers(t *testing.T) {
	t.Parallel()
	encoding := base32.HexEncoding.WithPadding(base32.NoPadding)
	for _, id := range []uint64{0, 1, math.MaxUint64, 0x0123456789abcdef, 0xfedcba9876543210} {
		var raw [8]byte
		binary.BigEndian.PutUint64(raw[:], id)
		if want, got := encoding.EncodeToString(raw[:]), pageID(id); got != want {
			t.Errorf("%x is written %s, want %s", id, got, want)
		}
	}
}
