package stage_test

import (
	"math"
	"testing"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
)

// The table in the doc of Seen, kind by kind: how many seconds after an event its item is back, -1: never.
func TestSeen(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	c := shop(t, "Coffee", "Mugs")
	coffee := catalog.Equals("brand", "Coffee")
	tests := []struct {
		name string
		seen *stage.Seen
		back map[store.Kind]int64 // of item 1; kinds that are missing: -1
	}{
		{"nil", nil, map[store.Kind]int64{store.Impression: 0}},
		{"zero", &stage.Seen{}, map[store.Kind]int64{store.Impression: 0}},
		{"views do not hide", &stage.Seen{Hide: map[store.Kind]time.Duration{store.View: 0, store.Click: 0}},
			map[store.Kind]int64{store.View: 0, store.Click: 0, store.Impression: 0}},
		{"views hide for a day", &stage.Seen{Hide: map[store.Kind]time.Duration{store.View: day}},
			map[store.Kind]int64{store.View: 86_400, store.Impression: 0}},
		{"impressions hide for an hour", &stage.Seen{Hide: map[store.Kind]time.Duration{store.Impression: time.Hour}},
			map[store.Kind]int64{store.Impression: 3600}},
		{"for ever", &stage.Seen{Hide: map[store.Kind]time.Duration{store.Impression: stage.Forever}}, nil},
		{"a little", &stage.Seen{Hide: map[store.Kind]time.Duration{store.View: 1, store.Like: time.Second + 1, store.Cart: stage.Forever - 1}},
			map[store.Kind]int64{store.View: 1, store.Like: 2, store.Cart: int64(stage.Forever/time.Second) + 1, store.Impression: 0}},
		{"again what is coffee", &stage.Seen{Again: coffee}, map[store.Kind]int64{store.Impression: 0}},
	}
	for _, tt := range tests {
		for kind := store.Kind(0); kind <= store.Rating+1; kind++ {
			want, ok := tt.back[kind]
			if !ok {
				want = -1
			}
			e := model.Event{Item: 1, Kind: kind, Time: 1000, Weight: 1}
			for _, after := range []int64{-2000, 0, want - 1, want, 1 << 60} {
				if after < want && want > 0 && tt.seen.Allows(c, e, 1000+after) {
					t.Errorf("%s: shown %d s after a %v", tt.name, after, kind)
				}
				if want >= 0 && after >= want && !tt.seen.Allows(c, e, 1000+after) {
					t.Errorf("%s: hidden %d s after a %v", tt.name, after, kind)
				}
				if want == 0 && !tt.seen.Allows(c, e, 1000+after) || want < 0 && tt.seen.Allows(c, e, 1000+after) {
					t.Errorf("%s: wrong %d s after a %v", tt.name, after, kind)
				}
			}
		}
	}
}

// Consumables come back, as soon as others or sooner, except what was disliked.
func TestSeenAgain(t *testing.T) {
	t.Parallel()
	c := shop(t, "Coffee", "Mugs")
	seen := &stage.Seen{
		Hide:  map[store.Kind]time.Duration{store.View: 10 * time.Second},
		Again: catalog.Equals("brand", "Coffee"), AgainAfter: time.Minute,
	}
	for _, tt := range []struct {
		item uint32
		kind store.Kind
		want int64
	}{
		{0, store.Purchase, 160}, {1, store.Purchase, math.MaxInt64}, {0, store.View, 110}, {1, store.View, 110},
		{0, store.Dislike, math.MaxInt64}, {0, store.Impression, math.MinInt64}, {9, store.Purchase, math.MaxInt64},
	} {
		if got := seen.Until(c, model.Event{Item: tt.item, Kind: tt.kind, Time: 100}); got != tt.want {
			t.Errorf("item %d hidden until %d after a %v at 100, want %d", tt.item, got, tt.kind, tt.want)
		}
	}
	if got := seen.Until(nil, model.Event{Kind: store.Purchase}); got != math.MaxInt64 {
		t.Errorf("without a catalogue hidden until %d", got)
	}
	for _, at := range []int64{math.MinInt64, -5, 0, math.MaxInt64 - 5, math.MaxInt64} {
		if got := seen.Until(c, model.Event{Item: 1, Kind: store.Purchase, Time: at}); got != math.MaxInt64 {
			t.Errorf("bought at %d, hidden until %d", at, got)
		}
		if got, want := seen.Until(c, model.Event{Item: 1, Kind: store.View, Time: at}), max(at, at+10); at < math.MaxInt64-10 && got != want || got < at {
			t.Errorf("seen at %d, hidden until %d", at, got)
		}
	}
}

func TestSeenAllocates(t *testing.T) {
	c := shop(t, "Coffee")
	seen := &stage.Seen{Again: catalog.Equals("brand", "Coffee")}
	if n := testing.AllocsPerRun(100, func() { seen.Until(c, model.Event{Kind: store.Purchase}) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
