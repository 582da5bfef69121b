package recommend_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/experiment"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
)

// What is misspelt, missing or there twice is found out at Open, and not by an experiment whose variants turn out to be the
// same.
func TestNamesAtOpen(t *testing.T) {
	t.Parallel()
	set, err := experiment.Compile(experiment.Definition{Experiments: []experiment.Experiment{{
		Key: "ranking", Variants: []experiment.Variant{{Key: "control"}, {Key: "mix"}},
	}}}, experiment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	live := experiment.NewLive(set)
	one := []recommend.Assigner{live.Assigner("ranking")}
	two := append(one, everybodyIn("layout", "a"))
	many := []recommend.Assigner{}
	for i := range 17 {
		many = append(many, everybodyIn(fmt.Sprint("x-", i), "a"))
	}
	policy := func(p recommend.Policy) []recommend.Policy { return []recommend.Policy{{}, p} }
	tests := []struct {
		name string
		opts recommend.Options
		ok   bool
	}{
		{"nothing", recommend.Options{}, true},
		{"a variant of the only experiment", recommend.Options{Experiments: one, Policies: policy(recommend.Policy{Variant: "mix"})}, true},
		{"a variant of one of two", recommend.Options{Experiments: two, Policies: policy(recommend.Policy{Experiment: "ranking", Variant: "mix"})}, true},
		{"sixteen experiments", recommend.Options{Experiments: many[:16]}, true},
		{"an experiment's key misspelt", recommend.Options{Experiments: []recommend.Assigner{live.Assigner("rankin")}}, false},
		{"nil for an experiment", recommend.Options{Experiments: []recommend.Assigner{nil}}, false},
		{"an experiment without a key", recommend.Options{Experiments: []recommend.Assigner{everybodyIn("", "a")}}, false},
		{"an experiment without variants", recommend.Options{Experiments: []recommend.Assigner{variants{"x", nil, nil}}}, false},
		{"an experiment twice", recommend.Options{Experiments: append(one, one...)}, false},
		{"more than sixteen experiments", recommend.Options{Experiments: many}, false},
		{"a variant misspelt", recommend.Options{Experiments: one, Policies: policy(recommend.Policy{Variant: "mixx"})}, false},
		{"a policy's experiment misspelt", recommend.Options{Experiments: two, Policies: policy(recommend.Policy{Experiment: "x", Variant: "mix"})}, false},
		{"a variant of which of two", recommend.Options{Experiments: two, Policies: policy(recommend.Policy{Variant: "mix"})}, false},
		{"a variant without experiments", recommend.Options{Policies: policy(recommend.Policy{Variant: "mix"})}, false},
		{"a part misspelt", recommend.Options{Policies: policy(recommend.Policy{Parts: []string{"itemkn"}})}, false},
		{"a part that nobody trains", recommend.Options{Policies: policy(recommend.Policy{Parts: []string{"als"}})}, false},
		{"a part twice", recommend.Options{Policies: policy(recommend.Policy{Parts: []string{"popular", "popular"}})}, false},
		{"trending among others", recommend.Options{Policies: policy(recommend.Policy{Parts: []string{"popular", recommend.Trending}})}, false},
		{"trending alone", recommend.Options{Policies: policy(recommend.Policy{Parts: []string{recommend.Trending}})}, true},
		{"trending among the interleaved", recommend.Options{Policies: policy(recommend.Policy{Parts: []string{"popular", recommend.Trending}, Interleave: true})}, true},
		{"one part to interleave", recommend.Options{Policies: policy(recommend.Policy{Parts: []string{"popular"}, Interleave: true})}, false},
		{"a depth below 0", recommend.Options{Policies: policy(recommend.Policy{Depth: -1})}, false},
		{"a depth beyond reason", recommend.Options{Policies: policy(recommend.Policy{Depth: 101})}, false},
		{"a stage that makes no sense", recommend.Options{Policies: policy(recommend.Policy{Stages: []stage.Stage{&stage.Preferences{Like: -1}}})}, false},
		{"nil for a stage", recommend.Options{Policies: policy(recommend.Policy{Stages: []stage.Stage{nil}})}, false},
		{"nil for a source", recommend.Options{Policies: policy(recommend.Policy{Sources: []stage.Source{nil}})}, false},
		{"nil to fill with", recommend.Options{Policies: policy(recommend.Policy{Fill: []stage.Source{nil}})}, false},
		{"seen that makes no sense", recommend.Options{Policies: policy(recommend.Policy{Seen: &stage.Seen{AgainAfter: -1}})}, false},
		{"an endless placement", recommend.Options{Policies: policy(recommend.Policy{Placement: strings.Repeat("x", store.IDMax+1)})}, false},
		{"two trainers of one name", recommend.Options{Trainers: []model.Trainer{popular.Trainer{}, popular.Trainer{HalfLifeDays: 3}}}, false},
		{"a trainer of a reserved name", recommend.Options{Trainers: []model.Trainer{named{popular.Trainer{}, recommend.Trending}}}, false},
		{"nil for a trainer", recommend.Options{Trainers: []model.Trainer{nil}}, false},
		{"a half-life below 0", recommend.Options{HalfLifeDays: -1}, false},
		{"ratings upside down", recommend.Options{Ratings: recommend.Range{Min: 5, Max: 1}}, false},
		{"a weight beyond reason", recommend.Options{Weights: map[store.Kind]float32{store.View: 1e30}}, false},
		{"a weight of no kind", recommend.Options{Weights: map[store.Kind]float32{99: 1}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := recommend.Open(t.Context(), memory(), defaults(tt.opts))
			if tt.ok && err != nil || !tt.ok && !errors.Is(err, recommend.ErrInvalid) {
				t.Errorf("error %v, want ok %v", err, tt.ok)
			}
		})
	}
	if _, err := recommend.Open(t.Context(), nil, recommend.Options{}); !errors.Is(err, recommend.ErrInvalid) {
		t.Errorf("no store: %v", err)
	}
}

type observer struct {
	mu   sync.Mutex
	seen []recommend.Exposure
}

func (o *observer) Observe(_ context.Context, ex recommend.Exposure) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen = append(o.seen, ex)
}

