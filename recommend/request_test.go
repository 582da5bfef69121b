package recommend_test

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

func TestRequestsAtTheEdge(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t)})
	empty := open(t, memory(), recommend.Options{Catalog: catalog.New()})
	var everything []string
	for taste := range tastes {
		for i := range perItem {
			everything = append(everything, itemOf(taste, i))
		}
	}
	all := len(everything)
	long := strings.Repeat("x", store.IDMax+1)
	facts := map[string]string{}
	for i := range 65 {
		facts[fmt.Sprint(i)] = "x"
	}
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
		{name: "everything excluded", eng: eng, req: recommend.Request{User: "user-000", Exclude: everything}},
		{name: "unknown items excluded", eng: eng, req: recommend.Request{User: "user-000", Exclude: []string{"no such item", ""}}, want: 10},
		{name: "too many excluded", eng: eng, req: recommend.Request{Exclude: make([]string, 10_001)}, err: recommend.ErrInvalid},
		{name: "empty catalogue", eng: empty, req: recommend.Request{User: "user-000"}},
		{name: "unknown seed", eng: eng, req: recommend.Request{Seeds: []string{itemOf(0, 0), "no such item"}}, err: recommend.ErrInvalid},
		{name: "too many seeds", eng: eng, req: recommend.Request{Seeds: make([]string, 1001)}, err: recommend.ErrInvalid},
		{name: "items to rank, unknown and repeated", eng: eng, want: 2,
			req: recommend.Request{User: "user-000", Items: []string{"no such item", itemOf(1, 1), itemOf(2, 1), itemOf(1, 1)}}},
		{name: "no items to rank", eng: eng, req: recommend.Request{User: "user-000", Items: []string{}}},
		{name: "too many items to rank", eng: eng, req: recommend.Request{Items: make([]string, 10_001)}, err: recommend.ErrInvalid},
		{name: "unknown model", eng: eng, req: recommend.Request{Model: "oracle"}, err: recommend.ErrNoModel},
		{name: "model before training", eng: empty, req: recommend.Request{Model: "itemknn"}, err: recommend.ErrNoModel},
		{name: "trending before training", eng: empty, req: recommend.Request{Model: recommend.Trending}},
		{name: "foreign cursor", eng: eng, req: recommend.Request{Cursor: "bm90IG1pbmU"}, err: recommend.ErrInvalid},
		{name: "cursor of garbage", eng: eng, req: recommend.Request{Cursor: "%%%"}, err: recommend.ErrInvalid},
		{name: "endless cursor", eng: eng, req: recommend.Request{Cursor: strings.Repeat("A", 1<<20)}, err: recommend.ErrInvalid},
		{name: "explained", eng: eng, req: recommend.Request{User: "user-000", Explain: true}, want: 10},
		{name: "long user", eng: eng, req: recommend.Request{User: long}, err: recommend.ErrInvalid},
		{name: "user not UTF-8", eng: eng, req: recommend.Request{User: "\xff"}, err: recommend.ErrInvalid},
		{name: "long session", eng: eng, req: recommend.Request{Session: long}, err: recommend.ErrInvalid},
		{name: "long placement", eng: eng, req: recommend.Request{Placement: long}, err: recommend.ErrInvalid},
		{name: "much context", eng: eng, req: recommend.Request{Context: facts}, err: recommend.ErrInvalid},
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

