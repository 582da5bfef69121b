package source_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/source"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/recommend/stage/stagetest"
)

func TestSuite(t *testing.T) {
	for name, newSource := range map[string]func(c *catalog.Catalog) stage.Source{
		"trending": func(*catalog.Catalog) stage.Source {
			c := counters(t, source.CountersOptions{})
			for item := range uint32(100) {
				c.Add(item, float32(item%9), 1.71e9, 1.71e9)
			}
			return &source.Trending{Counters: c, Worth: 0.5}
		},
		"any":   func(*catalog.Catalog) stage.Source { return source.Any{} },
		"fresh": func(*catalog.Catalog) stage.Source { return &source.Fresh{Worth: 3e38} },
		"list": func(*catalog.Catalog) stage.Source {
			return &source.List{ID: "spring", Items: []string{"item5", "item1", "nothing", "item5", "item170", "item9"}, Worth: 2}
		},
		"live": func(*catalog.Catalog) stage.Source {
			return &source.Live{Board: board(t, deal(t, "all", 10, allDay, "item3", "item4", "item9"))}
		},
	} {
		t.Run(name, func(t *testing.T) { stagetest.RunSource(t, newSource) })
	}
}

// allDay is a window that is always open.
var allDay = deals.Daily{Start: "00:00", End: "00:00", Zone: "UTC"}

func deal(t testing.TB, id string, percent int, daily deals.Daily, items ...string) deals.Deal {
	t.Helper()
	return dealOf(t, id, fmt.Sprintf(`{"percentOff": %d}`, percent), daily, items...)
}

func dealOf(t testing.TB, id, discount string, daily deals.Daily, items ...string) deals.Deal {
	t.Helper()
	w, err := deals.NewWindow(daily)
	if err != nil {
		t.Fatal(err)
	}
	var d deals.Discount
	if err := json.Unmarshal([]byte(discount), &d); err != nil {
		t.Fatal(err)
	}
	return deals.Deal{ID: id, Items: items, Discount: d, Window: w}
}

func board(t testing.TB, list ...deals.Deal) *deals.Board {
	t.Helper()
	b := new(deals.Board)
	if err := b.Replace(list); err != nil {
		t.Fatal(err)
	}
	return b
}

// names asks a source and returns identifiers.
func names(s stage.Source, q *stage.Query, n int) string {
	var ids []string
	for _, c := range s.Propose(nil, q, n) {
		ids = append(ids, q.Catalog.ID(c.Item))
	}
	return strings.Join(ids, " ")
}

func upsert(t testing.TB, c *catalog.Catalog, items ...catalog.Item) {
	t.Helper()
	for _, it := range items {
		if _, err := c.Upsert(it); err != nil {
			t.Fatal(err)
		}
	}
}

func date(day int) time.Time { return time.Date(2026, 3, day, 12, 0, 0, 0, time.UTC) }

