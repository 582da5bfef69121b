package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

func (f *fixture) trim(t *testing.T, before time.Time) {
	t.Helper()
	if err := f.Trim(t.Context(), before); err != nil {
		t.Fatalf("Trim: %v", err)
	}
}

// trimmed reports whether Trim removes an entry.
func trimmed(e store.Entry, before time.Time) bool {
	return e.Interaction.Time.Before(before)
}

func (f *fixture) trimmed(t *testing.T) store.Place {
	t.Helper()
	place, err := f.Trimmed(t.Context())
	if err != nil {
		t.Fatalf("Trimmed: %v", err)
	}
	return place
}

// trimmedTo is what Trimmed says after entries have been trimmed.
func trimmedTo(place store.Place, entries []store.Entry, before time.Time) store.Place {
	for _, e := range entries {
		if trimmed(e, before) && e.Fact != store.Interacted && e.Fact != store.Exposed {
			place = after(place, e)
		}
	}
	return place
}

// testTrim has times that do not follow the order of the log, so that every user keeps entries between those that go.
func testTrim(t *testing.T, f *fixture) {
	var batch []store.Entry
	for i := range 3000 {
		e := store.Entry{Interaction: view(fmt.Sprint("user-", i%7), i*7919%3000)}
		switch i % 10 {
		case 3:
			e.Fact = store.Exposed
		case 5:
			e.Fact = store.ProfileChanged
			e.Interaction = store.Interaction{User: e.Interaction.User, Time: e.Interaction.Time}
		case 7:
			e = store.Entry{Fact: store.Published, Model: "m", Version: 1, Interaction: store.Interaction{Time: e.Interaction.Time}}
		}
		batch = append(batch, e)
	}
	f.forget(t, "gone")
	forgotten := f.scan(t, store.Place{})
	all := byPartition(append(forgotten, f.appendFacts(t, batch...)...))
	end := f.end(t)
	f.trim(t, base)
	equal(t, "trimmed before anything", all, f.scan(t, store.Place{}))
	var told store.Place
	for _, seconds := range []int{1, 500, 500, 1700} {
		before := base.Add(time.Duration(seconds) * time.Second)
		f.trim(t, before.Add(-time.Nanosecond)) // times are kept to the microsecond
		f.trim(t, before)
		told = trimmedTo(told, all, before)
		equal(t, "trimmed", told, f.trimmed(t))
		all = without(all, func(e store.Entry) bool { return trimmed(e, before) })
		equal(t, fmt.Sprintf("scan, trimmed before second %d", seconds), all, f.scan(t, store.Place{}))
		for u := range 7 {
			user := fmt.Sprint("user-", u)
			equal(t, "history", reversed(without(all, func(e store.Entry) bool {
				return e.Fact != store.Interacted || e.Interaction.User != user
			})), f.historyEntries(t, user, 3000))
		}
		half := all[len(all)/2]
		equal(t, "scan since", without(all, func(e store.Entry) bool {
			return e.Partition == half.Partition && e.Position <= half.Position
		}), f.scan(t, after(store.Place{}, half)))
		equal(t, "end", end, f.end(t))
	}
	f.forget(t, "user-3")
	all = without(all, func(e store.Entry) bool { return e.Interaction.User == "user-3" })
	equal(t, "scan, one forgotten", all, without(f.scan(t, store.Place{}), func(e store.Entry) bool { return e.Interaction.User == "user-3" }))
}

// testTrimmed trims interactions, of which nobody has to hear, and facts, of which Trimmed tells, and goes on telling.
func testTrimmed(t *testing.T, f *fixture) {
	f.append(t, views("ann", 10)...)
	exposed := view("bob", 0)
	f.appendFacts(t, store.Entry{Fact: store.Exposed, Interaction: exposed})
	f.trim(t, base.Add(time.Hour))
	equal(t, "interactions and exposures trimmed", store.Place{}, f.trimmed(t))
	f.forget(t, "ann") // at base
	forgotten := f.scan(t, store.Place{})
	f.appendFacts(t, store.Entry{Fact: store.ProfileChanged, Interaction: store.Interaction{User: "bob", Time: base.Add(time.Hour)}})
	f.trim(t, base)
	equal(t, "nothing trimmed", store.Place{}, f.trimmed(t))
	f.trim(t, base.Add(time.Second))
	equal(t, "forgotten trimmed", after(store.Place{}, forgotten...), f.trimmed(t))
	f.append(t, views("ann", 10)...)
	f.trim(t, base.Add(time.Minute))
	equal(t, "and interactions behind it", after(store.Place{}, forgotten...), f.trimmed(t))
	if n := len(f.scan(t, store.Place{})); n != 1 {
		t.Errorf("%d entries left, want the changed profile", n)
	}
}