// Nobody makes the engine hold what it refuses: neither users nor their long names.
func TestRefusedRequestsKeepNoMemory(t *testing.T) {
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t)})
	users := eng.UsersInMemory()
	before := heap()
	for i := range 500 {
		user := fmt.Sprintf("%060000d", i)
		if _, err := eng.Recommend(t.Context(), recommend.Request{User: user}); !errors.Is(err, recommend.ErrInvalid) {
			t.Fatalf("a user of 60 KB: %v", err)
		}
		if err := eng.Record(t.Context(), click(user, "x")); !errors.Is(err, store.ErrInvalid) || len(err.Error()) > 1000 {
			t.Fatalf("an interaction of a user of 60 KB: %.2000v", err)
		}
	}
	if got := eng.UsersInMemory(); got != users {
		t.Errorf("%d users in memory, %d before", got, users)
	}
	if grown := heap() - before; grown > 4<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestRecordRefusesWholeBatches(t *testing.T) {
	t.Parallel()
	st := memory()
	eng := open(t, st, recommend.Options{Ratings: recommend.Range{Min: 1, Max: 10}})
	rating := func(value float64) store.Interaction {
		return store.Interaction{User: "x", Item: "y", Kind: store.Rating, Value: value}
	}
	tests := []struct {
		name string
		bad  store.Interaction
	}{
		{"no user", store.Interaction{Item: "x", Kind: store.View}},
		{"no item", store.Interaction{User: "x", Kind: store.View}},
		{"no kind", store.Interaction{User: "x", Item: "y"}},
		{"value NaN", rating(math.NaN())},
		{"rating above the scale", rating(10.5)},
		{"rating below the scale", rating(0)},
		{"rating of 1e300", rating(1e300)},
		{"quantity of 1e300", store.Interaction{User: "x", Item: "y", Kind: store.Purchase, Value: 1e300}},
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
	for entry := range st.Scan(t.Context(), store.Place{}) {
		t.Errorf("stored: %+v", entry)
	}
}

// What is kept of an interaction says for its item what its kind and value say.
func TestWhatInteractionsSay(t *testing.T) {
	t.Parallel()
	in := func(kind store.Kind, value float64) store.Interaction {
		return store.Interaction{User: "ann", Item: "tea", Kind: kind, Value: value, Time: monday}
	}
	tests := []struct {
		name     string
		in       store.Interaction
		min, max float32 // of its weight
	}{
		{"a view", in(store.View, 0), 1, 1},
		{"a purchase", in(store.Purchase, 0), 5, 5},
		{"a purchase of one", in(store.Purchase, 1), 5, 5},
		{"a purchase of ten", in(store.Purchase, 10), 16, 17},
		{"a purchase of a thousand million", in(store.Purchase, 1e9), 39, 40}, // as one of a thousand
		{"a return", in(store.Purchase, -1), -5, -5},
		{"a return of ten", in(store.Purchase, -10), -17, -16},
		{"a dislike", in(store.Dislike, 0), -5, -5},
		{"five stars", in(store.Rating, 5), 2.5, 2.5},
		{"one star", in(store.Rating, 1), -1.5, -1.5},
		{"no stars", in(store.Rating, 0), -2.5, -2.5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			eng := open(t, memory(), recommend.Options{})
			ask(t, eng, recommend.Request{User: "ann"}) // or nothing of her is in memory
			record(t, eng, tt.in)
			history, _ := eng.Memory("ann")
			if len(history) != 1 || history[0].Weight < tt.min || history[0].Weight > tt.max {
				t.Errorf("history %+v, want one of a weight from %v to %v", history, tt.min, tt.max)
			}
			if got := trending(t, eng, 1).Items[0].Source; (got == recommend.Trending) != (tt.max > 0) {
				t.Errorf("tea comes from %q", got)
			}
		})
	}
}

// A return takes back what the purchase did for its item.
func TestReturnsSpeakAgainst(t *testing.T) {
	t.Parallel()
	eng := open(t, memory(), recommend.Options{})
	record(t, eng, buy("a", "tea"), buy("b", "tea"), buy("c", "mug"))
	back := buy("a", "tea")
	back.Value = -1
	record(t, eng, back)
	back.User = "b"
	record(t, eng, back)
	if got := items(trending(t, eng, 2)); got[0] != "mug" {
		t.Errorf("trending %v: tea was given back", got)
	}
}

