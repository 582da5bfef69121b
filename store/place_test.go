package store_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/goldrec/gold/store"
)

func TestPlaceText(t *testing.T) {
	t.Parallel()
	all := store.Place{}
	for partition := range store.PartitionsMax {
		all = all.With(partition, math.MaxUint64)
	}
	for _, test := range []struct {
		place store.Place
		text  string
	}{
		{store.Place{}, "1:0"},
		{store.Place{}.With(0, 57), "1:57"},
		{store.Place{}.With(2, 12).With(0, 57), "1:57,0,12"},
		{store.Place{}.With(1, math.MaxUint64), "1:0,18446744073709551615"},
		{all, "1:" + strings.TrimSuffix(strings.Repeat("18446744073709551615,", store.PartitionsMax), ",")},
	} {
		text, err := test.place.MarshalText()
		if err != nil || string(text) != test.text {
			t.Errorf("text %.50q, %v; want %.50q", text, err, test.text)
		}
		got := store.Place{}.With(5, 5) // which goes
		if err := got.UnmarshalText(text); err != nil || got != test.place || !got.Equal(test.place) {
			t.Errorf("%.50q reads as %.50v, %v", text, got, err)
		}
	}
}

// TestPartitionOf pins the partitions: what is stored lies in them.
func TestPartitionOf(t *testing.T) {
	t.Parallel()
	for user, want := range map[string][3]int{
		"": {0, 4, 84}, "ann": {0, 0, 120}, "bob": {0, 7, 223}, "日本語": {0, 3, 187}, "user-42": {0, 6, 246},
	} {
		for i, partitions := range []int{1, 8, 256} {
			if got := store.PartitionOf(user, partitions); got != want[i] {
				t.Errorf("%q of %d: %d, want %d", user, partitions, got, want[i])
			}
		}
	}
}

func TestPlaceHostileText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "1", "1:", "0:1", "2:1", "57", " 1:57", "1:57 ", "1:+57", "1:-1", "1:057", "1:0x1", "1:1e3", "1:18446744073709551616",
		"1:1,", "1:,1", "1:1,,1", "1:1,0", "1:0,0,0", "1:1,2\n", "1:½", "1:1_000", "\xff", strings.Repeat("9", 1000),
		"1:" + strings.Repeat("1,", store.PartitionsMax) + "1", "1:" + strings.Repeat(",", 1<<20), "1:" + strings.Repeat("0", 1<<20),
	} {
		want := store.Place{}.With(3, 4)
		got := want
		if err := got.UnmarshalText([]byte(text)); !errors.Is(err, store.ErrInvalid) || len(err.Error()) > 1000 {
			t.Errorf("%.50q: error %.200v, want ErrInvalid", text, err)
		}
		if got != want {
			t.Errorf("%.50q changed the place to %v", text, got)
		}
	}
}

// TestPlaceRandom holds places to what a slice of positions does.
func TestPlaceRandom(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var p, q store.Place
		var a, b [6]store.Position
		for range rng.IntN(12) {
			i, n := rng.IntN(6), store.Position(rng.IntN(3))
			before := p
			p, a[i] = p.With(i, n), n
			if before != p && before.At(i) == n {
				t.Fatalf("%v with %d at %d is %v", before, n, i, p)
			}
			j, m := rng.IntN(6), store.Position(rng.IntN(3))
			q, b[j] = q.With(j, m), m
		}
		covers := true
		for i := range a {
			if p.At(i) != a[i] {
				t.Fatalf("%v at %d is %d, want %d", p, i, p.At(i), a[i])
			}
			covers = covers && a[i] >= b[i]
		}
		if p.At(-1) != 0 || p.At(6) != 0 || p.At(math.MaxInt) != 0 {
			t.Fatalf("%v says something of partitions that it does not have", p)
		}
		if p.Covers(q) != covers || (p == q) != (a == b) || p.Equal(q) != (a == b) || p.IsZero() != (a == [6]store.Position{}) {
			t.Fatalf("%v and %v, %v and %v: covers %v, equal %v, zero %v", p, q, a, b, p.Covers(q), p == q, p.IsZero())
		}
	}
}

func TestPlaceOfNoPartition(t *testing.T) {
	t.Parallel()
	for _, partition := range []int{-1, store.PartitionsMax, math.MaxInt} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("With(%d, 1) does not panic", partition)
				}
			}()
			store.Place{}.With(partition, 1)
		}()
	}
}

func TestPlaceAllocations(t *testing.T) {
	p := store.Place{}
	if n := testing.AllocsPerRun(100, func() {
		for i := range store.Position(100) {
			if p = p.With(0, i); p.At(0) != i || !p.Covers(store.Place{}) {
				t.Error(p)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations for one partition", n)
	}
}

// FuzzPlace reads any text: an error, or a place that has this text and no other.
func FuzzPlace(f *testing.F) {
	f.Add("1:57,0,12")
	f.Add("1:0")
	f.Add("1:1,0")
	f.Fuzz(func(t *testing.T, text string) {
		var p store.Place
		if err := p.UnmarshalText([]byte(text)); err == nil && p.String() != text {
			t.Errorf("%q reads as a place with the text %q", text, p)
		}
	})
}
