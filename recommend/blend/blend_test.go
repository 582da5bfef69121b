package blend_test

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/model"
)

const crowd = 300 // items

// trio is a part of each kind, of scores that have nothing to do with one another and lie far apart in size.
func trio() (a listed, b scaled, c part) {
	a = listed{part{name: "a", items: crowd, score: func(u *model.User, i uint32) float32 {
		return float32(max(0, normal(1, who(u), uint64(i)))) * float32(1+who(u)) // sparse, and larger for later users
	}}}
	b = scaled{part{name: "b", items: crowd, score: func(u *model.User, i uint32) float32 {
		return float32(1e-3 * normal(2, who(u), uint64(i)))
	}}}
	c = part{name: "c", items: crowd, score: func(u *model.User, i uint32) float32 {
		return float32(1e3 * max(0, normal(3, who(u), uint64(i))))
	}}
	return a, b, c
}

var user = &model.User{History: events(7, 0, 5), Now: 9}

func TestScoreIsTheFormula(t *testing.T) {
	t.Parallel()
	a, b, c := trio()
	const items = 2 * crowd // as the weights say, whatever the part knows
	bl := mustNew(t, weights(items, []string{"a", "b", "c"}, 0.5, 0.3, 0.2), a, b, c)
	got := make([]float32, crowd)
	bl.Score(got, user, handles(crowd))
	// What c says of itself: the spread of its own best hundred.
	best := c.Propose(nil, user, 100, nil, model.Quick)
	var sum, squares float64
	for _, s := range best {
		sum += float64(s.Score)
		squares += float64(s.Score) * float64(s.Score)
	}
	n := float64(len(best))
	spreadC := math.Sqrt(squares/n - sum/n*sum/n)
	for i := range uint32(crowd) {
		want := 0.5*float64(a.score(user, i))/spreadOf(a, user, items) +
			0.3*float64(b.score(user, i))/spreadOf(b, user, crowd) + 0.2*float64(c.score(user, i))/spreadC
		if math.Abs(float64(got[i])-want) > 1e-4 {
			t.Fatalf("item %d scores %v, want %v", i, got[i], want)
		}
	}
}

func TestScoreIsAbsolute(t *testing.T) {
	t.Parallel()
	a, b, c := trio()
	bl := mustNew(t, weights(crowd, []string{"a", "b", "c"}, 0.5, 0.3, 0.2), a, b, c)
	all := make([]float32, crowd)
	bl.Score(all, user, handles(crowd))
	for i := range uint32(crowd) {
		var one [1]float32
		if bl.Score(one[:], user, []uint32{i}); one[0] != all[i] {
			t.Fatalf("item %d scores %v alone and %v among all", i, one[0], all[i])
		}
	}
	var unknown [2]float32
	if bl.Score(unknown[:], user, []uint32{crowd, model.NoItem}); unknown != [2]float32{} {
		t.Errorf("items that nobody knows score %v", unknown)
	}
}

// TestFlatScores has parts whose scores do not differ, or are not there.
func TestFlatScores(t *testing.T) {
	t.Parallel()
	one := part{name: "one", items: 4, score: func(_ *model.User, i uint32) float32 { return float32(i / 3) }}
	flat := part{name: "flat", items: 4, score: func(*model.User, uint32) float32 { return 5 }}
	tiny := scaled{part{name: "tiny", items: 4, score: func(_ *model.User, i uint32) float32 { return 1e-44 * float32(i) }}}
	mute := part{name: "mute", items: 4, score: func(*model.User, uint32) float32 { return 0 }}
	for _, tt := range []struct {
		part model.Model
		want []float32
	}{
		{one, []float32{0, 0, 0, 10}}, {flat, []float32{10, 10, 10, 10}}, {tiny, []float32{0, 0, 0, 0}}, {mute, []float32{0, 0, 0, 0}},
	} {
		got := make([]float32, 4)
		mustNew(t, weights(4, []string{tt.part.Name()}, 1), tt.part).Score(got, user, handles(4))
		for i := range got {
			if math.Abs(float64(got[i]-tt.want[i])) > 1e-4 {
				t.Errorf("%s scores %v, want %v", tt.part.Name(), got, tt.want)
				break
			}
		}
	}
}

