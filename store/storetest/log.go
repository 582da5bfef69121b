package storetest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

func reversed[T any](in []T) []T {
	out := slices.Clone(in)
	slices.Reverse(out)
	return out
}

func testOrder(t *testing.T, f *fixture) {
	// Times go backwards: order is by arrival.
	batch := []store.Interaction{view("ann", 3), view("bob", 2), view("ann", 1), view("ann", 1), view("bob", 0)}
	first := f.append(t, batch[:2]...)
	last := f.append(t, batch[2:]...)
	all := slices.Concat(first, last)
	var place store.Place
	for i, e := range all {
		if e.Position <= place.At(e.Partition) {
			t.Errorf("entry %d got position %d after %v", i, e.Position, place)
		}
		place = after(place, e)
		equal(t, "interaction of the batch", batch[i], e.Interaction)
	}
	if end := f.end(t); end != place {
		t.Errorf("end %v, the last entries are at %v", end, place)
	}
	if all[0].Partition != all[2].Partition || all[0].Partition != all[3].Partition {
		t.Errorf("entries of one user in several partitions: %+v", all)
	}
	equal(t, "scan", byPartition(slices.Clone(all)), f.scan(t, store.Place{}))
	equal(t, "scan since the first batch", byPartition(slices.Clone(last)), f.scan(t, after(store.Place{}, first...)))
	equal(t, "history", []store.Entry{all[3], all[2], all[0]}, f.historyEntries(t, "ann", 10))
}

func testAppendEmpty(t *testing.T, f *fixture) {
	if end := f.end(t); !end.IsZero() {
		t.Errorf("end of an empty log: %v", end)
	}
	f.append(t)
	f.append(t, views("ann", 3)...)
	end := f.end(t)
	f.append(t)
	if got := f.end(t); got != end {
		t.Errorf("end %v after an empty Append, was %v", got, end)
	}
	if n := len(f.scan(t, store.Place{})); n != 3 {
		t.Errorf("%d entries, want 3", n)
	}
}

