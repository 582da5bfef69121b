package eval_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/model"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestLatest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		history string // items in order; one in brackets is disliked, one after ? only seen
		kept    string
		held    string
	}{
		{"the last of several", "tea mug pot", "tea mug", "pot"},
		{"with all its events", "tea mug pot pot ?pot", "tea mug", "pot"},
		{"liked among others", "tea (pot) pot (pot)", "tea", "pot"},
		{"had been there before", "pot tea pot", "pot tea pot", ""},
		{"disliked", "tea (pot)", "tea (pot)", ""},
		{"only seen", "tea ?pot", "tea ?pot", ""},
		{"nothing liked is left", "(tea) ?mug pot", "(tea) ?mug pot", ""},
		{"nothing is left", "pot pot", "pot pot", ""},
		{"nothing at all", "", "", ""},
	} {
		var b model.Builder
		b.Add("zoe", "tea", 1, 0) // somebody else, who keeps everything
		b.Add("zoe", "cup", 1, 1)
		for i, word := range strings.Fields(tt.history) {
			weight := map[byte]float32{'(': -1, '?': 0}
			w, ok := weight[word[0]]
			if !ok {
				w = 1
			}
			b.Add("ann", strings.Trim(word, "(?)"), w, int64(i))
		}
		d := b.Build()
		kept, held := eval.Latest(d, func(user uint32) bool { return user == 1 })
		var name strings.Builder
		for _, h := range held {
			name.WriteString(d.Items.ID(h.Item))
			if h.User != 1 {
				t.Errorf("%s: withheld from user %d", tt.name, h.User)
			}
		}
		n := len(strings.Fields(tt.kept))
		if name.String() != tt.held || kept.Len() != n+2 || d.Len() != len(strings.Fields(tt.history))+2 {
			t.Errorf("%s: withheld %q and kept %d events, want %q and %d", tt.name, name.String(), kept.Len()-2, tt.held, n)
		}
	}
}

func TestLatestOfAll(t *testing.T) {
	t.Parallel()
	d := dataset(50, 30, 600, 3)
	none := d.Before(func(uint32, []model.Event) int { return 0 })
	if kept, held := eval.Latest(none, nil); kept.Len() != 0 || held != nil {
		t.Errorf("of empty histories, %v are withheld", held)
	}
	kept, held := eval.Latest(d, nil)
	if len(held) < 20 || kept.UserCount() != d.UserCount() {
		t.Fatalf("withheld %d items", len(held))
	}
	before := -1
	for _, h := range held {
		if int(h.User) <= before {
			t.Fatal("not in the order of users")
		}
		before = int(h.User)
		for _, e := range kept.History(h.User) {
			if e.Item == h.Item {
				t.Errorf("user %d still has item %d", h.User, h.Item)
			}
		}
	}
}

func TestSample(t *testing.T) {
	t.Parallel()
	var b, more model.Builder
	more.Add("first", "tea", 1, 0) // other handles
	for u := range 5000 {
		b.Add(fmt.Sprint("user", u), "tea", 1, 0)
		more.Add(fmt.Sprint("user", u), "tea", 1, 0)
	}
	d, other := b.Build(), more.Build()
	for _, part := range []uint64{0, 1, 2, 10} {
		in, inOther, n, same := eval.Sample(d, part, 1), eval.Sample(other, part, 1), 0, 0
		another := eval.Sample(d, part, 2)
		for u := range uint32(5000) {
			if in(u) != inOther(u+1) {
				t.Fatalf("one in %d: user %d is drawn or not by the handle", part, u)
			}
			if in(u) {
				n++
				if another(u) {
					same++
				}
			}
		}
		// Binomial: five standard deviations of n, and of those that another seed draws too.
		share := 1 / float64(max(part, 1))
		off := func(n int, of float64) float64 {
			return math.Abs(float64(n)-share*of) / math.Sqrt(of*share*(1-share)+1e-9)
		}
		if off(n, 5000) > 5 || part > 1 && off(same, float64(n)) > 5 {
			t.Errorf("one in %d: %d of 5000, and %d of them with another seed", part, n, same)
		}
	}
}

// proposer proposes the same ranking to all whose history does not refuse it, and says what it was asked.
type proposer struct {
	ranking []uint32
	now     *int64
	shown   *int
}

func (p proposer) Propose(dst []model.Scored, u *model.User, n int, allow model.Allow, effort model.Effort) []model.Scored {
	if p.now != nil {
		*p.now, *p.shown = u.Now, len(u.History)
	}
	for i, item := range p.ranking {
		if n > 0 && allow.Contains(item) && effort == model.Thorough {
			dst = append(dst, model.Scored{Item: item, Score: -float32(i)})
			n--
		}
	}
	return dst
}

