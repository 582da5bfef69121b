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

func reversed(in []store.Interaction) []store.Interaction {
	out := slices.Clone(in)
	slices.Reverse(out)
	return out
}

func testOrder(t *testing.T, f *fixture) {
	// Times go backwards: order is by arrival.
	batch := []store.Interaction{view("ann", 3), view("bob", 2), view("ann", 1), view("ann", 1), view("bob", 0)}
	first := f.append(t, batch[:2]...)
	last := f.append(t, batch[2:]...)
	if first == 0 || last <= first {
		t.Errorf("positions %d, then %d", first, last)
	}
	equal(t, "scan", batch, f.scanned(t, 0))
	equal(t, "scan since the first batch", batch[2:], f.scanned(t, first))
	entries := f.scan(t, 0)
	if p := entries[1].Position; p != first {
		t.Errorf("Append returned %d for the entry at %d", first, p)
	}
	if p := entries[4].Position; p != last {
		t.Errorf("Append returned %d for the entry at %d", last, p)
	}
	equal(t, "history", []store.Interaction{batch[3], batch[2], batch[0]}, f.history(t, "ann", 10))
}

func testAppendEmpty(t *testing.T, f *fixture) {
	if p := f.append(t); p != 0 {
		t.Errorf("end of an empty log: %d", p)
	}
	last := f.append(t, views("ann", 3)...)
	if p := f.append(t); p != last {
		t.Errorf("empty Append returned %d, the end is %d", p, last)
	}
	if n := len(f.scan(t, 0)); n != 3 {
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
	for name, bad := range map[string]store.Interaction{
		"zero":         {},
		"no user":      change(func(in *store.Interaction) { in.User = "" }),
		"long user":    change(func(in *store.Interaction) { in.User = long }),
		"user bytes":   change(func(in *store.Interaction) { in.User = "\xff" }),
		"no item":      change(func(in *store.Interaction) { in.Item = "" }),
		"long item":    change(func(in *store.Interaction) { in.Item = long }),
		"item bytes":   change(func(in *store.Interaction) { in.Item = "a\xc0\x80" }),
		"no kind":      change(func(in *store.Interaction) { in.Kind = 0 }),
		"unknown kind": change(func(in *store.Interaction) { in.Kind = 200 }),
		"NaN":          change(func(in *store.Interaction) { in.Value = math.NaN() }),
		"infinite":     change(func(in *store.Interaction) { in.Value = math.Inf(-1) }),
		"no time":      change(func(in *store.Interaction) { in.Time = time.Time{} }),
		"early time":   change(func(in *store.Interaction) { in.Time = time.Date(1500, 1, 1, 0, 0, 0, 0, time.UTC) }),
		"late time":    change(func(in *store.Interaction) { in.Time = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC) }),
		"session":      change(func(in *store.Interaction) { in.Session = long }),
		"placement":    change(func(in *store.Interaction) { in.Placement = "\xff" }),
		"variant":      change(func(in *store.Interaction) { in.Variant = long }),
	} {
		_, err := f.Append(t.Context(), []store.Interaction{good, bad, good})
		wantErr(t, name, store.ErrInvalid, err)
	}
	_, err := f.Append(t.Context(), make([]store.Interaction, store.BatchMax+1))
	wantErr(t, "too many", store.ErrInvalid, err)
	equal(t, "stored", []store.Interaction(nil), f.scanned(t, 0))
	equal(t, "history", []store.Interaction(nil), f.history(t, "ann", 10))
}

func testValues(t *testing.T, f *fixture) {
	long := strings.Repeat("é", store.IDMax/2)
	batch := []store.Interaction{
		view("ann", 1),
		{User: long, Item: long, Kind: store.Rating, Value: 4.5, Time: base, Session: long, Placement: long, Variant: long},
		{User: "日本語", Item: "\x00", Kind: store.Purchase, Value: -1e300, Time: base, Variant: "b"},
		{User: " ", Item: "🍵", Kind: store.Impression, Value: math.SmallestNonzeroFloat64, Time: base, Placement: "home"},
		{User: "ann", Item: "i", Kind: store.Skip, Value: math.MaxFloat64, Time: time.UnixMicro(-1).UTC(), Session: "s"},
		{User: "ann", Item: "i", Kind: store.Like, Time: time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC)},
		{User: "ann", Item: "i", Kind: store.Dislike, Time: time.Date(2261, 12, 31, 23, 59, 59, 999_999_000, time.UTC)},
	}
	for kind := store.View; kind.Valid(); kind++ {
		batch = append(batch, store.Interaction{User: "kinds", Item: kind.String(), Kind: kind, Time: base})
	}
	given := slices.Clone(batch)
	for i := range given {
		given[i].Time = given[i].Time.Add(999 * time.Nanosecond).In(time.FixedZone("east", 5*3600))
	}
	f.append(t, given...)
	equal(t, "scan", batch, f.scanned(t, 0))
	equal(t, "history", batch[1:2], f.history(t, long, 2))
	equal(t, "history", batch[2:3], f.history(t, "日本語", 2))
	equal(t, "history", reversed(batch[len(batch)-9:]), f.history(t, "kinds", 100))
}