// A page is made by the first policy that matches the user's variant and the placement.
func TestVariantsAndPlacementsChooseThePolicy(t *testing.T) {
	t.Parallel()
	var obs observer
	eng, _ := trained(t, recommend.Options{
		Catalog: newCatalog(t), Experiments: []recommend.Assigner{halves()}, Observer: &obs,
		Policies: []recommend.Policy{
			{Placement: "cart", Parts: []string{"itemknn"}},
			{Variant: "popular-only", Placement: "home", Parts: []string{"popular"}},
			{Variant: "popular-only", Parts: []string{recommend.Trending}},
		},
	})
	for _, tt := range []struct{ user, placement, source, variant string }{
		{"user-002", "home", recommend.Blended, "control"},
		{"user-003", "home", "popular", "popular-only"},
		{"user-003", "search", recommend.Trending, "popular-only"},
		{"user-002", "cart", "itemknn", "control"},
		{"user-003", "cart", "itemknn", "popular-only"},
	} {
		req := recommend.Request{User: tt.user, N: 10, Placement: tt.placement}
		page := ask(t, eng, req)
		ask(t, eng, req) // cached
		if page.Items[0].Source != tt.source || page.Variant != tt.variant || page.Experiment != "halves" {
			t.Errorf("%s at %q: from %s, of %s/%s, want %s and %s", tt.user, tt.placement, page.Items[0].Source, page.Experiment, page.Variant, tt.source, tt.variant)
		}
		if tt.source != recommend.Blended {
			want := ask(t, eng, recommend.Request{User: tt.user, N: 10, Model: tt.source})
			if diff := cmp.Diff(items(want), items(page)); diff != "" {
				t.Errorf("%s at %q (-the model's page +got):\n%s", tt.user, tt.placement, diff)
			}
		}
	}
	first := obs.seen[0]
	if len(obs.seen) < 10 || first.Placement != "home" || first.User != "user-002" || !first.Time.Equal(monday) || len(first.Page.Items) != 10 {
		t.Errorf("observed %d pages, the first %+v", len(obs.seen), first)
	}
}

