package recommend_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
)

// While pages are made anew that models had made which were replaced, those of others are served on: for a while, not past an
// interaction, not past a rollback, and not when somebody has been forgotten.
func TestPagesOutliveASwap(t *testing.T) {
	t.Parallel()
	var now clock
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t), PageTTL: 24 * time.Hour, Now: now.now})
	req := recommend.Request{User: "user-001", N: 9}
	version := func(when string, want uint64) {
		t.Helper()
		if got := ask(t, eng, req).ModelVersion; got != want {
			t.Errorf("%s: a page of version %d, want %d", when, got, want)
		}
	}
	version("trained", 1)
	train(t, eng)
	done := eng.Busy()
	version("while others are made anew", 1)
	done()
	version("when they are", 2)

	train(t, eng)
	defer eng.Busy()()
	version("while others are made anew", 2)
	now.advance(recommend.OutlivedMax)
	version("after a while", 3)

	train(t, eng)
	record(t, eng, click("user-001", itemOf(3, 3)))
	version("after a click", 4)

	train(t, eng)
	version("while others are made anew", 4)
	record(t, eng, click("user-001", itemOf(3, 4)))
	version("after a click", 5)
	if _, err := eng.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	version("after a rollback", 4)

	train(t, eng)
	version("while others are made anew", 4)
	forget(t, eng, "user-007")
	version("when somebody has been forgotten", 6)
	train(t, eng)
	version("by models that had not known them", 7)
}

// One after the other, pages are made anew at once.
func TestPagesAreMadeAnew(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t)})
	for version := range uint64(3) {
		for i := range 10 {
			if got := ask(t, eng, recommend.Request{User: fmt.Sprintf("user-%03d", i)}).ModelVersion; got != version+1 {
				t.Errorf("user %d: a page of version %d, want %d", i, got, version+1)
			}
		}
		train(t, eng)
	}
}

// A page that has fewer items than were asked for is not served again when the catalogue has changed.
func TestShortPagesShowWhatComesBack(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	eng, _ := trained(t, recommend.Options{Catalog: cat, PageTTL: time.Hour})
	setAvailable(t, cat, itemOf(2, 2), false)
	req := recommend.Request{User: "user-001", N: 200}
	if slices.Contains(items(ask(t, eng, req)), itemOf(2, 2)) {
		t.Error("an item that is not available is shown")
	}
	setAvailable(t, cat, itemOf(2, 2), true)
	if !slices.Contains(items(ask(t, eng, req)), itemOf(2, 2)) {
		t.Error("an item that is back is not shown")
	}
}

// What was found for a user is kept past interactions, until so many have come, the catalogue has got new items, or others ask.
func TestFoundIsKept(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	eng, _ := trained(t, recommend.Options{Catalog: cat, Trainers: small(), PageTTL: -1})
	const user = "user-001"
	looked := func(when string, want int) {
		t.Helper()
		if got := eng.Looked(user); got != want {
			t.Errorf("%s: looked at interaction %d, want %d", when, got, want)
		}
	}
	req := recommend.Request{User: user, N: 5}
	ask(t, eng, req)
	looked("at first", 0)
	bought := shoppers(2, 1)[8].Item
	for i := range recommend.ToldMax - 1 {
		record(t, eng, click(user, bought)) // which says nothing new
		ask(t, eng, req)
		looked(fmt.Sprint("after click ", i+1), 0)
	}
	record(t, eng, click(user, bought))
	ask(t, eng, req)
	told := recommend.ToldMax
	looked("after more", told)

	record(t, eng, click(user, bought))
	ask(t, eng, recommend.Request{User: user, N: 5, Filter: catalog.Equals("brand", "brand-1")})
	ask(t, eng, recommend.Request{User: user, N: 5, Seeds: []string{itemOf(2, 2)}})
	looked("for a filter and for seeds", told)
	setAvailable(t, cat, itemOf(1, 24), false)
	setAvailable(t, cat, itemOf(1, 24), true)
	ask(t, eng, req)
	looked("after an item has come back", told+1)

	for i := range 8 { // of a taste of another kind
		record(t, eng, buy(user, itemOf(3, i)))
	}
	ask(t, eng, req)
	looked("after the vector has turned away", told+9)
	record(t, eng, click(user, bought))
	train(t, eng)
	ask(t, eng, req)
	looked("after a training", told+10)
}

