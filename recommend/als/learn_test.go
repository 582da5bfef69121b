package als_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/model"
)

const tastes = 5

// market is data in which users buy in one of five groups, to which items belong by their handles' remainders, and in which
// extra may add what it likes. Newer are what comes later, of the same users and items.
func market(users, items, each int, extra func(b *model.Builder)) *model.Dataset {
	rng := rand.New(rand.NewPCG(31, 32))
	var b model.Builder
	for i := range items {
		b.Item(fmt.Sprintf("i%04d", i))
	}
	for u := range users {
		for n := range each {
			i := rng.IntN(items/tastes)*tastes + u%tastes
			b.Add(fmt.Sprintf("u%04d", u), fmt.Sprintf("i%04d", i), 1, int64(n))
		}
	}
	if extra != nil {
		extra(&b)
	}
	return b.Build()
}

// share is the part of ten proposals of what they do not have that is of the users' own groups.
func share(m model.Model, d *model.Dataset, users int) float64 {
	own, all := 0, 0
	for u := range uint32(users) {
		has := map[uint32]bool{}
		for _, e := range d.History(u) {
			has[e.Item] = true
		}
		fresh := model.AllowFunc(func(item uint32) bool { return !has[item] })
		for _, c := range m.Propose(nil, &model.User{History: d.History(u)}, 10, fresh, model.Thorough) {
			all++
			if c.Item%tastes == u%tastes {
				own++
			}
		}
	}
	return float64(own) / float64(max(all, 1))
}

// TestLearnsDespiteShouting trains with what one user may send: it must not drown what all others say.
func TestLearnsDespiteShouting(t *testing.T) {
	t.Parallel()
	for name, extra := range map[string]func(b *model.Builder){
		"nothing": nil,
		"two ratings of a million": func(b *model.Builder) {
			b.Add("u0000", "i0003", 1e6, 1)
			b.Add("u0001", "i0004", 1e6, 1)
		},
		"200,000 purchases": func(b *model.Builder) {
			for range 200_000 {
				b.Add("u0002", "i0009", 1, 1)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := market(100, 150, 12, extra)
			m := train(t, als.Trainer{Factors: 16}, d, model.TrainOptions{Seed: 1})
			// The first users are those who shout. Chance is 0.2.
			if got := share(m, d, 100); got < 0.97 {
				t.Errorf("%.2f of what is proposed is of the own group", got)
			}
		})
	}
}

// TestPrevious wants a warm start to come as far in a sixth of the iterations as a cold one does in all of them, which a
// cold start cannot.
func TestPrevious(t *testing.T) {
	t.Parallel()
	const dim = 6
	d := clusters(90, 60, 14)
	before := d.Before(func(_ uint32, history []model.Event) int { return len(history) - len(history)/12 })
	o := newObjective(d, 12, 0.005)
	reached := func(opt model.TrainOptions, iterations int) float64 {
		opt.Seed = 5
		m := train(t, als.Trainer{Factors: dim, Iterations: iterations}, d, opt)
		var y [][]float64
		for i := range uint32(d.ItemCount()) {
			y = append(y, rowsOf(m.Vector(nil, i), dim)...)
		}
		return o.value(o.solve(y), y)
	}
	previous := train(t, als.Trainer{Factors: dim}, before, model.TrainOptions{Seed: 1})
	done := 0
	progress := func(n, total int) {
		if done = n; total != 2 {
			t.Errorf("%d iterations are announced, want 2", total)
		}
	}
	cold, short := reached(model.TrainOptions{}, 12), reached(model.TrainOptions{}, 2)
	warm := reached(model.TrainOptions{Previous: previous, Progress: progress}, 12)
	if warm > cold*1.002 || short < warm*1.02 || done != 2 {
		t.Errorf("warm in %d iterations %v, cold in twelve %v, cold in two %v", done, warm, cold, short)
	}
	other := train(t, als.Trainer{Factors: dim + 1}, before, model.TrainOptions{Seed: 1})
	if got := reached(model.TrainOptions{Previous: other}, 12); got != cold {
		t.Errorf("from a model of other factors %v, from none %v", got, cold)
	}
}

