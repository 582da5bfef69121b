package source_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/source"
)

const day = 86_400

func counters(t testing.TB, opt source.CountersOptions) *source.Counters {
	t.Helper()
	c, err := source.NewCounters(opt)
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

// naive adds up what Counters are to have, event by event and as of any time.
type naive struct {
	halfLife float64
	events   map[uint32][]model.Event
}

func (o *naive) add(item uint32, weight float32, unix int64) {
	o.events[item] = append(o.events[item], model.Event{Weight: weight, Time: unix})
}

// sum is as of a time; size is what its terms add up to without their signs, which rounding is in proportion to.
func (o *naive) sum(item uint32, now int64) (sum, size float64) {
	for _, e := range o.events[item] {
		part := float64(e.Weight) * math.Exp2((float64(e.Time)-float64(now))/o.halfLife)
		sum += part
		size += math.Abs(part)
	}
	return sum, size
}

// check compares Top with the sums. A sum may be off by one part in 10¹² of its terms, of which there are thousands at
// most, with a rounding of 2^-53 each in the sum and the powers of two; where the order depends on less either is right.
//
// Scores are as of the newest event, which was at asOf.
func (o *naive) check(t *testing.T, c *source.Counters, n int, allow model.Allow, asOf, now int64) {
	t.Helper()
	sum := func(item uint32) float64 { s, _ := o.sum(item, asOf); return s }
	var want []float64
	for item := range o.events {
		s, size := o.sum(item, asOf)
		if got := float64(c.Score(item, now)); !(math.Abs(got-s) <= 1e-6*size+1e-40) { // float32
			t.Fatalf("item %d scores %v, not %v", item, got, s)
		}
		if s > 1e-12*size && (allow == nil || allow.Contains(item)) {
			want = append(want, s)
		}
	}
	slices.SortFunc(want, func(a, b float64) int { return -cmp64(a, b) })
	want = want[:min(n, len(want))]
	got, seen := c.Top(nil, n, allow, now), map[uint32]bool{}
	if len(got) != len(want) {
		t.Fatalf("%d items of %d", len(got), len(want))
	}
	for i, e := range got {
		_, size := o.sum(e.Item, asOf)
		s := sum(e.Item)
		if seen[e.Item] || allow != nil && !allow.Contains(e.Item) {
			t.Fatalf("item %d at %d, twice or not allowed", e.Item, i)
		}
		seen[e.Item] = true
		if math.Abs(s-want[i]) > 1e-12*max(size, want[i])+1e-300 {
			t.Fatalf("item %d of a sum of %v at %d, where %v belongs", e.Item, s, i, want[i])
		}
		if math.Abs(float64(e.Score)-s) > 1e-6*size+1e-40 || i > 0 && e.Score > got[i-1].Score {
			t.Fatalf("item %d scores %v, its sum is %v", e.Item, e.Score, s)
		}
	}
}

func cmp64(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// TestCountersOracle plays random histories, in which weights are often below zero and time jumps, and compares sums and
// order with naive ones.
func TestCountersOracle(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		handles uint32
		adds    int
		dislike float64
		jump    int64
	}{
		{"few items", 10, 300, 0.2, 30 * day},
		{"more than are always in order", 600, 4000, 0.2, day},
		{"more items than lead", 6000, 20_000, 0, day},
		{"more items than lead, many dislikes", 5000, 30_000, 0.45, 10 * day},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, uint64(tt.handles)))
			c := counters(t, source.CountersOptions{})
			o := &naive{7 * day, map[uint32][]model.Event{}}
			odd := model.AllowFunc(func(item uint32) bool { return item%2 == 1 })
			few := roaring.New()
			for i := uint32(3); i < 2*tt.handles; i += 97 {
				few.Add(i)
			}
			few.Add(math.MaxUint32)
			now := int64(1.6e9)
			for i := range tt.adds {
				w := float32(1 + rng.IntN(1000))
				if rng.Float64() < tt.dislike {
					w *= -1.5
				}
				if rng.IntN(50) == 0 {
					now += rng.Int64N(tt.jump)
				}
				item, when := rng.Uint32N(tt.handles), now-rng.Int64N(day)
				o.add(item, w, when)
				if !c.Add(item, w, when, now) {
					t.Fatal("not counted")
				}
				if rng.IntN(300) == 0 { // an order that is not the last, to go on from
					c.Top(nil, 5, nil, now)
				}
				if i%(tt.adds/8) == tt.adds/9 {
					now++
					o.add(0, 1, now)
					c.Add(0, 1, now, now)
					now++
					for _, n := range []int{1, 20, 4000} {
						o.check(t, c, n, nil, now-1, now)
						o.check(t, c, n, odd, now-1, now)
						o.check(t, c, n, few, now-1, now)
					}
				}
			}
		})
	}
}