// A store that others write to may hold any value: models, pages and counters stay finite, and one event does not drown
// thousands.
func TestHostileValuesInTheStore(t *testing.T) {
	t.Parallel()
	st := memory()
	var batch []store.Entry
	for _, in := range shoppers(100, 1) {
		batch = append(batch, store.Entry{Interaction: in})
	}
	for i, value := range []float64{1e9, -1e9, 1e9, 1e-300} {
		for _, kind := range []store.Kind{store.Rating, store.Purchase, store.View} {
			batch = append(batch, store.Entry{Interaction: store.Interaction{
				User: fmt.Sprint("hostile-", i), Item: itemOf(0, i), Kind: kind, Value: value, Time: monday,
			}})
		}
	}
	if err := st.Append(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	eng := open(t, st, recommend.Options{Catalog: newCatalog(t), Trainers: small()})
	for range 2 {
		if r := train(t, eng); !r.Published {
			t.Errorf("not published: %+v", r)
		}
	}
	for _, m := range []string{"", "popular", "itemknn", "content", "als", recommend.Trending} {
		for _, user := range []string{"user-001", "hostile-0", "hostile-1"} {
			for _, item := range ask(t, eng, recommend.Request{User: user, Model: m, N: 100}).Items {
				if s := float64(item.Score); math.IsNaN(s) || math.IsInf(s, 0) {
					t.Fatalf("model %q, %s: %+v", m, user, item)
				}
			}
		}
	}
	for i := range 30 {
		record(t, eng, buy(fmt.Sprint("buyer-", i), itemOf(3, 7)))
	}
	if got := items(trending(t, eng, 1)); got[0] != itemOf(3, 7) {
		t.Errorf("trending %v: thirty purchases count less than a hostile one", got)
	}
}

func TestClockGoingBackwardsLosesNothing(t *testing.T) {
	t.Parallel()
	var c clock
	eng := open(t, memory(), recommend.Options{Now: c.now})
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

// A clock that runs ten years ahead for one interaction, and is right again, freezes nothing: neither what is trending,
// nor after a restart, nor what is trained.
func TestClockAheadForAMoment(t *testing.T) {
	t.Parallel()
	var c clock
	st, cat := memory(), newCatalog(t)
	opts := recommend.Options{Now: c.now, Catalog: cat}
	eng := open(t, st, opts)
	record(t, eng, shoppers(100, 1)...)
	const years = 10 * 365 * 24 * time.Hour
	c.advance(years)
	record(t, eng, store.Interaction{User: "early", Item: itemOf(0, 0), Kind: store.Purchase})
	c.advance(-years)
	for _, restart := range []bool{false, true} {
		for range 2 {
			for i := range 50 {
				record(t, eng, store.Interaction{User: fmt.Sprint("buyer-", i), Item: itemOf(2, 2), Kind: store.Purchase})
			}
			for _, m := range []string{recommend.Trending, "popular"} {
				if m == "popular" {
					train(t, eng)
				}
				if got := items(ask(t, eng, recommend.Request{User: "early", N: 1, Model: m})); got[0] != itemOf(2, 2) {
					t.Errorf("restarted %v: %s is %v, not what fifty bought", restart, m, got)
				}
			}
			c.advance(time.Hour)
		}
		eng = open(t, st, opts)
	}
}

// A time that the caller says is in the future counts as now.
func TestFutureTimesAreClamped(t *testing.T) {
	t.Parallel()
	eng := open(t, memory(), recommend.Options{})
	future := buy("a", "tea")
	future.Time = monday.AddDate(10, 0, 0)
	record(t, eng, future, buy("b", "mug"), buy("c", "mug"))
	if diff := cmp.Diff([]string{"mug", "tea"}, items(trending(t, eng, 2))); diff != "" {
		t.Errorf("trending (-want +got):\n%s", diff)
	}
}

// Half of what is trending is forgotten after each half-life.
func TestTrendingForgets(t *testing.T) {
	t.Parallel()
	for days, want := range map[float64]string{0: "new", 7: "new", 700: "old"} {
		eng := open(t, memory(), recommend.Options{HalfLifeDays: days})
		for i := range 3 {
			old := buy(fmt.Sprint("a", i), "old")
			old.Time = monday.AddDate(0, 0, -28)
			record(t, eng, old)
		}
		record(t, eng, buy("b", "new"))
		if got := items(trending(t, eng, 2)); got[0] != want {
			t.Errorf("half-life of %v days: %v leads, want %s", days, got, want)
		}
	}
}

// A page says by its ID which page it is: another user, place, number, policy or what is on it makes it another.
func TestPageIDs(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t)})
	first := recommend.Request{User: "user-001", N: 5}
	ids := map[string]string{}
	for name, change := range map[string]func(r *recommend.Request){
		"the first":       func(*recommend.Request) {},
		"another user":    func(r *recommend.Request) { r.User = "user-002" },
		"more items":      func(r *recommend.Request) { r.N = 6 },
		"another place":   func(r *recommend.Request) { r.Placement = "cart" },
		"the second page": func(r *recommend.Request) { r.Cursor = ask(t, eng, first).Next },
		"a filter":        func(r *recommend.Request) { r.Filter = catalog.Equals("brand", "brand-3") },
		"seeds":           func(r *recommend.Request) { r.Seeds = []string{itemOf(3, 3)} },
		"a model":         func(r *recommend.Request) { r.Model = recommend.Trending },
		"a stranger":      func(r *recommend.Request) { r.User = "" },
	} {
		req := first
		change(&req)
		page := ask(t, eng, req)
		if other, ok := ids[page.ID]; ok || page.ID == "" {
			t.Errorf("%s has the ID %q of %s", name, page.ID, other)
		}
		ids[page.ID] = name
		if again := ask(t, eng, req); again.ID != page.ID {
			t.Errorf("%s: ID %q, then %q", name, page.ID, again.ID)
		}
	}
	record(t, eng, click("user-001", itemOf(1, 24)))
	if page := ask(t, eng, first); ids[page.ID] != "" {
		t.Errorf("after a click the page has the ID of %s", ids[page.ID])
	}
}