func TestFresh(t *testing.T) {
	t.Parallel()
	c := catalog.New()
	upsert(t, c, catalog.Item{ID: "old", Created: date(1)}, catalog.Item{ID: "none"}, catalog.Item{ID: "new", Created: date(9)},
		catalog.Item{ID: "same", Created: date(9)}, catalog.Item{ID: "coming", Created: date(20)}, catalog.Item{ID: "mid", Created: date(5)})
	f := &source.Fresh{}
	q := &stage.Query{Catalog: c, Now: date(10)}
	want := func(want string, n int) {
		t.Helper()
		if got := names(f, q, n); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	want("new same mid old", 9)
	want("new same", 2)
	q.Allow = model.AllowFunc(func(item uint32) bool { return item != 2 && item != 5 })
	want("same old", 9)
	q.Allow = nil
	upsert(t, c, catalog.Item{ID: "newest", Created: date(10)}) // a small catalogue is looked at again at once
	want("newest new same mid old", 9)
	if err := c.Delete("new"); err != nil {
		t.Fatal(err)
	}
	want("newest same mid old", 9)
	q.Now = date(20) // and what was in the future comes to be there without a change
	want("coming newest same mid old", 9)
	for _, newer := range []string{"x", "y"} {
		q.Catalog = catalog.New()
		for _, id := range []string{"x", "y"} {
			upsert(t, q.Catalog, catalog.Item{ID: id, Created: date(1 + len(id+newer)*strings.Count(id, newer))})
		}
		want(newer, 1)
	}
}

// Of many items the newest are kept, and a change is seen when a moment has gone by, or the clock has gone back.
func TestFreshMany(t *testing.T) {
	t.Parallel()
	c := catalog.New()
	const many = 12_000
	for i := range many {
		upsert(t, c, catalog.Item{ID: fmt.Sprint(i), Created: date(1).Add(time.Duration(i*7919%many) * time.Second)})
	}
	f, q := &source.Fresh{}, &stage.Query{Catalog: c, Now: date(10)}
	got := f.Propose(nil, q, many)
	if len(got) != 4096 {
		t.Fatalf("%d kept", len(got))
	}
	for i, e := range got {
		if place := many - 1 - int(e.Item)*7919%many; place != i {
			t.Fatalf("item %d at %d, belongs to %d", e.Item, i, place)
		}
	}
	upsert(t, c, catalog.Item{ID: "new", Created: date(9)})
	if got := names(f, q, 1); got == "new" {
		t.Error("the whole catalogue was looked at for one change")
	}
	q.Now = q.Now.Add(1200 * time.Millisecond)
	if got := names(f, q, 1); got != "new" {
		t.Errorf("%q, want the new item after 1.2 s", got)
	}
	upsert(t, c, catalog.Item{ID: "newer", Created: date(9)}, catalog.Item{ID: "new"})
	q.Now = date(9)
	if got := names(f, q, 1); got != "newer" {
		t.Errorf("%q, want the newer item when the clock has gone back", got)
	}
}

func TestLive(t *testing.T) {
	t.Parallel()
	c := catalog.New()
	eur := func(minor int64) catalog.Money { return catalog.Money{Minor: minor, Currency: "EUR"} }
	upsert(t, c, catalog.Item{ID: "a", Price: eur(1000)}, catalog.Item{ID: "b", Price: eur(500)}, catalog.Item{ID: "c"},
		catalog.Item{ID: "d", Price: catalog.Money{Minor: 10, Currency: "USD"}}, catalog.Item{ID: "e", Price: eur(100)})
	evening := deals.Daily{Start: "18:00", End: "19:00", Zone: "UTC"}
	long := deals.Daily{Start: "18:00", End: "20:00", Zone: "UTC"}
	b := board(t,
		deal(t, "long", 20, long, "a", "e", "unknown"), deal(t, "evening", 20, evening, "b"),
		dealOf(t, "fixed", `{"priceMinorUnits": 400, "currency": "EUR"}`, evening, "b", "c", "d", "a"), // 20 % off b too, and more off a
	)
	l := &source.Live{Board: b}
	at := func(clock string) *stage.Query {
		now, err := time.Parse("2006-01-02 15:04:05.0", "2026-03-10 "+clock)
		if err != nil {
			t.Fatal(err)
		}
		return &stage.Query{Catalog: c, Now: now}
	}
	for _, tt := range []struct{ clock, want string }{
		{"17:59:59.9", ""},
		{"18:00:00.0", "a b e c d"},
		{"18:59:59.9", "a b e c d"},
		{"19:00:00.0", "a e"},
		{"19:59:59.9", "a e"},
		{"20:00:00.0", ""},
		{"18:30:00.0", "a b e c d"}, // a clock that goes back
	} {
		if got := names(l, at(tt.clock), 9); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.clock, got, tt.want)
		}
	}
	q := at("18:30:00.0")
	q.Allow = model.AllowFunc(func(item uint32) bool { return item != 1 })
	if got := names(l, q, 2); got != "a e" {
		t.Errorf("%q", got)
	}

	q = at("18:30:00.5")
	names(l, q, 9)
	price := eur(4000)
	if err := c.Patch("e", catalog.Patch{Price: &price}); err != nil {
		t.Fatal(err)
	}
	upsert(t, c, catalog.Item{ID: "unknown", Price: eur(100)}) // a new item is there at once
	if got := names(l, q, 9); got != "a b e unknown c d" {
		t.Errorf("%q with the item that was unknown", got)
	}
	if err := b.Replace([]deals.Deal{dealOf(t, "new", `{"priceMinorUnits": 400, "currency": "EUR"}`, evening, "b", "a", "e")}); err != nil {
		t.Fatal(err)
	}
	if got := names(l, q, 9); got != "e a b" {
		t.Errorf("%q after other deals", got)
	}
	price = eur(500)
	if err := c.Patch("e", catalog.Patch{Price: &price}); err != nil {
		t.Fatal(err)
	}
	if got := names(l, at("18:30:01.0"), 9); got != "a b e" {
		t.Errorf("%q a second after another price", got)
	}
	if err := b.Replace(nil); err != nil {
		t.Fatal(err)
	}
	if got := names(l, at("18:30:01.0"), 9); got != "" {
		t.Errorf("%q without deals", got)
	}
	other := catalog.New()
	upsert(t, other, catalog.Item{ID: "x"}, catalog.Item{ID: "y"})
	same := catalog.New()
	upsert(t, same, catalog.Item{ID: "y"}, catalog.Item{ID: "x"})
	l = &source.Live{Board: board(t, deal(t, "d", 10, allDay, "y"))}
	for _, q.Catalog = range []*catalog.Catalog{other, same} {
		if got := names(l, q, 9); got != "y" {
			t.Errorf("%q of another catalogue", got)
		}
	}
}

// Nothing is off what has no price, and nothing is off a low price that is fixed higher.
func TestLiveWithoutPrice(t *testing.T) {
	t.Parallel()
	c := catalog.New()
	upsert(t, c, catalog.Item{ID: "none"}, catalog.Item{ID: "low", Price: catalog.Money{Minor: 5, Currency: "EUR"}})
	b := board(t, deal(t, "percent", 50, allDay, "none"), dealOf(t, "fixed", `{"priceMinorUnits": 400, "currency": "EUR"}`, allDay, "low"))
	q := &stage.Query{Catalog: c, Now: date(1)}
	if got := names(&source.Live{Board: b}, q, 9); got != "none low" {
		t.Errorf("%q", got)
	}
}

