package catalog_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goldrec/gold/catalog"
)

func TestIDsAgainstPlainMap(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 8))
		var table catalog.IDs
		want := map[string]uint32{}
		var order []string
		for range 20_000 {
			id := strconv.Itoa(rng.IntN(12_000))
			if rng.IntN(4) == 0 { // about every length, so that texts of one and of two bytes' length meet ends of pages
				id += strings.Repeat("é", rng.IntN(250))
			}
			handle, known := want[id]
			if found, ok := table.Lookup(id); ok != known || found != handle {
				t.Fatalf("seed %d: Lookup(%.20q) = %d, %v; want %d, %v", seed, id, found, ok, handle, known)
			}
			if !known {
				handle = uint32(len(order))
				want[id], order = handle, append(order, id)
			}
			if got, err := table.Intern(id); got != handle || err != nil {
				t.Fatalf("seed %d: Intern(%.20q) = %d, %v; want %d", seed, id, got, err, handle)
			}
		}
		if table.Len() != len(order) {
			t.Errorf("seed %d: Len = %d; want %d", seed, table.Len(), len(order))
		}
		for handle, id := range order {
			if got := table.ID(uint32(handle)); got != id {
				t.Fatalf("seed %d: ID(%d) = %.20q; want %.20q", seed, handle, got, id)
			}
		}
		if id := table.ID(uint32(len(order))); id != "" {
			t.Errorf("seed %d: a handle never given has ID %q", seed, id)
		}
	}
}

// The longest identifiers, which put the most text between the first and the last of a block, in more than one page.
func TestIDsOfGreatLength(t *testing.T) {
	t.Parallel()
	var table catalog.IDs
	id := func(i int) string { return fmt.Sprintf("%0*d", catalog.IDMax, i) }
	for i := range 3000 {
		if h, err := table.Intern(id(i)); int(h) != i || err != nil {
			t.Fatalf("Intern = %d, %v; want %d", h, err, i)
		}
	}
	for i := range 3000 {
		if got := table.ID(uint32(i)); got != id(i) {
			t.Fatalf("ID(%d) = %q", i, got)
		}
	}
}

func TestIDsRefuse(t *testing.T) {
	t.Parallel()
	var table catalog.IDs
	for name, id := range map[string]string{"empty": "", "long": strings.Repeat("x", catalog.IDMax+1), "not UTF-8": "a\xff"} {
		_, err := table.Intern(id)
		if e, ok := errors.AsType[*catalog.InvalidError](err); !ok || e.Field != "id" {
			t.Errorf("%s: error %v; want an InvalidError of id", name, err)
		}
		if _, ok := table.Lookup(id); ok || table.Len() != 0 {
			t.Errorf("%s: the refused identifier is in the table", name)
		}
	}
	if h, ok := table.Lookup("x"); ok || h != 0 || table.ID(0) != "" {
		t.Errorf("an empty table has x as %d, %v", h, ok)
	}
	table.Exhaust()
	if _, err := table.Intern("one more"); !errors.Is(err, catalog.ErrFull) {
		t.Errorf("a full table: %v; want ErrFull", err)
	}
}

// Writers intern the same and other identifiers while readers look at all that are there. What was ever found stays
// found, under one handle.
func TestIDsWhileWriting(t *testing.T) {
	t.Parallel()
	const writers, each = 3, 10_000
	var table catalog.IDs
	var done atomic.Bool
	var writing, reading sync.WaitGroup
	for g := range writers {
		writing.Go(func() {
			for i := range each {
				id := strconv.Itoa(i)
				if i%2 == 0 {
					id = fmt.Sprint(g, "/", i)
				}
				h, err := table.Intern(id)
				if err != nil || table.ID(h) != id {
					t.Errorf("Intern(%q) = %d, %v; its ID is %q", id, h, err, table.ID(h))
					return
				}
			}
		})
	}
	for g := range 3 {
		reading.Go(func() {
			rng := rand.New(rand.NewPCG(9, uint64(g)))
			for !done.Load() {
				n := table.Len()
				if n == 0 {
					continue
				}
				h := uint32(rng.IntN(n))
				id := table.ID(h)
				found, ok := table.Lookup(id)
				// The one interned last may be counted before the table knows it.
				if id == "" || ok && found != h || !ok && int(h) < n-1 {
					t.Errorf("handle %d of %d has ID %q, which has handle %d, %v", h, n, id, found, ok)
					return
				}
			}
		})
	}
	writing.Wait()
	done.Store(true)
	reading.Wait()
	if want := writers*each/2 + each/2; table.Len() != want {
		t.Errorf("Len = %d; want %d", table.Len(), want)
	}
}

