package blend_test

import (
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/recommend/model"
)

func TestShares(t *testing.T) {
	t.Parallel()
	a, b, c := trio()
	bl := mustNew(t, weights(crowd, []string{"a", "b", "c"}, 0.6, 0.4, 0), a, b, c)
	answer := bl.Answer(user)
	defer answer.Close()
	for i := range uint32(crowd) {
		shares := answer.Shares([]float32{9}, i)
		score := bl.Rank(nil, user, []uint32{i})[0].Score
		if len(shares) != 4 || shares[0] != 9 || shares[3] != 0 || math.Abs(float64(shares[1]+shares[2]-score)) > 1e-5 {
			t.Fatalf("item %d scores %v, shares %v", i, score, shares)
		}
		if want := 0.4 * float64(b.score(user, i)) / spreadOf(b, user, crowd); math.Abs(float64(shares[2])-want) > 1e-5 {
			t.Fatalf("item %d: %v of part b, want %v", i, shares[2], want)
		}
	}
}

// graph is a part whose scores are as given.
func graph(name string, scores ...float32) part {
	return part{name: name, items: len(scores), score: func(_ *model.User, i uint32) float32 { return scores[i] }}
}

// solver explains itself, but not by lists.
type solver struct{ scaled }

func (solver) Explain(dst []model.Reason, u *model.User, _ uint32, _ int) []model.Reason {
	return append(dst, model.Reason{Model: "solver", Because: u.History[0].Item, Share: 1})
}

func TestExplain(t *testing.T) {
	t.Parallel()
	// Item 0 is of the list and the solver, 1 of the solver alone, 2 of the list with the solver against it, 3 of nobody.
	list, by, mute := listed{graph("list", 1, 0, 1, 0)}, solver{scaled{graph("solver", 1, 1, -1, -1)}}, scaled{graph("mute", 0, 0, 0, 0)}
	bl := mustNew(t, weights(4, []string{"list", "solver", "mute"}, 0.4, 0.4, 0.2), list, by, mute)
	u := &model.User{History: events(1, 50, 3)}
	for _, tt := range []struct {
		item uint32
		n    int
		want []model.Reason
	}{
		// The list's scores lie half as far apart as the solver's, so it counts twice as much.
		{0, 9, []model.Reason{{Model: "list", Because: 51, Share: 4. / 9}, {Model: "solver", Because: model.NoItem, Share: 1. / 3}, {Model: "list", Because: 52, Share: 2. / 9}}},
		{0, 1, []model.Reason{{Model: "list", Because: 51, Share: 4. / 9}}},
		{1, 9, []model.Reason{{Model: "solver", Because: 50, Share: 1}}},
		{2, 9, []model.Reason{{Model: "list", Because: 51, Share: 2. / 3}, {Model: "list", Because: 52, Share: 1. / 3}}},
		{3, 9, nil}, {99, 9, nil}, {0, 0, nil}, {0, -1, nil},
	} {
		got := bl.Explain(nil, u, tt.item, tt.n)
		if diff := cmp.Diff(tt.want, got, cmp.Comparer(func(x, y float32) bool { return math.Abs(float64(x-y)) < 1e-5 })); diff != "" {
			t.Errorf("item %d, %d reasons: %s", tt.item, tt.n, diff)
		}
	}
	before := []model.Reason{{Model: "before"}}
	if got := bl.Explain(before, u, 1, 1); len(got) != 2 || got[0] != before[0] {
		t.Errorf("reasons appended are %v", got)
	}
}

// TestAnswerAsksOnce: proposing, scoring and explaining a page takes one look at the history.
func TestAnswerAsksOnce(t *testing.T) {
	t.Parallel()
	var asked, embeds atomic.Int64
	a, b, _ := trio()
	a.asked = &asked
	e := embedded{scaled: b, number: 1, dim: 2, embeds: &embeds}
	bl := mustNew(t, weights(crowd, []string{"a", "b"}, 0.5, 0.5), a, e)
	embeds.Store(0)
	answer := bl.Answer(user)
	page := answer.Propose(nil, 20, nil, model.Thorough)
	items := make([]uint32, len(page))
	for i, s := range page {
		items[i] = s.Item
	}
	if ranked := answer.Rank(nil, items); !slices.Equal(ranked, page) {
		t.Errorf("ranked %v, proposed %v", ranked, page)
	}
	for _, item := range items {
		if len(answer.Explain(nil, item, 3)) == 0 {
			t.Errorf("no reason for item %d", item)
		}
	}
	answer.Close()
	if asked.Load() != 1 || embeds.Load() != 1 {
		t.Errorf("%d looks at the history, %d vectors, for a page of %d", asked.Load(), embeds.Load(), len(page))
	}
	// The next user is another one.
	next := &model.User{History: events(8, 0, 5)}
	var got, want [1]float32
	bl.Score(got[:], next, []uint32{3})
	mustNew(t, weights(crowd, []string{"a", "b"}, 0.5, 0.5), a, e).Score(want[:], next, []uint32{3})
	if got != want || asked.Load() != 3 {
		t.Errorf("another user's score is %v, want %v", got, want)
	}
}
