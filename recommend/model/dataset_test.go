package model_test

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/model"
	"github.com/google/go-cmp/cmp"
)

func interned(t testing.TB, ids ...string) *catalog.IDs {
	t.Helper()
	items := new(catalog.IDs)
	for _, id := range ids {
		if _, err := items.Intern(id); err != nil {
			t.Fatal(err)
		}
	}
	return items
}

// runs yields other rows each time.
func runs(runs ...[]model.Row) iter.Seq2[model.Row, error] {
	return func(yield func(model.Row, error) bool) {
		run := runs[0]
		if len(runs) > 1 {
			runs = runs[1:]
		}
		for _, row := range run {
			if !yield(row, nil) {
				return
			}
		}
	}
}

func row(user string, item uint32, unix int64) model.Row {
	return model.Row{User: user, Event: model.Event{Item: item, Weight: 1, Time: unix}}
}

// histories writes a dataset out: of each user the items.
func histories(d *model.Dataset) map[string]string {
	all := map[string]string{}
	for u := range uint32(d.UserCount()) {
		var items []string
		for _, e := range d.History(u) {
			items = append(items, d.Items.ID(e.Item))
		}
		all[d.Users.ID(u)] = strings.Join(items, " ")
	}
	return all
}

func TestCollect(t *testing.T) {
	t.Parallel()
	all := []model.Row{row("ann", 2, 30), row("bob", 1, 20), row("ann", 0, 10), row("ann", 1, 30), row("ann", 2, 10)}
	for _, tt := range []struct {
		name   string
		second []model.Row
		want   map[string]string
		now    int64
	}{
		{"as before", all, map[string]string{"ann": "tea pot pot mug", "bob": "mug"}, 30},
		{"one more behind", append(slices.Clone(all), row("ann", 0, 40), row("bob", 0, 40)), map[string]string{"ann": "tea pot pot mug", "bob": "mug"}, 30},
		{"one more before", append([]model.Row{row("ann", 0, 99)}, all...), map[string]string{"ann": "tea pot mug tea", "bob": "mug"}, 99},
		{"another user", append([]model.Row{row("zoe", 0, 99)}, all...), map[string]string{"ann": "tea pot pot mug", "bob": "mug"}, 30},
		{"a user gone", slices.Delete(slices.Clone(all), 1, 2), map[string]string{"ann": "tea pot pot mug", "bob": ""}, 30},
		{"the newest gone", slices.Delete(slices.Clone(all), 0, 1), map[string]string{"ann": "tea pot mug", "bob": "mug"}, 30},
		{"all gone", nil, map[string]string{"ann": "", "bob": ""}, 0},
	} {
		d, err := model.Collect(interned(t, "tea", "mug", "pot"), nil, runs(all, tt.second))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, histories(d)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		n := 0
		for u := range uint32(d.UserCount()) {
			n += len(d.History(u))
		}
		if d.Now != tt.now || d.Len() != n || d.UserCount() != 2 || d.Users.Len() != 2 || d.ItemCount() != 3 || d.Content(0) != nil {
			t.Errorf("%s: now %d, %d events, %d users, %d items", tt.name, d.Now, d.Len(), d.UserCount(), d.ItemCount())
		}
	}
}