// Of all who bring an identifier at the same time one gives it the handle.
func TestIDsInternGivesOneHandle(t *testing.T) {
	t.Parallel()
	var table catalog.IDs
	for round := range 3000 {
		id := strconv.Itoa(round)
		var got [4]uint32
		var ready, wg sync.WaitGroup
		ready.Add(len(got))
		for g := range got {
			wg.Go(func() {
				ready.Done()
				ready.Wait()
				got[g], _ = table.Intern(id)
			})
		}
		wg.Wait()
		if got != [4]uint32{uint32(round), uint32(round), uint32(round), uint32(round)} {
			t.Fatalf("identifier %d got handles %v", round, got)
		}
	}
}

func TestIDsReadsDoNotAllocate(t *testing.T) {
	var table catalog.IDs
	for i := range 100 {
		if _, err := table.Intern(strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	n := testing.AllocsPerRun(100, func() {
		h, _ := table.Lookup("77")
		table.Lookup("nobody")
		if table.ID(h) != "77" {
			t.Error("lost")
		}
		if _, err := table.Intern("77"); err != nil {
			t.Error(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// What a table of a million holds beside the texts: 2^21 slots of 4 bytes make 8.4 bytes each; a start is 2 bytes, the
// block's base ⅛, the allocator's rounding of both ⅛; the length is 1 byte; ends of pages stay empty, a thousandth of
// the text. That is 11.7; half a byte is left for the directories and what the test itself leaves.
func TestIDsMemory(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector rounds small objects up")
	}
	const n = 1_000_000
	bytes, objects, text := idsMemory(t, n)
	beside := float64(bytes-text) / n
	t.Logf("%.2f bytes an identifier beside its text, %d objects", beside, objects)
	if beside > 12.2 {
		t.Errorf("%.2f bytes an identifier beside its text; want 12.2 at most", beside)
	}
	if objects > n/500 {
		t.Errorf("%d objects for the garbage collector; want one for some hundreds of identifiers", objects)
	}
}

func idsMemory(tb testing.TB, n int) (bytes, objects, text int) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	table := new(catalog.IDs)
	for i := range n {
		id := fmt.Sprintf("product-%07d", i)
		text += len(id)
		if _, err := table.Intern(id); err != nil {
			tb.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(table)
	return int(after.HeapAlloc) - int(before.HeapAlloc), int(after.HeapObjects) - int(before.HeapObjects), text
}

func BenchmarkIDs(b *testing.B) {
	const n = 1_000_000
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("product-%07d", i)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			var table catalog.IDs
			for _, id := range ids {
				if _, err := table.Intern(id); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/id")
	})
	var table catalog.IDs
	plain := map[string]uint32{}
	for i, id := range ids {
		if _, err := table.Intern(id); err != nil {
			b.Fatal(err)
		}
		plain[id] = uint32(i)
	}
	rng.Shuffle(n, func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	// The two take turns, a thousand identifiers each, so that the ratio holds on a machine that others use too.
	b.Run("Lookup", func(b *testing.B) {
		b.ReportAllocs()
		var ours, theirs time.Duration
		at, turns := 0, 0
		for b.Loop() {
			begin := time.Now()
			for _, id := range ids[at : at+1000] {
				if _, ok := table.Lookup(id); !ok {
					b.Fatal("lost")
				}
			}
			middle := time.Now()
			at = (at + 1000) % n
			for _, id := range ids[at : at+1000] {
				if _, ok := plain[id]; !ok {
					b.Fatal("lost")
				}
			}
			at = (at + 1000) % n
			ours, theirs, turns = ours+middle.Sub(begin), theirs+time.Since(middle), turns+1
		}
		b.ReportMetric(float64(ours.Nanoseconds())/float64(turns)/1000, "ns/lookup")
		b.ReportMetric(float64(ours)/float64(theirs), "of-map")
	})
	b.Run("ID", func(b *testing.B) {
		b.ReportAllocs()
		h, size := uint32(0), 0
		for b.Loop() {
			size += len(table.ID(h))
			h = (h + 611_953) % n
		}
	})
}
