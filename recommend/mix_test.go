package recommend_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

// mixing are options under which everybody's pages are interleaved of some parts.
func mixing(t testing.TB, parts ...string) recommend.Options {
	return recommend.Options{
		Catalog: newCatalog(t), Experiments: []recommend.Assigner{everybody("mix")}, Seed: 3,
		Policies: []recommend.Policy{{Variant: "mix", Parts: parts, Interleave: true}},
	}
}

// TestMixedPages holds what every page holds on interleaved ones, and that each item is one that its part has to offer, the best
// that was left. A part's offer is the page that it would give on its own, with what fills it up.
func TestMixedPages(t *testing.T) {
	t.Parallel()
	opts := mixing(t, "popular", "itemknn")
	eng, st := trained(t, opts)
	again := open(t, st, opts)
	both := 0
	var thirds []string
	for taste := range tastes {
		thirds = append(thirds, itemOf(taste, 3), itemOf(taste, 13), itemOf(taste, 23))
	}
	for u := range 60 {
		user := fmt.Sprintf("user-%03d", u)
		for name, req := range map[string]recommend.Request{
			"plain":    {N: 8},
			"one":      {N: 1},
			"many":     {N: 60},
			"filter":   {N: 8, Filter: catalog.Equals("brand", "brand-1")},
			"exclude":  {N: 8, Exclude: thirds},
			"seeds":    {N: 8, Seeds: []string{itemOf(1, 1), itemOf(1, 2)}},
			"explain":  {N: 8, Explain: true},
			"stranger": {N: 8},
		} {
			req.User = user
			if name == "stranger" {
				req.User = "nobody-" + user
			}
			page := ask(t, eng, req)
			alone := map[string][]string{}
			for _, part := range []string{"popular", "itemknn"} {
				one := req
				one.Model = part
				alone[part] = items(ask(t, eng, one))
			}
			if want := min(req.N, len(alone["popular"])); len(page.Items) != want || page.Variant != "mix" || page.Experiment != "test" {
				t.Fatalf("%s, %s: %d items of variant %q, want %d", name, user, len(page.Items), page.Variant, want)
			}
			taken, teams := map[string]bool{}, map[string]int{}
			for i, item := range page.Items {
				best := ""
				for _, candidate := range alone[item.Source] {
					if !taken[candidate] {
						best = candidate
						break
					}
				}
				if item.Item != best {
					t.Fatalf("%s, %s: %q picked %s, and %q was left", name, user, item.Source, item.Item, best)
				}
				if item.Score != 1/float32(i+1) || item.Rank != i+1 || req.Explain && len(item.Reasons) == 0 {
					t.Fatalf("%s, %s: item %d: %+v", name, user, i, item)
				}
				taken[item.Item] = true
				teams[item.Source]++
			}
			if d := teams["popular"] - teams["itemknn"]; d < -1 || d > 1 {
				t.Fatalf("%s, %s: teams of %v", name, user, teams)
			}
			if len(teams) == 2 {
				both++
			}
			if diff := cmp.Diff(page, ask(t, again, req), nearly); diff != "" {
				t.Fatalf("%s, %s: after a restart (-before +after):\n%s", name, user, diff)
			}
		}
	}
	if both < 60*6 {
		t.Errorf("only %d pages have both", both)
	}
}

// A list to be ranked is not interleaved: the blend ranks it, and no part is credited with it.
func TestListsAreNotMixed(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, mixing(t, "popular", "itemknn"))
	page, err := eng.Rank(t.Context(), "user-002", []string{itemOf(1, 1), itemOf(2, 1), itemOf(2, 2), itemOf(3, 1)})
	if err != nil || len(page.Items) != 4 || tasteOf(page.Items[0].Item) != "t2" || page.Items[0].Source != recommend.Blended {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestMixedPagesFollowOneAnother(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, mixing(t, "popular", "itemknn", recommend.Trending))
	for u := range 10 {
		req, shown := recommend.Request{User: fmt.Sprintf("user-%03d", u), N: 7}, map[string]bool{}
		for {
			page := ask(t, eng, req)
			for item := range page.All() {
				if shown[item] {
					t.Fatalf("%s sees %s twice", req.User, item)
				}
				shown[item] = true
			}
			if req.Cursor = page.Next; req.Cursor == "" {
				break
			}
		}
		if want := tastes*perItem - 8; len(shown) != want {
			t.Errorf("%s sees %d items, want %d", req.User, len(shown), want)
		}
	}
}