// A variant whose part is not in service yet is served with the blend of those that are, which its items say.
func TestVariantsAreServedBeforeTheirModel(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	opts := recommend.Options{
		Catalog: cat, Experiments: []recommend.Assigner{halves()},
		Policies: []recommend.Policy{{Variant: "popular-only", Parts: []string{"new"}}},
		Trainers: append(quick(), named{itemknn.Trainer{}, "new"}),
	}
	if p := ask(t, open(t, memory(), opts), recommend.Request{User: "user-003", N: 3}); p.Variant != "popular-only" || len(p.Items) != 3 {
		t.Errorf("before the first training variant %q gets %d items, want 3", p.Variant, len(p.Items))
	}
	before, st := trained(t, recommend.Options{Catalog: cat})
	want := ask(t, before, recommend.Request{User: "user-003", N: 3})
	for _, policy := range []recommend.Policy{
		{Variant: "popular-only", Parts: []string{"new"}},
		{Variant: "popular-only", Parts: []string{"popular", "new"}, Interleave: true},
		{Variant: "popular-only", Parts: []string{"new", "popular"}, Interleave: true},
	} {
		opts.Policies[0] = policy
		eng := open(t, st, opts)
		page := ask(t, eng, recommend.Request{User: "user-003", N: 3, Explain: true})
		if diff := cmp.Diff(items(want), items(page)); diff != "" || page.Items[0].Source != recommend.Blended || page.Items[0].Reasons == nil {
			t.Errorf("parts %q: %+v (-blend +got):\n%s", policy.Parts, page.Items[0], diff)
		}
	}
	eng := open(t, st, opts)
	train(t, eng)
	if source := ask(t, eng, recommend.Request{User: "user-003", N: 3}).Items[0].Source; source != "new" && source != "popular" {
		t.Errorf("after the training the page is %q", source)
	}
}

// list is a source of given items.
type list struct {
	name  string
	items []string
	score float32
}

func (l list) Name() string { return l.name }

func (l list) Propose(dst []stage.Candidate, q *stage.Query, n int) []stage.Candidate {
	for _, id := range l.items {
		if item, ok := q.Catalog.Lookup(id); ok && q.Allows(item) && n > 0 {
			dst = append(dst, stage.Candidate{Item: item, Score: l.score})
			n--
		}
	}
	return dst
}

// moving is a stage that puts an item in front, and notes how long a list it was given.
type moving struct {
	item string
	got  *int
}

func (m moving) Apply(list []stage.Candidate, q *stage.Query) []stage.Candidate {
	*m.got = len(list)
	for i, c := range list {
		if q.Catalog.ID(c.Item) == m.item {
			return slices.Insert(slices.Delete(list, i, i+1), 0, stage.Candidate{Item: c.Item, Score: list[0].Score, Source: c.Source, Propensity: 0.5})
		}
	}
	return list
}

// Stages run in the order given, over Depth places for each of the page.
func TestStagesRunInOrder(t *testing.T) {
	t.Parallel()
	var first, second int
	a, b := itemOf(1, 1), itemOf(2, 2)
	for _, depth := range []int{0, 7} {
		eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t), Policies: []recommend.Policy{
			{Depth: depth, Stages: []stage.Stage{moving{a, &first}, moving{b, &second}}},
		}})
		record(t, eng, buy("x", a), buy("x", b), buy("y", a), buy("y", b))
		page := ask(t, eng, recommend.Request{User: "nobody", N: 10})
		if got := items(page); len(got) != 10 || got[0] != b || got[1] != a {
			t.Errorf("page %v, want %s, which the last stage put in front, and then %s", got, b, a)
		}
		if want := max(depth, 5-5*depth) * 10; first != want || second != want {
			t.Errorf("depth %d: stages were given %d and %d, want %d", depth, first, second, want)
		}
		if page.Items[0].Propensity != 0.5 || page.Items[2].Propensity != 1 || page.Items[0].Source != recommend.Trending {
			t.Errorf("items %+v", page.Items[:3])
		}
	}
}

