package recommend_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/linear"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
)

func why(t testing.TB, eng *recommend.Engine, req recommend.Request, item string) *recommend.Verdict {
	t.Helper()
	v, err := eng.Why(t.Context(), req, item)
	if err != nil {
		t.Fatalf("Why(%+v, %s): %v", req, item, err)
	}
	return v
}

// Of every item, Why and the page that Recommend gives agree, by every way in which a page is made.
func TestWhyAgreesWithPages(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	for _, id := range []string{itemOf(0, 3), itemOf(2, 3)} {
		if _, err := cat.Upsert(catalog.Item{ID: id}); err != nil {
			t.Fatal(err)
		}
	}
	eng, _ := trained(t, recommend.Options{Catalog: cat, Trainers: small(), Policies: []recommend.Policy{
		{Placement: "capped", Stages: []stage.Stage{&stage.Cap{Field: "brand", Max: 1}, &stage.Pin{Slots: map[int]string{2: itemOf(3, 3)}}}},
		{Placement: "drawn", Stages: []stage.Stage{&stage.Explore{Epsilon: 0.5}}},
		{Placement: "mixed", Parts: []string{"als", "itemknn"}, Interleave: true},
		{Placement: "week", Seen: &stage.Seen{Hide: map[store.Kind]time.Duration{store.Purchase: 24 * time.Hour}}},
	}})
	red := catalog.Equals("brand", "brand-1")
	for name, req := range map[string]recommend.Request{
		"plain": {User: "user-000"}, "long": {User: "user-001", N: 200}, "capped": {User: "user-000", Placement: "capped"},
		"drawn": {User: "user-002", Placement: "drawn", N: 8}, "mixed": {User: "user-000", Placement: "mixed"},
		"week": {User: "user-003", Placement: "week"}, "filtered": {User: "user-000", Filter: red}, "stranger": {},
		"seeds":  {Seeds: []string{itemOf(1, 1), itemOf(1, 2)}, Exclude: []string{itemOf(1, 4)}},
		"listed": {User: "user-000", Items: []string{itemOf(0, 1), itemOf(2, 2), itemOf(0, 3)}, N: 3},
		"alone":  {User: "user-000", Model: "itemknn"}, "trending": {User: "user-000", Model: recommend.Trending},
	} {
		page := ask(t, eng, req)
		for taste := range tastes {
			for i := range perItem {
				item := itemOf(taste, i)
				v, at := why(t, eng, req, item), slices.Index(items(page), item)
				if v.Shown != (at >= 0) || v.Shown && (v.Rank != at+1 || v.Source != page.Items[at].Source) || v.Shown != (v.Refused == "") {
					t.Fatalf("%s: %s stands at %d of the page, and Why says %+v", name, item, at, v)
				}
			}
		}
	}
}

// What refuses an item is named, each rule by its name.
func TestWhyNamesTheRule(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	gone, week, list := itemOf(0, 0), "week", []string{itemOf(2, 5), itemOf(2, 6)}
	if _, err := cat.Upsert(catalog.Item{ID: gone, Brand: "brand-0"}); err != nil {
		t.Fatal(err)
	}
	eng, _ := trained(t, recommend.Options{Catalog: cat, Policies: []recommend.Policy{
		{Placement: week, Seen: &stage.Seen{Hide: map[store.Kind]time.Duration{store.Purchase: 7 * 24 * time.Hour}}},
		{Placement: "capped", Stages: []stage.Stage{&stage.Preferences{}, &stage.Cap{Field: "brand", Max: 1}}},
	}})
	record(t, eng, buy("ann", itemOf(1, 0)), buy("ann", itemOf(1, 1)), buy("ann", "delisted"))
	ann := recommend.Request{User: "ann", N: 3}
	with := func(change func(*recommend.Request)) recommend.Request {
		req := ann
		change(&req)
		return req
	}
	best := items(ask(t, eng, ann))
	brand := cat.Item(must(cat.Lookup(best[0]))).Brand
	other := slices.IndexFunc(items(ask(t, eng, recommend.Request{User: "ann", N: 15})), func(id string) bool {
		return id != best[0] && cat.Item(must(cat.Lookup(id))).Brand == brand
	})
	second := items(ask(t, eng, recommend.Request{User: "ann", N: 15}))[other]
	listed := items(ask(t, eng, recommend.Request{User: "ann", Items: []string{itemOf(1, 0), itemOf(1, 1)}}))
	for _, tt := range []struct {
		name, item string
		req        recommend.Request
		want       recommend.Refusal
	}{
		{"no such item", "nothing", ann, recommend.RefusedUnknown},
		{"not in the catalogue", "delisted", ann, recommend.RefusedUnknown},
		{"unavailable", gone, ann, recommend.RefusedUnavailable},
		{"filtered out", best[0], with(func(r *recommend.Request) { r.Filter = catalog.Equals("brand", "none") }), recommend.RefusedFilter},
		{"met", itemOf(1, 0), ann, recommend.RefusedSeen},
		{"met within a week", itemOf(1, 0), with(func(r *recommend.Request) { r.Placement = week }), recommend.RefusedSeen},
		{"a seed", itemOf(3, 3), with(func(r *recommend.Request) { r.Seeds = []string{itemOf(3, 3)} }), recommend.RefusedSeed},
		{"excluded", best[0], with(func(r *recommend.Request) { r.Exclude = best[:1] }), recommend.RefusedExcluded},
		{"on the page before", best[0], with(func(r *recommend.Request) { r.Cursor = ask(t, eng, ann).Next }), recommend.RefusedBefore},
		{"not listed", best[0], with(func(r *recommend.Request) { r.Items = list }), recommend.RefusedList},
		{"behind the page", items(ask(t, eng, recommend.Request{User: "ann", N: 4}))[3], ann, recommend.RefusedRank},
		{"not proposed", items(ask(t, eng, recommend.Request{User: "ann", N: 90}))[89], ann, recommend.RefusedCandidate},
		{"met, but listed", listed[1], recommend.Request{User: "ann", N: 1, Items: listed}, recommend.RefusedRank},
		{"behind the page before a stage moves it on", second, with(func(r *recommend.Request) { r.N, r.Placement = other, "capped" }), recommend.RefusedRank},
		{"too many of a brand", second, with(func(r *recommend.Request) { r.N, r.Placement = max(3, other+1), "capped" }), recommend.RefusedStage},
	} {
		v := why(t, eng, tt.req, tt.item)
		if v.Refused != tt.want || v.Shown {
			t.Errorf("%s: %+v, want %q", tt.name, v, tt.want)
		}
		if stage := v.Stage == "Cap" && v.Step == 2; stage != (tt.want == recommend.RefusedStage) {
			t.Errorf("%s: stage %q, step %d", tt.name, v.Stage, v.Step)
		}
		if until := monday.Add(7 * 24 * time.Hour); v.Until.Equal(until) != (tt.req.Placement == week) {
			t.Errorf("%s: until %v", tt.name, v.Until)
		}
	}
}