func TestCountersDecay(t *testing.T) {
	t.Parallel()
	c := counters(t, source.CountersOptions{HalfLifeDays: 2})
	c.Add(1, 8, 0, 0)
	c.Add(2, 5, 2*day, 2*day)
	if a, b := c.Score(1, 9*day), c.Score(2, 9*day); a != 4 || b != 5 {
		t.Errorf("scores %v and %v after one half-life, want 4 and 5", a, b)
	}
	c.Add(1, 4, 0, 3*day) // late, and worth half by now
	if got := c.Score(1, 3*day); got != 6 {
		t.Errorf("score %v after a late event, want 6", got)
	}
	if diff := cmp.Diff([]model.Scored{{Item: 1, Score: 6}, {Item: 2, Score: 5}}, c.Top(nil, 9, nil, 3*day)); diff != "" {
		t.Error(diff)
	}
}

// A default half-life is a week; others and no numbers are refused.
func TestCountersOptions(t *testing.T) {
	t.Parallel()
	c := counters(t, source.CountersOptions{})
	c.Add(1, 8, 0, 0)
	c.Add(2, 1, 7*day, 7*day)
	if got := c.Score(1, 7*day); got != 4 {
		t.Errorf("score %v after a week, want 4", got)
	}
	for _, days := range []float64{-1, 1e-6, math.NaN(), math.Inf(1)} {
		if _, err := source.NewCounters(source.CountersOptions{HalfLifeDays: days}); err == nil {
			t.Errorf("a half-life of %v days is accepted", days)
		}
	}
}

// What was imported stays in its order however old it is, when something new comes.
func TestCountersOldHistory(t *testing.T) {
	t.Parallel()
	for _, years := range []int64{1, 3, 20, 60} {
		c := counters(t, source.CountersOptions{})
		now := int64(1.7e9)
		old := now - years*365*day
		for i, item := range []uint32{40, 7, 900, 3, 12} { // 12 has most
			c.Add(item, float32(100*(i+1)), old-int64(i), now)
		}
		c.Add(5, 1, now, now)
		got := c.Top(nil, 4, nil, now)
		if diff := cmp.Diff([]uint32{5, 12, 3, 900}, items(got)); diff != "" {
			t.Errorf("after %d years: %s", years, diff)
		}
		if c.Score(40, now) <= 0 || got[0].Score != 1 || !(got[3].Score > 0) || got[1].Score < got[2].Score {
			t.Errorf("after %d years: %v", years, got)
		}
	}
}

// A clock that was ten years ahead for one event, and then right.
func TestCountersClockAhead(t *testing.T) {
	t.Parallel()
	const now, ahead = int64(1.7e9), int64(1.7e9) + 3650*day
	c := counters(t, source.CountersOptions{})
	c.Add(3, 2, now, now)
	c.Add(1, 1, ahead, ahead)
	if top := items(c.Top(nil, 1, nil, ahead)); top[0] != 1 {
		t.Fatalf("%d leads while the clock is ahead", top[0])
	}
	if diff := cmp.Diff([]uint32{3, 1}, items(c.Top(nil, 2, nil, now+60))); diff != "" {
		t.Errorf("when the clock is right again: %s", diff)
	}
	for range 1000 {
		c.Add(2, 1, now+60, now+60)
	}
	got := c.Top(nil, 3, nil, now+60)
	if diff := cmp.Diff([]uint32{2, 3, 1}, items(got)); diff != "" {
		t.Error(diff)
	}
	if got[0].Score != 1000 || got[2].Score != 1 || c.Score(2, now+60) != 1000 || c.Score(1, now+60) != 1 {
		t.Errorf("scores %v", got)
	}
	// It decays from when that was found out, whether touched or not, and new events of it count.
	c.Add(2, 1, now+60+7*day, now+60+7*day)
	if a, b := c.Score(1, now+60+7*day), c.Score(2, now+60+7*day); a != 0.5 || b != 501 {
		t.Errorf("scores %v and %v a week later", a, b)
	}
	c.Add(1, 700, now+60+7*day, now+60+7*day)
	if got := c.Score(1, now+60+7*day); got != 700.5 {
		t.Errorf("score %v, want 700.5", got)
	}
	if top := items(c.Top(nil, 1, nil, now+61+7*day)); top[0] != 1 {
		t.Errorf("%d leads, not the item that was in the future", top[0])
	}
}

