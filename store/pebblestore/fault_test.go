package pebblestore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/goldrec/gold/store"
)

// smallMemTable makes flushes and compactions happen within a test.
const smallMemTable = 64 << 10

// disk is a file system in memory that can fail writes, and forgets what was not synced when it crashes.
type disk struct {
	mem    *vfs.MemFS
	fs     vfs.FS
	writes atomic.Int64
	failAt atomic.Int64 // the write from which on all fail; 0: none
	errno  error
	only   string // the ending of the files that fail; "": all
}

func newDisk(mem *vfs.MemFS, errno error) *disk {
	d := &disk{mem: mem, errno: errno}
	d.fs = errorfs.Wrap(mem, errorfs.InjectorFunc(d.inject))
	return d
}

func (d *disk) inject(op errorfs.Op) error {
	switch op.Kind {
	case errorfs.OpCreate, errorfs.OpRename, errorfs.OpReuseForWrite, errorfs.OpFileWrite, errorfs.OpFileWriteAt,
		errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo, errorfs.OpFilePreallocate:
	default:
		return nil
	}
	if !strings.HasSuffix(op.Path, d.only) {
		return nil
	}
	n := d.writes.Add(1)
	if at := d.failAt.Load(); at != 0 && n >= at {
		return d.errno
	}
	return nil
}

// event is large enough that a few hundred fill a memtable.
func event(user string, n int) store.Interaction {
	return store.Interaction{
		User: user, Item: fmt.Sprintf("item-%d", n), Kind: store.View, Time: time.UnixMicro(int64(n)).UTC(),
		Session: strings.Repeat("s", 200),
	}
}

func appendEvent(t *testing.T, s *Store, user string, n int) error {
	return s.Append(t.Context(), []store.Entry{{Interaction: event(user, n)}})
}

// fill appends from several goroutines until an append fails or each has appended n. It returns how many
// interactions of each goroutine's user were acknowledged, and the errors.
func fill(t *testing.T, s *Store, n int) (acked [4]int, failures [4]error) {
	t.Helper()
	var wg sync.WaitGroup
	for g := range acked {
		wg.Go(func() {
			for i := range n {
				if err := appendEvent(t, s, fmt.Sprint("user-", g), i); err != nil {
					failures[g] = err
					return
				}
				acked[g]++
			}
		})
	}
	wg.Wait()
	return acked, failures
}

// checkAcked says which acknowledged interactions are missing from the history or the log. One more than acknowledged
// may be there: the one whose append failed.
func checkAcked(t *testing.T, s *Store, acked [4]int) {
	t.Helper()
	scanned := make(map[string]int)
	for e, err := range s.Scan(t.Context(), store.Place{}) {
		if err != nil {
			t.Errorf("Scan: %v", err)
			return
		}
		if want := event(e.Interaction.User, scanned[e.Interaction.User]); e.Interaction != want {
			t.Errorf("entry %+v, want %+v", e.Interaction, want)
		}
		scanned[e.Interaction.User]++
	}
	for g, n := range acked {
		user := fmt.Sprint("user-", g)
		history, err := s.History(t.Context(), user, 1<<30)
		if err != nil || len(history) < n || len(history) > n+1 {
			t.Errorf("history of %s: %d interactions, %v; %d acknowledged", user, len(history), err, n)
		}
		if scanned[user] != len(history) {
			t.Errorf("%d of %s in the log, %d in the history", scanned[user], user, len(history))
		}
	}
}

// within fails the test when f hangs.
func within(t *testing.T, d time.Duration, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(d):
		panic(what + " hangs") // for the stacks
	}
}

// TestWritesFail lets every write to the disk fail from a random one on: the log, tables, manifests, syncs, whatever
// comes. Nothing may panic or hang; an append that is acknowledged is there, in the store that failed as after a crash
// and reopening; the others get ErrFailed.
func TestWritesFail(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 20
	}
	for _, only := range []string{"", ".log", ".sst", "MANIFEST-000001", "db"} {
		t.Run("only "+only, func(t *testing.T) {
			failed := 0
			for seed := range uint64(rounds / 5) {
				rng := rand.New(rand.NewPCG(seed, 3))
				if failDisk(t, only, rng) {
					failed++
				}
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
			if only != "MANIFEST-000001" && only != "db" && failed < rounds/10 {
				t.Errorf("only %d of %d rounds failed a write", failed, rounds/5)
			}
		})
	}
}

// failDisk reports whether a write failed while the store was open.
func failDisk(t *testing.T, only string, rng *rand.Rand) bool {
	d := newDisk(vfs.NewCrashableMem(), syscall.ENOSPC)
	d.only = only
	s, err := open(d.fs, "db", Options{}, smallMemTable)
	if err != nil {
		t.Fatal(err)
	}
	most := int64(400) // fewer than there are: 250 appends one after the other
	switch only {
	case "":
	case ".log":
		most = 200
	default:
		most = 60
	}
	d.failAt.Store(d.writes.Load() + 1 + rng.Int64N(most))
	var acked [4]int
	var failures [4]error
	within(t, time.Minute, "append", func() { acked, failures = fill(t, s, 250) })
	failed := s.guard.err() != nil
	for _, err := range failures {
		if err != nil && !errors.Is(err, ErrFailed) {
			t.Errorf("append: %v, want ErrFailed", err)
		}
	}
	if failed {
		within(t, time.Minute, "writes after the failure", func() { checkRefuses(t, s) })
	}
	checkAcked(t, s, acked)
	within(t, time.Minute, "Close", func() {
		if err := s.Close(); (failed || err != nil) && !errors.Is(err, ErrFailed) { // it may fail now, in a flush
			t.Errorf("Close: %v", err)
		}
	})
	mem := d.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rng})
	for name, fs := range map[string]*vfs.MemFS{"crashed": mem, "there is room again": d.mem} {
		s, err := open(fs, "db", Options{}, smallMemTable)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkAcked(t, s, acked)
		if err := appendEvent(t, s, "new", 0); err != nil {
			t.Errorf("%s: append: %v", name, err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: close: %v", name, err)
		}
	}
	return failed
}