// TestProposeIsTheBestOfAll compares with scoring everything: parts disagree, so that the best of the blend are not the
// best of any.
func TestProposeIsTheBestOfAll(t *testing.T) {
	t.Parallel()
	a, b, c := trio()
	bl := mustNew(t, weights(crowd, []string{"a", "b", "c"}, 0.4, 0.3, 0.3), a, b, c)
	odd := model.AllowFunc(func(item uint32) bool { return item%2 == 1 })
	for who := range uint64(20) {
		u := &model.User{History: events(who, 0, 3)}
		for _, tt := range []struct {
			allow model.Allow
			items []uint32
		}{{nil, handles(crowd)}, {odd, slices.DeleteFunc(handles(crowd), func(i uint32) bool { return i%2 == 0 })}} {
			want := bl.Rank(nil, u, tt.items)
			got := bl.Propose(nil, u, 5, tt.allow, model.Thorough)
			if diff := cmp.Diff(want[:5], got); diff != "" {
				t.Errorf("user %d: %s", who, diff)
			}
			if more := bl.Propose(got[:2:2], u, 40, tt.allow, model.Quick); len(more) != 42 || !slices.Equal(more[:2], got[:2]) ||
				!slices.IsSortedFunc(more[2:], func(x, y model.Scored) int { return int(math.Copysign(1, float64(y.Score-x.Score))) }) {
				t.Errorf("user %d: 40 more behind 2 are %v", who, more)
			}
		}
	}
	if got := bl.Propose(nil, user, 0, nil, model.Thorough); got != nil {
		t.Errorf("none are %v", got)
	}
}

func TestRank(t *testing.T) {
	t.Parallel()
	p := scaled{part{name: "p", items: 9, score: func(_ *model.User, i uint32) float32 { return float32(i % 3) }}}
	bl := mustNew(t, weights(9, []string{"p"}, 1), p)
	var got []uint32
	for _, s := range bl.Rank(nil, user, []uint32{8, 1, 3, 5, 4, 99}) {
		got = append(got, s.Item)
	}
	if want := []uint32{5, 8, 1, 4, 3, 99}; !slices.Equal(got, want) {
		t.Errorf("ranked %v, want %v", got, want)
	}
}

// TestEffort has a filter that leaves only what a quick look does not find.
func TestEffort(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	falling := part{name: "p", items: crowd, asked: &asked, score: func(_ *model.User, i uint32) float32 { return float32(crowd - i) }}
	bl := mustNew(t, weights(crowd, []string{"p"}, 1), falling)
	last := model.AllowFunc(func(item uint32) bool { return item >= crowd-10 })
	if got := bl.Propose(nil, user, 5, last, model.Quick); len(got) != 0 {
		t.Errorf("a quick look found %v", got)
	}
	if got := bl.Propose(nil, user, 5, last, model.Thorough); len(got) != 5 || got[0].Item != crowd-10 {
		t.Errorf("a thorough one found %v", got)
	}
	asked.Store(0)
	if got := bl.Propose(nil, user, 5, nil, model.Thorough); len(got) != 5 || asked.Load() != 2 { // once for its spread
		t.Errorf("%d found in %d calls", len(got), asked.Load())
	}
}

func TestWeightsByLength(t *testing.T) {
	t.Parallel()
	a, b, _ := trio()
	w := weights(crowd, []string{"a", "b"}, 0, 1)
	w.ByClass[2] = []float32{1, 0} // three or four events
	bl := mustNew(t, w, a, b)
	for _, tt := range []struct {
		name    string
		history []model.Event
		a       bool
	}{
		{"none", nil, false}, {"two", events(1, 0, 2), false}, {"three", events(1, 0, 3), true}, {"four", events(1, 0, 4), true}, {"five", events(1, 0, 5), false},
		{"a run counts once", append(events(1, 0, 4), events(1, 3, 1)...), true},
		{"what speaks against does not count", append([]model.Event{{Item: 9, Weight: -1, Time: 1}}, events(1, 0, 4)...), true},
	} {
		u := &model.User{History: tt.history}
		var want, got [1]float32
		bl.Score(got[:], u, []uint32{5})
		if mustNew(t, weights(crowd, []string{"a"}, 1), a).Score(want[:], u, []uint32{5}); (got == want) != tt.a {
			t.Errorf("%s: score %v, of part a %v", tt.name, got, want)
		}
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	a, b, c := trio()
	if _, err := blend.New([]model.Model{a, b, a}, weights(1, nil)); err == nil {
		t.Error("two parts of one name are one blend")
	}
	// Of three parts with weights two are there; the third and its weight are not missed, and an unknown part says nothing.
	w := weights(crowd, []string{"a", "b", "gone"}, 0.1, 0.3, 0.6)
	got, want := make([]float32, crowd), make([]float32, crowd)
	mustNew(t, w, a, b, c).Score(got, user, handles(crowd))
	mustNew(t, weights(crowd, []string{"a", "b"}, 0.25, 0.75), a, b).Score(want, user, handles(crowd))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	mustNew(t, w, c).Score(got, user, handles(crowd))
	mustNew(t, weights(crowd, []string{"c"}, 1), c).Score(want, user, handles(crowd))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("a part that weights do not know, alone: ", diff)
	}
	if got := mustNew(t, w).Propose(nil, user, 3, nil, model.Thorough); got != nil {
		t.Errorf("no parts propose %v", got)
	}
}