// Nothing is lost to a clock that shows 1970 for a moment but the age of what was touched then.
func TestCountersClockBehind(t *testing.T) {
	t.Parallel()
	const now = int64(1.7e9)
	c := counters(t, source.CountersOptions{})
	c.Add(1, 8, now-14*day, now)
	c.Add(2, 3, now, now)
	c.Top(nil, 2, nil, now)
	c.Add(3, 5, 0, 0)
	if diff := cmp.Diff([]uint32{1, 3, 2}, items(c.Top(nil, 3, nil, 0))); diff != "" { // all as of now
		t.Error(diff)
	}
	if diff := cmp.Diff([]uint32{2, 1, 3}, items(c.Top(nil, 3, nil, now))); diff != "" {
		t.Error(diff)
	}
	if got := c.Score(1, now); got != 2 {
		t.Errorf("score %v, want 2", got)
	}
}

// What the clock was ahead of comes to be right when its time comes.
func TestCountersClockCatchesUp(t *testing.T) {
	t.Parallel()
	const now = int64(1.7e9)
	c := counters(t, source.CountersOptions{})
	c.Add(1, 4, now+70*day, now+70*day)
	c.Add(2, 1, now+140*day, now+140*day)
	c.Add(3, 5, now, now)
	if diff := cmp.Diff([]uint32{3, 1, 2}, items(c.Top(nil, 3, nil, now))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]uint32{1, 3, 2}, items(c.Top(nil, 3, nil, now+71*day))); diff != "" {
		t.Errorf("nobody has touched anything, but 1 is in the past now: %s", diff)
	}
	if diff := cmp.Diff([]uint32{2, 1, 3}, items(c.Top(nil, 3, nil, now+141*day))); diff != "" {
		t.Error(diff)
	}
}

// A clock that goes back twice, and an event whose own time is ahead of the clock.
func TestCountersClocks(t *testing.T) {
	t.Parallel()
	const now = int64(1.7e9)
	c := counters(t, source.CountersOptions{})
	c.Add(1, 1, now+3650*day, now+3650*day)
	c.Score(1, now+28*day)
	c.Score(1, now)
	c.Add(2, 1, now+7*day, now+7*day)
	if got := c.Score(1, now+7*day); got != 0.5 {
		t.Errorf("score %v a week after the clock was last found to be behind", got)
	}
	c = counters(t, source.CountersOptions{})
	c.Add(1, 4, now+7*day, now)
	c.Add(2, 1, now+7*day, now+7*day)
	if got := c.Score(1, now+7*day); got != 2 {
		t.Errorf("score %v a week after an event that claimed to be of then", got)
	}
	c = counters(t, source.CountersOptions{})
	c.Add(1, 1, now+3650*day, now+3650*day)
	c.Add(1, 700, now, now) // nobody has read meanwhile
	if got := c.Score(1, now); got != 701 {
		t.Errorf("score %v, want 701", got)
	}
	c = counters(t, source.CountersOptions{})
	c.Add(1, 3, -5e9, -5e9)
	if got := c.Top(nil, 1, nil, -5e9); len(got) != 1 || got[0].Score != 3 {
		t.Errorf("%v in the year 1811", got)
	}
}

// many counters have 6,000 items, of which the lower ones lead.
func many(t *testing.T, now int64) (*source.Counters, *naive) {
	t.Helper()
	c, o := counters(t, source.CountersOptions{}), &naive{7 * day, map[uint32][]model.Event{}}
	for item := range uint32(6000) {
		o.add(item, 6000-float32(item), now)
		c.Add(item, 6000-float32(item), now, now)
	}
	return c, o
}