func testAppendInvalid(t *testing.T, f *fixture) {
	good := view("ann", 1)
	change := func(f func(*store.Interaction)) store.Interaction {
		in := good
		f(&in)
		return in
	}
	long := strings.Repeat("x", store.IDMax+1)
	fact := func(fact store.Fact, in store.Interaction) store.Entry {
		return store.Entry{Fact: fact, Interaction: in}
	}
	who := store.Interaction{User: "ann", Time: base}
	bads := map[string]store.Entry{
		"unknown fact":             fact(store.Published+1, good),
		"forgotten":                fact(store.Forgotten, who),
		"exposed nobody":           fact(store.Exposed, store.Interaction{Time: base}),
		"exposed at no time":       fact(store.Exposed, store.Interaction{User: "ann"}),
		"exposed, unknown kind":    fact(store.Exposed, store.Interaction{User: "ann", Time: base, Kind: 99}),
		"profile of nobody":        fact(store.ProfileChanged, store.Interaction{Time: base}),
		"profile with an item":     fact(store.ProfileChanged, good),
		"published nothing":        fact(store.Published, store.Interaction{Time: base}),
		"published no version":     {Fact: store.Published, Model: "m", Interaction: store.Interaction{Time: base}},
		"published no name":        {Fact: store.Published, Version: 1, Interaction: store.Interaction{Time: base}},
		"published long name":      {Fact: store.Published, Model: long, Version: 1, Interaction: store.Interaction{Time: base}},
		"published at no time":     {Fact: store.Published, Model: "m", Version: 1},
		"published by a user":      {Fact: store.Published, Model: "m", Version: 1, Interaction: who},
		"interaction with a model": {Model: "m", Interaction: good},
		"exposure with a version":  {Fact: store.Exposed, Version: 1, Interaction: who},
	}
	for name, bad := range map[string]store.Interaction{
		"zero":                {},
		"no user":             change(func(in *store.Interaction) { in.User = "" }),
		"long user":           change(func(in *store.Interaction) { in.User = long }),
		"user bytes":          change(func(in *store.Interaction) { in.User = "\xff" }),
		"no item":             change(func(in *store.Interaction) { in.Item = "" }),
		"long item":           change(func(in *store.Interaction) { in.Item = long }),
		"item bytes":          change(func(in *store.Interaction) { in.Item = "a\xc0\x80" }),
		"no kind":             change(func(in *store.Interaction) { in.Kind = 0 }),
		"unknown kind":        change(func(in *store.Interaction) { in.Kind = 200 }),
		"NaN":                 change(func(in *store.Interaction) { in.Value = math.NaN() }),
		"infinite":            change(func(in *store.Interaction) { in.Value = math.Inf(-1) }),
		"large value":         change(func(in *store.Interaction) { in.Value = math.Nextafter(store.ValueMax, 2e9) }),
		"large negative":      change(func(in *store.Interaction) { in.Value = -1e300 }),
		"no time":             change(func(in *store.Interaction) { in.Time = time.Time{} }),
		"early time":          change(func(in *store.Interaction) { in.Time = time.Date(1500, 1, 1, 0, 0, 0, 0, time.UTC) }),
		"late time":           change(func(in *store.Interaction) { in.Time = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC) }),
		"session":             change(func(in *store.Interaction) { in.Session = long }),
		"placement":           change(func(in *store.Interaction) { in.Placement = "\xff" }),
		"variant":             change(func(in *store.Interaction) { in.Variant = long }),
		"id":                  change(func(in *store.Interaction) { in.ID = long }),
		"experiment":          change(func(in *store.Interaction) { in.Experiment = "\xff" }),
		"source":              change(func(in *store.Interaction) { in.Source = long }),
		"page":                change(func(in *store.Interaction) { in.Page = "\xff" }),
		"negative rank":       change(func(in *store.Interaction) { in.Rank = -1 }),
		"large rank":          change(func(in *store.Interaction) { in.Rank = store.RankMax + 1 }),
		"negative propensity": change(func(in *store.Interaction) { in.Propensity = -0.1 }),
		"large propensity":    change(func(in *store.Interaction) { in.Propensity = 1.1 }),
		"propensity NaN":      change(func(in *store.Interaction) { in.Propensity = math.NaN() }),
	} {
		bads["interaction: "+name] = store.Entry{Interaction: bad}
	}
	for name, bad := range bads {
		err := f.Append(t.Context(), []store.Entry{{Interaction: good}, bad, {Interaction: good}})
		wantErr(t, name, store.ErrInvalid, err)
	}
	err := f.Append(t.Context(), make([]store.Entry, store.BatchMax+1))
	wantErr(t, "too many", store.ErrInvalid, err)
	equal(t, "stored", []store.Entry(nil), f.scan(t, store.Place{}))
	equal(t, "history", []store.Interaction(nil), f.history(t, "ann", 10))
}

// testAppendMessage wants an error to name the entry, the user and the item.
func testAppendMessage(t *testing.T, f *fixture) {
	batch := entries(view("ann", 1), view("ann", 2), store.Interaction{User: "ann", Item: "tea", Kind: store.Rating, Value: 1e300, Time: base})
	err := f.Append(t.Context(), batch)
	wantErr(t, "value", store.ErrInvalid, err)
	if want := `interaction 3 of 3 (user "ann", item "tea"): `; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %s", err, want)
	}
}

func testValues(t *testing.T, f *fixture) {
	long := strings.Repeat("é", store.IDMax/2)
	batch := []store.Interaction{
		view("ann", 1),
		{
			User: long, Item: long, Kind: store.Rating, Value: 4.5, Time: base, ID: long, Session: long, Placement: long,
			Experiment: long, Variant: long, Source: long, Page: long, Rank: store.RankMax, Propensity: 1,
		},
		{User: "日本語", Item: "\x00", Kind: store.Purchase, Value: -store.ValueMax, Time: base, Variant: "b"},
		{User: " ", Item: "🍵", Kind: store.Impression, Value: math.SmallestNonzeroFloat64, Time: base, Placement: "home"},
		{User: "ann", Item: "i", Kind: store.Skip, Value: store.ValueMax, Time: time.UnixMicro(-1).UTC(), Session: "s"},
		{User: "ann", Item: "i", Kind: store.Like, Time: time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC), ID: "\x00"},
		{User: "ann", Item: "i", Kind: store.Dislike, Time: time.Date(2261, 12, 31, 23, 59, 59, 999_999_000, time.UTC), Page: "p"},
		{User: "ann", Item: "i", Kind: store.Click, Time: base, Source: "als", Propensity: math.SmallestNonzeroFloat64},
		{User: "ann", Item: "i", Kind: store.Click, Time: base, Experiment: "e", Rank: 256},
	}
	for kind := store.View; kind.Valid(); kind++ {
		batch = append(batch, store.Interaction{User: "kinds", Item: kind.String(), Kind: kind, Time: base})
	}
	given := slices.Clone(batch)
	for i := range given {
		given[i].Time = given[i].Time.Add(999 * time.Nanosecond).In(time.FixedZone("east", 5*3600))
	}
	appended := f.append(t, given...)
	for i := range appended {
		appended[i].Interaction = batch[i]
	}
	equal(t, "scan", byPartition(appended), f.scan(t, store.Place{}))
	equal(t, "history", batch[1:2], f.history(t, long, 2))
	equal(t, "history", batch[2:3], f.history(t, "日本語", 2))
	equal(t, "history", reversed(batch[len(batch)-9:]), f.history(t, "kinds", 100))
}