// The parts' contributions sum up to the score of the page, and the place is that of all items ranked by it, also of items that no
// page would hold.
func TestWhyWeighs(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, recommend.Options{
		Catalog: newCatalog(t), Trainers: append(small(), linear.Trainer{}), Policies: []recommend.Policy{{Stages: []stage.Stage{}}},
	})
	req := recommend.Request{User: "user-001", N: 92}
	page := ask(t, eng, req)
	type scored struct {
		item  string
		score float32
	}
	var all []scored
	models := map[string]bool{}
	for _, r := range page.Items {
		v := why(t, eng, req, r.Item)
		all = append(all, scored{r.Item, v.Score})
		var sum float32
		for i, p := range v.Parts {
			if sum += p.Score; i > 0 && p.Score > v.Parts[i-1].Score {
				t.Fatalf("%s: parts are not the greatest first: %+v", r.Item, v.Parts)
			}
			checkReasons(t, p)
			models[p.Model] = models[p.Model] || len(p.Reasons) > 0 && p.Reasons[0].Because != ""
		}
		if r.Source == recommend.Blended && math.Abs(float64(sum-r.Score)) > 1e-4 || math.Abs(float64(sum-v.Score)) > 1e-6 || v.Of != 92 {
			t.Fatalf("%s of %v: parts add up to %v, score %v, of %d", r.Item, r.Score, sum, v.Score, v.Of)
		}
	}
	slices.SortStableFunc(all, func(a, b scored) int { // ties by handle, which is the order of the names
		switch {
		case a.score > b.score || a.score == b.score && a.item < b.item:
			return -1
		case a == b:
			return 0
		}
		return 1
	})
	for i, s := range all {
		if v := why(t, eng, req, s.item); v.Place != i+1 {
			t.Errorf("%s has place %d, want %d of those ranked by score", s.item, v.Place, i+1)
		}
	}
	want := map[string]bool{"popular": false, "itemknn": true, "content": true, "als": true, "linear": true}
	if diff := cmp.Diff(want, models); diff != "" {
		t.Errorf("parts that name items (-want +got):\n%s", diff)
	}
}

func checkReasons(t *testing.T, p recommend.Contribution) {
	t.Helper()
	var sum float64
	for i, r := range p.Reasons {
		if sum += float64(r.Share); r.Model != p.Model || i > 0 && r.Share > p.Reasons[i-1].Share {
			t.Fatalf("reasons of %s: %+v", p.Model, p.Reasons)
		}
	}
	if sum > 1.0001 {
		t.Fatalf("shares of %s add up to %v", p.Model, sum)
	}
}

// What says nothing to strangers says so, and nobody is exposed by asking.
func TestWhyAtTheEdge(t *testing.T) {
	t.Parallel()
	eng, st := trained(t, recommend.Options{Catalog: newCatalog(t), Experiments: []recommend.Assigner{halves()}})
	if v := why(t, eng, recommend.Request{}, itemOf(0, 0)); v.Place != 0 || v.Parts != nil {
		t.Errorf("a stranger's: %+v", v)
	}
	why(t, eng, recommend.Request{User: "user-000"}, itemOf(0, 0))
	for entry, err := range st.Scan(t.Context(), store.Place{}) {
		if err != nil || entry.Fact == store.Exposed {
			t.Fatalf("%+v, %v", entry, err)
		}
	}
	if v := why(t, open(t, memory(), recommend.Options{Catalog: newCatalog(t)}), recommend.Request{User: "user-000"}, itemOf(0, 0)); v.Place != 0 {
		t.Errorf("before the first training: %+v", v)
	}
	for name, req := range map[string]recommend.Request{"n below zero": {N: -1}, "no such model": {Model: "oracle"}, "seeds": {Seeds: []string{"none"}}} {
		if _, err := eng.Why(t.Context(), req, itemOf(0, 0)); !errors.Is(err, recommend.ErrInvalid) && !errors.Is(err, recommend.ErrNoModel) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := eng.Why(ctx, recommend.Request{User: "user-000"}, itemOf(0, 0)); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context: %v", err)
	}
	eng.Close()
	if _, err := eng.Why(t.Context(), recommend.Request{}, itemOf(0, 0)); !errors.Is(err, recommend.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
