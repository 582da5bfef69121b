package pebblestore

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/goldrec/gold/store"
)

// killed is the file system as a kill leaves it: what was written is there, synced or not.
func killed(mem *vfs.MemFS) *vfs.MemFS {
	return mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
}

// acknowledge writes some of everything, one sync each, and returns the file system as a kill leaves it.
func acknowledge(t *testing.T) *vfs.MemFS {
	t.Helper()
	mem := vfs.NewCrashableMem()
	s, err := open(mem, "db", Options{}, memTableBytes)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := appendEvent(t, s, "ann", i); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.PutProfile(t.Context(), store.Profile{User: "ann"}); err != nil {
		t.Fatal(err)
	}
	after := killed(mem)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return after
}

// overwrite changes the bytes of a file.
func overwrite(t *testing.T, fs vfs.FS, path string, change func(data []byte) []byte) {
	t.Helper()
	f, err := fs.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	f, err = fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(change(data))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// liveLog is the write-ahead log that has something in it, and its length.
func liveLog(t *testing.T, fs vfs.FS) (path string, length int) {
	t.Helper()
	names, err := fs.List("db")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if info, err := fs.Stat(fs.PathJoin("db", name)); err == nil && strings.HasSuffix(name, ".log") && info.Size() > int64(length) {
			path, length = fs.PathJoin("db", name), int(info.Size())
		}
	}
	if path == "" {
		t.Fatal("no log")
	}
	return path, length
}

// TestDamagedLog flips one bit at every place of the live write-ahead log, one after the other: Open says that the
// store is damaged, or everything is there.
func TestDamagedLog(t *testing.T) {
	after := acknowledge(t)
	path, length := liveLog(t, after)
	refused := 0
	for at := 0; at < length; at += 3 {
		fs := after.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
		overwrite(t, fs, path, func(data []byte) []byte {
			data[at] ^= 1 << (at % 8)
			return data
		})
		s, err := open(fs, "db", Options{}, memTableBytes)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("byte %d of %d: %v, want ErrDamaged", at, length, err)
			}
			refused++
			continue
		}
		history, err := s.History(t.Context(), "ann", 9)
		_, err2 := s.Profile(t.Context(), "ann")
		if err != nil || len(history) != 3 || err2 != nil {
			t.Errorf("byte %d of %d: %d of 3 acknowledged interactions, %v, %v, and Open said nothing", at, length, len(history), err, err2)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d places of %d tried, %d refused", (length+2)/3, length, refused)
	if refused < length/6 {
		t.Errorf("only %d places were refused: the log is not what was damaged", refused)
	}
}

// TestLogCutOff cuts the end of the write-ahead log off, which looks like a write that did not come to its end.
func TestLogCutOff(t *testing.T) {
	after := acknowledge(t)
	path, length := liveLog(t, after)
	overwrite(t, after, path, func(data []byte) []byte { return data[:length*2/5] })
	for range 2 { // the first Open mends nothing
		_, err := open(after, "db", Options{}, memTableBytes)
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "entries after position 1:") {
			t.Fatalf("Open: %v, want ErrDamaged and how many entries are missing", err)
		}
	}
	if err := after.Remove("db/" + markName); err != nil {
		t.Fatal(err)
	}
	s, err := open(after, "db", Options{}, memTableBytes)
	if err != nil {
		t.Fatalf("Open without the mark: %v", err)
	}
	defer s.Close()
	if history, err := s.History(t.Context(), "ann", 9); err != nil || len(history) != 1 {
		t.Errorf("%d interactions are left, %v; want 1", len(history), err)
	}
}

// TestMarkCopyLost cuts the log off and tears the copy of the mark that was written last: the other one tells.
func TestMarkCopyLost(t *testing.T) {
	for name, tear := range map[string]func(data []byte) []byte{
		"first":  func(data []byte) []byte { data[0]++; return data },
		"second": func(data []byte) []byte { data[markSlot]++; return data },
	} {
		fs := acknowledge(t)
		path, length := liveLog(t, fs)
		overwrite(t, fs, path, func(data []byte) []byte { return data[:length*2/5] })
		overwrite(t, fs, "db/"+markName, tear)
		if _, err := open(fs, "db", Options{}, memTableBytes); !errors.Is(err, ErrDamaged) {
			t.Errorf("Open with the %s copy torn: %v, want ErrDamaged", name, err)
		}
	}
}

