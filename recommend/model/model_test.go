package model_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/goldrec/gold/recommend/model"
	"github.com/google/go-cmp/cmp"
)

var _ model.Allow = (*roaring.Bitmap)(nil)

func TestPlaces(t *testing.T) {
	t.Parallel()
	const gone = model.NoItem
	for _, tt := range []struct {
		at   []uint32
		size int
		same bool
		ok   bool
	}{
		{nil, 0, true, true},
		{[]uint32{0, 1, 2}, 3, true, true},
		{[]uint32{0, 2, 1}, 3, false, true},
		{[]uint32{7, gone, 64}, 65, false, true},
		{[]uint32{0, 1, gone}, 2, false, true},
		{[]uint32{gone, gone}, 0, false, true},
		{[]uint32{0, 3, 2, 3}, 0, false, false},
		{[]uint32{0, 0}, 0, false, false},
	} {
		size, same, err := model.Places(tt.at)
		if size != tt.size || same != tt.same || (err == nil) != tt.ok || err != nil && !errors.Is(err, model.ErrCorrupt) {
			t.Errorf("%v: %d, %v, %v", tt.at, size, same, err)
		}
	}
}

func TestConfidence(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ sum, want float64 }{
		{0, 0}, {0.5, 0.5}, {-3, -3}, {20, 20}, {-20, -20},
		{20 * math.E, 40}, {-20 * math.E, -40}, {1e6, 236.4}, {200_000, 204.2},
		{math.Inf(1), 1734.5}, {math.Inf(-1), -1734.5}, {math.MaxFloat32, 1734.5},
	} {
		if got := float64(model.Confidence(float32(tt.sum))); math.Abs(got-tt.want) > 0.05 || tt.want == 20 && got != 20 {
			t.Errorf("a sum of %v counts %v, want %v", tt.sum, got, tt.want)
		}
	}
	if got := model.Confidence(float32(math.NaN())); got != 0 {
		t.Errorf("NaN counts %v", got)
	}
	before := float32(0)
	for s := float32(1); s < 1e30; s *= 1.01 {
		if got := model.Confidence(s); got <= before {
			t.Fatalf("%v counts %v, less than before", s, got)
		} else {
			before = got
		}
	}
}

func TestSessionOf(t *testing.T) {
	t.Parallel()
	if model.SessionOf("") != 0 {
		t.Error("no name has a number")
	}
	seen := map[uint32]string{0: "none"}
	for i := range 10_000 {
		name := fmt.Sprint("visit", i)
		n := model.SessionOf(name)
		if other, ok := seen[n]; ok || n != model.SessionOf(name) {
			t.Fatalf("%s and %s have the number %d", name, other, n)
		}
		seen[n] = name
	}
}

func TestMoments(t *testing.T) {
	t.Parallel()
	var sums model.Sums
	for i, v := range []float32{1, -2, 3, 3} {
		sums.Add(uint32(min(i, 2)), v) // 1, -2, 6
	}
	sum, squares := sums.Moments()
	if diff := cmp.Diff([]float64{5, 41}, []float64{sum, squares}); diff != "" {
		t.Error(diff)
	}
	sums.Reset()
	if sum, squares := sums.Moments(); sum != 0 || squares != 0 || sums.Len() != 0 {
		t.Error("something is left")
	}
}
