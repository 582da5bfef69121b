package recommend_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
)

// Strangers get the same page, each under a number of its own, until something else trends or may be shown.
func TestStrangersShareAPage(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	eng, st := trained(t, recommend.Options{Catalog: cat})
	same := func(when string, want bool) {
		t.Helper()
		before := eng.Common()
		one, other := ask(t, eng, recommend.Request{User: "one", N: 6}), ask(t, eng, recommend.Request{User: "other", N: 6})
		if diff := cmp.Diff(one.Items, other.Items); diff != "" || one.ID == other.ID || one.Next != other.Next || one.Next == "" {
			t.Errorf("%s: pages %s and %s (-one +other):\n%s", when, one.ID, other.ID, diff)
		}
		if diff := cmp.Diff(ask(t, open(t, st, recommend.Options{Catalog: cat}), recommend.Request{User: "other", N: 6}), other); diff != "" {
			t.Errorf("%s (-opened +shared):\n%s", when, diff)
		}
		if kept := before == eng.Common(); kept != want {
			t.Errorf("%s: the page is the one before: %v, want %v", when, kept, want)
		}
	}
	same("at first", false)
	same("again", true)
	if got := ask(t, eng, recommend.Request{User: "user-001", N: 6}).Items[0].Source; got != recommend.Blended {
		t.Errorf("somebody known gets what %s brought", got)
	}
	for range 40 {
		record(t, eng, click("somebody", itemOf(3, 20)))
	}
	same("after clicks", false)
	best := trending(t, eng, 1).Items[0].Item
	if best != itemOf(3, 20) {
		t.Errorf("%s leads", best)
	}
	same("again", true)
	setAvailable(t, cat, best, false)
	same("without an item", false)
	setAvailable(t, cat, best, true)
	same("with it", false)
	train(t, eng)
	same("after a training", true)
	forget(t, eng, "somebody")
	if err := eng.Recount(t.Context()); err != nil {
		t.Fatal(err)
	}
	same("when somebody has been forgotten", false)
	record(t, eng, click("one", ask(t, eng, recommend.Request{User: "one", N: 6}).Items[2].Item))
	for entry, err := range st.Scan(t.Context(), store.Place{}) {
		if err != nil {
			t.Fatal(err)
		}
		if in := entry.Interaction; in.User == "one" && in.Kind == store.Click && (in.Rank != 3 || in.Source != recommend.Trending) {
			t.Errorf("the click came from rank %d of %q", in.Rank, in.Source)
		}
	}
}

// A stranger who asks for something else gets that.
func TestStrangersWhoAskForMore(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	shown := store.Interaction{User: "shown", Item: "", Kind: store.Impression, Time: monday}
	eng, _ := trained(t, recommend.Options{Catalog: cat, Policies: []recommend.Policy{
		{Placement: "capped", Stages: []stage.Stage{&stage.Cap{Field: "brand", Max: 1}}},
		{Placement: "seen", Seen: &stage.Seen{Hide: map[store.Kind]time.Duration{store.Impression: time.Hour}}},
		{Placement: "turned", Stages: []stage.Stage{turned("turned")}},
		{Placement: "sourced", Sources: []stage.Source{own("sourced")}},
	}})
	page := ask(t, eng, recommend.Request{User: "stranger", N: 5})
	top := items(page)
	shown.Item = top[0]
	record(t, eng, shown)
	for _, placement := range []string{"seen", "turned", "sourced"} { // the pages of which others would share
		if got := ask(t, eng, recommend.Request{User: "stranger", N: 5, Placement: placement}); got.Items[0].Item != top[0] {
			t.Errorf("%s, a stranger: %v", placement, items(got))
		}
	}
	for _, tt := range []struct {
		name string
		req  recommend.Request
	}{
		{"a filter", recommend.Request{Filter: catalog.Not(catalog.Equals("id", top[0]))}},
		{"without an item", recommend.Request{Exclude: top[:1]}},
		{"the next page", recommend.Request{Cursor: page.Next}},
		{"with an item", recommend.Request{Seeds: top[:1]}},
		{"of a list", recommend.Request{Items: top[1:]}},
		{"to whom something was shown", recommend.Request{User: "shown", Placement: "seen"}},
		{"whose page a stage turns", recommend.Request{User: "turned", Placement: "turned"}},
		{"for whom a source has something", recommend.Request{User: "sourced", Placement: "sourced"}},
	} {
		req := tt.req
		req.N = 5
		if req.User == "" {
			req.User = "other"
		}
		if got := ask(t, eng, req); got.Items[0].Item == top[0] {
			t.Errorf("%s: %v", tt.name, items(got))
		}
	}
	if got := ask(t, eng, recommend.Request{User: "other", N: 5, Explain: true}); len(got.Items[0].Reasons) == 0 {
		t.Error("no reasons")
	}
	if got := ask(t, eng, recommend.Request{User: "other", N: 5, Placement: "capped"}); got.Items[0].Item != top[0] || len(got.Items) != 5 {
		t.Errorf("capped: %v", items(got))
	}
	if got := ask(t, eng, recommend.Request{User: "other", N: 4}); len(got.Items) != 4 {
		t.Errorf("%d items of 4", len(got.Items))
	}
}

// turned is a stage that turns the pages of one user around.
type turned string

func (user turned) Apply(list []stage.Candidate, q *stage.Query) []stage.Candidate {
	if list = list[:min(len(list), q.N)]; q.UserID == string(user) {
		slices.Reverse(list)
	}
	return list
}

// own is a source that has an item for one user.
type own string

func (user own) Name() string { return "own" }

func (user own) Propose(dst []stage.Candidate, q *stage.Query, _ int) []stage.Candidate {
	if item, ok := q.Catalog.IDs().Lookup(itemOf(0, 24)); ok && q.UserID == string(user) && q.Allow.Contains(item) {
		dst = append(dst, stage.Candidate{Item: item, Score: 1})
	}
	return dst
}