func TestGains(t *testing.T) {
	t.Parallel()
	var b model.Builder
	for i, item := range []string{"tea", "mug", "pot", "cup"} {
		b.Add("ann", item, 1, int64(i))
	}
	b.Add("bob", "mug", 1, 9)
	b.Add("bob", "tea", 1, 10)
	kept, held := eval.Latest(b.Build(), nil) // of ann the cup, of bob tea
	var now int64
	var shown int
	p := proposer{[]uint32{1, 3, 0, 2}, &now, &shown} // mug, cup, tea, pot
	for _, tt := range []struct {
		k    int
		want []float64
	}{
		{1, []float64{1, 0}},                 // ann has had the mug; bob is shown the cup
		{2, []float64{1, 1 / math.Log2(3)}},  // and then tea
		{50, []float64{1, 1 / math.Log2(3)}}, // deeper
	} {
		for _, workers := range []int{1, 3} {
			if workers > 1 {
				p.now = nil
			} else {
				p.now, p.shown = &now, &shown
			}
			got, err := eval.Gains(t.Context(), p, kept, held, eval.Options{Cutoffs: []int{tt.k}, Workers: workers})
			if diff := gocmp.Diff(tt.want, got, cmpopts.EquateApprox(0, 1e-12)); err != nil || diff != "" {
				t.Errorf("k = %d: %v, %s", tt.k, err, diff)
			}
		}
	}
	p.now, p.shown = &now, &shown
	if _, err := eval.Gains(t.Context(), p, kept, held[:1], eval.Options{Recent: 2, Workers: 1}); err != nil || now != kept.Now || shown != 2 {
		t.Errorf("asked at %d with %d events, %v", now, shown, err)
	}
	if _, err := eval.Gains(t.Context(), p, kept, held, eval.Options{Cutoffs: []int{0}}); err == nil {
		t.Error("a cutoff of 0 was taken")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := eval.Gains(ctx, p, kept, held, eval.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestPaired(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b []float64
		want eval.Difference
	}{
		{nil, nil, eval.Difference{}},
		{[]float64{0.5}, []float64{0.2}, eval.Difference{Users: 1, A: 0.5, B: 0.2, StdErr: 0.3}},
		{[]float64{1, 0, 0.5, 0.5}, []float64{1, 0, 0.5, 0.5}, eval.Difference{Users: 4, A: 0.5, B: 0.5}},
		// Differences 1, 0, 0.5: of mean 0.5, variance 0.25.
		{[]float64{1, 0.5, 1}, []float64{0, 0.5, 0.5}, eval.Difference{Users: 3, A: 2.5 / 3, B: 1.0 / 3, StdErr: math.Sqrt(0.25 / 3)}},
	} {
		if diff := gocmp.Diff(tt.want, eval.Paired(tt.a, tt.b), cmpopts.EquateApprox(0, 1e-12)); diff != "" {
			t.Error(diff)
		}
	}
}

// TestRecent shows a model the newest events, and ranks none of the others either.
func TestRecent(t *testing.T) {
	t.Parallel()
	var train, test model.Builder
	for i, item := range []string{"tea", "mug", "pot", "cup"} {
		train.Add("ann", item, 1, int64(i))
	}
	train.Item("jug")
	test.Add("ann", "jug", 1, 9)
	test.Add("ann", "tea", 1, 9)
	most := 0
	m := table{func(h []model.Event, item uint32) float32 { most = max(most, len(h)); return -float32(item) }}
	got, err := eval.Evaluate(t.Context(), m, train.Build(), test.Build(), eval.Options{Cutoffs: []int{1}, Recent: 2, Workers: 1})
	if err != nil || most != 2 || got.At(1).NDCG != 1 {
		t.Errorf("%v: shown %d events, nDCG %v", err, most, got.At(1).NDCG)
	}
}

// telling is a model with a vector of the history's items, which tells what it is asked.
type telling struct {
	table
	users *[]model.User
}

func (telling) Embed(dst []float32, history []model.Event, now int64) []float32 {
	for _, e := range history {
		dst = append(dst, float32(e.Item), float32(now))
	}
	return dst
}

func (m telling) Score(dst []float32, u *model.User, items []uint32) {
	*m.users = append(*m.users, model.User{Vector: append([]float32(nil), u.Vector...), Now: u.Now})
	m.table.Score(dst, u, items)
}

// TestRequests wants the time and the vector that an engine would give.
func TestRequests(t *testing.T) {
	t.Parallel()
	var b model.Builder
	for i, item := range []string{"tea", "mug", "pot"} {
		b.Add("ann", item, 1, int64(10*i))
		b.Add("bob", item, 1, int64(10*i))
	}
	train, test := eval.SplitLast(b.Build())
	var users []model.User
	m := telling{table{noise}, &users}
	if _, err := eval.Evaluate(t.Context(), m, train, test, eval.Options{Workers: 1}); err != nil {
		t.Fatal(err)
	}
	want := model.User{Vector: []float32{0, 10, 1, 10}, Now: 10}
	if diff := gocmp.Diff([]model.User{want, want}, users); diff != "" {
		t.Error(diff)
	}
}