// testTrimmedFollow has followers scan while users are forgotten and the log is trimmed: whoever misses a Forgotten entry
// finds afterwards that the place they had come to is not covered.
func testTrimmedFollow(t *testing.T, f *fixture) {
	const followers, users = 3, 150
	done := make(chan struct{})
	var writing, following sync.WaitGroup
	for range followers {
		following.Go(func() {
			var place store.Place
			seen := map[string]bool{}
			for last := false; ; {
				select {
				case <-done:
					last = true // read to the end once more
				default:
				}
				before := place
				for e, err := range f.Scan(t.Context(), place) {
					if err != nil {
						t.Error(err)
						return
					}
					if e.Fact == store.Forgotten {
						seen[e.Interaction.User] = true
					}
					place = after(place, e)
				}
				told, err := f.Trimmed(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				if !before.Covers(told) {
					for u := range users {
						seen[fmt.Sprint("user-", u)] = true // might have missed any
					}
				}
				if last {
					break
				}
			}
			for u := range users {
				if user := fmt.Sprint("user-", u); !seen[user] {
					t.Errorf("a follower has not heard that %s was forgotten", user)
				}
			}
		})
	}
	writing.Go(func() {
		for u := range users {
			user := fmt.Sprint("user-", u)
			if err := errors.Join(f.Append(t.Context(), entries(view(user, u))), f.Forget(t.Context(), user)); err != nil {
				t.Error(err)
			}
			if u%7 == 6 {
				if err := f.Trim(t.Context(), base.Add(time.Hour)); err != nil {
					t.Error(err)
				}
			}
		}
	})
	writing.Wait()
	close(done)
	following.Wait()
}

// testTrimWhileScanning trims what a scan has not come to.
func testTrimWhileScanning(t *testing.T, f *fixture) {
	f.append(t, views("ann", 2000)...)
	n := 0
	for e, err := range f.Scan(t.Context(), store.Place{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 10 {
			f.trim(t, base.Add(1990*time.Second))
		}
		if n > 10 && trimmed(e, base.Add(1990*time.Second)) {
			t.Fatalf("the scan shows %v, which has been trimmed", e)
		}
	}
	if n != 20 {
		t.Errorf("the scan showed %d entries, want 20", n)
	}
}

// testTrimAll trims the end of the log: its positions must not be given out again, and nobody is woken by what is gone.
func testTrimAll(t *testing.T, f *fixture) {
	all := f.append(t, views("ann", 10)...)
	end := f.end(t)
	f.trim(t, base.Add(time.Hour))
	equal(t, "scan", []store.Entry(nil), f.scan(t, store.Place{}))
	equal(t, "history", []store.Interaction(nil), f.history(t, "ann", 10))
	equal(t, "end", end, f.end(t))
	waiting := make(chan error, 1)
	go func() { waiting <- f.Wait(t.Context(), after(store.Place{}, all[4])) }()
	select {
	case err := <-waiting:
		t.Errorf("Wait returned %v and there is nothing", err)
		return
	case <-time.After(20 * time.Millisecond):
	}
	next := f.append(t, view("ann", 5))
	if err := within(waiting); err != nil {
		t.Errorf("Wait: %v", err)
	}
	if p := next[0].Position; p <= end.At(next[0].Partition) {
		t.Errorf("position %d given out again, the end was %v", p, end)
	}
	equal(t, "scan", next, f.scan(t, store.Place{}))
	equal(t, "history", next, f.historyEntries(t, "ann", 10))
}

// testTrimConcurrent trims while users append and read: what is young enough stays, in order.
func testTrimConcurrent(t *testing.T, f *fixture) {
	const users, rounds = 4, 30
	before := base.Add(1000 * time.Second)
	var wg sync.WaitGroup
	for u := range users {
		user := fmt.Sprint("user-", u)
		wg.Go(func() {
			for n := range rounds {
				if err := f.Append(t.Context(), entries(view(user, n), view(user, 1000+n))); err != nil {
					t.Error(err)
					return
				}
				history, err := f.History(t.Context(), user, 3*rounds)
				if err != nil {
					t.Error(err)
					return
				}
				young := without(history, func(e store.Entry) bool { return trimmed(e, before) })
				for i, e := range young {
					if e.Interaction != view(user, 1000+n-i) {
						t.Errorf("%v in the history of %s, want the %dth", e.Interaction, user, n-i)
					}
				}
				if len(young) != n+1 {
					t.Errorf("%d young interactions of %s, want %d", len(young), user, n+1)
				}
			}
		})
	}
	wg.Go(func() {
		for range 15 {
			if err := f.Trim(t.Context(), before); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	f.trim(t, before)
	if n := len(f.scan(t, store.Place{})); n != users*rounds {
		t.Errorf("%d entries in the end, want %d", n, users*rounds)
	}
}
