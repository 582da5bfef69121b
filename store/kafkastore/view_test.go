package kafkastore

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goldrec/gold/store"
)

// withView is a store with a view and no brokers, which is all that keeping a view up takes.
func withView(t *testing.T, view store.Store, partitions int) *Store {
	t.Helper()
	opts, err := Options{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	s := &Store{opts: opts, view: view}
	for n := range partitions {
		s.parts = append(s.parts, newPartition(n))
	}
	return s
}

// viewOf is a record of one interaction of a user, long ago.
func viewOf(user string, offset int64) *record {
	return &record{kind: kindEntries, entries: []store.Entry{{
		Position: positionOf(offset, 0), Interaction: store.Interaction{User: user, Item: "mug", Kind: store.View, Time: time.UnixMicro(10).UTC()},
	}}}
}

func inView(t *testing.T, view store.Store, user string) int {
	t.Helper()
	found, err := view.History(t.Context(), user, 10)
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

// TestViewBehind has a view that still has what is forgotten, and has what the tail has too: neither is for it to tell.
func TestViewBehind(t *testing.T) {
	t.Parallel()
	s := withView(t, store.NewMemory(store.MemoryOptions{}), 1)
	p := s.parts[0]
	p.judge(viewOf("ann", 0), 0)
	p.judge(viewOf("bob", 1), 1)
	if err := (&keeper{s: s}).apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list, err := s.viewed(t.Context(), p, "bob", positionOf(0, 0), 10, 0); err != nil || len(list) != 0 {
		t.Errorf("%v of bob up to ann's entry, want none; %v", list, err)
	}
	p.shrink(0)
	p.judge(&record{kind: kindForgotten, entries: []store.Entry{{Fact: store.Forgotten, Position: positionOf(2, 0), Interaction: store.Interaction{User: "ann"}}}}, 2)
	for user, want := range map[string]int{"ann": 0, "bob": 1} {
		list, err := s.viewed(t.Context(), p, user, p.behind, 10, 0)
		if err != nil || len(list) != want || inView(t, s.view, user) != 1 {
			t.Errorf("%d entries of %s, want %d; the view has %d, want 1; %v", len(list), user, want, inView(t, s.view, user), err)
		}
	}
}

// TestTrimOfAll has one partition trimmed before the other: the view keeps what lives in that.
func TestTrimOfAll(t *testing.T) {
	t.Parallel()
	s := withView(t, store.NewMemory(store.MemoryOptions{}), 2)
	k := &keeper{s: s}
	for n, p := range s.parts {
		p.judge(viewOf(fmt.Sprint("user-", n), 0), 0)
	}
	if err := k.apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n, p := range s.parts {
		p.judge(&record{kind: kindTrimmed, before: 100}, 1)
		if err := k.apply(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := 1 - n // until all have come to it
		for _, user := range []string{"user-0", "user-1"} {
			if got := inView(t, s.view, user); got != want {
				t.Errorf("the view has %d entries of %s when %d partitions are trimmed, want %d", got, user, n+1, want)
			}
		}
	}
}

// TestTakeOver has one process keep the view up, and another go on when it ends, at once and from where it was.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		view := store.NewMemory(store.MemoryOptions{})
		a, b := withView(t, view, 1), withView(t, view, 1)
		a.parts[0].judge(viewOf("ann", 0), 0)
		if err := a.openView(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		go a.keep(ctx)
		synctest.Wait()
		next := &keeper{s: b}
		if err := next.hold(t.Context()); err != nil || next.lease.Token != 0 {
			t.Errorf("two keep the view up; %v", err)
		}
		stop()
		synctest.Wait()
		if err := next.hold(t.Context()); err != nil || next.lease.Token == 0 {
			t.Errorf("nobody keeps the view up; %v", err)
		}
		if got, want := b.parts[0].applied, a.parts[0].applied; got != want || want == 0 {
			t.Errorf("who takes over goes on from %d, want %d", got, want)
		}
		if err := view.Close(); err != nil {
			t.Error(err)
		}
	})
}