// TestDraftOfFewerIterations wants a draft from nothing to take two thirds of the iterations, and one from a model as many as
// any other.
func TestDraftOfFewerIterations(t *testing.T) {
	t.Parallel()
	d := clusters(60, 60, 8)
	took := 0
	progress := func(n, total int) { took = n }
	for iterations, want := range map[int]int{0: 8, 12: 8, 6: 4, 3: 2, 2: 2, 1: 1} {
		trainer := als.Trainer{Factors: 4, Iterations: iterations}
		whole := train(t, trainer, d, model.TrainOptions{Progress: progress})
		if all := cmp.Or(iterations, 12); took != all {
			t.Errorf("%d iterations, and not a draft: takes %d", all, took)
		}
		train(t, trainer, d, model.TrainOptions{Progress: progress, Draft: true})
		if took != want {
			t.Errorf("a draft of %d iterations takes %d, want %d", iterations, took, want)
		}
		train(t, trainer, d, model.TrainOptions{Progress: progress, Previous: whole})
		further := took
		if train(t, trainer, d, model.TrainOptions{Progress: progress, Previous: whole, Draft: true}); took != further {
			t.Errorf("from a model of %d iterations a draft takes %d, another %d", iterations, took, further)
		}
	}
}

// TestPreviousOfLess wants as much done anew as is new: events of known items, or all there is of others.
func TestPreviousOfLess(t *testing.T) {
	t.Parallel()
	d := market(100, 100, 20, nil)
	half := d.Before(func(_ uint32, history []model.Event) int { return len(history) / 2 })
	some := d.WithHistories(func(u uint32, history []model.Event) []model.Event {
		return slices.DeleteFunc(slices.Clone(history), func(e model.Event) bool { return e.Item%10 < 4 })
	})
	for name, tt := range map[string]struct {
		before      *model.Dataset
		least, most int
	}{"half of the events": {half, 4, 7}, "six of ten items": {some, 4, 6}} {
		previous := train(t, als.Trainer{Factors: 4, Iterations: 2}, tt.before, model.TrainOptions{})
		total := 0
		train(t, als.Trainer{Factors: 4}, d, model.TrainOptions{Previous: previous, Progress: func(_, n int) { total = n }})
		if total < tt.least || total > tt.most {
			t.Errorf("%s: %d iterations", name, total)
		}
	}
	// As many pairs as before, of other items: a previous model that is none.
	first := d.WithHistories(func(_ uint32, h []model.Event) []model.Event {
		return slices.DeleteFunc(slices.Clone(h), func(e model.Event) bool { return e.Item >= 50 })
	})
	second := d.WithHistories(func(_ uint32, h []model.Event) []model.Event {
		return slices.DeleteFunc(slices.Clone(h), func(e model.Event) bool { return e.Item < 50 })
	})
	total := 0
	previous := train(t, als.Trainer{Factors: 4, Iterations: 2}, first, model.TrainOptions{})
	train(t, als.Trainer{Factors: 4}, second, model.TrainOptions{Previous: previous, Progress: func(_, n int) { total = n }})
	if total != 12 {
		t.Errorf("%d iterations from a model of other items, want 12", total)
	}
}

func TestFollowToNothing(t *testing.T) {
	t.Parallel()
	d := market(30, 30, 8, nil)
	m := train(t, als.Trainer{Factors: 4}, d, model.TrainOptions{})
	vector := m.Embed(nil, d.History(0), 0)
	m.Follow(vector, []model.Event{{Item: 3, Weight: -1}}, 0)
	for _, v := range vector {
		if v != 0 {
			t.Fatalf("the vector of one who likes nothing any more is %v", vector)
		}
	}
	short := []float32{1}
	if m.Follow(short, d.History(0), 0); short[0] != 1 {
		t.Errorf("a vector of another length has become %v", short)
	}
}