// TestCollectKeepsEvents wants every field of an event, and the order of those of one time.
func TestCollectKeepsEvents(t *testing.T) {
	t.Parallel()
	var want []model.Event
	for i := range uint32(100) {
		want = append(want, model.Event{Item: i % 3, Weight: float32(i) - 50, Time: int64(i / 10), Session: i, Kind: 1})
	}
	mixed := slices.Concat(want[50:], want[:50])
	d, err := model.Collect(interned(t, "tea", "mug", "pot"), nil, func(yield func(model.Row, error) bool) {
		for _, e := range mixed {
			if !yield(model.Row{User: "ann", Event: e}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, d.History(0)); diff != "" {
		t.Error(diff)
	}
}

// TestItemsThatCome has the table of items grow while rows are read.
func TestItemsThatCome(t *testing.T) {
	t.Parallel()
	items := interned(t, "tea")
	d, err := model.Collect(items, nil, func(yield func(model.Row, error) bool) {
		mug, _ := items.Intern("mug")
		yield(row("ann", mug, 1), nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := items.Intern("pot"); err != nil {
		t.Fatal(err)
	}
	if d.ItemCount() != 2 || d.History(0)[0].Item != 1 {
		t.Errorf("%d items, %v", d.ItemCount(), d.History(0))
	}
}

func TestCollectRefuses(t *testing.T) {
	t.Parallel()
	weight := func(w float32) model.Row {
		r := row("ann", 0, 1)
		r.Weight = w
		return r
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, tt := range map[string]struct {
		first, second []model.Row
		want          string
	}{
		"NaN":                    {[]model.Row{weight(nan)}, nil, `model: user "ann", item "tea": weight is NaN`},
		"infinite":               {[]model.Row{weight(1), weight(-inf)}, nil, `model: user "ann", item "tea": weight is -Inf`},
		"infinite in the second": {[]model.Row{weight(1)}, []model.Row{weight(inf)}, `model: user "ann", item "tea": weight is +Inf`},
		"unknown item":           {[]model.Row{row("ann", 1, 1)}, nil, `model: user "ann": no item has the handle 1`},
		"unknown in the second":  {[]model.Row{row("ann", 0, 1)}, []model.Row{row("ann", model.NoItem, 1)}, `model: user "ann": no item has the handle 4294967295`},
		"no user":                {[]model.Row{row("", 0, 1)}, nil, `model: user ""`},
	} {
		if _, err := model.Collect(interned(t, "tea"), nil, runs(tt.first, tt.second)); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := errors.New("broken")
	for fails := range 2 {
		run := -1
		_, err := model.Collect(interned(t, "tea"), nil, func(yield func(model.Row, error) bool) {
			if run++; !yield(row("ann", 0, 1), nil) {
				return
			}
			if run == fails {
				yield(model.Row{}, broken)
			}
		})
		if !errors.Is(err, broken) {
			t.Errorf("the rows' own error in run %d: %v", fails, err)
		}
	}
}

// TestMemory is not parallel: other tests allocate.
func TestMemory(t *testing.T) {
	const users, each = 4000, 250
	names := make([]string, users)
	for u := range names {
		names[u] = fmt.Sprint("user", u)
	}
	items := interned(t, "tea", "mug")
	rows := func(yield func(model.Row, error) bool) {
		for i := range users * each {
			if !yield(row(names[i%users], uint32(i%2), int64(i)), nil) {
				return
			}
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	d, err := model.Collect(items, nil, rows)
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	// All that was allocated, which no peak is above.
	if got := float64(after.TotalAlloc-before.TotalAlloc) / float64(d.Len()); got > 26 {
		t.Errorf("%.1f bytes an event", got)
	}
	runtime.ReadMemStats(&before)
	d.Before(func(_ uint32, history []model.Event) int { return len(history) - 1 })
	runtime.ReadMemStats(&after)
	if got := float64(after.TotalAlloc-before.TotalAlloc) / users; got > 10 {
		t.Errorf("Before takes %.1f bytes a user", got)
	}
}

func TestViews(t *testing.T) {
	t.Parallel()
	var b model.Builder
	b.AddItem(&catalog.Item{ID: "cold", Title: "nobody touched it"})
	for i, item := range []string{"tea", "mug", "pot", "cup"} {
		b.Add("ann", item, 1, int64(10*i))
	}
	b.Add("bob", "tea", 1, 5)
	b.Add("cid", "mug", 1, 20)
	d := b.Build()
	whole := map[string]string{"ann": "tea mug pot cup", "bob": "tea", "cid": "mug"}
	if diff := cmp.Diff(whole, histories(d)); diff != "" || d.Now != 30 {
		t.Fatal(d.Now, diff)
	}
	if d.Content(0).Title == "" || d.Content(1) != nil || d.ItemCount() != 5 {
		t.Errorf("content %v, %v of %d items", d.Content(0), d.Content(1), d.ItemCount())
	}
	half := d.Before(func(user uint32, history []model.Event) int {
		if d.Users.ID(user) == "cid" {
			return 0
		}
		return (len(history) + 1) / 2
	})
	if diff := cmp.Diff(map[string]string{"ann": "tea mug", "bob": "tea", "cid": ""}, histories(half)); diff != "" || half.Len() != 3 || half.Now != 10 {
		t.Errorf("%d events to %d: %s", half.Len(), half.Now, diff)
	}
	one := half.Before(func(_ uint32, history []model.Event) int { return min(1, len(history)) })
	if diff := cmp.Diff(map[string]string{"ann": "tea", "bob": "tea", "cid": ""}, histories(one)); diff != "" || one.Len() != 2 || one.Now != 5 {
		t.Errorf("a view of a view: %d events to %d: %s", one.Len(), one.Now, diff)
	}
	last := half.WithHistories(func(_ uint32, history []model.Event) []model.Event { return history[max(0, len(history)-1):] })
	if diff := cmp.Diff(map[string]string{"ann": "mug", "bob": "tea", "cid": ""}, histories(last)); diff != "" || last.Len() != 2 || last.Now != 10 {
		t.Errorf("a copy of a view: %d events to %d: %s", last.Len(), last.Now, diff)
	}
	first := d.WithHistories(func(_ uint32, history []model.Event) []model.Event { return history[:1] })
	if diff := cmp.Diff(map[string]string{"ann": "tea", "bob": "tea", "cid": "mug"}, histories(first)); diff != "" || first.Now != 20 {
		t.Errorf("a copy to %d: %s", first.Now, diff)
	}
	if history := half.History(0); cap(history) != len(history) {
		t.Error("what is appended to a history of a view writes into the dataset")
	}
	if diff := cmp.Diff(whole, histories(d)); diff != "" || d.Len() != 6 || d.Now != 30 {
		t.Errorf("views changed the dataset: %s", diff)
	}
}

func TestBuilder(t *testing.T) {
	t.Parallel()
	var b model.Builder
	if b.Add("ann", "tea", 1, 2); b.Err() != nil {
		t.Fatal(b.Err())
	}
	b.Add("ann", "", 1, 1)
	b.Add("", "tea", 1, 1)
	b.Add("ann", "mug", float32(math.Inf(1)), 1)
	b.AddEvent("ann", model.Event{Item: 77, Weight: 1})
	b.AddItem(&catalog.Item{})
	b.Add("ann", "pot", 1, 1)
	if item := b.Item("\xff"); item != model.NoItem {
		t.Errorf("an identifier that is not UTF-8 has the handle %d", item)
	}
	var invalid *catalog.InvalidError
	if err := b.Err(); !errors.As(err, &invalid) || !strings.Contains(err.Error(), "id: empty") {
		t.Errorf("the first error is %v", err)
	}
	d := b.Build()
	if diff := cmp.Diff(map[string]string{"ann": "pot tea"}, histories(d)); diff != "" || d.Content(model.NoItem) != nil {
		t.Error(diff)
	}
	for name, tt := range map[string]struct {
		add  func(b *model.Builder)
		want string
	}{
		"NaN":     {func(b *model.Builder) { b.Add("ann", "tea", float32(math.NaN()), 1) }, `model: user "ann", item "tea": weight is NaN`},
		"no user": {func(b *model.Builder) { b.Add("", "tea", 1, 1) }, `model: user ""`},
		"no item": {func(b *model.Builder) { b.AddEvent("ann", model.Event{Item: model.NoItem}) }, `model: user "ann": no item has the handle`},
		"long":    {func(b *model.Builder) { b.AddItem(&catalog.Item{ID: strings.Repeat("x", 600)}) }, `model: catalog: invalid item`},
	} {
		var b model.Builder
		if tt.add(&b); b.Err() == nil || !strings.HasPrefix(b.Err().Error(), tt.want) {
			t.Errorf("%s: %v", name, b.Err())
		}
		if d := b.Build(); d.Len() != 0 || b.Err() == nil {
			t.Errorf("%s: %d events", name, d.Len())
		}
	}
}

func TestRecent(t *testing.T) {
	t.Parallel()
	history := []model.Event{{Item: 1}, {Item: 2}, {Item: 3}}
	for n, want := range []int{0, 1, 2, 3, 3} {
		if got := model.Recent(history, n); len(got) != want || want > 0 && got[want-1].Item != 3 {
			t.Errorf("the newest %d are %v", n, got)
		}
	}
}

func ExampleCollect() {
	cat := catalog.New()
	for _, id := range []string{"tea", "mug"} {
		if _, err := cat.Upsert(catalog.Item{ID: id, Title: "A " + id, Available: true}); err != nil {
			panic(err)
		}
	}
	log := func(yield func(model.Row, error) bool) { // a store's log; it is read twice
		for unix, id := range []string{"mug", "tea", "mug"} {
			item, _ := cat.Lookup(id)
			if !yield(model.Row{User: "ann", Event: model.Event{Item: item, Weight: 1, Time: int64(unix)}}, nil) {
				return
			}
		}
	}
	data, err := model.Collect(cat.IDs(), cat.Item, log)
	if err != nil {
		panic(err)
	}
	for _, e := range data.History(0) {
		fmt.Println(e.Time, data.Content(e.Item).Title)
	}
	// Output:
	// 0 A mug
	// 1 A tea
	// 2 A mug
}
