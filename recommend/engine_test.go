package recommend_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
	"github.com/goldrec/gold/store"
)

var monday = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// clock is a time that tests move.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time          { return monday.Add(time.Duration(c.offset.Load())) }
func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

const (
	tastes  = 4
	perItem = 25 // items of each taste
)

func itemOf(taste, i int) string { return fmt.Sprintf("t%d-%02d", taste, i) }

func tasteOf(item string) string { return item[:2] }

// shoppers returns interactions of users who each buy within one taste, over the month before monday.
func shoppers(users int, seed uint64) []store.Interaction {
	rng := rand.New(rand.NewPCG(seed, 1))
	var log []store.Interaction
	for u := range users {
		for j, i := range rng.Perm(perItem)[:8] {
			log = append(log, store.Interaction{
				User: fmt.Sprintf("user-%03d", u), Item: itemOf(u%tastes, i), Kind: store.Purchase,
				Time: monday.Add(-time.Duration(30*24-j*24-rng.IntN(24)) * time.Hour),
			})
		}
	}
	return log
}

func newCatalog(t testing.TB) *catalog.Catalog {
	t.Helper()
	cat := catalog.New()
	for taste := range tastes {
		for i := range perItem {
			item := catalog.Item{ID: itemOf(taste, i), Brand: fmt.Sprintf("brand-%d", i%5), Available: true}
			if _, err := cat.Upsert(item); err != nil {
				t.Fatal(err)
			}
		}
	}
	return cat
}

// quick are parts that train in no time.
func quick() []model.Trainer { return []model.Trainer{popular.Trainer{}, itemknn.Trainer{}} }

// small are the default parts in a size that trains quickly; the examples train the default.
func small() []model.Trainer {
	return []model.Trainer{popular.Trainer{}, itemknn.Trainer{}, content.Trainer{}, als.Trainer{Factors: 16, Iterations: 8}}
}

// defaults fills in what tests leave open.
func defaults(opts recommend.Options) recommend.Options {
	if opts.Now == nil {
		opts.Now = func() time.Time { return monday }
	}
	if opts.Trainers == nil {
		opts.Trainers = quick()
	}
	return opts
}

func open(t testing.TB, st store.Store, opts recommend.Options) *recommend.Engine {
	t.Helper()
	eng, err := recommend.Open(t.Context(), st, defaults(opts))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { eng.Close() })
	return eng
}

func memory() *store.Memory { return store.NewMemory(store.MemoryOptions{}) }

// trained is an engine that has learned from 200 shoppers.
func trained(t testing.TB, opts recommend.Options) (*recommend.Engine, store.Store) {
	t.Helper()
	st := memory()
	eng := open(t, st, opts)
	record(t, eng, shoppers(200, 1)...)
	train(t, eng)
	return eng, st
}

func record(t testing.TB, eng *recommend.Engine, batch ...store.Interaction) {
	t.Helper()
	if err := eng.Record(t.Context(), batch...); err != nil {
		t.Fatal(err)
	}
}

func train(t testing.TB, eng *recommend.Engine) recommend.Report {
	t.Helper()
	report, err := eng.Train(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func ask(t testing.TB, eng recommend.Recommender, req recommend.Request) *recommend.Page {
	t.Helper()
	page, err := eng.Recommend(t.Context(), req)
	if err != nil {
		t.Fatalf("Recommend(%+v): %v", req, err)
	}
	return page
}

func items(p *recommend.Page) []string {
	var ids []string
	for item := range p.All() {
		ids = append(ids, item)
	}
	return ids
}

func click(user, item string) store.Interaction {
	return store.Interaction{User: user, Item: item, Kind: store.Click, Time: monday}
}

func buy(user, item string) store.Interaction {
	return store.Interaction{User: user, Item: item, Kind: store.Purchase, Time: monday}
}

// trending is what everybody is shown of what is popular, without the models.
func trending(t testing.TB, eng *recommend.Engine, n int) *recommend.Page {
	t.Helper()
	return ask(t, eng, recommend.Request{N: n, Model: recommend.Trending})
}

func TestNewcomerGetsTrendingThenPersonalWithoutTraining(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t), Trainers: small()})
	before := ask(t, eng, recommend.Request{User: "newcomer", N: 10})
	if diff := cmp.Diff(items(trending(t, eng, 10)), items(before)); diff != "" {
		t.Errorf("a newcomer does not get what is trending (-trending +got):\n%s", diff)
	}
	record(t, eng, click("newcomer", itemOf(2, 3)))
	for _, item := range items(ask(t, eng, recommend.Request{User: "newcomer", N: 10})) {
		if tasteOf(item) != "t2" {
			t.Errorf("after one click on taste t2 the page has %s", item)
		}
		if item == itemOf(2, 3) {
			t.Errorf("the clicked item %s is on the page", item)
		}
	}
}

