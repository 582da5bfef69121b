package popular_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
	gocmp "github.com/google/go-cmp/cmp"
)

func counters(t testing.TB, opt popular.CountersOptions) *popular.Counters {
	t.Helper()
	c, err := popular.NewCounters(opt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func items(scored []model.Scored) []uint32 {
	var items []uint32
	for _, s := range scored {
		items = append(items, s.Item)
	}
	return items
}

// check compares Top with a sort of all scores, by Score. Among scores equal in float32 exact sums decide who is in, so
// of those at the cut only the number is known.
func check(t *testing.T, c *popular.Counters, handles uint32, n int, allow func(uint32) bool) {
	t.Helper()
	var want []model.Scored
	for h := range handles {
		if s := c.Score(h); s > 0 && (allow == nil || allow(h)) {
			want = append(want, model.Scored{Item: h, Score: s})
		}
	}
	slices.SortFunc(want, func(a, b model.Scored) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
	})
	got := c.Top(nil, n, allow)
	if len(want) > n {
		cut := want[n-1].Score
		tied := func(s model.Scored) bool { return s.Score == cut }
		if len(got) != n || got[n-1].Score != cut {
			t.Fatalf("%d of %d items, the last %v, want %v", len(got), n, got[len(got)-1:], cut)
		}
		want, got = slices.DeleteFunc(want[:n], tied), slices.DeleteFunc(got, tied)
	}
	if diff := gocmp.Diff(want, got); diff != "" && len(want) > 0 {
		t.Fatal(diff)
	}
}

// TestCountersOracle plays random histories, in which weights are often below zero and clocks jump both ways, and
// compares the order with one made from scratch.
func TestCountersOracle(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		handles uint32
		adds    int
		dislike float64
		jump    int64
	}{
		{"few items", 10, 300, 0.2, 1000 * day},
		{"several chunks and no dislikes", 9000, 20_000, 0, day},
		{"more items than lead, many dislikes", 5000, 60_000, 0.45, 40 * day},
		{"the landmark moves often", 3000, 10_000, 0.1, 20_000 * day},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, uint64(tt.handles)))
			c := counters(t, popular.CountersOptions{})
			odd := func(item uint32) bool { return item%2 == 1 }
			few := func(item uint32) bool { return item%97 == 3 }
			now := int64(1.6e9)
			for i := range tt.adds {
				w := float32(1 + rng.IntN(1000))
				if rng.Float64() < tt.dislike {
					w *= -1.5
				}
				if rng.IntN(50) == 0 {
					now += rng.Int64N(tt.jump) - tt.jump/3
				}
				if !c.Add(rng.Uint32N(tt.handles), w, now) {
					t.Fatal("not counted")
				}
				if i%(tt.adds/10) == 0 {
					for _, n := range []int{1, 20, 4000} {
						check(t, c, tt.handles, n, nil)
						check(t, c, tt.handles, n, odd)
						check(t, c, tt.handles, n, few)
					}
				}
			}
		})
	}
}

func TestCountersDecay(t *testing.T) {
	t.Parallel()
	c := counters(t, popular.CountersOptions{HalfLifeDays: 2})
	c.Add(1, 8, 0)
	c.Add(2, 5, 2*day)
	if a, b := c.Score(1), c.Score(2); a != 4 || b != 5 {
		t.Errorf("scores %v and %v after one half-life, want 4 and 5", a, b)
	}
	c.Add(1, 2, 0) // late, and worth half by now
	if got := c.Score(1); got != 5 {
		t.Errorf("score %v after a late event, want 5", got)
	}
	if diff := gocmp.Diff([]model.Scored{{Item: 1, Score: 5}, {Item: 2, Score: 5}}, c.Top(nil, 9, nil)); diff != "" {
		t.Error(diff)
	}
}

