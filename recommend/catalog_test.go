package recommend_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
)

// fill puts the items of newCatalog into another, the last first.
func fill(t *testing.T, cat *catalog.Catalog) {
	t.Helper()
	from := newCatalog(t)
	for h := from.Handles() - 1; h >= 0; h-- {
		if _, err := cat.Upsert(*from.Item(uint32(h))); err != nil {
			t.Fatal(err)
		}
	}
}

// A catalogue may be filled before Open or after it: pages are the same but for how ties fall, which follow the order of the
// catalogue. Nothing needs a training or a restart.
func TestCatalogueFilledAfterOpen(t *testing.T) {
	t.Parallel()
	before := newCatalog(t)
	eng, st := trained(t, recommend.Options{Catalog: before, Trainers: small()})
	record(t, eng, buy("new", itemOf(1, 1)), buy("someone", itemOf(3, 3)))
	later := catalog.New()
	late := open(t, st, recommend.Options{Catalog: later, Trainers: small(), PageTTL: -1})
	if got := items(ask(t, late, recommend.Request{User: "new", N: 100})); len(got) != 0 {
		t.Errorf("an empty catalogue shows %v", got)
	}
	fill(t, later)
	for _, user := range []string{"new", "user-001", "user-002", "nobody"} {
		for _, m := range []string{"", recommend.Trending, "itemknn"} {
			want, got := ask(t, eng, recommend.Request{User: user, N: 100, Model: m}), ask(t, late, recommend.Request{User: user, N: 100, Model: m})
			if diff := cmp.Diff(scores(want), scores(got), nearly); diff != "" {
				t.Errorf("%s, model %q (-filled before +filled after):\n%s", user, m, diff)
			}
		}
	}
}

// scores is what a page gives each item that something speaks for.
func scores(p *recommend.Page) map[string]float32 {
	out := map[string]float32{}
	for _, item := range p.Items {
		if item.Source != recommend.Any {
			out[item.Item] = item.Score
		}
	}
	return out
}

// An item may join the catalogue after its interactions: they count, they are hidden from those who had them, and the models
// that learned from them show it at once.
func TestItemJoinsTheCatalogueLater(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	eng := open(t, memory(), recommend.Options{Catalog: cat, PageTTL: -1})
	record(t, eng, shoppers(200, 1)...)
	train(t, eng)
	user := recommend.Request{User: "user-002", N: 100}
	for range 2 {
		if got := items(ask(t, eng, user)); len(got) != 0 {
			t.Fatalf("nothing is in the catalogue, and the page has %v", got)
		}
	}
	bought := map[string]bool{}
	for _, in := range shoppers(200, 1) {
		if in.User == "user-002" {
			bought[in.Item] = true
		}
	}
	for i := range perItem {
		item := itemOf(2, i)
		if _, err := cat.Upsert(catalog.Item{ID: item, Available: true}); err != nil {
			t.Fatal(err)
		}
		page := ask(t, eng, user)
		at := slices.IndexFunc(page.Items, func(r recommend.Recommendation) bool { return r.Item == item })
		if (at < 0) != bought[item] || at >= 0 && page.Items[at].Source != recommend.Blended {
			t.Errorf("%s, bought %v, has joined: %+v", item, bought[item], page.Items)
		}
		if got := items(trending(t, eng, 100)); len(got) != i+1 {
			t.Errorf("%d of %d items are trending", len(got), i+1)
		}
	}
}

// An item that leaves the catalogue is on no page from then on, cached or not, and comes back when the pages do that were made
// without it.
func TestItemLeavesTheCatalogue(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	var c clock
	eng, _ := trained(t, recommend.Options{Catalog: cat, Now: c.now})
	req := recommend.Request{User: "user-002", N: 5}
	want := ask(t, eng, req)
	gone := cat.Item(must(cat.Lookup(want.Items[0].Item)))
	if err := cat.Delete(gone.ID); err != nil {
		t.Fatal(err)
	}
	if got := items(ask(t, eng, req)); slices.Contains(got, gone.ID) || len(got) != 5 {
		t.Errorf("without %s the page is %v", gone.ID, got)
	}
	if _, err := cat.Upsert(*gone); err != nil {
		t.Fatal(err)
	}
	c.advance(2 * time.Minute) // longer than pages are served again
	if diff := cmp.Diff(want.Items, ask(t, eng, req).Items, nearly); diff != "" {
		t.Errorf("back again (-before +after):\n%s", diff)
	}
}

func must(handle uint32, ok bool) uint32 {
	if !ok {
		panic("no such item")
	}
	return handle
}

// What goes with an item, what goes into the same basket, and a list in the user's order.
func TestSimilarTogetherRank(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t)})
	similar, err1 := eng.Similar(t.Context(), itemOf(3, 4), 6)
	together, err2 := eng.Together(t.Context(), []string{itemOf(3, 4), itemOf(3, 5)}, 6)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	for name, page := range map[string]*recommend.Page{"similar": similar, "together": together} {
		if len(page.Items) != 6 {
			t.Errorf("%s: %v", name, items(page))
		}
		for _, item := range items(page) {
			if tasteOf(item) != "t3" || item == itemOf(3, 4) {
				t.Errorf("%s: %s", name, item)
			}
		}
	}
	var list []string
	for i := range 12 {
		list = append(list, itemOf(i%tastes, i))
	}
	ranked, err := eng.Rank(t.Context(), "user-002", list)
	if err != nil {
		t.Fatal(err)
	}
	got := items(ranked)
	for _, item := range got[:3] {
		if tasteOf(item) != "t2" {
			t.Errorf("ranked %v: %s stands before all of taste t2", got, item)
		}
	}
	slices.Sort(got)
	slices.Sort(list)
	if diff := cmp.Diff(list, got); diff != "" { // met before or not
		t.Errorf("ranked (-list +got):\n%s", diff)
	}
	// What the models do not know stands by how it trends.
	record(t, eng, buy("a", "x"), buy("b", "y"), buy("c", "y"))
	for _, id := range []string{"x", "y", "z"} {
		if _, err := eng.Catalog().Upsert(catalog.Item{ID: id, Available: true}); err != nil {
			t.Fatal(err)
		}
	}
	ranked, err = eng.Rank(t.Context(), "user-002", []string{"z", "x", itemOf(2, 1), "y"})
	if diff := cmp.Diff([]string{itemOf(2, 1), "y", "x", "z"}, items(ranked)); diff != "" || err != nil {
		t.Errorf("ranked (-want +got, %v):\n%s", err, diff)
	}
	for i, source := range []string{recommend.Blended, recommend.Trending, recommend.Trending} {
		if ranked.Items[i].Source != source {
			t.Errorf("item %d comes from %q, want %q", i, ranked.Items[i].Source, source)
		}
	}
}

func TestPartIsTheModel(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, recommend.Options{})
	part, ok := eng.Part("itemknn")
	if !ok || part.Name() != "itemknn" {
		t.Errorf("part %v, %v", part, ok)
	}
	if part, ok := eng.Part("als"); ok || part != nil {
		t.Errorf("a part that there is none of: %v, %v", part, ok)
	}
	if part, ok := open(t, memory(), recommend.Options{}).Part("itemknn"); ok || part != nil {
		t.Errorf("before the first training: %v, %v", part, ok)
	}
}
