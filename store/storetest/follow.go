package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

// patience is how long a call may take that has nothing to wait for: much longer than any store needs.
const patience = 10 * time.Second

const (
	followWriters, followBatches, followBatchLen = 8, 60, 5
	followReaders                                = 3
)

// writeFollowed has each writer append its batches, and look at its own history after each.
func writeFollowed(t *testing.T, f *fixture, wg *sync.WaitGroup) {
	for w := range followWriters {
		user := fmt.Sprintf("user-%d", w)
		wg.Go(func() {
			var place store.Place
			for b := range followBatches {
				batch := make([]store.Entry, followBatchLen)
				for i := range batch {
					batch[i].Interaction = view(user, b*followBatchLen+i)
				}
				if err := f.Append(t.Context(), batch); err != nil {
					t.Errorf("Append: %v", err)
					return
				}
				for _, e := range batch {
					if e.Position <= place.At(e.Partition) {
						t.Errorf("position %d after %v", e.Position, place)
					}
					place = after(place, e)
				}
				history, err := f.History(t.Context(), user, followBatchLen)
				if err != nil || len(history) != followBatchLen || history[0] != batch[followBatchLen-1] {
					t.Errorf("History does not begin with what was appended last: %v, %v", history, err)
				}
			}
		})
	}
}

// followed is what one follower has seen.
type followed struct {
	place store.Place
	next  map[string]int // the number of each user's next interaction
	n     int
}

// scan reads on. Every entry must come once, in position order, each user's in the order they were appended.
func (r *followed) scan(t *testing.T, f *fixture) bool {
	for e, err := range f.Scan(t.Context(), r.place) {
		if err != nil {
			t.Errorf("Scan: %v", err)
			return false
		}
		if e.Position <= r.place.At(e.Partition) {
			t.Errorf("position %d after %v", e.Position, r.place)
			return false
		}
		r.place = r.place.With(e.Partition, e.Position)
		if e.Fact != store.Interacted {
			continue
		}
		user := e.Interaction.User
		if e.Interaction != view(user, r.next[user]) {
			t.Errorf("%v at %d, want the %dth of the user", e.Interaction, e.Position, r.next[user])
			return false
		}
		r.next[user]++
		r.n++
	}
	return true
}

func (r *followed) check(t *testing.T) {
	for user, n := range r.next {
		if n != followBatches*followBatchLen {
			t.Errorf("%d entries of %s, want %d", n, user, followBatches*followBatchLen)
		}
	}
	if len(r.next) != followWriters {
		t.Errorf("entries of %d users, want %d", len(r.next), followWriters)
	}
}

// testScanConcurrent has writers append while readers scan the log again and again, each from the last place it saw.
func testScanConcurrent(t *testing.T, f *fixture) {
	ctx, done := context.WithCancel(t.Context())
	var writing, reading sync.WaitGroup
	writeFollowed(t, f, &writing)
	for range followReaders {
		reading.Go(func() {
			r := followed{next: make(map[string]int)}
			for final := false; r.scan(t, f) && !final; {
				final = ctx.Err() != nil
			}
			r.check(t)
		})
	}
	writing.Wait()
	done()
	reading.Wait()
}

// testFollow has readers follow with Scan and Wait until they have seen all that the writers append, while others are
// forgotten. Whoever is not woken waits until it is too late.
func testFollow(t *testing.T, f *fixture) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var wg sync.WaitGroup
	writeFollowed(t, f, &wg)
	wg.Go(func() {
		for i := range 20 {
			if err := f.Forget(t.Context(), fmt.Sprint("nobody-", i)); err != nil {
				t.Error(err)
			}
		}
	})
	for range followReaders {
		wg.Go(func() {
			r := followed{next: make(map[string]int)}
			for r.n < followWriters*followBatches*followBatchLen {
				if err := f.Wait(ctx, r.place); err != nil {
					t.Errorf("Wait since %v: %v", r.place, err)
					return
				}
				before := r.place
				if !r.scan(t, f) {
					return
				}
				if r.place == before {
					t.Errorf("Wait returned and there is nothing after %v", before)
					return
				}
			}
			r.check(t)
		})
	}
	wg.Wait()
}

// testWait asks for what is there already, and for what is not.
func testWait(t *testing.T, f *fixture) {
	short := func(what string, since store.Place) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		wantErr(t, "Wait: "+what, context.DeadlineExceeded, f.Wait(ctx, since))
	}
	now := func(what string, since store.Place) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if err := f.Wait(ctx, since); err != nil {
			t.Errorf("Wait: %s: %v", what, err)
		}
	}
	short("nothing in the log", store.Place{})
	all := f.append(t, views("ann", 3)...)
	now("entries in the log", store.Place{})
	now("one entry left", after(store.Place{}, all[1]))
	short("none left", after(store.Place{}, all...))
	short("since the future", store.Place{}.With(all[0].Partition, 1<<62))
	f.append(t, all[0].Interaction)
	now("one more", after(store.Place{}, all...))
	end := f.end(t)
	f.forget(t, "ann")
	now("the Forgotten entry", end)
	short("after the Forgotten entry", f.end(t))
}

// testWaitWakes has several wait for each kind of news.
func testWaitWakes(t *testing.T, f *fixture) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for name, call := range map[string]func(){
		"append": func() { f.append(t, view("ann", 1)) },
		"exposed": func() {
			f.appendFacts(t, store.Entry{Fact: store.Exposed, Interaction: store.Interaction{User: "ann", Time: base}})
		},
		"forget": func() { f.forget(t, "ann") },
	} {
		for _, pause := range []time.Duration{0, 5 * time.Millisecond} {
			place := f.end(t)
			var wg sync.WaitGroup
			for range 5 {
				wg.Go(func() {
					if err := f.Wait(ctx, place); err != nil {
						t.Errorf("%s: Wait: %v", name, err)
						return
					}
					n := 0
					for _, err := range f.Scan(ctx, place) {
						if n++; err != nil {
							t.Errorf("%s: Scan: %v", name, err)
						}
					}
					if n != 1 {
						t.Errorf("%s: %d entries after Wait, want 1", name, n)
					}
				})
			}
			time.Sleep(pause) // so that they wait already, or do not yet
			call()
			wg.Wait()
		}
	}
}

// testWaitEnds ends what waits: by its context, and by Close.
func testWaitEnds(t *testing.T, f *fixture) {
	place := after(store.Place{}, f.append(t, view("ann", 1))...)
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 2)
	go func() { waiting <- f.Wait(ctx, place) }()
	time.Sleep(5 * time.Millisecond)
	cancel()
	wantErr(t, "Wait whose context ends", context.Canceled, within(waiting))
	go func() { waiting <- f.Wait(t.Context(), place) }()
	time.Sleep(5 * time.Millisecond)
	closed := make(chan error, 1)
	go func() { closed <- f.Close() }()
	if err := within(closed); err != nil {
		t.Fatalf("Close while somebody waits: %v", err)
	}
	wantErr(t, "Wait when the store is closed", store.ErrClosed, within(waiting))
	wantErr(t, "Wait after Close", store.ErrClosed, f.Wait(t.Context(), store.Place{}))
}

var errLate = errors.New("storetest: no answer")

// within returns what comes out of the channel, or errLate when nothing does.
func within(c <-chan error) error {
	select {
	case err := <-c:
		return err
	case <-time.After(patience):
		return errLate
	}
}
