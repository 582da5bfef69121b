// Package storetest is the suite that every store passes. A store's own test calls it with a function that opens one:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T, now func() time.Time) store.Store {
//			return store.NewMemory(store.MemoryOptions{Now: now})
//		})
//	}
//
// Run is for every store, RunCache for every cache. RunDurable is for one that keeps what it has when it is closed and opened again.
// RunBenchmarks measures what an engine does with a store all day.
package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/goldrec/gold/store"
)

// Open makes an empty store whose clock is now: leases and Forgotten entries go by it. The suite closes
// the store.
type Open func(t *testing.T, now func() time.Time) store.Store

// Run runs the suite, each test on a store of its own.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, *fixture){
		"Append/Order":              testOrder,
		"Append/Empty":              testAppendEmpty,
		"Append/Invalid":            testAppendInvalid,
		"Append/Message":            testAppendMessage,
		"Append/Values":             testValues,
		"Append/Facts":              testFacts,
		"Append/DoesNotKeepBatch":   testBatchNotKept,
		"ID/Retry":                  testIDRetry,
		"ID/Forget":                 testIDForget,
		"ID/Trim":                   testIDTrim,
		"ID/Concurrent":             testIDConcurrent,
		"History/Limit":             testHistoryLimit,
		"History/Users":             testUsers,
		"History/Owned":             testHistoryOwned,
		"Scan/Since":                testScanSince,
		"Scan/Break":                testScanBreak,
		"Scan/Calls":                testScanCalls,
		"Scan/Ends":                 testScanEnds,
		"Scan/Concurrent":           testScanConcurrent,
		"Follow":                    testFollow,
		"Wait":                      testWait,
		"Wait/Wakes":                testWaitWakes,
		"Wait/Ends":                 testWaitEnds,
		"Forget":                    testForget,
		"Forget/Facts":              testForgetFacts,
		"Forget/Scan":               testForgetWhileScanning,
		"Forget/Last":               testForgetLast,
		"Forget/Concurrent":         testForgetConcurrent,
		"Forget/Order":              testForgetOrder,
		"Trim":                      testTrim,
		"Trim/Scan":                 testTrimWhileScanning,
		"Trim/All":                  testTrimAll,
		"Trim/Concurrent":           testTrimConcurrent,
		"Trimmed":                   testTrimmed,
		"Trimmed/Follow":            testTrimmedFollow,
		"Lease":                     testLease,
		"Lease/Invalid":             testLeaseInvalid,
		"Lease/Random":              testLeaseRandom,
		"Lease/Concurrent":          testLeaseConcurrent,
		"Profile/Versions":          testProfileVersions,
		"Profile/Values":            testProfileValues,
		"Profile/Invalid":           testProfileInvalid,
		"Profile/Owned":             testProfileOwned,
		"Profile/Concurrent":        testProfileConcurrent,
		"Segment":                   testSegment,
		"Segment/Many":              testSegmentMany,
		"Model":                     testModel,
		"Model/Large":               testModelLarge,
		"Model/Fails":               testModelFails,
		"Model/Delete":              testModelDelete,
		"Model/Concurrent":          testModelConcurrent,
		"Model/Current":             testCurrent,
		"Model/Fence":               testFence,
		"Model/CurrentConcurrent":   testCurrentConcurrent,
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

// entries are Interacted entries of these interactions.
func entries(in ...store.Interaction) []store.Entry {
	batch := make([]store.Entry, len(in))
	for i := range in {
		batch[i].Interaction = in[i]
	}
	return batch
}

func interactions(entries []store.Entry) []store.Interaction {
	var in []store.Interaction
	for _, e := range entries {
		if e.Fact == store.Interacted {
			in = append(in, e.Interaction)
		}
	}
	return in
}

// append appends interactions and returns the entries that they have become.
func (f *fixture) append(t *testing.T, in ...store.Interaction) []store.Entry {
	t.Helper()
	return f.appendFacts(t, entries(in...)...)
}

func (f *fixture) appendFacts(t *testing.T, batch ...store.Entry) []store.Entry {
	t.Helper()
	if err := f.Append(t.Context(), batch); err != nil {
		t.Fatalf("Append: %v", err)
	}
	return batch
}

func (f *fixture) end(t *testing.T) store.Place {
	t.Helper()
	end, err := f.End(t.Context())
	if err != nil {
		t.Fatalf("End: %v", err)
	}
	return end
}

// after is the place that one has come to who has seen these entries.
func after(place store.Place, entries ...store.Entry) store.Place {
	for _, e := range entries {
		if e.Position > place.At(e.Partition) {
			place = place.With(e.Partition, e.Position)
		}
	}
	return place
}

func (f *fixture) history(t *testing.T, user string, limit int) []store.Interaction {
	t.Helper()
	return interactions(f.historyEntries(t, user, limit))
}

func (f *fixture) historyEntries(t *testing.T, user string, limit int) []store.Entry {
	t.Helper()
	history, err := f.History(t.Context(), user, limit)
	if err != nil {
		t.Fatalf("History: %v", err)
	}
	for _, e := range history {
		if e.Fact != store.Interacted || e.Position == 0 {
			t.Errorf("History of %q holds %+v", user, e)
		}
	}
	return history
}

// scan collects the entries after a place, and checks their order.
func (f *fixture) scan(t *testing.T, since store.Place) []store.Entry {
	t.Helper()
	var entries []store.Entry
	for e, err := range f.Scan(t.Context(), since) {
		if err != nil {
			t.Fatalf("Scan: %v", err)
		}
		if e.Position <= since.At(e.Partition) {
			t.Fatalf("Scan: position %d after %v", e.Position, since)
		}
		since = since.With(e.Partition, e.Position)
		entries = append(entries, e)
	}
	return byPartition(entries)
}

// byPartition brings entries into the order in which all stores agree: the partitions one after the other.
func byPartition(entries []store.Entry) []store.Entry {
	slices.SortStableFunc(entries, func(a, b store.Entry) int { return cmp.Compare(a.Partition, b.Partition) })
	return entries
}

// without leaves those out that drop says.
func without(entries []store.Entry, drop func(e store.Entry) bool) []store.Entry {
	return slices.DeleteFunc(slices.Clone(entries), drop)
}

func equal(t *testing.T, what string, want, got any) {
	t.Helper()
	if reflect.DeepEqual(want, got) {
		return // much faster than cmp
	}
	if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func wantErr(t *testing.T, what string, want, got error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: error %v, want %v", what, got, want)
	}
}