func TestTrendingWithoutAnyTraining(t *testing.T) {
	t.Parallel()
	eng := open(t, memory(), recommend.Options{})
	record(t, eng, click("a", "tea"), click("b", "tea"), click("b", "mug"))
	if diff := cmp.Diff([]string{"tea", "mug"}, items(ask(t, eng, recommend.Request{User: "c"}))); diff != "" {
		t.Errorf("trending (-want +got):\n%s", diff)
	}
}

func TestPersonalPagesDiffer(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t), Trainers: small()})
	for u := range 20 {
		user := fmt.Sprintf("user-%03d", u)
		for _, item := range items(ask(t, eng, recommend.Request{User: user, N: 10})) {
			if want := fmt.Sprintf("t%d", u%tastes); tasteOf(item) != want {
				t.Errorf("%s, of taste %s, gets %s", user, want, item)
			}
		}
	}
}

// An interaction voids the pages of its user that are kept, at once.
func TestInteractionsVoidPages(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t)})
	req := recommend.Request{User: "user-001", N: 5}
	for range 5 {
		page := ask(t, eng, req)
		if diff := cmp.Diff(page, ask(t, eng, req)); diff != "" {
			t.Errorf("asked again (-before +after):\n%s", diff)
		}
		record(t, eng, click("user-001", page.Items[0].Item))
		if got := items(ask(t, eng, req)); slices.Contains(got, page.Items[0].Item) {
			t.Errorf("after a click on %s the page is %v", page.Items[0].Item, got)
		}
	}
}

// A training voids all pages that are kept.
func TestTrainingsVoidPages(t *testing.T) {
	t.Parallel()
	eng, st := trained(t, recommend.Options{Catalog: newCatalog(t)})
	req := recommend.Request{User: "user-001", N: 9}
	before := ask(t, eng, req)
	record(t, eng, shoppers(200, 2)[8*2:]...) // not user-001
	train(t, eng)
	after, fresh := ask(t, eng, req), ask(t, open(t, st, recommend.Options{Catalog: eng.Catalog()}), req)
	if diff := cmp.Diff(fresh, after, nearly); diff != "" {
		t.Errorf("after a training (-opened +kept):\n%s", diff)
	}
	if cmp.Equal(before.Items, after.Items, nearly) {
		t.Error("the training has changed nothing")
	}
}

func TestCursorsNeverRepeatWhileEverythingChanges(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t)})
	shown := map[string]bool{}
	req := recommend.Request{User: "user-001", N: 7}
	for page := 0; ; page++ {
		p := ask(t, eng, req)
		for item := range p.All() {
			if shown[item] {
				t.Fatalf("page %d repeats %s", page, item)
			}
			shown[item] = true
		}
		if p.Next == "" {
			break
		}
		req.Cursor = p.Next
		switch page {
		case 2:
			record(t, eng, click("user-001", itemOf(3, 1)))
		case 4:
			train(t, eng)
		}
	}
	// All but the 8 bought and the one clicked, which may have been shown before it was clicked.
	if want := tastes*perItem - 9; len(shown) < want || len(shown) > want+1 {
		t.Errorf("the pages show %d items together, want %d or one more", len(shown), want)
	}
}