// asking is a source without candidates that tells how many it was asked for.
type asking struct{ asked *int }

func (asking) Name() string { return "asking" }

func (a asking) Propose(dst []stage.Candidate, _ *stage.Query, n int) []stage.Candidate {
	*a.asked = n
	return dst
}

// More candidates than the page holds are gathered only where a stage has something to do with them.
func TestIdleStages(t *testing.T) {
	t.Parallel()
	var asked int
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t), Policies: []recommend.Policy{
		{Placement: "capped", Sources: []stage.Source{asking{&asked}}, Stages: []stage.Stage{&stage.Preferences{}, &stage.Cap{Field: "brand", Max: 3}}},
		{Sources: []stage.Source{asking{&asked}}},
	}})
	if _, err := eng.PutProfile(t.Context(), store.Profile{User: "stated", Preferences: map[string][]string{"brand": {"x"}}}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		user, placement string
		want            int
	}{{"silent", "", 11}, {"stated", "", 50}, {"silent", "capped", 50}} {
		ask(t, eng, recommend.Request{User: tt.user, Placement: tt.placement, N: 10})
		if asked != tt.want {
			t.Errorf("user %s at %q: a source is asked for %d, want %d", tt.user, tt.placement, asked, tt.want)
		}
	}
}

// Sources propose beside the parts: what both have gets the scores of both, and the source's name.
func TestSources(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	best := itemOf(3, 0)
	eng, _ := trained(t, recommend.Options{Catalog: cat, Policies: []recommend.Policy{
		{Placement: "loud", Sources: []stage.Source{list{"mine", []string{best, itemOf(0, 1)}, 100}}},
		{Placement: "quiet", Sources: []stage.Source{list{"mine", []string{best, itemOf(0, 1)}, 0}}},
		{Placement: "only", Parts: []string{}, Sources: []stage.Source{list{"mine", []string{itemOf(0, 1), best}, 1}}},
	}})
	record(t, eng, click("ann", itemOf(2, 2)))
	loud := ask(t, eng, recommend.Request{User: "ann", Placement: "loud", N: 5, Explain: true})
	if got := items(loud); !slices.Contains(got[:2], best) || !slices.Contains(got[:2], itemOf(0, 1)) || tasteOf(got[2]) != "t2" {
		t.Errorf("with a source that speaks up the page is %v", got)
	}
	if first := loud.Items[0]; first.Source != "mine" || len(first.Reasons) != 1 || first.Reasons[0].Model != "mine" || loud.Items[2].Source != recommend.Blended {
		t.Errorf("items %+v", loud.Items)
	}
	for _, item := range items(ask(t, eng, recommend.Request{User: "ann", Placement: "quiet", N: 5})) {
		if tasteOf(item) != "t2" {
			t.Errorf("with a source that leaves the order to the blend the page has %s", item)
		}
	}
	only := ask(t, eng, recommend.Request{User: "ann", Placement: "only", N: 5})
	if got := items(only); got[0] != itemOf(0, 1) && got[0] != best || only.Items[2].Source != recommend.Trending {
		t.Errorf("without parts the page is %+v", only.Items)
	}
	record(t, eng, buy("ann", best)) // seen, and so not allowed
	if got := items(ask(t, eng, recommend.Request{User: "ann", Placement: "loud", N: 5})); slices.Contains(got, best) {
		t.Errorf("the page has %s, which ann bought: %v", best, got)
	}
}

// byVisit is a stage that puts an item in front in one visit.
type byVisit struct{ moving }

func (b byVisit) Apply(list []stage.Candidate, q *stage.Query) []stage.Candidate {
	if q.SessionID != "gift" {
		return list
	}
	return b.moving.Apply(list, q)
}