// solved compares scores by vectors that were solved for in two ways: each may be a part of 1e-5 from the solution, which is
// where als stops.
var solved = cmp.Comparer(func(a, b float32) bool {
	return math.Abs(float64(a-b)) <= 2e-5*max(1, math.Abs(float64(a)))
})

// Pages from what was found before are those of an engine that looks anew, where there are no more items than are looked for.
func TestFoundIsWhatWouldBeFound(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	eng, st := trained(t, recommend.Options{Catalog: cat, Trainers: small(), PageTTL: -1})
	for i := range 12 {
		record(t, eng, click("ann", itemOf(i%2, i)))
		fresh := open(t, st, recommend.Options{Catalog: cat, Trainers: small(), PageTTL: -1})
		for _, req := range []recommend.Request{
			{User: "ann", N: 5}, {User: "ann", N: 20, Explain: true}, {User: "ann", N: 10, Filter: catalog.In("brand", "brand-1", "brand-2")},
		} {
			if diff := cmp.Diff(ask(t, fresh, req).Items, ask(t, eng, req).Items, solved); diff != "" {
				t.Errorf("after %d clicks, %+v (-opened +kept):\n%s", i+1, req, diff)
			}
		}
	}
}

// A filter that is asked for again lets through what it does now, few items or many.
func TestFiltersAreKept(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	eng, _ := trained(t, recommend.Options{Catalog: cat, Trainers: small(), PageTTL: -1})
	move := func(item, brand string) {
		t.Helper()
		if _, err := cat.Upsert(catalog.Item{ID: item, Brand: brand, Available: true}); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []catalog.Filter{catalog.Equals("brand", "brand-1"), catalog.Not(catalog.Equals("brand", "brand-2"))} {
		req := recommend.Request{User: "ann", N: 200, Filter: f}
		record(t, eng, store.Interaction{User: "ann", Item: itemOf(1, 2), Kind: store.Like})
		for round := range 4 { // it is compiled, listed, made ready, and there
			for i, brand := range []string{"brand-2", "brand-1"} {
				move(itemOf(1, 1), brand)
				for range 3 {
					by := ""
					for _, item := range ask(t, eng, req).Items {
						if item.Item == itemOf(1, 1) {
							by = item.Source
						}
					}
					if want := []string{"", recommend.Blended}[i]; by != want {
						t.Errorf("round %d: an item of %s is shown by %q, want %q", round, brand, by, want)
					}
				}
			}
			setAvailable(t, cat, itemOf(1, 6), round%2 == 0)
			if shown := slices.Contains(items(ask(t, eng, req)), itemOf(1, 6)); shown != (round%2 == 0) {
				t.Errorf("round %d: an item that is available, or not, is shown: %v", round, shown)
			}
		}
	}
}

// In a large catalogue, whose filters are not listed anew after every change, what no longer passes one is not shown by it.
func TestFiltersOfALargeCatalogue(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	for i := range recommend.ListAlways {
		if _, err := cat.Upsert(catalog.Item{ID: fmt.Sprint("other-", i)}); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	eng, _ := trained(t, recommend.Options{Catalog: cat, Trainers: small(), PageTTL: -1, Now: func() time.Time { return now }})
	record(t, eng, store.Interaction{User: "ann", Item: itemOf(1, 2), Kind: store.Like, Time: now})
	for _, f := range []catalog.Filter{catalog.Equals("brand", "brand-1"), catalog.Not(catalog.Equals("brand", "brand-2"))} {
		if _, err := cat.Upsert(catalog.Item{ID: itemOf(1, 1), Brand: "brand-1", Available: true}); err != nil {
			t.Fatal(err)
		}
		req := recommend.Request{User: "ann", N: 20, Filter: f}
		for range 3 { // it is compiled, listed, and a bit an item
			if !slices.Contains(items(ask(t, eng, req)), itemOf(1, 1)) {
				t.Fatalf("%v: an item that passes is not shown", f)
			}
		}
		if _, err := cat.Upsert(catalog.Item{ID: itemOf(1, 1), Brand: "brand-2", Available: true}); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(items(ask(t, eng, req)), itemOf(1, 1)) {
			t.Errorf("%v: an item that passes no more is shown", f)
		}
	}
}

// More filters than are kept come and go.
func TestManyFilters(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t)})
	for range 2 {
		for i := range 300 {
			item := itemOf(i%tastes, i%perItem)
			page := ask(t, eng, recommend.Request{User: "nobody", Filter: catalog.In("id", item, fmt.Sprint("none-", i))})
			if diff := cmp.Diff([]string{item}, items(page)); diff != "" {
				t.Fatalf("filter %d (-want +got):\n%s", i, diff)
			}
			if n := eng.Filters(); n > recommend.FiltersMax {
				t.Fatalf("%d filters kept", n)
			}
		}
	}
}