// TestDamagedManifest flips bits of the manifest of a store that was closed.
func TestDamagedManifest(t *testing.T) {
	mem := acknowledge(t)
	s, err := open(mem, "db", Options{}, memTableBytes) // makes tables
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	names, err := mem.List("db")
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, name := range names {
		if !strings.HasPrefix(name, "MANIFEST-") && !strings.HasSuffix(name, ".sst") {
			continue
		}
		for at := 0; at < 400; at += 7 {
			fs := mem.CrashClone(vfs.CrashCloneCfg{})
			overwrite(t, fs, "db/"+name, func(data []byte) []byte {
				data[at%len(data)] ^= 4
				return data
			})
			var s *Store
			within(t, time.Minute, "Open", func() { s, err = open(fs, "db", Options{}, memTableBytes) })
			if err != nil {
				if refused++; !errors.Is(err, ErrDamaged) {
					t.Errorf("byte %d of %s: %v, want ErrDamaged", at, name, err)
				}
				continue
			}
			history, err := s.History(t.Context(), "ann", 9)
			if err == nil && len(history) != 3 {
				t.Errorf("byte %d of %s: %d of 3 interactions, and no error", at, name, len(history))
			}
			_ = s.Close()
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

// TestMark has marks that are torn, foreign, older and newer than the database.
func TestMark(t *testing.T) {
	for name, test := range map[string]struct {
		change func([]byte) []byte
		opens  bool
	}{
		"as it is":         {func(b []byte) []byte { return b }, true},
		"empty":            {func([]byte) []byte { return nil }, true},
		"short":            {func(b []byte) []byte { return b[:7] }, true},
		"foreign":          {func([]byte) []byte { return []byte(strings.Repeat("x", 2000)) }, true},
		"older":            {func([]byte) []byte { return appendMark(nil, state{group: 2, end: 2}) }, true},
		"newer":            {func([]byte) []byte { return appendMark(nil, state{group: 5, end: 3}) }, false},
		"first copy torn":  {func(b []byte) []byte { b[9]++; return b }, true},
		"newer, then torn": {func(b []byte) []byte { copy(b, appendMark(nil, state{9, 9})); b[20]++; return b }, true},
		"newer second": {func(b []byte) []byte {
			return append(b[:markSlot], appendMark(nil, state{group: 5, end: 4})...)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			fs := acknowledge(t)
			overwrite(t, fs, "db/"+markName, test.change)
			s, err := open(fs, "db", Options{}, memTableBytes)
			if (err == nil) != test.opens || err != nil && !errors.Is(err, ErrDamaged) {
				t.Errorf("Open: %v", err)
			}
			if err != nil {
				return
			}
			if err := appendEvent(t, s, "ann", 3); err != nil { // goes on from where the database is
				t.Fatal(err)
			}
			after := killed(fs)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if said, err := (&mark{fs: after, dir: "db"}).read(); err != nil || said != (state{group: 5, end: 4}) {
				t.Errorf("the mark says %+v, %v", said, err)
			}
		})
	}
}

// TestLostWithoutEntries loses a write that is no entry of the log.
func TestLostWithoutEntries(t *testing.T) {
	mem := vfs.NewCrashableMem()
	s, err := open(mem, "db", Options{}, memTableBytes)
	if err != nil {
		t.Fatal(err)
	}
	if err := appendEvent(t, s, "ann", 1); err != nil {
		t.Fatal(err)
	}
	_, before := liveLog(t, mem)
	if _, err := s.PutProfile(t.Context(), store.Profile{User: "ann"}); err != nil {
		t.Fatal(err)
	}
	after := killed(mem)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path, _ := liveLog(t, after)
	overwrite(t, after, path, func(data []byte) []byte { return data[:before] })
	if _, err := open(after, "db", Options{}, memTableBytes); !errors.Is(err, ErrDamaged) {
		t.Errorf("Open without the profile that was acknowledged: %v, want ErrDamaged", err)
	}
}

// TestMarkIsSynced has a disk that loses what was not synced: the mark is then as of the thousandth group, or of Close.
func TestMarkIsSynced(t *testing.T) {
	mem := vfs.NewCrashableMem()
	s, err := open(mem, "db", Options{}, memTableBytes)
	if err != nil {
		t.Fatal(err)
	}
	says := func(fs vfs.FS) uint64 {
		t.Helper()
		said, err := (&mark{fs: fs, dir: "db"}).read()
		if err != nil {
			t.Fatal(err)
		}
		return said.group
	}
	for i := range markSyncEach + 5 {
		if err := appendEvent(t, s, fmt.Sprint("user-", i), i); err != nil {
			t.Fatal(err)
		}
	}
	if got := says(mem.CrashClone(vfs.CrashCloneCfg{})); got != markSyncEach {
		t.Errorf("after a power cut the mark says %d groups, want %d", got, markSyncEach)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := says(mem.CrashClone(vfs.CrashCloneCfg{})); got != markSyncEach+5 {
		t.Errorf("after Close the mark says %d groups, want %d", got, markSyncEach+5)
	}
}