// A page that was made for one visit, or place, is not served again to another.
func TestVisitsAndPlacesHaveTheirPages(t *testing.T) {
	t.Parallel()
	var n int
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t), Policies: []recommend.Policy{
		{Stages: []stage.Stage{byVisit{moving{itemOf(2, 0), &n}}, byVisit{moving{itemOf(2, 1), &n}}}},
	}})
	record(t, eng, click("new", itemOf(2, 5)))
	plain := ask(t, eng, recommend.Request{User: "new", Session: "plain"})
	gift := ask(t, eng, recommend.Request{User: "new", Session: "gift"})
	if got := items(gift); got[0] != itemOf(2, 1) || got[1] != itemOf(2, 0) || cmp.Equal(items(plain), got) {
		t.Errorf("the visit's page is %v, the other's %v", got, items(plain))
	}
}

// What a page is filled up with, and in which order, is the policy's; what nothing speaks for says so.
func TestFill(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	a, b := list{"a", []string{itemOf(0, 1), itemOf(0, 2)}, 0}, list{"b", []string{itemOf(0, 2), itemOf(0, 3)}, 9}
	eng := open(t, memory(), recommend.Options{Catalog: cat, Policies: []recommend.Policy{
		{Placement: "own", Fill: []stage.Source{a, b}},
		{Placement: "none", Fill: []stage.Source{}},
	}})
	record(t, eng, buy("bob", itemOf(3, 3)))
	sources := func(req recommend.Request) (got []string) {
		last := float32(100)
		for _, item := range ask(t, eng, req).Items {
			got = append(got, item.Item+" "+item.Source)
			if item.Score > last || item.Reasons != nil && (len(item.Reasons) != 1 || item.Reasons[0].Model != item.Source ||
				(item.Reasons[0].Share == 0) != (item.Source == recommend.Any)) {
				t.Errorf("%+v", item)
			}
			last = item.Score
		}
		return got
	}
	for name, tt := range map[string]struct {
		req  recommend.Request
		want []string
	}{
		"by default": {recommend.Request{N: 3}, []string{"t3-03 trending", "t0-00 any", "t0-01 any"}},
		"its own":    {recommend.Request{N: 9, Placement: "own"}, []string{"t0-01 a", "t0-02 a", "t0-03 b"}},
		"nothing":    {recommend.Request{N: 9, Placement: "none"}, nil},
		"a list to rank": {recommend.Request{N: 9, Placement: "own", Items: []string{"t1-01", "t3-03"}},
			[]string{"t3-03 trending", "t1-01 trending"}},
		"a list to rank, nothing": {recommend.Request{N: 9, Placement: "none", Items: []string{"t1-01", "t3-03"}},
			[]string{"t3-03 trending", "t1-01 trending"}},
	} {
		tt.req.Explain = tt.req.Items == nil
		if p := ask(t, eng, tt.req); name == "by default" && (p.Items[0].Score != 1 || p.Items[1].Score != -1) {
			t.Errorf("what fills an empty page has scores %v and %v", p.Items[0].Score, p.Items[1].Score) // 1 down to 0, then below
		}
		if diff := cmp.Diff(tt.want, sources(tt.req)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// When what the user has met may come again is the policy's: one store, three rules.
func TestSeen(t *testing.T) {
	t.Parallel()
	var c clock
	st, cat := memory(), newCatalog(t)
	day := 24 * time.Hour
	opts := recommend.Options{Catalog: cat, Now: c.now, PageTTL: -1, Policies: []recommend.Policy{
		{Placement: "week", Seen: &stage.Seen{Hide: map[store.Kind]time.Duration{store.Purchase: 7 * day, store.View: 0}}},
		{Placement: "hour", Seen: &stage.Seen{Hide: map[store.Kind]time.Duration{store.Impression: time.Hour}}},
	}}
	eng := open(t, st, opts)
	bought, viewed, shown := itemOf(0, 1), itemOf(1, 1), itemOf(2, 1)
	ask(t, eng, recommend.Request{User: "ann"})
	record(t, eng, buy("ann", bought), store.Interaction{User: "ann", Item: viewed, Kind: store.View, Time: monday},
		store.Interaction{User: "ann", Item: shown, Kind: store.Impression, Time: monday})
	for _, tt := range []struct {
		placement string
		after     time.Duration
		hidden    []string
	}{
		{"", 0, []string{bought, viewed}}, {"", 1000 * day, []string{bought, viewed}},
		{"week", 0, []string{bought}}, {"week", 7*day - time.Second, []string{bought}}, {"week", 7 * day, nil},
		{"hour", 0, []string{bought, viewed, shown}}, {"hour", time.Hour, []string{bought, viewed}}, {"hour", 1000 * day, []string{bought, viewed}},
	} {
		c.offset.Store(int64(tt.after))
		for name, eng := range map[string]*recommend.Engine{"lived through": eng, "restarted": open(t, st, opts)} {
			all := items(ask(t, eng, recommend.Request{User: "ann", Placement: tt.placement, N: 1000}))
			var hidden []string
			for _, item := range []string{bought, viewed, shown} {
				if !slices.Contains(all, item) {
					hidden = append(hidden, item)
				}
			}
			if diff := cmp.Diff(tt.hidden, hidden); diff != "" {
				t.Errorf("%q after %v, %s: hidden (-want +got):\n%s", tt.placement, tt.after, name, diff)
			}
		}
	}
}

// What a user states is on the next page.
func TestPreferencesSteerTheNextPage(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t)})
	req := recommend.Request{User: "user-002", N: 4}
	before := ask(t, eng, req)
	p := store.Profile{User: "user-002", Preferences: map[string][]string{"brand": {"brand-3"}}}
	stored, err := eng.PutProfile(t.Context(), p)
	if err != nil || stored.Version != 1 {
		t.Fatalf("%+v, %v", stored, err)
	}
	after := ask(t, eng, req)
	if brandOf(t, eng.Catalog(), after.Items[0].Item) != "brand-3" || after.ID == before.ID {
		t.Errorf("page %v before and %v after, of IDs %s and %s", items(before), items(after), before.ID, after.ID)
	}
	if _, err := eng.PutProfile(t.Context(), p); !errors.Is(err, store.ErrConflict) {
		t.Errorf("written over: %v", err)
	}
	stored.Preferences = map[string][]string{"not:brand": {"brand-3"}}
	if _, err := eng.PutProfile(t.Context(), stored); err != nil {
		t.Fatal(err)
	}
	for _, item := range items(ask(t, eng, req)) {
		if brandOf(t, eng.Catalog(), item) == "brand-3" {
			t.Errorf("the page has %s of a brand disliked", item)
		}
	}
	if got, err := eng.Profile(t.Context(), "user-002"); err != nil || got.Version != 2 {
		t.Errorf("profile %+v, %v", got, err)
	}
}

func TestSeedsAndReasons(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t), Trainers: small()})
	for _, name := range []string{"", "itemknn", "als"} {
		p := ask(t, eng, recommend.Request{Seeds: []string{itemOf(3, 4)}, N: 8, Model: name, Explain: true})
		for i, item := range items(p) {
			if tasteOf(item) != "t3" || item == itemOf(3, 4) {
				t.Errorf("model %q: %s goes with %s", name, item, itemOf(3, 4))
			}
			var shares float32
			for _, r := range p.Items[i].Reasons {
				shares += r.Share
			}
			if len(p.Items[i].Reasons) == 0 || shares > 1.001 || shares <= 0 {
				t.Errorf("model %q: reasons for %s: %+v", name, item, p.Items[i].Reasons)
			}
		}
	}
	p := ask(t, eng, recommend.Request{Seeds: []string{itemOf(3, 4)}, N: 1, Model: "itemknn", Explain: true})
	if got := p.Items[0].Reasons[0]; got.Because != itemOf(3, 4) || got.Model != "itemknn" {
		t.Errorf("reason %+v, want because of the seed", got)
	}
}