// someFacts is one of every fact that can be appended, the fullest and the emptiest.
func someFacts(user string) []store.Entry {
	full := store.Interaction{
		ID: "1", User: user, Item: "tea", Kind: store.Impression, Value: 2.5, Time: base, Session: "s", Placement: "home",
		Experiment: "e", Variant: "v", Source: "als", Page: "page", Rank: 3, Propensity: 0.25,
	}
	again := full
	again.ID = "2"
	return []store.Entry{
		{Fact: store.Interacted, Interaction: full},
		{Fact: store.Exposed, Interaction: again},
		{Fact: store.Exposed, Interaction: store.Interaction{User: user, Time: base}},
		{Fact: store.Exposed, Interaction: store.Interaction{User: user, Time: base, Variant: "v"}},
		{Fact: store.ProfileChanged, Interaction: store.Interaction{User: user, Time: base}},
		{Fact: store.Published, Model: "als", Version: 1, Interaction: store.Interaction{Time: base}},
		{Fact: store.Published, Model: strings.Repeat("m", store.IDMax), Version: math.MaxUint64, Interaction: store.Interaction{Time: base}},
		{Fact: store.Interacted, Interaction: view(user, 1)},
	}
}

func testFacts(t *testing.T, f *fixture) {
	want := f.appendFacts(t, someFacts("ann")...)
	for i, e := range someFacts("ann") {
		e.Partition, e.Position = want[i].Partition, want[i].Position
		equal(t, "the batch", e, want[i])
		if e.Position == 0 {
			t.Errorf("%+v was not stored", e)
		}
	}
	byPartition(want)
	equal(t, "scan", want, f.scan(t, store.Place{}))
	for i := range want {
		equal(t, "scan since", byPartition(without(want, func(e store.Entry) bool {
			return e.Partition == want[i].Partition && e.Position <= want[i].Position
		})), f.scan(t, store.Place{}.With(want[i].Partition, want[i].Position)))
	}
	equal(t, "history", []store.Interaction{view("ann", 1), someFacts("ann")[0].Interaction}, f.history(t, "ann", 10))
	equal(t, "history of 1", []store.Interaction{view("ann", 1)}, f.history(t, "ann", 1))
	equal(t, "history of nobody", []store.Interaction(nil), f.history(t, "", 10))
}

func testBatchNotKept(t *testing.T, f *fixture) {
	batch := entries(views("ann", 3)...)
	f.appendFacts(t, batch...)
	clear(batch)
	equal(t, "history", reversed(views("ann", 3)), f.history(t, "ann", 10))
}

func testHistoryLimit(t *testing.T, f *fixture) {
	const n = 2500
	f.append(t, views("ann", n)...)
	newest := reversed(views("ann", n))
	for _, limit := range []int{math.MinInt, -1, 0, 1, 2, 999, n - 1, n, n + 1, math.MaxInt} {
		equal(t, fmt.Sprintf("limit %d", limit), newest[:min(max(limit, 0), n)], f.history(t, "ann", limit))
	}
	equal(t, "unknown user", []store.Interaction(nil), f.history(t, "bob", 10))
	equal(t, "no user", []store.Interaction(nil), f.history(t, "", 10))
	equal(t, "user no store has", []store.Interaction(nil), f.history(t, strings.Repeat("x", 1<<16), 10))
}

