package als_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/model"
)

// coded is a model of 3,000 items with codes, and the same without.
func coded(t *testing.T) (d *model.Dataset, m *als.Model, exact model.Model) {
	t.Helper()
	d = clusters(400, 3000, 30)
	m = train(t, als.Trainer{Factors: 50, Iterations: 4}, d, model.TrainOptions{Seed: 1, Draft: true})
	return d, m, als.Unindexed(m)
}

// TestCodes looks at many items through codes, and wants nearly the best of all, scored as Score does and in order.
func TestCodes(t *testing.T) {
	t.Parallel()
	d, m, exact := coded(t)
	var listed []uint32
	set := roaring.New()
	for i := uint32(1); i < 5000; i += 3 { // those from 3,000 on are unknown
		listed = append(listed, i)
	}
	few := roaring.BitmapOf(listed[:180]...)
	set.AddMany(listed)
	for name, tt := range map[string]struct {
		allow model.Allow
		got   func(u *model.User) []model.Scored
	}{
		"all": {nil, func(u *model.User) []model.Scored { return m.Propose(nil, u, 20, nil, model.Quick) }},
		"set": {set, func(u *model.User) []model.Scored { return m.Propose(nil, u, 20, set, model.Quick) }},
		"few": {few, func(u *model.User) []model.Scored { return m.Propose(nil, u, 20, few, model.Quick) }},
	} {
		hits := 0
		for u := range uint32(100) {
			user := &model.User{History: d.History(u)}
			want := exact.Propose(nil, user, 20, tt.allow, model.Thorough)
			got := tt.got(user)
			if len(got) != 20 || len(want) != 20 {
				t.Fatalf("%s: %d of %d proposed", name, len(got), len(want))
			}
			scores := make([]float32, 1)
			for i, c := range got {
				if m.Score(scores, user, []uint32{c.Item}); scores[0] != c.Score {
					t.Fatalf("%s: item %d is proposed with %v, Score says %v", name, c.Item, c.Score, scores[0])
				}
				if i > 0 && (got[i-1].Score < c.Score || got[i-1].Score == c.Score && got[i-1].Item >= c.Item) {
					t.Fatalf("%s: %v after %v", name, c, got[i-1])
				}
				if c.Score >= want[19].Score {
					hits++
				}
			}
		}
		if hits < 1996 { // of 2,000; all were found. Without scoring more than 20 by their vectors it is 1,893
			t.Errorf("%s: %d of 2000 are among the best", name, hits)
		}
	}
}

// TestCodesOfFew wants no codes where they are not worth while.
func TestCodesOfFew(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		items, factors int
		want           bool
	}{{2010, 50, true}, {1990, 50, false}, {5000, 44, false}} {
		var b model.Builder
		for i := range tt.items {
			b.Add(fmt.Sprint(i%7), fmt.Sprint(i), 1, 1)
		}
		m := train(t, als.Trainer{Factors: tt.factors, Iterations: 1}, b.Build(), model.TrainOptions{Draft: true})
		if got := als.Coded(m); got != tt.want {
			t.Errorf("%d items of %d factors: codes %v", tt.items, tt.factors, got)
		}
	}
}

// BenchmarkListed looks at one item in 200 of a million.
func BenchmarkListed(b *testing.B) {
	const items, every = 1_000_000, 200
	for _, dim := range []int{64, 192} {
		if dim > 64 && testing.Short() {
			continue
		}
		m := made(b, items, dim)
		us := visitors(m, items)
		rng := rand.New(rand.NewPCG(7, 8))
		listed := roaring.New()
		for i := rng.Uint32N(every); i < items; i += 1 + rng.Uint32N(2*every) {
			listed.Add(i)
		}
		for name, m := range map[string]*als.Model{"codes": m.(*als.Model), "vectors": als.Unindexed(m).(*als.Model)} {
			b.Run(fmt.Sprintf("%s/listed=%d/items=%d/dim=%d", name, listed.GetCardinality(), items, dim), func(b *testing.B) {
				var dst []model.Scored
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					dst = m.Propose(dst[:0], us[i%len(us)], 32, listed, model.Quick)
					i++
				}
			})
		}
	}
}
