package experiment

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var morning = time.Date(2026, 1, 1, 6, 0, 0, 0, time.UTC)

func shown(n int) Exposure {
	return Exposure{Experiment: "e", Unit: strconv.Itoa(n), Variant: "v", Time: morning}
}

// childEnv names the log that a killed child writes to; TestMain runs the child.
const childEnv = "GOLD_EXPOSURE_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		recordUntilKilled(path)
	}
	os.Exit(m.Run())
}

// recordUntilKilled records numbered exposures from four goroutines, and writes "try n" before and "ack n" after each.
func recordUntilKilled(path string) {
	log, err := OpenFileLog(path)
	if err != nil {
		fmt.Println("fail", err)
		os.Exit(1)
	}
	x := NewExposures(log, ExposuresOptions{BatchMax: 3})
	next := 0
	for _, err := range log.All() {
		if err != nil {
			fmt.Println("fail", err)
			os.Exit(1)
		}
		next++
	}
	base := next*1000 + os.Getpid()%1000*1_000_000_000 // numbers that no other child has
	for g := range 4 {
		go func() {
			for n := base + g; ; n += 4 {
				os.Stdout.WriteString("try " + strconv.Itoa(n) + "\n")
				if err := x.Record(context.Background(), shown(n)); err != nil {
					fmt.Println("fail", err)
					os.Exit(1)
				}
				os.Stdout.WriteString("ack " + strconv.Itoa(n) + "\n")
			}
		}()
	}
	select {}
}