func testBatchNotKept(t *testing.T, f *fixture) {
	batch := views("ann", 3)
	f.append(t, batch...)
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
		if n := len(f.scan(t, 0)); n != 3*(len(users)-i-1) {
			t.Fatalf("%d entries after Forget(%.10q)", n, user)
		}
	}
}

func testHistoryOwned(t *testing.T, f *fixture) {
	f.append(t, views("ann", 5)...)
	clear(f.history(t, "ann", 10))
	equal(t, "history", reversed(views("ann", 5)), f.history(t, "ann", 10))
}

func testScanSince(t *testing.T, f *fixture) {
	f.append(t, views("ann", 3000)...)
	all := f.scan(t, 0)
	for _, i := range []int{0, 1, 255, 256, 511, 512, 513, 1023, 1024, 2048, 2998, 2999} {
		equal(t, fmt.Sprintf("scan since entry %d", i), all[i+1:], f.scan(t, all[i].Position))
	}
	equal(t, "scan since the future", []store.Entry(nil), f.scan(t, all[2999].Position+1000))
	equal(t, "scan since the last position there is", []store.Entry(nil), f.scan(t, math.MaxUint64))
}

func testScanBreak(t *testing.T, f *fixture) {
	f.append(t, views("ann", 2000)...)
	scan := f.Scan(t.Context(), 0)
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
	for e, err := range f.Scan(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Interaction.User != "ann" {
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
			if _, err := f.Append(t.Context(), views("bob", 100)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 5 {
		f.scan(t, 0)
	}
	cancel()
	wg.Wait()
}

// testScanConcurrent has writers append while readers follow the log, each from the last position it saw: together a
// reader's scans must show every entry once, in position order, each writer's in the order it wrote.
func testScanConcurrent(t *testing.T, f *fixture) {
	const writers, readers, batches, batchLen = 8, 3, 60, 5
	ctx, done := context.WithCancel(t.Context())
	var writing, reading sync.WaitGroup
	for w := range writers {
		user := fmt.Sprintf("user-%d", w)
		writing.Go(func() {
			var last store.Position
			for b := range batches {
				batch := make([]store.Interaction, batchLen)
				for i := range batch {
					batch[i] = view(user, b*batchLen+i)
				}
				p, err := f.Append(t.Context(), batch)
				if err != nil || p <= last {
					t.Errorf("Append: %v; position %d after %d", err, p, last)
					return
				}
				last = p
				history, err := f.History(t.Context(), user, batchLen)
				if err != nil || len(history) != batchLen || history[0] != batch[batchLen-1] {
					t.Errorf("History does not begin with what was appended last: %v, %v", history, err)
				}
			}
		})
	}
	for range readers {
		reading.Go(func() {
			var last store.Position
			next := make(map[string]int)
			for final := false; ; {
				for e, err := range f.Scan(t.Context(), last) {
					if err != nil {
						t.Errorf("Scan: %v", err)
						return
					}
					if e.Position <= last {
						t.Errorf("position %d after %d", e.Position, last)
					}
					last = e.Position
					user := e.Interaction.User
					if e.Interaction != view(user, next[user]) {
						t.Errorf("%v at %d, want the %dth of the user", e.Interaction, e.Position, next[user])
						return
					}
					next[user]++
				}
				if final {
					break
				}
				final = ctx.Err() != nil
			}
			for user, n := range next {
				if n != batches*batchLen {
					t.Errorf("%d entries of %s, want %d", n, user, batches*batchLen)
				}
			}
			if len(next) != writers {
				t.Errorf("entries of %d users, want %d", len(next), writers)
			}
		})
	}
	writing.Wait()
	done()
	reading.Wait()
}