func TestIterations(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		iterations int
		known, of  uint64
		want       int
	}{
		{12, 100, 100, 2}, {12, 84, 100, 2}, {12, 75, 100, 3}, {12, 50, 100, 6}, {12, 0, 100, 12}, {12, 0, 0, 12},
		{1, 100, 100, 1}, {3, 100, 100, 2}, {60, 100, 100, 10},
	} {
		if got := als.Iterations(tt.iterations, tt.known, tt.of); got != tt.want {
			t.Errorf("%d iterations with %d of %d known: %d, want %d", tt.iterations, tt.known, tt.of, got, tt.want)
		}
	}
}

// TestExtend has items appear of which training knows nothing, and wants them to be found by those of their group, and the
// vector of one to be the optimum for what its users did with everything else held still.
func TestExtend(t *testing.T) {
	t.Parallel()
	const users, items, fresh = 120, 100, 10
	more := func(b *model.Builder) {
		for i := range fresh {
			b.Item(fmt.Sprintf("new%d", i))
		}
		for u := range users {
			if u%3 == 0 {
				b.Add(fmt.Sprintf("u%04d", u), fmt.Sprintf("new%d", u%fresh), 2, 100)
			}
		}
	}
	d := market(users, items, 12, nil)
	base := train(t, als.Trainer{Factors: 12, Iterations: 6}, d, model.TrainOptions{Seed: 1})
	if err := als.Index(base); err != nil { // new items must be put into it
		t.Fatal(err)
	}
	before := save(t, base)
	all := market(users, items, 12, more)
	extended, err := base.Extend(t.Context(), all, model.TrainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m := extended.(*als.Model)
	for i := uint32(items); i < items+fresh; i++ {
		if base.Vector(nil, i)[0] != 0 || m.Vector(nil, i)[0] == 0 {
			t.Errorf("item %d had the vector %v and has %v", i, base.Vector(nil, i), m.Vector(nil, i))
		}
	}
	if !bytes.Equal(before, save(t, base)) {
		t.Error("the model that was extended has changed")
	}
	own, any := 0, 0
	for u := range uint32(users) {
		h := d.History(u)
		// A bitmap of few is looked up in the index.
		if got := m.Propose(nil, &model.User{History: h}, 3, roaring.BitmapOf(100, 101, 102, 103), model.Quick); len(got) != 3 {
			t.Fatalf("user %d: the index has %v of four new items", u, got)
		}
		for _, c := range m.Propose(nil, &model.User{History: h}, 3, model.AllowFunc(func(i uint32) bool { return i >= items }), model.Thorough) {
			any++
			if (c.Item-items)%tastes == u%tastes {
				own++
			}
		}
		before, after := base.Embed(nil, h, 0), m.Embed(nil, h, 0)
		for f := range before {
			if before[f] != after[f] {
				t.Fatalf("the vector of user %d, who has nothing new, is another", u)
			}
		}
	}
	// Two of the ten are of the own group; of three proposals at most two can be.
	if any < 3*users*9/10 || float64(own) < 0.6*float64(any) {
		t.Errorf("%d of %d proposals of new items are of the own group", own, any)
	}
	// The normal equations of one: its users' vectors are those of their old events.
	const dim = 12
	o := newObjective(d, 12, 0.005)
	var x [][]float64
	c := map[int]float64{}
	sum := 0.0
	for u := range uint32(users) {
		x = append(x, rowsOf(base.Embed(nil, d.History(u), 0), dim)...)
		if u%3 == 0 && u%fresh == 4 {
			c[int(u)] = 2
			sum += 2
		}
	}
	want := naive(x, c, o.unobserved, 0.005*(sum+o.unobserved*users))
	got := rowsOf(m.Vector(nil, items+4), dim)[0]
	// Embed is at the optimum of the last items, training's Gram matrix of users one half before it.
	diff, length := 0.0, dot(want, want)
	for f := range want {
		diff += (want[f] - got[f]) * (want[f] - got[f])
	}
	if math.Sqrt(diff/length) > 0.02 {
		t.Errorf("the vector of an item taken in is %.4f, want %.4f, off by %.4f", got, want, math.Sqrt(diff/length))
	}
}