// Leaders fall, others rise a little or to the top, and the order of all stays right. Those kept stay between 1,024 and 2,048.
func TestCountersLeadersFall(t *testing.T) {
	t.Parallel()
	const now = int64(1.7e9)
	c, o := many(t, now)
	o.check(t, c, 6000, nil, now, now)
	if got := c.Leaders(); got != 2048 {
		t.Fatalf("%d lead", got)
	}
	rng := rand.New(rand.NewPCG(8, 8))
	for round := range int64(20) {
		add := func(item uint32, w float32) {
			o.add(item, w, now)
			c.Add(item, w, now, now+1+round)
		}
		for range 120 {
			add(rng.Uint32N(2048), -6001)
			add(rng.Uint32N(2048), -float32(rng.IntN(4000)))
			add(4000+rng.Uint32N(2000), 10)
		}
		add(2100+uint32(round), 7000)
		for _, n := range []int{1, 1500, 6000} {
			o.check(t, c, n, nil, now, now+1+round)
		}
		if got := c.Leaders(); got < 1024 || got > 2048 {
			t.Fatalf("%d lead in round %d", got, round)
		}
	}
}

// One more than can be told of a shard has been touched, in the first and not in the last.
func TestCountersManyTouched(t *testing.T) {
	t.Parallel()
	const now = int64(1.7e9)
	for _, touched := range []uint32{63, 64, 65, 90} {
		c, o := many(t, now)
		c.Top(nil, 1, nil, now)
		for i := range touched {
			o.add(64*i, 7000+float32(i), now)
			c.Add(64*i, 7000+float32(i), now, now)
		}
		o.check(t, c, 6000, nil, now, now+1)
		if got := c.Leaders(); got != 2048 {
			t.Errorf("%d lead", got)
		}
	}
}

// With more leaders than are always in order, what happens shows when the second is over or much has happened.
func TestCountersDue(t *testing.T) {
	t.Parallel()
	const now = int64(1.7e9)
	c, _ := many(t, now)
	first := func(now int64) uint32 { return c.Top(nil, 1, nil, now)[0].Item }
	first(now)
	c.Add(17, 1e6, now, now)
	if got := first(now); got != 0 {
		t.Errorf("item %d leads: one event has put 2,048 items in order", got)
	}
	if got := first(now + 1); got != 17 {
		t.Errorf("item %d leads a second later", got)
	}
	for i := range uint32(1100) {
		c.Add(18, 1e6, now+1, now+1)
		if first(now+1) == 18 {
			break
		}
		if i > 1024 {
			t.Fatalf("%d events do not show", i)
		}
	}
	few := counters(t, source.CountersOptions{})
	for i := range uint32(100) {
		few.Add(i, float32(i+1), now, now)
		if got := few.Top(nil, 1, nil, now)[0].Item; got != i {
			t.Fatalf("item %d leads at once, want %d", got, i)
		}
	}
}

// Ties break by handle; handles may lie far apart; weights may be as great as they can be.
func TestCountersEdges(t *testing.T) {
	t.Parallel()
	const now = int64(1.7e9)
	c := counters(t, source.CountersOptions{})
	c.Add(900_000, 1, now, now)
	if got := c.Score(32, now); got != 0 {
		t.Errorf("an item of no chunk scores %v", got)
	}
	for _, item := range []uint32{9, 70_000, 3, 67} {
		c.Add(item, 1, now, now)
	}
	if diff := cmp.Diff([]uint32{3, 9, 67, 70_000, 900_000}, items(c.Top(nil, 9, nil, now))); diff != "" {
		t.Error(diff)
	}
	for range 3 {
		c.Add(5, math.MaxFloat32, now, now)
		c.Add(6, -math.MaxFloat32, now, now)
	}
	if a, b, top := c.Score(5, now), c.Score(6, now), c.Top(nil, 1, nil, now)[0]; a != math.MaxFloat32 || b != -math.MaxFloat32 || top != (model.Scored{Item: 5, Score: a}) {
		t.Errorf("scores %v, %v, %v", a, b, top)
	}
}

