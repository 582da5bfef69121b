// Package storetest is the suite that every store passes. A store's own test calls it with a function that opens one:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T, now func() time.Time) store.Store {
//			return store.NewMemory(store.MemoryOptions{Now: now})
//		})
//	}
//
// Run is for every store. RunDurable is for one that keeps what it has when it is closed and opened again.
// RunBenchmarks measures what an engine does with a store all day.
package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/goldrec/gold/store"
)

// Open makes an empty store whose clock is now. The suite closes it.
type Open func(t *testing.T, now func() time.Time) store.Store

// Run runs the suite, each test on a store of its own.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, *fixture){
		"Append/Order":              testOrder,
		"Append/Empty":              testAppendEmpty,
		"Append/Invalid":            testAppendInvalid,
		"Append/Values":             testValues,
		"Append/DoesNotKeepBatch":   testBatchNotKept,
		"History/Limit":             testHistoryLimit,
		"History/Users":             testUsers,
		"History/Owned":             testHistoryOwned,
		"Scan/Since":                testScanSince,
		"Scan/Break":                testScanBreak,
		"Scan/Calls":                testScanCalls,
		"Scan/Ends":                 testScanEnds,
		"Scan/Concurrent":           testScanConcurrent,
		"Forget":                    testForget,
		"Forget/Scan":               testForgetWhileScanning,
		"Forget/Last":               testForgetLast,
		"Forget/Concurrent":         testForgetConcurrent,
		"Profile/Versions":          testProfileVersions,
		"Profile/Values":            testProfileValues,
		"Profile/Invalid":           testProfileInvalid,
		"Profile/Owned":             testProfileOwned,
		"Profile/Concurrent":        testProfileConcurrent,
		"Segment":                   testSegment,
		"Segment/Many":              testSegmentMany,
		"Page":                      testPage,
		"Page/TTL":                  testPageTTL,
		"Page/ClockBackwards":       testPageClockBackwards,
		"Page/Drop":                 testPageDrop,
		"Page/Invalid":              testPageInvalid,
		"Page/Bounded":              testPagesBounded,
		"Model":                     testModel,
		"Model/Large":               testModelLarge,
		"Model/Fails":               testModelFails,
		"Model/Delete":              testModelDelete,
		"Model/Concurrent":          testModelConcurrent,
		"Store/Closed":              testClosed,
		"Store/CloseWhileUsed":      testCloseWhileUsed,
		"Store/Context":             testContext,
		"Store/RandomHistory":       testRandomHistory,
		"Store/ConcurrentHistories": testConcurrentHistories,
	} {
		t.Run(name, func(t *testing.T) {
			clock := &clock{now: base}
			st := open(t, clock.Now)
			t.Cleanup(func() {
				if err := st.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			test(t, &fixture{st, clock})
		})
	}
}

// fixture is a store and the clock it was given.
type fixture struct {
	store.Store
	clock *clock
}

// base is the time at which the tests take place, with microseconds.
var base = time.Date(2026, 2, 3, 4, 5, 6, 789_012_000, time.UTC)

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// view is the nth interaction of a user, told apart by its item.
func view(user string, n int) store.Interaction {
	return store.Interaction{
		User: user, Item: fmt.Sprintf("item-%06d", n), Kind: store.View, Time: base.Add(time.Duration(n) * time.Second),
	}
}

func views(user string, n int) []store.Interaction {
	batch := make([]store.Interaction, n)
	for i := range batch {
		batch[i] = view(user, i)
	}
	return batch
}

func (f *fixture) append(t *testing.T, batch ...store.Interaction) store.Position {
	t.Helper()
	p, err := f.Append(t.Context(), batch)
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	return p
}

func (f *fixture) history(t *testing.T, user string, limit int) []store.Interaction {
	t.Helper()
	history, err := f.History(t.Context(), user, limit)
	if err != nil {
		t.Fatalf("History: %v", err)
	}
	return history
}

// scan collects the entries after a position, and checks their order.
func (f *fixture) scan(t *testing.T, since store.Position) []store.Entry {
	t.Helper()
	var entries []store.Entry
	last := since
	for e, err := range f.Scan(t.Context(), since) {
		if err != nil {
			t.Fatalf("Scan: %v", err)
		}
		if e.Position <= last {
			t.Fatalf("Scan: position %d after %d", e.Position, last)
		}
		last = e.Position
		entries = append(entries, e)
	}
	return entries
}

func (f *fixture) scanned(t *testing.T, since store.Position) []store.Interaction {
	t.Helper()
	var interactions []store.Interaction
	for _, e := range f.scan(t, since) {
		interactions = append(interactions, e.Interaction)
	}
	return interactions
}

func equal(t *testing.T, what string, want, got any) {
	t.Helper()
	if reflect.DeepEqual(want, got) {
		return // much faster than cmp
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func wantErr(t *testing.T, what string, want, got error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: error %v, want %v", what, got, want)
	}
}