// testUsers has users whose identifiers are prefixes of one another, or hold the bytes that keys are made of.
func testUsers(t *testing.T, f *fixture) {
	users := []string{
		"a", "aa", "a\x00", "a\x00\x00", "a\x00b", "\x00", "\x00\x00", "\x00a", "a\x01", "\x01", "a\u00ff", "\u00ff",
		"\u07ff\uffff", "0", "00", "\x00\x01", "\x00\x01a", strings.Repeat("a", store.IDMax-1), strings.Repeat("a", store.IDMax),
	}
	for n := range 3 {
		for _, user := range users {
			f.append(t, view(user, n))
		}
	}
	for _, user := range users {
		equal(t, fmt.Sprintf("history of %.10q", user), reversed(views(user, 3)), f.history(t, user, 10))
	}
	for i, user := range users {
		if err := f.Forget(t.Context(), user); err != nil {
			t.Fatal(err)
		}
		equal(t, fmt.Sprintf("forgotten %.10q", user), []store.Interaction(nil), f.history(t, user, 10))
		for _, other := range users[i+1:] {
			if n := len(f.history(t, other, 10)); n != 3 {
				t.Fatalf("Forget(%.10q) left %.10q %d of 3", user, other, n)
			}
		}
		if n := len(interactions(f.scan(t, store.Place{}))); n != 3*(len(users)-i-1) {
			t.Fatalf("%d entries after Forget(%.10q)", n, user)
		}
	}
}

func testHistoryOwned(t *testing.T, f *fixture) {
	f.append(t, views("ann", 5)...)
	clear(f.historyEntries(t, "ann", 10))
	equal(t, "history", reversed(views("ann", 5)), f.history(t, "ann", 10))
}

func testScanSince(t *testing.T, f *fixture) {
	all := f.append(t, views("ann", 3000)...)
	for _, i := range []int{0, 1, 255, 256, 511, 512, 513, 1023, 1024, 2048, 2998, 2999} {
		since := after(store.Place{}, all[i])
		text, err := since.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var again store.Place
		if err := again.UnmarshalText(text); err != nil {
			t.Fatal(err)
		}
		equal(t, fmt.Sprintf("scan since entry %d", i), all[i+1:], f.scan(t, again))
	}
	partition := all[0].Partition
	future := store.Place{}.With(partition, all[2999].Position+1000)
	equal(t, "scan since the future", []store.Entry(nil), f.scan(t, future))
	equal(t, "scan since the last position there is", []store.Entry(nil), f.scan(t, future.With(partition, math.MaxUint64)))
	equal(t, "scan since a partition that is not there", all, f.scan(t, store.Place{}.With(store.PartitionsMax-1, 7)))
}

func testScanBreak(t *testing.T, f *fixture) {
	f.append(t, views("ann", 2000)...)
	scan := f.Scan(t.Context(), store.Place{})
	for _, stop := range []int{1, 700, 2000} {
		n := 0
		for _, err := range scan { // the same one again
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == stop {
				break
			}
		}
		if n != stop {
			t.Fatalf("%d entries before the break, want %d", n, stop)
		}
	}
}

// testScanCalls calls the store from within a scan.
func testScanCalls(t *testing.T, f *fixture) {
	f.append(t, views("ann", 100)...)
	n := 0
	for e, err := range f.Scan(t.Context(), store.Place{}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Interaction.User != "ann" { // Forgotten entries neither
			t.Fatalf("the scan shows %v, appended after it began", e)
		}
		n++
		f.append(t, view("bob", n))
		f.history(t, "ann", 1)
		if err := f.Forget(t.Context(), "carl"); err != nil {
			t.Fatal(err)
		}
	}
	if n != 100 {
		t.Errorf("%d entries, want 100", n)
	}
}

// testScanEnds scans while another goroutine appends without a pause: the scan must end all the same.
func testScanEnds(t *testing.T, f *fixture) {
	f.append(t, views("ann", 10)...)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			if err := f.Append(t.Context(), entries(views("bob", 100)...)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	defer wg.Wait()
	defer cancel()
	for range 5 {
		f.scan(t, store.Place{})
	}
}
