package recommend_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/hybrid"
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

// small is the default blend in a size that trains quickly; the examples train the default.
var small = hybrid.Trainer{Parts: []model.Trainer{
	popular.Trainer{}, itemknn.Trainer{}, content.Trainer{}, als.Trainer{Factors: 16, Iterations: 5},
}}

func open(t testing.TB, st store.Store, opts recommend.Options) *recommend.Engine {
	t.Helper()
	if opts.Now == nil {
		opts.Now = func() time.Time { return monday }
	}
	if opts.Trainer == nil {
		opts.Trainer = small
	}
	eng, err := recommend.Open(t.Context(), st, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { eng.Close() })
	return eng
}

// trained is an engine that has learned from 200 shoppers.
func trained(t testing.TB, opts recommend.Options) (*recommend.Engine, store.Store) {
	t.Helper()
	st := store.NewMemory(store.MemoryOptions{})
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

func TestNewcomerGetsTrendingThenPersonalWithoutTraining(t *testing.T) {
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t)})
	before := ask(t, eng, recommend.Request{User: "newcomer", N: 10})
	trending := ask(t, eng, recommend.Request{N: 10, Model: recommend.Trending})
	if diff := cmp.Diff(items(trending), items(before)); diff != "" {
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
	eng := open(t, store.NewMemory(store.MemoryOptions{}), recommend.Options{})
	record(t, eng, click("a", "tea"), click("b", "tea"), click("b", "mug"))
	got := items(ask(t, eng, recommend.Request{User: "c"}))
	if diff := cmp.Diff([]string{"tea", "mug"}, got); diff != "" {
		t.Errorf("trending (-want +got):\n%s", diff)
	}
}

func TestPersonalPagesDiffer(t *testing.T) {
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t)})
	for u := range 20 {
		user := fmt.Sprintf("user-%03d", u)
		for _, item := range items(ask(t, eng, recommend.Request{User: user, N: 10})) {
			if want := fmt.Sprintf("t%d", u%tastes); tasteOf(item) != want {
				t.Errorf("%s, of taste %s, gets %s", user, want, item)
			}
		}
	}
}

