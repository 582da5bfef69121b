package alert_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/deals/alert"
)

func open(t testing.TB, dir string) *alert.Disk {
	t.Helper()
	l, err := alert.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func mustNote(t testing.TB, l alert.Log, user, date, key string) {
	t.Helper()
	if err := l.Note(t.Context(), user, date, key); err != nil {
		t.Fatal(err)
	}
}

// knows fails the test unless the log says that an alert was sent, or was not.
func knows(t testing.TB, l alert.Log, user, key string, want bool) {
	t.Helper()
	got, err := l.Sent(t.Context(), user, key)
	if err != nil || got != want {
		t.Errorf("Sent(%q, %q) = %v, %v; want %v", user, key, got, err, want)
	}
}

func TestDiskKnowsAfterARestart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "here")
	l := open(t, dir)
	mustNote(t, l, "ann", "2026-03-02", "first")
	mustNote(t, l, "ann", "2026-03-02", "b")
	mustNote(t, l, "ben", "2026-03-03", "a")
	for range 3 {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = open(t, dir)
		knows(t, l, "ann", "first", true)
		knows(t, l, "ann", "b", true)
		knows(t, l, "ben", "b", false)
		if n, err := l.Count(t.Context(), "ann", "2026-03-02"); n != 2 || err != nil {
			t.Errorf("ann was told %d times, %v; want 2", n, err)
		}
		if err := l.Rewrite(); err != nil {
			t.Fatal(err)
		}
	}
}

// One alert a follower and turn, though the process ends after every tick.
func TestOneAlertAcrossRestarts(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 17, 0, 0, 0, time.UTC)
	dir, out := t.TempDir(), &outbox{now: func() time.Time { return now }}
	b := board(t, deal(t, "golden-hour", "18:00", "19:00", "UTC"))
	for ; now.Hour() < 20; now = now.Add(time.Minute) {
		l := open(t, dir)
		s := alert.NewScheduler(b, out, l)
		err := s.Follow(alert.Follower{User: deals.User{ID: "ann"}, Deals: []string{"golden-hour"}, StartsIn: 15 * time.Minute, EndsIn: 5 * time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Tick(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(out.sent) != 2 {
		t.Errorf("%d alerts: %v; want one before the start and one before the end", len(out.sent), out.sent)
	}
}

// What Note returned nil for is known after a crash, whatever became of the notes under way.
func TestNotesSurviveCrashes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		dir, rng := t.TempDir(), rand.New(rand.NewPCG(seed, 1))
		l := open(t, dir)
		var mu sync.Mutex
		var noted []string
		var wg sync.WaitGroup
		killed := make(chan struct{})
		for w := range 4 {
			wg.Go(func() {
				for i := 0; ; i++ {
					user := fmt.Sprint("user-", w, "-", i)
					if l.Note(t.Context(), user, "2026-03-02", "a") != nil {
						return
					}
					mu.Lock()
					noted = append(noted, user)
					if len(noted) == 20 {
						close(killed)
					}
					mu.Unlock()
				}
			})
		}
		<-killed
		if err := l.Kill(rng); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		l = open(t, dir)
		for _, user := range noted {
			knows(t, l, user, "a", true)
		}
		mustNote(t, l, "after", "2026-03-02", "a")
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestForgetLeavesNoByte(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir)
	mustNote(t, l, "somebody-to-forget", "2026-03-02", "a")
	mustNote(t, l, "ben", "2026-03-02", "a")
	if err := l.Forget("somebody-to-forget"); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte("somebody-to-forget")) {
			t.Errorf("%s names who was forgotten", f.Name())
		}
	}
	mustNote(t, l, "cleo", "2026-03-02", "a")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	knows(t, l, "somebody-to-forget", "a", false)
	knows(t, l, "ben", "a", true)
	knows(t, l, "cleo", "a", true)
}

// Beyond the last eight dates of a user nothing is remembered, nor kept.
func TestFileDoesNotGrowForEver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir)
	sizes := []int64{}
	for day := range 40 {
		mustNote(t, l, "ann", time.Date(2026, 3, 1+day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), strings.Repeat("k", 100))
		if err := l.Rewrite(); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(dir, "alerts"))
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, info.Size())
	}
	if sizes[39] != sizes[7] {
		t.Errorf("the file has %d bytes after 8 days and %d after 40", sizes[7], sizes[39])
	}
}

func TestDirectoryInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir)
	if _, err := alert.Open(dir); !errors.Is(err, alert.ErrInUse) {
		t.Errorf("a second log of the directory: %v", err)
	}
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Fatal(err)
	}
	if err := l.Note(t.Context(), "ann", "2026-03-02", "a"); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a note after Close: %v", err)
	}
	open(t, dir)
}

// A byte that is another, before the end, is damage; so is a file of another kind.
func TestDamagedFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir)
	mustNote(t, l, "ann", "2026-03-02", "a")
	mustNote(t, l, "ben", "2026-03-02", "a")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "alerts")
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(whole)
	damaged[bytes.Index(whole, []byte("ann"))] ^= 1
	for what, data := range map[string][]byte{"a flipped bit": damaged, "another kind": []byte("goldclaims\x00\x01 and more")} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := alert.Open(dir); !errors.Is(err, alert.ErrDamaged) {
			t.Errorf("%s: %v, want ErrDamaged", what, err)
		}
	}
}

// A record that ends too early is damage wherever it ends, though its frame is whole.
func TestShortRecords(t *testing.T) {
	t.Parallel()
	whole := alert.Note("ann", "2026-03-02", "golden-hour")
	for n := range whole {
		if _, err := alert.ReadNote(whole[:n]); !errors.Is(err, alert.ErrDamaged) {
			t.Errorf("the first %d bytes: %v, want ErrDamaged", n, err)
		}
	}
	if rest, err := alert.ReadNote(append(whole, 'x')); string(rest) != "x" || err != nil {
		t.Errorf("what follows is %q, %v", rest, err)
	}
	if _, err := alert.ReadNote(bytes.Repeat([]byte{0xff}, 20)); !errors.Is(err, alert.ErrDamaged) {
		t.Errorf("an endless length: %v, want ErrDamaged", err)
	}
}

// Any bytes open, or are damage; what opens takes notes.
func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	l := open(f, dir)
	mustNote(f, l, "ann", "2026-03-02", "a")
	if err := l.Close(); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, "alerts"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "alerts"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := alert.Open(dir)
		if err != nil {
			if !errors.Is(err, alert.ErrDamaged) {
				t.Errorf("%v, want ErrDamaged", err)
			}
			return
		}
		mustNote(t, l, "ben", "2026-03-02", "b")
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