// TestOpenFails lets writes fail from a random one on while a store opens that was killed with much in its log: Open
// says so and does not hang, and loses nothing.
func TestOpenFails(t *testing.T) {
	d := newDisk(vfs.NewCrashableMem(), syscall.ENOSPC)
	s, err := open(d.fs, "db", Options{}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	acked, _ := fill(t, s, 400)
	killed := d.mem.CrashClone(vfs.CrashCloneCfg{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	failed := 0
	for at := int64(1); at < 60; at += 6 {
		d := newDisk(killed, syscall.EIO)
		d.failAt.Store(at)
		within(t, time.Minute, "Open", func() { s, err = open(d.fs, "db", Options{}, smallMemTable) })
		if err != nil {
			failed++
		}
		if err == nil {
			checkAcked(t, s, acked)
			_ = s.Close()
		} else if !errors.Is(err, ErrFailed) {
			t.Errorf("Open whose write %d fails: %v, want ErrFailed", at, err)
		}
		killed = killed.CrashClone(vfs.CrashCloneCfg{})
	}
	if failed < 2 {
		t.Errorf("Open failed %d times", failed)
	}
	s, err = open(killed, "db", Options{}, smallMemTable)
	if err != nil {
		t.Fatal(err)
	}
	checkAcked(t, s, acked)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// checkRefuses has every write say that the store failed, and reads go on.
func checkRefuses(t *testing.T, s *Store) {
	t.Helper()
	err := appendEvent(t, s, "late", 0)
	_, err2 := s.PutProfile(t.Context(), store.Profile{User: "late"})
	_, err3 := s.PutModel(t.Context(), "late", strings.NewReader("model"))
	err4 := s.Forget(t.Context(), "user-0")
	_, err5 := s.Acquire(t.Context(), "late", time.Hour)
	err6 := s.Wait(t.Context(), store.Place{}.With(0, 1<<40))
	for i, err := range []error{err, err2, err3, err4, err5, err6} {
		if !errors.Is(err, ErrFailed) {
			t.Errorf("write %d after a failure: %v, want ErrFailed", i, err)
		}
	}
}

// TestAcknowledgedIsSynced crashes a disk that loses all that was not synced, at random moments.
func TestAcknowledgedIsSynced(t *testing.T) {
	mem := vfs.NewCrashableMem()
	var acked [4]int
	for seed := range uint64(20) {
		s, err := open(mem, "db", Options{}, smallMemTable)
		if err != nil {
			t.Fatal(err)
		}
		if seed == 0 {
			acked, _ = fill(t, s, 300)
		}
		p, err := s.PutProfile(t.Context(), store.Profile{User: "ann", Version: seed, Segments: []string{fmt.Sprint(seed)}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.PutModel(t.Context(), "m", strings.NewReader(fmt.Sprint(seed))); err != nil {
			t.Fatal(err)
		}
		crashed := mem.CrashClone(vfs.CrashCloneCfg{})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		mem = crashed
		s, err = open(mem, "db", Options{}, smallMemTable)
		if err != nil {
			t.Fatal(err)
		}
		checkAcked(t, s, acked)
		if got, err := s.Profile(t.Context(), "ann"); err != nil || got.Version != p.Version {
			t.Errorf("profile %+v, %v; acknowledged %+v", got, err, p)
		}
		if versions, err := s.ModelVersions(t.Context(), "m"); err != nil || len(versions) != int(seed)+1 {
			t.Errorf("%d model versions, %v", len(versions), err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// usageFS is a file system with the room that a test says.
type usageFS struct {
	vfs.FS
	avail atomic.Uint64
}

func (fs *usageFS) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: fs.avail.Load(), TotalBytes: 1 << 40}, nil
}

// TestDiskReserve fills the volume up to the reserve and makes room again, without reopening.
func TestDiskReserve(t *testing.T) {
	fs := &usageFS{FS: vfs.NewMem()}
	fs.avail.Store(1 << 30)
	s, err := open(fs, "db", Options{DiskReserve: 1 << 20}, smallMemTable)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	add := map[string]func() error{
		"Append":     func() error { err := appendEvent(t, s, "ann", 1); return err },
		"PutProfile": func() error { _, err := s.PutProfile(t.Context(), store.Profile{User: "ann"}); return err },
		"PutModel":   func() error { _, err := s.PutModel(t.Context(), "m", strings.NewReader("x")); return err },
	}
	if err := add["Append"](); err != nil {
		t.Fatal(err)
	}
	fs.avail.Store(1<<20 - 1)
	if err := add["Append"](); err != nil { // the last that may: the room is looked at after a commit
		t.Fatal(err)
	}
	for name, call := range add {
		if err := call(); !errors.Is(err, ErrFull) {
			t.Errorf("%s on a full disk: %v, want ErrFull", name, err)
		}
	}
	if h, err := s.History(t.Context(), "ann", 9); err != nil || len(h) != 2 {
		t.Errorf("history on a full disk: %d, %v", len(h), err)
	}
	if err := s.Forget(t.Context(), "ann"); err != nil {
		t.Errorf("Forget on a full disk: %v", err)
	}
	fs.avail.Store(1<<20 + 1<<10)
	for name, call := range add {
		if err := call(); err != nil {
			t.Errorf("%s when there is room again: %v", name, err)
		}
	}
}