func TestCursorsNeverRepeatWhileEverythingChanges(t *testing.T) {
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
	cat := newCatalog(t)
	eng, _ := trained(t, recommend.Options{Catalog: cat})
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
		if gone[item] = rng.IntN(2) == 0; gone[item] {
			setAvailable(t, cat, item, false)
		} else {
			setAvailable(t, cat, item, true)
		}
		user := fmt.Sprintf("user-%03d", rng.IntN(10))
		refused := fmt.Sprintf("%02d", rng.IntN(perItem))
		req := recommend.Request{User: user, N: 1 + rng.IntN(40)}
		if rng.IntN(2) == 0 {
			req.Exclude = func(item string) bool { return strings.HasSuffix(item, refused) }
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
			case req.Exclude != nil && req.Exclude(item):
				t.Fatalf("round %d: %s is excluded", round, item)
			case req.Filter != nil && brandOf(t, cat, item) != "brand-1":
				t.Fatalf("round %d: %s does not pass the filter", round, item)
			case once[item]:
				t.Fatalf("round %d: %s comes twice", round, item)
			}
			once[item] = true
		}
		for i := 1; i < len(p.Items); i++ {
			if p.Items[i].Score > p.Items[i-1].Score {
				t.Fatalf("round %d: score %v stands behind %v", round, p.Items[i].Score, p.Items[i-1].Score)
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

func TestRequestsAtTheEdge(t *testing.T) {
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t)})
	empty := open(t, store.NewMemory(store.MemoryOptions{}), recommend.Options{Catalog: catalog.New()})
	all := tastes * perItem
	tests := []struct {
		name string
		eng  *recommend.Engine
		req  recommend.Request
		want int // items
		err  error
	}{
		{name: "zero request", eng: eng, want: 10},
		{name: "unknown user", eng: eng, req: recommend.Request{User: "nobody", N: 5}, want: 5},
		{name: "n of a million", eng: eng, req: recommend.Request{User: "user-000", N: 1e6}, want: all - 8},
		{name: "n below zero", eng: eng, req: recommend.Request{N: -1}, err: recommend.ErrInvalid},
		{name: "filter that matches nothing", eng: eng, req: recommend.Request{User: "user-000", Filter: catalog.Equals("brand", "none")}},
		{name: "filter of an unknown field", eng: eng, req: recommend.Request{User: "user-000", Filter: catalog.Equals("nothing", "x")}, err: recommend.ErrInvalid},
		{name: "everything excluded", eng: eng, req: recommend.Request{User: "user-000", Exclude: func(string) bool { return true }}},
		{name: "empty catalogue", eng: empty, req: recommend.Request{User: "user-000"}},
		{name: "unknown seeds", eng: eng, req: recommend.Request{Seeds: []string{"no such item"}, N: 5}, want: 5},
		{name: "items to re-rank, unknown and repeated", eng: eng, want: 2,
			req: recommend.Request{User: "user-000", Items: []string{"no such item", itemOf(1, 1), itemOf(2, 1), itemOf(1, 1)}}},
		{name: "no items to re-rank", eng: eng, req: recommend.Request{User: "user-000", Items: []string{}}},
		{name: "unknown model", eng: eng, req: recommend.Request{Model: "oracle"}, err: recommend.ErrNoModel},
		{name: "model before training", eng: empty, req: recommend.Request{Model: "als"}, err: recommend.ErrNoModel},
		{name: "foreign cursor", eng: eng, req: recommend.Request{Cursor: "bm90IG1pbmU"}, err: recommend.ErrInvalid},
		{name: "cursor of garbage", eng: eng, req: recommend.Request{Cursor: "%%%"}, err: recommend.ErrInvalid},
		{name: "endless cursor", eng: eng, req: recommend.Request{Cursor: strings.Repeat("A", 1<<20)}, err: recommend.ErrInvalid},
		{name: "too many seeds", eng: eng, req: recommend.Request{Seeds: make([]string, 1e6)}, err: recommend.ErrInvalid},
		{name: "explained", eng: eng, req: recommend.Request{User: "user-000", Explain: true}, want: 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			page, err := tt.eng.Recommend(t.Context(), tt.req)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err == nil && len(page.Items) != tt.want {
				t.Errorf("%d items, want %d: %v", len(page.Items), tt.want, items(page))
			}
		})
	}
}

func TestRecordRefusesWholeBatches(t *testing.T) {
	st := store.NewMemory(store.MemoryOptions{})
	eng := open(t, st, recommend.Options{})
	tests := []struct {
		name string
		bad  store.Interaction
	}{
		{"no user", store.Interaction{Item: "x", Kind: store.View}},
		{"no item", store.Interaction{User: "x", Kind: store.View}},
		{"no kind", store.Interaction{User: "x", Item: "y"}},
		{"value NaN", store.Interaction{User: "x", Item: "y", Kind: store.Rating, Value: math.NaN()}},
		{"user not UTF-8", store.Interaction{User: "\xff", Item: "y", Kind: store.View}},
		{"item of a megabyte", store.Interaction{User: "x", Item: strings.Repeat("y", 1<<20), Kind: store.View}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := eng.Record(t.Context(), click("x", "good"), tt.bad)
			if !errors.Is(err, store.ErrInvalid) || !strings.Contains(err.Error(), "interaction 2 of 2") {
				t.Errorf("error %v, want ErrInvalid that names interaction 2 of 2", err)
			}
		})
	}
	for entry := range st.Scan(t.Context(), 0) {
		t.Errorf("stored: %+v", entry)
	}
}

func TestClockGoingBackwardsLosesNothing(t *testing.T) {
	var c clock
	eng := open(t, store.NewMemory(store.MemoryOptions{}), recommend.Options{Now: c.now})
	record(t, eng, store.Interaction{User: "a", Item: "first", Kind: store.Click})
	c.advance(-1000 * time.Hour)
	record(t, eng, store.Interaction{User: "a", Item: "second", Kind: store.Click})
	train(t, eng)
	got := items(ask(t, eng, recommend.Request{}))
	slices.Sort(got)
	if diff := cmp.Diff([]string{"first", "second"}, got); diff != "" {
		t.Errorf("trending (-want +got):\n%s", diff)
	}
	if got := items(ask(t, eng, recommend.Request{User: "a"})); len(got) != 0 {
		t.Errorf("a, who has seen everything, gets %v", got)
	}
}