func TestVectors(t *testing.T) {
	t.Parallel()
	var embeds [2]atomic.Int64
	_, plain, _ := trio()
	vain := func(name string, number float32, dim int, count *atomic.Int64) embedded {
		e := embedded{scaled: scaled{part{name: name, items: crowd}}, number: number, dim: dim, embeds: count}
		e.score = func(u *model.User, i uint32) float32 {
			if !e.right(u) {
				t.Errorf("part %s got vector %v for %d events", name, u.Vector, len(u.History))
			}
			return float32(i)
		}
		return e
	}
	x, y := vain("x", 100, 3, &embeds[0]), following{vain("y", 200, 2, &embeds[1])}
	bl := mustNew(t, weights(crowd, []string{"x", "b", "y"}, 1, 1, 1), x, plain, y)
	var score [1]float32
	bl.Score(score[:], user, []uint32{4}) // with the vectors made on the way

	vector := bl.Embed([]float32{-1}, user.History, 0)
	if want := []float32{-1, 105, 105, 105, 205, 205}; !slices.Equal(vector, want) {
		t.Fatalf("vector %v, want %v", vector, want)
	}
	before := [2]int64{embeds[0].Load(), embeds[1].Load()}
	var again [1]float32
	if bl.Score(again[:], &model.User{History: user.History, Vector: vector[1:]}, []uint32{4}); again != score {
		t.Errorf("score %v with a vector, %v without", again, score)
	}
	if now := [2]int64{embeds[0].Load(), embeds[1].Load()}; now != before {
		t.Errorf("vectors made again: %v calls, then %v", before, now)
	}
	longer := append(slices.Clone(user.History), model.Event{Item: 9, Weight: 1})
	bl.Follow(vector[1:], longer, 0)
	if want := []float32{-1, 106, 106, 106, 206, 206}; !slices.Equal(vector, want) || embeds[1].Load() != before[1] {
		t.Errorf("vector %v after one more event, want %v", vector, want)
	}
	foreign := []float32{1, 2}
	if bl.Follow(foreign, longer, 0); foreign[0] != 1 || foreign[1] != 2 {
		t.Errorf("a vector of another length became %v", foreign)
	}
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	a, b, c := trio()
	bl := mustNew(t, weights(crowd, []string{"a", "b", "c"}, 0.5, 0.3, 0.2), a, b, c)
	var wg sync.WaitGroup
	for w := range uint64(8) {
		wg.Go(func() {
			u := &model.User{History: events(w, 0, int(w))}
			want := bl.Propose(nil, u, 10, nil, model.Quick)
			for range 10 {
				if got := bl.Propose(nil, u, 10, nil, model.Quick); !slices.Equal(got, want) {
					t.Errorf("user %d: %v, then %v", w, want, got)
				}
			}
		})
	}
	wg.Wait()
}

// TestAllocations allows for a pool that forgets at random, as it does under -race, but not for one for each candidate.
func TestAllocations(t *testing.T) {
	const most = crowd / 20
	flat := listed{part{name: "a", items: crowd, score: func(_ *model.User, i uint32) float32 { return float32(i%17) + 1 }}}
	bl := mustNew(t, weights(crowd, []string{"a"}, 1), flat)
	dst := make([]model.Scored, 0, 64)
	if n := testing.AllocsPerRun(50, func() { dst = bl.Propose(dst[:0], user, 30, nil, model.Quick) }); n > most {
		t.Errorf("%v allocations for a page", n)
	}
	items, scores := handles(crowd), make([]float32, crowd)
	if n := testing.AllocsPerRun(50, func() { bl.Score(scores, user, items) }); n > most {
		t.Errorf("%v allocations for %d scores", n, crowd)
	}
}