// A window that opens or closes within a second does so on the dot.
func TestLiveWithinASecond(t *testing.T) {
	t.Parallel()
	c := catalog.New()
	upsert(t, c, catalog.Item{ID: "a"}, catalog.Item{ID: "b"})
	l := &source.Live{Board: board(t, deal(t, "x", 10, deals.Daily{Start: "10:00", End: "11:00", Zone: "UTC"}, "a"))}
	start := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		after time.Duration
		want  string
	}{{-1, ""}, {0, "a"}, {time.Hour - 1, "a"}, {time.Hour, ""}, {time.Hour - 1, "a"}} {
		if got := names(l, &stage.Query{Catalog: c, Now: start.Add(tt.after)}, 1); got != tt.want {
			t.Errorf("%v after the start: %q, want %q", tt.after, got, tt.want)
		}
	}
}

func TestAny(t *testing.T) {
	t.Parallel()
	c := catalog.New()
	upsert(t, c, catalog.Item{ID: "a", Available: true}, catalog.Item{ID: "b"}, catalog.Item{ID: "c", Available: true}, catalog.Item{ID: "d", Available: true})
	if _, err := c.IDs().Intern("no item"); err != nil {
		t.Fatal(err)
	}
	bitmap := roaring.BitmapOf(1, 2, 3, 4, 1<<31)
	for _, tt := range []struct {
		allow model.Allow
		n     int
		want  string
	}{
		{nil, 9, "a c d"}, {nil, 2, "a c"}, {bitmap, 9, "c d"}, {bitmap, 1, "c"}, {roaring.New(), 9, ""},
		{model.AllowFunc(func(item uint32) bool { return item != 2 }), 9, "a d"},
	} {
		if got := names(source.Any{}, &stage.Query{Catalog: c, Allow: tt.allow}, tt.n); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestWorth(t *testing.T) {
	t.Parallel()
	c := stagetest.Catalog()
	l := &source.List{Items: []string{"item1", "item2", "item3", "item4"}, Worth: 2}
	got := l.Propose([]stage.Candidate{{Item: 9, Score: 7}}, &stage.Query{Catalog: c}, 4)
	want := []stage.Candidate{{Item: 9, Score: 7}, {Item: 1, Score: 2}, {Item: 2, Score: 1.5}, {Item: 3, Score: 1}, {Item: 4, Score: 0.5}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := names(&source.List{Items: []string{"nothing", "item7", "item7", "item8", "item9"}}, &stage.Query{Catalog: c}, 2); got != "item7 item8" {
		t.Errorf("%q", got)
	}
	if (&source.List{}).Name() != "list" || (&source.List{ID: "spring"}).Name() != "spring" {
		t.Error("names of lists")
	}
}

func TestTrending(t *testing.T) {
	t.Parallel()
	cat := stagetest.Catalog()
	c := counters(t, source.CountersOptions{})
	c.Add(3, 1, 1000, 1000)
	c.Add(5, 2, 1000, 1000)
	c.Add(7, -2, 1000, 1000)
	q := &stage.Query{Catalog: cat, Now: time.Unix(1000, 0)}
	if got := names(&source.Trending{Counters: c}, q, 9); got != "item5 item3" {
		t.Errorf("%q", got)
	}
	// The query's clock is the counters': one that is behind makes all as old as it shows.
	c.Add(3, 2, 1000+70*day, 1000+70*day)
	c.Add(5, 1, 1000+140*day, 1000+140*day)
	if got := names(&source.Trending{Counters: c}, q, 9); got != "item3 item5" {
		t.Errorf("%q in the past", got)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	c := counters(t, source.CountersOptions{})
	for i, tt := range []struct {
		valid  bool
		source stage.Checked
	}{
		{true, &source.Trending{Counters: c, Worth: 1}}, {false, &source.Trending{}}, {false, &source.Trending{Counters: c, Worth: nan}},
		{true, &source.Fresh{}}, {false, &source.Fresh{Worth: inf}}, {false, &source.Fresh{Worth: -1}},
		{true, &source.Live{Board: new(deals.Board)}}, {false, &source.Live{}}, {false, &source.Live{Board: new(deals.Board), Worth: inf}},
		{true, &source.List{Items: []string{"never heard of"}}}, {true, &source.List{}}, {false, &source.List{Items: []string{"a", ""}}},
		{false, &source.List{Items: []string{strings.Repeat("x", catalog.IDMax+1)}}}, {false, &source.List{Worth: nan}},
	} {
		if err := tt.source.Validate(); (err == nil) != tt.valid || err != nil && !errors.Is(err, stage.ErrInvalid) {
			t.Errorf("%d, %T: %v", i, tt.source, err)
		}
	}
}