func TestCountersHostile(t *testing.T) {
	t.Parallel()
	c := counters(t, popular.CountersOptions{ItemsMax: 5000, HalfLifeDays: 1e-3})
	for _, w := range []float32{0, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
		if c.Add(1, w, 0) {
			t.Errorf("counted a weight of %v", w)
		}
	}
	for _, h := range []uint32{5000, 1 << 30, model.NoItem} {
		if c.Add(h, 1, 0) || c.Score(h) != 0 {
			t.Errorf("counted item %d of 5000", h)
		}
	}
	if got := c.Top(nil, 10, nil); got != nil {
		t.Errorf("nothing counted, got %v", got)
	}
	times := []int64{0, math.MinInt64, math.MaxInt64, 1.7e9, -1.7e9, math.MaxInt64 - 1}
	for i := range 2000 {
		w := float32(math.MaxFloat32)
		if i%7 == 0 {
			w = -w
		}
		c.Add(uint32(i)%5000, w, times[i%len(times)])
		c.Add(uint32(i)%5000, math.SmallestNonzeroFloat32, times[i%len(times)])
	}
	for h := range uint32(5000) {
		if s := float64(c.Score(h)); math.IsNaN(s) || math.IsInf(s, 0) {
			t.Fatalf("item %d scores %v", h, s)
		}
	}
	check(t, c, 5000, 100, nil)
	for _, n := range []int{0, -1, math.MinInt} {
		if got := c.Top(nil, n, nil); len(got) != 0 {
			t.Errorf("n = %d gave %v", n, got)
		}
	}
	dst := []model.Scored{{Item: 9}}
	if got := c.Top(dst, 1, nil); len(got) != 2 || got[0].Item != 9 {
		t.Errorf("Top did not append: %v", got)
	}
}

func TestCountersConcurrent(t *testing.T) {
	t.Parallel()
	c := counters(t, popular.CountersOptions{})
	const writers, adds = 4, 3000
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range adds {
				c.Add(uint32(i%5000), 1, int64(w*i))
			}
		})
		wg.Go(func() {
			for i := range 200 {
				top := c.Top(nil, 50+i*20, func(item uint32) bool { return item%3 != 0 })
				if !slices.IsSortedFunc(top, func(a, b model.Scored) int {
					return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
				}) {
					t.Error("out of order")
				}
				seen := map[uint32]bool{}
				for _, item := range items(top) {
					if seen[item] {
						t.Errorf("item %d twice", item)
					}
					seen[item] = true
				}
			}
		})
	}
	wg.Wait()
	check(t, c, 5000, 5000, nil)
}

func TestCountersAllocate(t *testing.T) {
	c := counters(t, popular.CountersOptions{})
	for i := range uint32(10_000) {
		c.Add(i, float32(1+i), 0)
	}
	dst := make([]model.Scored, 0, 100)
	if n := testing.AllocsPerRun(100, func() { dst = c.Top(dst[:0], 100, nil) }); n != 0 {
		t.Errorf("Top allocates %v times", n)
	}
}

func BenchmarkCounters(b *testing.B) {
	for _, items := range []uint64{1000, 100_000, 1_000_000} {
		rng := rand.New(rand.NewPCG(1, 1))
		zipf := rand.NewZipf(rng, 1.1, 10, items-1)
		c := counters(b, popular.CountersOptions{})
		for i := range 300_000 {
			c.Add(uint32(zipf.Uint64()), 1, int64(i))
		}
		b.Run(fmt.Sprintf("Add/items=%d", items), func(b *testing.B) {
			b.ReportAllocs()
			for i := int64(300_000); b.Loop(); i++ {
				c.Add(uint32(zipf.Uint64()), 1, i)
			}
		})
		dst := make([]model.Scored, 0, 100)
		b.Run(fmt.Sprintf("Top/items=%d/n=100", items), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				dst = c.Top(dst[:0], 100, nil)
			}
		})
		b.Run(fmt.Sprintf("TopRare/items=%d/n=100", items), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				dst = c.Top(dst[:0], 100, func(item uint32) bool { return item%211 == 7 })
			}
		})
	}
}

func ExampleCounters() {
	c, _ := popular.NewCounters(popular.CountersOptions{HalfLifeDays: 7})
	c.Add(0, 5, 1_700_000_000)
	c.Add(1, 3, 1_700_000_000)
	c.Add(1, 3, 1_700_000_000+7*day)
	for _, top := range c.Top(nil, 10, nil) {
		fmt.Println(top.Item, top.Score)
	}
	// Output:
	// 1 4.5
	// 0 2.5
}