// In whatever order events come, sums are the same up to rounding.
func TestCountersCommute(t *testing.T) {
	t.Parallel()
	const now = int64(1.7e9)
	rng := rand.New(rand.NewPCG(5, 5))
	events := make([]model.Event, 3000)
	for i := range events {
		events[i] = model.Event{Item: rng.Uint32N(200), Weight: float32(rng.IntN(9) - 2), Time: now - rng.Int64N(90*day)}
	}
	var want *source.Counters
	for range 4 {
		c := counters(t, source.CountersOptions{})
		for _, e := range events {
			c.Add(e.Item, e.Weight, e.Time, now)
		}
		rng.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		if want == nil {
			want = c
			continue
		}
		for item := range uint32(200) {
			a, b := want.Score(item, now), c.Score(item, now)
			if math.Abs(float64(a-b)) > 1e-6*math.Abs(float64(a))+1e-9 {
				t.Fatalf("item %d scores %v and %v", item, a, b)
			}
		}
	}
}

func TestCountersHostile(t *testing.T) {
	t.Parallel()
	c := counters(t, source.CountersOptions{ItemsMax: 5000, HalfLifeDays: 1e-3})
	for _, w := range []float32{0, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
		if c.Add(1, w, 0, 0) {
			t.Errorf("counted a weight of %v", w)
		}
	}
	for _, h := range []uint32{5000, 1 << 30, model.NoItem} {
		if c.Add(h, 1, 0, 0) || c.Score(h, 0) != 0 {
			t.Errorf("counted item %d of 5000", h)
		}
	}
	if got := c.Top(nil, 10, nil, 0); got != nil {
		t.Errorf("nothing counted, got %v", got)
	}
	times := []int64{0, math.MinInt64, math.MaxInt64, 1.7e9, -1.7e9, math.MaxInt64 - 1}
	for i := range 2000 {
		w := float32(math.MaxFloat32)
		if i%7 == 0 {
			w = -w
		}
		c.Add(uint32(i)%5000, w, times[i%len(times)], times[i/2%len(times)])
		c.Add(uint32(i)%5000, math.SmallestNonzeroFloat32, times[i%len(times)], math.MaxInt64)
	}
	for _, now := range times {
		for h := range uint32(5000) {
			if s := float64(c.Score(h, now)); math.IsNaN(s) || math.IsInf(s, 0) {
				t.Fatalf("item %d scores %v", h, s)
			}
		}
		for i, s := range c.Top(nil, 100, nil, now) {
			if v := float64(s.Score); !(v > 0) || math.IsInf(v, 0) {
				t.Fatalf("item %v at %d", s, i)
			}
		}
	}
	for _, n := range []int{0, -1, math.MinInt} {
		if got := c.Top(nil, n, nil, 0); len(got) != 0 {
			t.Errorf("n = %d gave %v", n, got)
		}
	}
	none := model.AllowFunc(func(uint32) bool { return false })
	if got := c.Top(nil, math.MaxInt, none, 0); len(got) != 0 {
		t.Errorf("nothing is allowed, got %v", got)
	}
	dst := []model.Scored{{Item: 9}}
	if got := c.Top(dst, 1, nil, 0); len(got) != 2 || got[0].Item != 9 {
		t.Errorf("Top did not append: %v", got)
	}
}