// TestRecordKnowsThePage records clicks that do not say where they come from: they get the page, the part, the place and the
// variant of the newest page that showed the item, also when that is an old one, and what no page showed the variant alone.
func TestRecordKnowsThePage(t *testing.T) {
	t.Parallel()
	eng, st := trained(t, mixing(t, "popular", "itemknn"))
	var want []store.Interaction
	page := ask(t, eng, recommend.Request{User: "user-001", N: 5})
	other := ask(t, eng, recommend.Request{User: "user-001", N: 60, Placement: "other"})
	for _, item := range other.Items[:3] { // the first click makes the pages that memory holds old ones
		in := click("user-001", item.Item)
		in.Page, in.Source, in.Rank, in.Propensity, in.Experiment, in.Variant = other.ID, item.Source, item.Rank, 1, "test", "mix"
		record(t, eng, click("user-001", item.Item))
		want = append(want, in)
	}
	mine := click("user-001", page.Items[3].Item)
	mine.Source = "mail"
	record(t, eng, click("user-001", "never shown"), click("stranger", page.Items[0].Item), mine)
	never, stranger := click("user-001", "never shown"), click("stranger", page.Items[0].Item)
	never.Experiment, never.Variant, stranger.Experiment, stranger.Variant = "test", "mix", "test", "mix"
	want = append(want, never, stranger, mine)
	var got []store.Interaction
	for _, entry := range all(t, st) {
		if entry.Interaction.Kind == store.Click {
			got = append(got, entry.Interaction)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("clicks (-want +got):\n%s", diff)
	}
}

// clickAround lets users look at a mixed page and click, and returns the duel of its two parts.
func clickAround(t *testing.T, eng *recommend.Engine, users int, wants func(rng *rand.Rand, user, position int, item string) bool) recommend.Duel {
	t.Helper()
	rng := rand.New(rand.NewPCG(11, 12))
	for u := range users {
		user := fmt.Sprintf("user-%03d", u)
		for i, item := range ask(t, eng, recommend.Request{User: user, N: 6}).Items {
			if wants(rng, u, i, item.Item) {
				record(t, eng, click(user, item.Item))
			}
		}
	}
	duels, err := eng.CompareModels(t.Context(), "mix", recommend.Period{Since: monday})
	if err != nil || len(duels) != 1 {
		t.Fatalf("%v, %v", duels, err)
	}
	if d := duels[0]; d.Wins+d.Losses+d.Ties != int64(users) {
		t.Errorf("%+v: not %d users", d, users)
	}
	return duels[0]
}

// TestEqualModelsTie: users click at random, more at the top. Either model wins half of the duels that are decided,
// within four standard deviations, which chance breaks once in 16,000. The models being one, only the draft can favour.
func TestEqualModelsTie(t *testing.T) {
	t.Parallel()
	opts := mixing(t, "castor", "pollux")
	opts.Trainers = []model.Trainer{named{itemknn.Trainer{}, "castor"}, named{itemknn.Trainer{}, "pollux"}}
	eng := open(t, memory(), opts)
	const users = 2000
	record(t, eng, shoppers(users, 1)...)
	train(t, eng)
	duel := clickAround(t, eng, users, func(rng *rand.Rand, _, position int, _ string) bool {
		return rng.Float64() < 0.5/float64(1+position)
	})
	n := float64(duel.Wins + duel.Losses)
	if n < users/4 || math.Abs(float64(duel.Wins)-n/2) > 4*math.Sqrt(n/4) {
		t.Errorf("%+v: more than %.0f from a tie", duel, 4*math.Sqrt(n/4))
	}
}

func TestBetterModelWins(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, mixing(t, "popular", "itemknn"))
	duel := clickAround(t, eng, 200, func(rng *rand.Rand, user, _ int, item string) bool {
		return tasteOf(item) == fmt.Sprintf("t%d", user%tastes) && rng.Float64() < 0.7
	})
	if duel.A != "popular" || duel.B != "itemknn" || duel.Losses < 3*duel.Wins || duel.PValue() > 1e-6 {
		t.Errorf("%+v, p = %.2g: itemknn, which knows their taste, should win", duel, duel.PValue())
	}
}

func TestCompareModelsAtTheEdge(t *testing.T) {
	t.Parallel()
	opts := mixing(t, "popular", "itemknn", recommend.Trending)
	opts.Policies = append(opts.Policies, recommend.Policy{Variant: "b", Parts: []string{"itemknn"}})
	eng := open(t, memory(), opts)
	for name, variant := range map[string]string{"unknown": "x", "not interleaved": "b", "none": ""} {
		if _, err := eng.CompareModels(t.Context(), variant, recommend.Period{}); !errors.Is(err, recommend.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := eng.CompareModels(t.Context(), "mix", recommend.Period{Since: monday, Until: monday}); !errors.Is(err, recommend.ErrInvalid) {
		t.Errorf("empty period: %v", err)
	}
	in := func(user string, kind store.Kind, source, variant, page string) store.Interaction {
		return store.Interaction{User: user, Item: "x", Kind: kind, Source: source, Experiment: "test", Variant: variant, Page: page, Time: monday}
	}
	otherExperiment := in("gus", store.Click, "popular", "mix", "p")
	otherExperiment.Experiment = "another"
	record(t, eng,
		in("ann", store.Click, "popular", "mix", "p"), in("ann", store.Purchase, "itemknn", "mix", "p"), // 1 to 5
		in("bob", store.Dislike, recommend.Trending, "mix", "p"),
		in("fay", store.Click, "popular", "b", "p"), in("fay", store.Click, "popular", "mix", ""), // of no page
		in("fay", store.Click, recommend.Blended, "mix", "p"), otherExperiment,
	)
	ask(t, eng, recommend.Request{User: "eve"}) // who is exposed and does nothing
	duels, err := eng.CompareModels(t.Context(), "mix", recommend.Period{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range duels {
		got = append(got, fmt.Sprintf("%s:%s %d-%d-%d", d.A, d.B, d.Wins, d.Losses, d.Ties))
	}
	want := []string{"popular:itemknn 0-1-2", "popular:trending 2-0-1", "itemknn:trending 2-0-1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("duels (-want +got):\n%s", diff)
	}
}
