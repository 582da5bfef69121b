package blend_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/recommend/model"
)

var odd = model.AllowFunc(func(item uint32) bool { return item%2 == 1 })

// What walkers found is as good as what they find, as long as enough of it is left.
func TestGatherFromWhatWasFound(t *testing.T) {
	t.Parallel()
	a, b, c := trio()
	bl := mustNew(t, weights(crowd, []string{"a", "b", "c"}, 0.4, 0.3, 0.3), a, b, c)
	for who := range uint64(20) {
		u := &model.User{History: events(who, 0, 3)}
		answer := bl.Answer(u)
		found, all := answer.Walk([]uint32{9999}, 100, nil)
		if all || found[0] != 9999 || !slices.IsSorted(found[1:]) {
			t.Fatalf("user %d: found %v, all of it: %v", who, found, all)
		}
		items, allowed := answer.GatherFrom([]uint32{9999}, found[1:], 5, odd)
		want := len(slices.DeleteFunc(slices.Clone(found[1:]), func(i uint32) bool { return i%2 == 0 }))
		if allowed != want || items[0] != 9999 {
			t.Errorf("user %d: %d of those found are allowed, want %d", who, allowed, want)
		}
		mostly := slices.DeleteFunc(handles(crowd), func(i uint32) bool { return i%2 == 0 })
		if diff := cmp.Diff(bl.Rank(nil, u, mostly)[:5], answer.Best(nil, 5, items[1:], -100, nil)); diff != "" {
			t.Errorf("user %d (-best +gathered):\n%s", who, diff)
		}
		few, allowed := answer.GatherFrom(nil, nil, 5, odd) // what the parts say that need not look
		if lists := a.Propose(nil, u, 32, odd, model.Quick); allowed != 0 || len(few) != len(lists) {
			t.Errorf("user %d: %d items without any found, want %d", who, len(few), len(lists))
		}
		answer.Close()
	}
}

func TestWalk(t *testing.T) {
	t.Parallel()
	a, b, _ := trio()
	few := scaled{graph("few", 1, 2, 3)}
	for _, tt := range []struct {
		weight  float32
		walkers uint64
	}{{0.2, 0b110}, {0, 0b010}} {
		answer := mustNew(t, weights(crowd, []string{"a", "b", "few"}, 0.4, 0.6-tt.weight, tt.weight), a, b, few).Answer(user)
		if got := answer.Walkers(); got != tt.walkers {
			t.Errorf("weight %v: walkers %b, want %b", tt.weight, got, tt.walkers)
		}
		if _, all := answer.Walk(nil, 10, nil); all {
			t.Error("10 are all of a crowd")
		}
		if found, all := answer.Walk(nil, crowd, odd); !all || slices.ContainsFunc(found, func(i uint32) bool { return i%2 == 0 }) {
			t.Errorf("found %v, all of it: %v", found, all)
		}
		answer.Close()
	}
}

// short is a part that has lists of its own.
type short struct{ scaled }

type shortList struct {
	of    short
	items []uint32
}

func (p short) Shortlist(items []uint32) model.Shortlist { return shortList{p, items} }

func (l shortList) Best(dst []uint32, u *model.User, n int, allow model.Allow) []uint32 {
	return append(dst, l.items[len(l.items)-1]) // which nobody else proposes
}

func TestGatherAmong(t *testing.T) {
	t.Parallel()
	a, b, c := trio()
	none := short{scaled{part{name: "short", items: crowd, score: func(_ *model.User, i uint32) float32 { return 1e-3 * float32(i%2) }}}}
	bl := mustNew(t, weights(crowd, []string{"a", "b", "c", "short"}, 0.4, 0.3, 0.2, 0.1), a, b, c, none)
	list := slices.DeleteFunc(handles(crowd), func(i uint32) bool { return i%3 != 0 })
	among := bl.Shortlist(append(list, 12345))
	allow := model.AllowFunc(func(item uint32) bool { return item%3 == 0 && item%2 == 1 })
	best := slices.DeleteFunc(slices.Clone(list), func(i uint32) bool { return i%2 == 0 })
	for who := range uint64(20) {
		u := &model.User{History: events(who, 0, 3)}
		answer := bl.Answer(u)
		items := answer.GatherAmong([]uint32{9999}, among, 5, allow)
		if items[0] != 9999 || items[len(items)-1] != 12345 {
			t.Fatalf("user %d: %v, without what the part has on its list", who, items)
		}
		items = items[1 : len(items)-1]
		if diff := cmp.Diff(bl.Rank(nil, u, best)[:5], answer.Best(nil, 5, items, 0, nil)); diff != "" {
			t.Errorf("user %d (-best +gathered):\n%s", who, diff)
		}
		for _, item := range items {
			if !allow(item) || a.score(u, item) <= 0 && b.score(u, item) <= 0 && c.score(u, item) <= 0 {
				t.Errorf("user %d: %d is refused, or nobody speaks for it", who, item)
			}
		}
		if got := answer.Best(nil, 5, items, 1e9, nil); len(got) != 0 {
			t.Errorf("above all: %v", got)
		}
		answer.Close()
	}
}

// paged is a part that explains a page at a time.
type paged struct{ listed }

func (p paged) ExplainAll(u *model.User, items []uint32, n int, emit func(i int, reasons []model.Reason)) {
	for i, item := range items {
		emit(i, p.Explain(nil, u, item, min(n, int(item%3)))) // of some items nothing
	}
}

func (p paged) Explain(dst []model.Reason, u *model.User, item uint32, n int) []model.Reason {
	return p.listed.Explain(dst, u, item, min(n, int(item%3)))
}

func TestExplainAll(t *testing.T) {
	t.Parallel()
	a, b, c := trio()
	bl := mustNew(t, weights(crowd, []string{"a", "b", "c"}, 0.4, 0.3, 0.3), paged{a}, b, c)
	answer := bl.Answer(user)
	defer answer.Close()
	next := 0
	answer.ExplainAll(handles(crowd), 3, func(i int, reasons []model.Reason) {
		if want := bl.Explain(nil, user, uint32(i), 3); i != next || !slices.Equal(reasons, want) {
			t.Errorf("item %d, want %d: %v, want %v", i, next, reasons, want)
		}
		next++
	})
	if next != crowd {
		t.Errorf("%d items explained", next)
	}
}
