package recommend_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/source"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
)

// A ranking is kept from the second page of the same history on: until there is an interaction, another blend or visit asks, more
// is asked for, the catalogue has got new items, or an hour has passed.
func TestRankedIsKept(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	var now clock
	eng, _ := trained(t, recommend.Options{Catalog: cat, Trainers: small(), PageTTL: -1, Now: now.now})
	const user = "user-001"
	was := eng.Ranked(user)
	expect := func(when string, req recommend.Request, again bool) {
		t.Helper()
		req.User = user
		ask(t, eng, req)
		is := eng.Ranked(user)
		if kept := is == was; kept != again {
			t.Errorf("%s: the ranking is the one before: %v, want %v", when, kept, again)
		}
		was = is
	}
	expect("the first page", recommend.Request{N: 5}, true)
	if was != nil {
		t.Error("a ranking is kept after one page")
	}
	expect("the second", recommend.Request{N: 5}, false)
	expect("the third", recommend.Request{N: 5}, true)
	expect("a filter", recommend.Request{N: 5, Filter: catalog.Not(catalog.Equals("brand", "brand-1"))}, true)
	expect("reasons", recommend.Request{N: 5, Explain: true}, true)
	expect("seeds", recommend.Request{N: 5, Seeds: []string{itemOf(2, 2)}}, true)
	expect("more items", recommend.Request{N: 60}, false)
	expect("fewer", recommend.Request{N: 5}, true)
	expect("one part", recommend.Request{N: 5, Model: "als"}, false)
	expect("all parts", recommend.Request{N: 5}, false)
	now.advance(59 * time.Minute)
	expect("after less than an hour", recommend.Request{N: 5}, true)
	now.advance(time.Minute)
	expect("after an hour", recommend.Request{N: 5}, false)
	now.advance(-time.Second)
	expect("when the clock has gone back", recommend.Request{N: 5}, false)
	setAvailable(t, cat, itemOf(1, 24), false)
	expect("without an item", recommend.Request{N: 5}, true)
	setAvailable(t, cat, itemOf(1, 24), true)
	expect("after it is back", recommend.Request{N: 5}, false)
	record(t, eng, store.Interaction{User: user, Item: itemOf(3, 3), Kind: store.Like, Session: "visit"})
	expect("the first after an interaction", recommend.Request{N: 5}, false)
	if was != nil {
		t.Error("a ranking from before an interaction is kept")
	}
	expect("the second", recommend.Request{N: 5}, false)
	expect("the visit", recommend.Request{N: 5, Session: "visit"}, false)
	train(t, eng)
	expect("the first after a training", recommend.Request{N: 5}, false)
	expect("the second", recommend.Request{N: 5}, false)
}

// Pages off a ranking are those of an engine that has none, as nearly as a vector that was gone on from is one made anew.
func TestRankedIsWhatWouldBeRanked(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	opts := recommend.Options{Catalog: cat, Trainers: small(), PageTTL: -1}
	eng, st := trained(t, opts)
	followed := cmp.Comparer(func(a, b float32) bool { return math.Abs(float64(a-b)) <= 3e-5 })
	const user = "user-002"
	next := ask(t, eng, recommend.Request{User: user, N: 7}).Next
	for i := range 3 {
		for _, req := range []recommend.Request{
			{N: 7}, {N: 7, Explain: true}, {N: 7, Cursor: next}, {N: 7, Exclude: []string{itemOf(2, 1), itemOf(2, 2), itemOf(2, 3)}},
			{N: 7, Filter: catalog.In("brand", "brand-1", "brand-2")}, {N: 7, Filter: catalog.Equals("brand", "brand-3")},
			{N: 7, Model: "als"}, {N: 7, Model: "itemknn"}, {N: 7, Model: "itemknn", Filter: catalog.Equals("brand", "brand-3")}, {N: 45}, {N: 90},
		} {
			req.User = user
			want := ask(t, open(t, st, opts), req)
			for range 3 {
				if diff := cmp.Diff(want.Items, ask(t, eng, req).Items, followed); diff != "" {
					t.Errorf("round %d, %+v (-opened +ranked):\n%s", i, req, diff)
				}
			}
		}
		setAvailable(t, cat, ask(t, eng, recommend.Request{User: user, N: 3}).Items[1].Item, false)
		if i == 1 {
			record(t, eng, click(user, itemOf(3, 9)))
		}
	}
}

// What the ranking has too little of is looked for.
func TestRankedDoesNotShortenPages(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	for i := range 400 {
		if _, err := cat.Upsert(catalog.Item{ID: fmt.Sprint("other-", i), Brand: "brand-9", Available: true}); err != nil {
			t.Fatal(err)
		}
	}
	eng, _ := trained(t, recommend.Options{Catalog: cat, Trainers: small(), PageTTL: -1})
	for _, brand := range []string{"brand-0", "brand-1", "brand-2", "brand-3", "brand-4"} {
		req := recommend.Request{User: "user-001", N: 15, Filter: catalog.In("brand", brand, "brand-9")}
		first := items(ask(t, eng, req))
		for range 2 {
			if diff := cmp.Diff(first, items(ask(t, eng, req))); diff != "" {
				t.Errorf("%s (-first +again):\n%s", brand, diff)
			}
		}
	}
}

// With sources, and with a policy that shows again what the user has met, pages are made without a ranking.
func TestRankedNeedsNoOthers(t *testing.T) {
	t.Parallel()
	const user = "user-001"
	for name, policy := range map[string]recommend.Policy{
		"a source":       {Sources: []stage.Source{source.Any{}}},
		"what is hidden": {Seen: &stage.Seen{Hide: map[store.Kind]time.Duration{store.Purchase: 0}}},
	} {
		eng, _ := trained(t, recommend.Options{
			Catalog: newCatalog(t), Trainers: small(), PageTTL: -1, Policies: []recommend.Policy{policy},
		})
		first := items(ask(t, eng, recommend.Request{User: user, N: 12}))
		for range 3 {
			if diff := cmp.Diff(first, items(ask(t, eng, recommend.Request{User: user, N: 12}))); diff != "" {
				t.Errorf("%s (-first +again):\n%s", name, diff)
			}
		}
		if eng.Ranked(user) != nil {
			t.Errorf("%s: a ranking is kept", name)
		}
	}
}

// However long a history in memory has become, models are shown the newest of it, as if it had just been read.
func TestModelsAreShownTheNewest(t *testing.T) {
	t.Parallel()
	opts := recommend.Options{Catalog: newCatalog(t), Trainers: small(), PageTTL: -1}
	eng, st := trained(t, opts)
	ask(t, eng, recommend.Request{User: "ann"})
	for i := range recommend.HistoryMax + 70 {
		taste := 3
		if i < 70 {
			taste = i % 2
		}
		record(t, eng, click("ann", itemOf(taste, i%6)))
		if i%10 == 3 && i >= recommend.HistoryMax {
			req := recommend.Request{User: "ann", N: 8, Model: "itemknn"}
			if diff := cmp.Diff(ask(t, open(t, st, opts), req).Items, ask(t, eng, req).Items, nearly); diff != "" {
				t.Fatalf("after %d (-opened +followed):\n%s", i+1, diff)
			}
		}
	}
}