// Of a history longer than what models are shown every item is hidden, however it came.
func TestLongHistoriesHide(t *testing.T) {
	t.Parallel()
	st := memory()
	eng := open(t, st, recommend.Options{})
	ask(t, eng, recommend.Request{User: "ann"})
	for i := range 3 * recommend.HistoryMax {
		record(t, eng, click("ann", fmt.Sprintf("i-%03d", i)), click("bob", fmt.Sprintf("i-%03d", i*7%(3*recommend.HistoryMax))))
		ask(t, eng, recommend.Request{User: "bob", N: 1})
	}
	record(t, eng, click("eve", "new"))
	for _, user := range []string{"ann", "bob"} {
		if diff := cmp.Diff([]string{"new"}, items(ask(t, eng, recommend.Request{User: user, N: 1000}))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", user, diff)
		}
		want, seen := open(t, st, recommend.Options{}), 0
		ask(t, want, recommend.Request{User: user})
		if _, seen = want.Memory(user); seen != 3*recommend.HistoryMax {
			t.Errorf("%s read: %d items hidden", user, seen)
		}
		if _, seen = eng.Memory(user); seen != 3*recommend.HistoryMax {
			t.Errorf("%s followed: %d items hidden", user, seen)
		}
	}
}

// What was found for one part does not serve another.
func TestFoundForOnePart(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	eng, st := trained(t, recommend.Options{Catalog: cat, Trainers: small(), PageTTL: -1})
	fresh := open(t, st, recommend.Options{Catalog: cat, Trainers: small(), PageTTL: -1})
	ask(t, eng, recommend.Request{User: "user-004", N: 5, Model: "popular"})
	req := recommend.Request{User: "user-004", N: 40, Model: "als"}
	if diff := cmp.Diff(ask(t, fresh, req).Items, ask(t, eng, req).Items, nearly); diff != "" {
		t.Errorf("(-opened +asked for popular before):\n%s", diff)
	}
}

// When what was found has been shown, parts look for more.
func TestFoundForFewPages(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t), Trainers: small(), PageTTL: -1})
	req, n := recommend.Request{User: "user-004", N: 20, Model: "als"}, 0
	for range 5 {
		page := ask(t, eng, req)
		for _, item := range page.Items {
			if item.Source != "als" {
				t.Fatalf("item %d is by %s", n, item.Source)
			}
			n++
		}
		req.Cursor = page.Next
	}
}

// Items that the user has met and that may come again are candidates, though they are not looked for.
func TestMetItemsComeAgain(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t), Trainers: small(), Policies: []recommend.Policy{
		{Parts: []string{"als"}, Seen: &stage.Seen{Hide: map[store.Kind]time.Duration{store.Purchase: 0}}},
	}})
	bought := 0
	for _, item := range ask(t, eng, recommend.Request{User: "user-001", N: 12}).Items {
		if slices.ContainsFunc(shoppers(2, 1)[8:], func(in store.Interaction) bool { return in.Item == item.Item }) && item.Source == "als" {
			bought++
		}
	}
	if bought < 4 {
		t.Errorf("%d of 12 items had been bought, want most of the 8", bought)
	}
}

// An impression that says something for its item does not hide it, however many interactions come after it.
func TestWeighedImpressionsDoNotHide(t *testing.T) {
	t.Parallel()
	eng := open(t, memory(), recommend.Options{Weights: map[store.Kind]float32{store.Impression: 1, store.Click: 1}})
	ask(t, eng, recommend.Request{User: "ann"})
	record(t, eng, store.Interaction{User: "ann", Item: "shown", Kind: store.Impression})
	for i := range 2*recommend.HistoryMax + 1 {
		if i%recommend.HistoryMax == 0 {
			if diff := cmp.Diff([]string{"shown"}, items(ask(t, eng, recommend.Request{User: "ann"}))); diff != "" {
				t.Errorf("after %d clicks (-want +got):\n%s", i, diff)
			}
		}
		record(t, eng, click("ann", fmt.Sprint(i)))
	}
}