func TestNeverShown(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	eng, _ := trained(t, recommend.Options{Catalog: cat, Trainers: small()})
	rng := rand.New(rand.NewPCG(7, 7))
	seen := map[string]map[string]bool{}
	for _, in := range shoppers(200, 1) {
		if seen[in.User] == nil {
			seen[in.User] = map[string]bool{}
		}
		seen[in.User][in.Item] = true
	}
	gone := map[string]bool{}
	for round := range 300 {
		item := itemOf(rng.IntN(tastes), rng.IntN(perItem))
		gone[item] = rng.IntN(2) == 0
		setAvailable(t, cat, item, !gone[item])
		user := fmt.Sprintf("user-%03d", rng.IntN(10))
		req := recommend.Request{User: user, N: 1 + rng.IntN(40)}
		if rng.IntN(2) == 0 {
			refused := rng.IntN(perItem)
			for taste := range tastes {
				req.Exclude = append(req.Exclude, itemOf(taste, refused))
			}
		}
		if rng.IntN(2) == 0 {
			req.Filter = catalog.Equals("brand", "brand-1")
		}
		if rng.IntN(3) == 0 {
			req.Model = []string{"als", "itemknn", "popular", "content", recommend.Trending}[rng.IntN(5)]
		}
		p := ask(t, eng, req)
		once := map[string]bool{}
		for item := range p.All() {
			switch {
			case seen[user][item]:
				t.Fatalf("round %d: %s has seen %s", round, user, item)
			case gone[item]:
				t.Fatalf("round %d: %s is not available", round, item)
			case slices.Contains(req.Exclude, item):
				t.Fatalf("round %d: %s is excluded", round, item)
			case req.Filter != nil && brandOf(t, cat, item) != "brand-1":
				t.Fatalf("round %d: %s does not pass the filter", round, item)
			case once[item]:
				t.Fatalf("round %d: %s comes twice", round, item)
			}
			once[item] = true
		}
		for i := range p.Items {
			if i > 0 && p.Items[i].Score > p.Items[i-1].Score {
				t.Fatalf("round %d: score %v stands behind %v", round, p.Items[i].Score, p.Items[i-1].Score)
			}
			if p.Items[i].Rank != i+1 || p.Items[i].Propensity != 1 || p.Items[i].Source == "" {
				t.Fatalf("round %d: item %d is %+v", round, i, p.Items[i])
			}
		}
	}
}

func setAvailable(t *testing.T, cat *catalog.Catalog, id string, available bool) {
	t.Helper()
	h, _ := cat.Lookup(id)
	item := *cat.Item(h)
	item.Available = available
	if _, err := cat.Upsert(item); err != nil {
		t.Fatal(err)
	}
}

func brandOf(t *testing.T, cat *catalog.Catalog, id string) string {
	t.Helper()
	h, ok := cat.Lookup(id)
	if !ok {
		t.Fatalf("%s is not in the catalogue", id)
	}
	return cat.Item(h).Brand
}

// nearly compares scores: trending ones are saved rounded, so that each may be off by one part in 2^23, and the sum of
// the saved and the later ones by another.
var nearly = cmp.Comparer(func(a, b float32) bool {
	return math.Abs(float64(a-b)) <= 4e-6*max(1, math.Abs(float64(a)))
})

func TestSameSeedSamePagesWithAnyWorkers(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	one, _ := trained(t, recommend.Options{Catalog: cat, Workers: 1, Trainers: small()})
	many, _ := trained(t, recommend.Options{Catalog: cat, Workers: 5, Trainers: small()})
	for u := range 20 {
		req := recommend.Request{User: fmt.Sprintf("user-%03d", u), N: 15}
		if diff := cmp.Diff(ask(t, one, req), ask(t, many, req)); diff != "" {
			t.Fatalf("%s (-1 worker +5 workers):\n%s", req.User, diff)
		}
	}
}

// fullStore is a store whose disk is full on demand.
type fullStore struct {
	store.Store
	full atomic.Bool
}

var errFull = errors.New("no space left on device")

func (s *fullStore) Append(ctx context.Context, batch []store.Entry) error {
	if s.full.Load() && len(batch) > 0 {
		return errFull
	}
	return s.Store.Append(ctx, batch)
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	st := &fullStore{Store: memory()}
	eng := open(t, st, recommend.Options{})
	record(t, eng, click("a", "tea"), click("b", "mug"))
	st.full.Store(true)
	if err := eng.Record(t.Context(), click("a", "mug")); !errors.Is(err, errFull) {
		t.Fatalf("error %v, want %v", err, errFull)
	}
	if diff := cmp.Diff([]string{"mug"}, items(ask(t, eng, recommend.Request{User: "a"}))); diff != "" {
		t.Errorf("what was not stored shows (-want +got):\n%s", diff)
	}
}

// A page served again costs its Page, its items and its ID.
func TestCachedPageAllocatesThePageOnly(t *testing.T) {
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t)})
	ctx, req := t.Context(), recommend.Request{User: "user-001", N: 20}
	first := ask(t, eng, req)
	if got := testing.AllocsPerRun(100, func() { eng.Recommend(ctx, req) }); got > 4 {
		t.Errorf("%v allocations, want at most 4", got)
	}
	if diff := cmp.Diff(first, ask(t, eng, req)); diff != "" {
		t.Errorf("served again (-before +after):\n%s", diff)
	}
}