func TestCountersConcurrent(t *testing.T) {
	t.Parallel()
	c := counters(t, source.CountersOptions{})
	const writers, adds = 4, 3000
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range adds {
				c.Add(uint32(i*7%5000), float32(1+i%3), int64(w*i), writers*adds)
			}
		})
		wg.Go(func() {
			for i := range 200 {
				top := c.Top(nil, 50+i*20, model.AllowFunc(func(item uint32) bool { return item%3 != 0 }), int64(writers*adds+i))
				if !slices.IsSortedFunc(top, func(a, b model.Scored) int { return cmp64(float64(b.Score), float64(a.Score)) }) {
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
	o := &naive{7 * day, map[uint32][]model.Event{}}
	for w := range writers {
		for i := range adds {
			o.add(uint32(i*7%5000), float32(1+i%3), int64(w*i))
		}
	}
	o.add(1, 1, writers*adds)
	c.Add(1, 1, writers*adds, writers*adds)
	o.check(t, c, 5000, nil, writers*adds, writers*adds+300)
}

func TestCountersAllocate(t *testing.T) {
	c := counters(t, source.CountersOptions{})
	for i := range uint32(10_000) {
		c.Add(i, float32(1+i), 0, 0)
	}
	dst := make([]model.Scored, 0, 100)
	now := int64(5)
	if n := testing.AllocsPerRun(100, func() { dst = c.Top(dst[:0], 100, nil, now) }); n != 0 {
		t.Errorf("Top allocates %v times", n)
	}
	few := counters(t, source.CountersOptions{})
	few.Add(1, 1, 0, 0)
	if n := testing.AllocsPerRun(100, func() { dst = few.Top(dst[:0], 100, nil, now) }); n != 0 {
		t.Errorf("Top of one item allocates %v times", n)
	}
	if n := testing.AllocsPerRun(1000, func() { c.Add(uint32(now)*7919%10_000, 1, now, now); now++ }); n != 0 {
		t.Errorf("Add allocates %v times", n)
	}
}

func BenchmarkCounters(b *testing.B) {
	for _, items := range []uint64{1000, 100_000, 1_000_000} {
		rng := rand.New(rand.NewPCG(1, 1))
		zipf := rand.NewZipf(rng, 1.1, 10, items-1)
		drawn := make([]uint32, 1<<20)
		c := counters(b, source.CountersOptions{})
		for i := range drawn {
			drawn[i] = uint32(zipf.Uint64())
			c.Add(drawn[i], 1, int64(i), 1<<30)
		}
		b.Run(fmt.Sprintf("Add/items=%d", items), func(b *testing.B) {
			b.ReportAllocs()
			for i := int64(0); b.Loop(); i++ {
				c.Add(drawn[i%(1<<20)], 1, i+1<<20, 1<<30)
			}
		})
		b.Run(fmt.Sprintf("AddParallel/items=%d", items), func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := rng.Int64N(1 << 20); pb.Next(); i++ {
					c.Add(drawn[i%(1<<20)], 1, i+1<<20, 1<<30)
				}
			})
		})
		dst := make([]model.Scored, 0, 100)
		b.Run(fmt.Sprintf("Top/items=%d/n=100", items), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				dst = c.Top(dst[:0], 100, nil, 1<<30)
			}
		})
		b.Run(fmt.Sprintf("TopAfterAdds/items=%d/n=100", items), func(b *testing.B) { // ten events a second, and a page
			b.ReportAllocs()
			for now, i := int64(1<<30), 0; b.Loop(); now++ {
				for range 10 {
					c.Add(drawn[i%(1<<20)], 1, now, now)
					i++
				}
				dst = c.Top(dst[:0], 100, nil, now)
			}
		})
		b.Run(fmt.Sprintf("TopRare/items=%d/n=100", items), func(b *testing.B) {
			rare := model.AllowFunc(func(item uint32) bool { return item%211 == 7 })
			b.ReportAllocs()
			for b.Loop() {
				dst = c.Top(dst[:0], 100, rare, 1<<31)
			}
		})
	}
}

// TestNothingCounted asks counters that have met nothing, whose newest event lies before all times.
func TestNothingCounted(t *testing.T) {
	t.Parallel()
	c, err := source.NewCounters(source.CountersOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Score(3, 1_700_000_000); got != 0 {
		t.Errorf("an item scores %v where nothing was counted", got)
	}
}

// While the order's number stays, so does what Top says.
func TestOrder(t *testing.T) {
	t.Parallel()
	c := counters(t, source.CountersOptions{})
	rng := rand.New(rand.NewPCG(6, 6))
	number, top, changes := c.Order(day), c.Top(nil, 20, nil, day), 0
	for i := range 2000 {
		now := int64(day + i/10)
		if rng.IntN(3) == 0 {
			c.Add(rng.Uint32N(700), float32(1+rng.IntN(3)), now, now)
		}
		next := c.Order(now)
		if list := c.Top(nil, 20, nil, now); next == number && !slices.Equal(list, top) {
			t.Fatalf("event %d: %v of the same number as %v", i, list, top)
		} else {
			top = list
		}
		if next != number {
			changes++
		}
		number = next
	}
	if changes == 0 || changes == 2000 {
		t.Errorf("%d changes", changes)
	}
}