// TestKilled kills a recording process at random moments, 100 times, or as often as GOLD_KILLS says (the full 1,000 take
// a minute): what was acknowledged is there afterwards, and nothing is there that was not tried.
func TestKilled(t *testing.T) {
	t.Parallel()
	kills := 100
	if n, err := strconv.Atoi(os.Getenv("GOLD_KILLS")); err == nil {
		kills = n
	} else if testing.Short() {
		kills = 10
	}
	path := filepath.Join(t.TempDir(), "exposures")
	rng := rand.New(rand.NewPCG(1, 2))
	tried, acknowledged := map[string]bool{}, map[string]bool{}
	for range kills {
		killOnce(t, path, rng.IntN(15), tried, acknowledged)
		log, err := OpenFileLog(path)
		if err != nil {
			t.Fatal(err)
		}
		recovered := map[string]bool{}
		for e, err := range log.All() {
			if err != nil {
				t.Fatal(err)
			}
			if recovered[e.Unit] {
				t.Errorf("unit %s is there twice", e.Unit)
			}
			recovered[e.Unit] = true
			if !tried[e.Unit] {
				t.Fatalf("unit %s was never tried", e.Unit)
			}
		}
		for unit := range acknowledged {
			if !recovered[unit] {
				t.Fatalf("unit %s was acknowledged and is lost", unit)
			}
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(acknowledged) < kills {
		t.Errorf("%d acknowledged over %d kills: too few to mean anything", len(acknowledged), kills)
	}
	t.Logf("%d kills, %d tried, %d acknowledged, none lost", kills, len(tried), len(acknowledged))
}

// killOnce starts a child, kills it some milliseconds after its first line, and notes what it said.
func killOnce(t *testing.T, path string, ms int, tried, acknowledged map[string]bool) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var timer *time.Timer
	for lines.Scan() {
		if timer == nil {
			timer = time.AfterFunc(time.Duration(ms)*time.Millisecond, func() { child.Process.Kill() })
		}
		switch line := lines.Text(); {
		case len(line) > 4 && line[:4] == "try ":
			tried[line[4:]] = true
		case len(line) > 4 && line[:4] == "ack ":
			acknowledged[line[4:]] = true
		default:
			t.Errorf("child: %s", line)
		}
	}
	child.Wait() // killed: the error says so
}

// crashFile is a file in memory of which a crash keeps what was synced and, of what was written since, any part.
type crashFile struct {
	mu             sync.Mutex
	synced, latest []byte
	fail           func(operation string) error // asked before each operation; nil: never fails
}

func (f *crashFile) ask(operation string) error {
	if f.fail == nil {
		return nil
	}
	return f.fail(operation)
}

func (f *crashFile) ReadAt(b []byte, at int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if at >= int64(len(f.latest)) {
		return 0, io.EOF
	}
	n := copy(b, f.latest[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *crashFile) WriteAt(b []byte, at int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := len(b), f.ask("write")
	if err != nil {
		n /= 2 // a full disk takes a part
	}
	f.latest = append(append([]byte(nil), f.latest[:at]...), b[:n]...)
	return n, err
}

func (f *crashFile) Truncate(size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.ask("truncate"); err != nil {
		return err
	}
	f.latest = f.latest[:size:size]
	return nil
}

func (f *crashFile) Sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.ask("sync"); err != nil {
		return err
	}
	f.synced = append([]byte(nil), f.latest...)
	return nil
}

func (f *crashFile) Close() error { return nil }

// crash returns what is on the disk: of the unsynced bytes some, some wrong, some zero.
func (f *crashFile) crash(rng *rand.Rand) *crashFile {
	f.mu.Lock()
	defer f.mu.Unlock()
	left := append([]byte(nil), f.synced...)
	if extra := len(f.latest) - len(left); extra > 0 {
		part := append([]byte(nil), f.latest[len(left):len(left)+rng.IntN(extra+1)]...)
		for range rng.IntN(3) {
			if len(part) > 0 {
				part[rng.IntN(len(part))] = byte(rng.IntN(256) * rng.IntN(2))
			}
		}
		left = append(left, part...)
	}
	return &crashFile{synced: left, latest: append([]byte(nil), left...)}
}

func reopen(t *testing.T, f *crashFile) *FileLog {
	t.Helper()
	l, err := openLog(f, int64(len(f.latest)))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func units(t *testing.T, l *FileLog) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for e, err := range l.All() {
		if err != nil {
			t.Fatal(err)
		}
		out[e.Unit] = true
	}
	return out
}

// TestCrashes crashes the disk at 1,000 random moments, with failing writes and syncs between: the acknowledged are
// there, and of the others only those of the batch under way.
func TestCrashes(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	var file *crashFile
	acknowledged, unknown := map[string]bool{}, map[string]bool{}
	n := 0
	total := 0
	for crash := range 1_000 {
		if crash%50 == 0 { // a new file, so that reading it all again stays cheap
			total += len(acknowledged)
			file = new(crashFile)
			clear(acknowledged)
			clear(unknown)
		}
		log := reopen(t, file)
		recovered := units(t, log)
		for unit := range acknowledged {
			if !recovered[unit] {
				t.Fatalf("crash %d: unit %s was acknowledged and is lost", crash, unit)
			}
		}
		for unit := range recovered {
			if !acknowledged[unit] && !unknown[unit] {
				t.Fatalf("crash %d: unit %s is there and was never written", crash, unit)
			}
			acknowledged[unit] = true
		}
		clear(unknown)
		dies, step := rng.IntN(12), 0
		broken := rng.IntN(4) == 0
		file.fail = func(string) error {
			if step++; step > dies {
				return io.ErrClosedPipe // the machine is gone
			}
			if broken && rng.IntN(5) == 0 {
				return io.ErrShortWrite
			}
			return nil
		}
		for step <= dies {
			batch := []Exposure{shown(n), shown(n + 1)}
			n += 2
			if err := log.WriteExposures(t.Context(), batch); err != nil {
				for _, e := range batch {
					unknown[e.Unit] = true
				}
				if errors.Is(err, ErrBroken) {
					break
				}
				continue
			}
			for _, e := range batch {
				acknowledged[e.Unit] = true
			}
		}
		file = file.crash(rng)
	}
	if total < 1_000 {
		t.Errorf("%d acknowledged: too few to mean anything", total)
	}
}

func TestFileLogRoundTrip(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "exposures")
	want := []Exposure{
		{Experiment: "ключ", Phase: 3, Unit: "日本", Variant: "b", Time: morning.Add(1500 * time.Microsecond)},
		{Experiment: "e", Unit: "u", Variant: "a", Time: time.Date(1700, 1, 1, 0, 0, 0, 0, time.UTC)},
	}
	for range 2 { // the second time it is reopened, and nothing is written again
		log, err := OpenFileLog(path)
		if err != nil {
			t.Fatal(err)
		}
		x := NewExposures(log, ExposuresOptions{})
		if err := x.Load(log.All()); err != nil {
			t.Fatal(err)
		}
		for _, e := range want {
			if err := x.Record(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
		var got []Exposure
		for e, err := range log.All() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		if err := log.WriteExposures(t.Context(), want); !errors.Is(err, os.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
}

func TestCorruptLogs(t *testing.T) {
	t.Parallel()
	sound := new(crashFile)
	log := reopen(t, sound)
	for n := range 5 {
		if err := log.WriteExposures(t.Context(), []Exposure{shown(n)}); err != nil {
			t.Fatal(err)
		}
	}
	change := func(at int) *crashFile {
		f := sound.crash(rand.New(rand.NewPCG(1, 1)))
		f.latest[at] ^= 0x40
		return f
	}
	for name, test := range map[string]struct {
		file *crashFile
		want error
		left int
	}{
		"magic":         {change(0), ErrCorrupt, 0},
		"middle":        {change(len(fileMagic) + frameHead + 3), ErrCorrupt, 0},
		"middle length": {change(len(fileMagic)), ErrCorrupt, 0},
		"last":          {change(len(sound.latest) - 1), nil, 4},
		"other file":    {&crashFile{latest: []byte("hello")}, ErrCorrupt, 0},
		"empty":         {new(crashFile), nil, 0},
		"half a magic":  {&crashFile{latest: []byte(fileMagic[:3])}, nil, 0},
	} {
		l, err := openLog(test.file, int64(len(test.file.latest)))
		if !errors.Is(err, test.want) || test.want == nil && err != nil {
			t.Errorf("%s: error = %v, want %v", name, err, test.want)
		}
		if err == nil && len(units(t, l)) != test.left {
			t.Errorf("%s: %d exposures, want %d", name, len(units(t, l)), test.left)
		}
	}
}

func FuzzDecodeBatch(f *testing.F) {
	f.Add(encodeBatch(nil, []Exposure{shown(1), shown(2)}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		batch, err := decodeBatch(data)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Errorf("error %v does not wrap ErrCorrupt", err)
			}
			return
		}
		again, err := decodeBatch(encodeBatch(nil, batch))
		if err != nil || !cmp.Equal(batch, again) {
			t.Errorf("%v became %v, %v", batch, again, err)
		}
	})
}
