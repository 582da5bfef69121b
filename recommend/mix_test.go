package recommend_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

// mixing are options under which everybody's pages are mixed of two models.
func mixing(t testing.TB, models ...string) recommend.Options {
	return recommend.Options{
		Catalog: newCatalog(t), Trainer: quick, Experiment: everybody("mix"), Seed: 3,
		Pipelines: map[string][]string{"mix": models},
	}
}

// TestMixedPages holds what every page holds on mixed ones, and that each item is one that its model has to offer, the
// best that was left.
func TestMixedPages(t *testing.T) {
	opts := mixing(t, "popular", "itemknn")
	eng, st := trained(t, opts)
	again := open(t, st, opts)
	both := 0
	for u := range 60 {
		user := fmt.Sprintf("user-%03d", u)
		for name, req := range map[string]recommend.Request{
			"plain":    {N: 8},
			"one":      {N: 1},
			"all":      {N: recommend.NMax},
			"filter":   {N: 8, Filter: catalog.Equals("brand", "brand-1")},
			"exclude":  {N: 8, Exclude: func(item string) bool { return strings.HasSuffix(item, "3") }},
			"seeds":    {N: 8, Seeds: []string{itemOf(1, 1), itemOf(1, 2)}},
			"items":    {N: 8, Items: []string{itemOf(0, 1), itemOf(1, 1), itemOf(2, 1), itemOf(3, 1), itemOf(2, 2), "none"}},
			"explain":  {N: 8, Explain: true},
			"stranger": {N: 8},
		} {
			req.User = user
			if name == "stranger" {
				req.User = "nobody-" + user
			}
			page := ask(t, eng, req)
			alone := map[string][]string{}
			for _, m := range []string{"popular", "itemknn"} {
				one := req
				one.Model, one.N = m, recommend.NMax
				alone["mix/"+m] = items(ask(t, eng, one))
			}
			if want := min(req.N, len(alone["mix/popular"])); len(page.Items) != want || page.Variant != "mix" {
				t.Fatalf("%s, %s: %d items of variant %q, want %d", name, user, len(page.Items), page.Variant, want)
			}
			taken, teams := map[string]bool{}, map[string]int{}
			for i, item := range page.Items {
				best := ""
				for _, candidate := range alone[item.Variant] {
					if !taken[candidate] {
						best = candidate
						break
					}
				}
				if item.Item != best {
					t.Fatalf("%s, %s: %q picked %s, and %q was left", name, user, item.Variant, item.Item, best)
				}
				if i > 0 && item.Score >= page.Items[i-1].Score || req.Explain && len(item.Reasons) == 0 {
					t.Fatalf("%s, %s: item %d: %+v", name, user, i, item)
				}
				taken[item.Item] = true
				teams[item.Variant]++
			}
			if d := teams["mix/popular"] - teams["mix/itemknn"]; d < -1 || d > 1 {
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
	if both < 60*7 {
		t.Errorf("only %d pages have both", both)
	}
}

func TestMixedPagesFollowOneAnother(t *testing.T) {
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

func TestMixOutOfService(t *testing.T) {
	untrained := open(t, store.NewMemory(store.MemoryOptions{}), mixing(t, "popular", "itemknn"))
	missing, _ := trained(t, mixing(t, "itemknn", "no-such-model"))
	blend := ask(t, missing, recommend.Request{User: "user-001", Model: "hybrid"})
	for name, page := range map[string]*recommend.Page{
		"before the first training": ask(t, untrained, recommend.Request{User: "user-001"}),
		"a model that is not there": ask(t, missing, recommend.Request{User: "user-001"}),
	} {
		for i, item := range page.Items {
			if item.Variant != "" || page.ModelVersion > 0 && item.Item != blend.Items[i].Item {
				t.Errorf("%s: %+v, in the blend %+v", name, item, blend.Items[i])
			}
		}
		if len(page.Items) != 10 || page.Variant != "mix" {
			t.Errorf("%s: %+v", name, page)
		}
	}
}

func TestBadPipelines(t *testing.T) {
	for name, models := range map[string][]string{
		"twice": {"als", "als"}, "endless": {"als", strings.Repeat("x", store.IDMax)}, "many": strings.Fields(strings.Repeat("m ", 70)),
	} {
		_, err := recommend.Open(t.Context(), store.NewMemory(store.MemoryOptions{}), recommend.Options{
			Pipelines: map[string][]string{"mix": models},
		})
		if !errors.Is(err, recommend.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRecordKnowsWhoPicked records clicks without a variant: they get that of the newest page that showed the item.
func TestRecordKnowsWhoPicked(t *testing.T) {
	eng, st := trained(t, mixing(t, "popular", "itemknn"))
	var want []string
	page := ask(t, eng, recommend.Request{User: "user-001", N: 5})
	for _, item := range page.Items[:3] { // the first click makes the page that memory holds an old one
		record(t, eng, click("user-001", item.Item))
		want = append(want, strings.Join([]string{"user-001", item.Item, item.Variant}, " "))
	}
	record(t, eng, click("user-001", "never shown"), click("stranger", page.Items[0].Item))
	want = append(want, "user-001 never shown mix", "stranger "+page.Items[0].Item+" mix")
	if diff := cmp.Diff(want, logged(t, st, store.Click)); diff != "" {
		t.Errorf("clicks (-want +got):\n%s", diff)
	}
}

// twins trains one model and has it in service by two names.
type twins struct{ itemknn.Trainer }

func (w twins) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	m, err := w.Trainer.Train(ctx, data, opt)
	return twin{m}, err
}

func (w twins) Load(r io.Reader) (model.Model, error) {
	m, err := w.Trainer.Load(r)
	return twin{m}, err
}

type twin struct{ model.Model }

func (t twin) Part(name string) (model.Model, bool) {
	if name == "castor" || name == "pollux" {
		return t.Model, true
	}
	return nil, false
}

// clickAround lets users look at a mixed page and click, and returns the duel of its two models.
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
	opts := mixing(t, "castor", "pollux")
	opts.Trainer = twins{}
	st := store.NewMemory(store.MemoryOptions{})
	eng := open(t, st, opts)
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
	t.Logf("%+v, p = %.2g", duel, duel.PValue())
}

func TestBetterModelWins(t *testing.T) {
	eng, _ := trained(t, mixing(t, "popular", "itemknn"))
	duel := clickAround(t, eng, 200, func(rng *rand.Rand, user, _ int, item string) bool {
		return tasteOf(item) == fmt.Sprintf("t%d", user%tastes) && rng.Float64() < 0.7
	})
	if duel.A != "popular" || duel.B != "itemknn" || duel.Losses < 3*duel.Wins || duel.PValue() > 1e-6 {
		t.Errorf("%+v, p = %.2g: itemknn, which knows their taste, should win", duel, duel.PValue())
	}
}

func TestCompareModelsAtTheEdge(t *testing.T) {
	opts := mixing(t, "popular", "itemknn", "hybrid")
	opts.Pipelines["single"] = []string{"itemknn"}
	eng := open(t, store.NewMemory(store.MemoryOptions{}), opts)
	for name, variant := range map[string]string{"unknown": "x", "not mixed": "single", "none": ""} {
		if _, err := eng.CompareModels(t.Context(), variant, recommend.Period{}); !errors.Is(err, recommend.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := eng.CompareModels(t.Context(), "mix", recommend.Period{Since: monday, Until: monday}); !errors.Is(err, recommend.ErrInvalid) {
		t.Errorf("empty period: %v", err)
	}
	in := func(user, item string, kind store.Kind, variant string) store.Interaction {
		return store.Interaction{User: user, Item: item, Kind: kind, Variant: variant, Time: monday}
	}
	record(t, eng,
		in("ann", "x", store.Click, "mix/popular"), in("ann", "y", store.Purchase, "mix/itemknn"), // 1 to 5
		in("bob", "x", store.Dislike, "mix/hybrid"), in("eve", "x", store.Impression, "mix"),
		in("fay", "x", store.Click, "other"), in("fay", "x", store.Click, "popular"),
	)
	duels, err := eng.CompareModels(t.Context(), "mix", recommend.Period{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range duels {
		got = append(got, fmt.Sprintf("%s:%s %d-%d-%d", d.A, d.B, d.Wins, d.Losses, d.Ties))
	}
	want := []string{"popular:itemknn 0-1-2", "popular:hybrid 2-0-1", "itemknn:hybrid 2-0-1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("duels (-want +got):\n%s", diff)
	}
	eng.Close()
	if _, err := eng.CompareModels(t.Context(), "mix", recommend.Period{}); !errors.Is(err, recommend.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}