// nearly compares scores: trending ones are saved in 24 bits, so each may be off by one part in 2^24, and the sum of
// the saved and the later ones by another.
var nearly = cmp.Comparer(func(a, b float32) bool { return math.Abs(float64(a-b)) <= 4e-7*math.Abs(float64(a)) })

func TestRestartChangesNothing(t *testing.T) {
	cat := newCatalog(t)
	eng, st := trained(t, recommend.Options{Catalog: cat})
	record(t, eng, click("user-001", itemOf(1, 20)))
	again := open(t, st, recommend.Options{Catalog: cat})
	few := open(t, st, recommend.Options{Catalog: cat, UsersMax: 3, PageTTL: -1})
	for u := range 50 {
		req := recommend.Request{User: fmt.Sprintf("user-%03d", u%10), N: 15}
		want := ask(t, eng, req)
		for name, other := range map[string]*recommend.Engine{"restarted": again, "with three users in memory": few} {
			if diff := cmp.Diff(want, ask(t, other, req), nearly); diff != "" {
				t.Fatalf("%s: %s (-before +after):\n%s", req.User, name, diff)
			}
		}
	}
}

func TestSameSeedSamePagesWithAnyWorkers(t *testing.T) {
	cat := newCatalog(t)
	one, _ := trained(t, recommend.Options{Catalog: cat, Workers: 1})
	many, _ := trained(t, recommend.Options{Catalog: cat, Workers: 5})
	for u := range 20 {
		req := recommend.Request{User: fmt.Sprintf("user-%03d", u), N: 15}
		if diff := cmp.Diff(ask(t, one, req), ask(t, many, req)); diff != "" {
			t.Fatalf("%s (-1 worker +5 workers):\n%s", req.User, diff)
		}
	}
}

func TestForget(t *testing.T) {
	eng, st := trained(t, recommend.Options{Catalog: newCatalog(t)})
	if err := eng.Forget(t.Context(), "user-002"); err != nil {
		t.Fatal(err)
	}
	for entry := range st.Scan(t.Context(), 0) {
		if entry.Interaction.User == "user-002" {
			t.Fatalf("still in the log: %+v", entry)
		}
	}
	want := items(ask(t, eng, recommend.Request{User: "nobody"}))
	if diff := cmp.Diff(want, items(ask(t, eng, recommend.Request{User: "user-002"}))); diff != "" {
		t.Errorf("a forgotten user is no stranger (-stranger +got):\n%s", diff)
	}
}

func TestClosed(t *testing.T) {
	eng, _ := trained(t, recommend.Options{})
	if err := errors.Join(eng.Close(), eng.Close()); err != nil {
		t.Fatal(err)
	}
	_, err1 := eng.Recommend(t.Context(), recommend.Request{})
	_, err2 := eng.Train(t.Context())
	_, err3 := eng.Rollback(t.Context())
	for _, err := range []error{eng.Record(t.Context(), click("a", "b")), err1, err2, err3, eng.Forget(t.Context(), "a")} {
		if !errors.Is(err, recommend.ErrClosed) {
			t.Errorf("error %v, want ErrClosed", err)
		}
	}
}

// fullStore is a store whose disk is full on demand.
type fullStore struct {
	store.Store
	full atomic.Bool
}

var errFull = errors.New("no space left on device")

func (s *fullStore) Append(ctx context.Context, batch []store.Interaction) (store.Position, error) {
	if s.full.Load() && len(batch) > 0 {
		return 0, errFull
	}
	return s.Store.Append(ctx, batch)
}

func TestFullDisk(t *testing.T) {
	st := &fullStore{Store: store.NewMemory(store.MemoryOptions{})}
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
