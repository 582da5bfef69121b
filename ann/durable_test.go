package ann_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/ann/anntest"
)

func openDurable(t *testing.T, dir string) *ann.Durable {
	t.Helper()
	d, err := ann.OpenDurable(dir, ann.Options{Dim: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// TestDurableCut cuts the log at every byte: what was acknowledged before the cut is there, and nothing else.
func TestDurableCut(t *testing.T) {
	dir := t.TempDir()
	d := openDurable(t, dir)
	rows := anntest.Clustered(12, 3, 7, 0)
	if err := d.AddBatch(t.Context(), []uint32{0, 1, 2}, rows[:9]); err != nil {
		t.Fatal(err)
	}
	if err := d.Snapshot(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "log")
	ends, lens := []int64{0}, []int{3}
	for key := uint32(3); key < 12; key++ {
		if err := d.Add(key, rows[key*3:][:3]); err != nil {
			t.Fatal(err)
		}
		if key%3 == 0 {
			if was, err := d.Delete(key - 1); !was || err != nil {
				t.Fatal(was, err)
			}
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		ends, lens = append(ends, info.Size()), append(lens, d.Len())
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) + 1 {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := ann.OpenDurable(dir, ann.Options{Dim: 3})
		if err != nil {
			t.Fatalf("cut to %d: %v", n, err)
		}
		for i, end := range ends {
			if int64(n) == end && got.Len() != lens[i] {
				t.Errorf("cut to %d: %d vectors, %d acknowledged", n, got.Len(), lens[i])
			}
		}
		if err := errors.Join(got.Add(77, rows[:3]), got.Close()); err != nil {
			t.Errorf("cut to %d: cannot go on: %v", n, err)
		}
	}
}

// A log of some deletes, additions and batches, the last of several sectors, and where its records end.
func logOf(t *testing.T, last int) (dir string, whole []byte, ends, lens []int) {
	t.Helper()
	dir = t.TempDir()
	d := openDurable(t, dir)
	rows := anntest.Clustered(12+last, 3, 7, 0)
	add := func(from, n int) {
		t.Helper()
		keys := anntest.Keys(from + n)[from:]
		if err := d.AddBatch(t.Context(), keys, rows[3*from:3*(from+n)]); err != nil {
			t.Fatal(err)
		}
	}
	add(0, 10)
	if err := d.Snapshot(); err != nil {
		t.Fatal(err)
	}
	if left := readFile(t, filepath.Join(dir, "log")); len(left) > 0 {
		t.Errorf("%d bytes are left in the log after Snapshot", len(left))
	}
	steps := []func(){func() { add(10, 2) }, func() { add(12, last) }}
	for _, key := range anntest.Keys(8) {
		steps = slices.Insert(steps, 0, func() {
			if was, err := d.Delete(key); !was || err != nil {
				t.Fatal(was, err)
			}
		})
	}
	for _, step := range steps {
		step()
		whole = readFile(t, filepath.Join(dir, "log"))
		ends, lens = append(ends, len(whole)), append(lens, d.Len())
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, whole, ends, lens
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// reopen opens the directory with another log in it.
func reopen(t *testing.T, dir string, log []byte) (*ann.Durable, error) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "log"), log, 0o600); err != nil {
		t.Fatal(err)
	}
	return ann.OpenDurable(dir, ann.Options{Dim: 3})
}

// One flipped bit is reported wherever it is, in the first record or the last: all of them were acknowledged.
func TestDurableDamage(t *testing.T) {
	t.Parallel()
	dir, whole, _, _ := logOf(t, 1)
	for bit := range 8 * len(whole) {
		b := slices.Clone(whole)
		b[bit/8] ^= 1 << (bit % 8)
		if d, err := reopen(t, dir, b); !errors.Is(err, ann.ErrCorrupt) {
			t.Fatalf("bit %d of byte %d: error %v, opened %t", bit%8, bit/8, err, d != nil)
		}
	}
	d, err := reopen(t, dir, whole)
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
}

// What a power cut may leave of the last record is cut off: a shorter file, and sectors that were never written.
func TestDurableTorn(t *testing.T) {
	t.Parallel()
	const sector = 512
	dir, whole, ends, lens := logOf(t, 150)
	begin, before := ends[len(ends)-2], lens[len(lens)-2]
	var starts []int // of the pieces that sectors cut the last record into
	for at := begin; at < len(whole); at = (at/sector + 1) * sector {
		starts = append(starts, at)
	}
	if len(starts) < 5 {
		t.Fatalf("the last record is in %d sectors", len(starts))
	}
	check := func(name string, log []byte, want int) {
		t.Helper()
		d, err := reopen(t, dir, log)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if d.Len() != want {
			t.Errorf("%s: %d vectors, want %d", name, d.Len(), want)
		}
		if err := errors.Join(d.Add(9, []float32{1, 2, 3}), d.Close()); err != nil { // and it goes on
			t.Errorf("%s: %v", name, err)
			return
		}
		d = openDurable(t, dir)
		if d.Len() != want+1 {
			t.Errorf("%s: %d vectors after one more, want %d", name, d.Len(), want+1)
		}
		d.Close()
	}
	for unwritten := 1; unwritten < 1<<len(starts); unwritten++ {
		log := slices.Clone(whole)
		for i, at := range starts {
			if unwritten>>i&1 == 1 {
				clear(log[at:min((at/sector+1)*sector, len(log))])
			}
		}
		check(fmt.Sprintf("sectors %b unwritten", unwritten), log, before)
	}
	check("zeros behind", append(slices.Clone(whole), make([]byte, 4096)...), lens[len(lens)-1])
	check("a short page of zeros behind", append(slices.Clone(whole), make([]byte, 5)...), lens[len(lens)-1])
	check("zeros for the last record", append(slices.Clone(whole[:begin]), make([]byte, 4096)...), before)
	check("a first write of zeros", make([]byte, 4096), 10)
	check("a first write without its first sector", append(make([]byte, sector), whole[sector:2*sector]...), 10)
	check("half of what a log begins with", whole[:3], 10)
	for end := begin; end < len(whole); end += 7 {
		check(fmt.Sprint("cut to ", end), whole[:end], before)
	}

	torn := slices.Clone(whole)
	clear(torn[starts[2]:starts[3]])
	for name, log := range map[string][]byte{
		"a damaged head before a torn record":   flip(torn, ends[len(ends)-3]),
		"a damaged end before a torn record":    flip(torn, begin-1),
		"an unwritten sector within the log":    append(zeroed(whole, starts[1], starts[2]), whole[ends[0]:ends[1]]...),
		"a head unwritten within the log":       append(zeroed(whole, starts[0], starts[1]), whole[ends[0]:ends[1]]...),
		"rubbish behind":                        append(slices.Clone(whole), "rubbish that is longer than a head"...),
		"rubbish behind a torn record":          append(slices.Clone(torn), "rubbish"...),
		"another version":                       []byte("gannlog3, and then whatever that has"),
		"a log of before there were versions":   append([]byte("d\x01\x00\x00\x00"), make([]byte, 600)...),
		"the first record gone with its sector": append(make([]byte, sector), append(whole[sector:len(whole):len(whole)], whole[ends[0]:ends[1]]...)...),
	} {
		if d, err := reopen(t, dir, log); !errors.Is(err, ann.ErrCorrupt) {
			t.Errorf("%s: error %v, opened %t", name, err, d != nil)
			if d != nil {
				d.Close()
			}
		}
	}
}

func flip(log []byte, at int) []byte {
	log = slices.Clone(log)
	log[at] ^= 4
	return log
}

func zeroed(log []byte, from, to int) []byte {
	log = slices.Clone(log)
	clear(log[from:to])
	return log
}

func TestDurableInUse(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "not", "yet", "there") // made on the way
	d := openDurable(t, dir)
	if err := d.Add(1, []float32{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	if lockless() {
		t.Skip("no file locks on", runtime.GOOS)
	}
	if _, err := ann.OpenDurable(dir, ann.Options{Dim: 3}); !errors.Is(err, ann.ErrInUse) {
		t.Fatalf("opened twice: error %v", err)
	}
	if err := d.Add(2, []float32{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if got := openDurable(t, dir).Len(); got != 2 {
		t.Errorf("%d vectors, 2 acknowledged", got)
	}
}

func lockless() bool {
	return !slices.Contains([]string{"darwin", "dragonfly", "freebsd", "linux", "netbsd", "openbsd"}, runtime.GOOS)
}

// An index that is there is not taken for another one, and a refusal lets go of the directory.
func TestDurableOptions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	made := ann.Options{Dim: 3, Metric: ann.L2, Storage: ann.Quantized, M: 8}
	open := func(change func(*ann.Options)) error {
		opts := made
		change(&opts)
		d, err := ann.OpenDurable(dir, opts)
		if err == nil {
			err = d.Close()
		}
		return err
	}
	if err := open(func(*ann.Options) {}); err != nil { // makes it, and leaves it without a vector
		t.Fatal(err)
	}
	for name, change := range map[string]func(*ann.Options){
		"metric cosine":  func(o *ann.Options) { o.Metric = ann.Cosine },
		"metric ip":      func(o *ann.Options) { o.Metric = ann.InnerProduct },
		"storage":        func(o *ann.Options) { o.Storage = ann.Float32 },
		"M":              func(o *ann.Options) { o.M = 16 },
		"M out of range": func(o *ann.Options) { o.M = 1000 },
	} {
		if err := open(change); !errors.Is(err, ann.ErrOptions) {
			t.Errorf("%s: error %v, want ErrOptions", name, err)
		}
	}
	err := open(func(o *ann.Options) { o.Dim = 4 })
	if dim, ok := errors.AsType[*ann.DimensionError](err); !ok || dim.Got != 4 || dim.Want != 3 {
		t.Errorf("Dim: error %v", err)
	}
	if err := open(func(o *ann.Options) { o.M, o.Seed, o.EfConstruction, o.Capacity, o.Workers = 0, 7, 100, 50, 1 }); err != nil {
		t.Errorf("what need not agree: %v", err)
	}
}

func TestDurableLeftovers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := openDurable(t, dir)
	if err := errors.Join(d.Add(1, []float32{1, 2, 3}), d.Close()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"snapshot.123.tmp", "snapshot.9.tmp", "other.tmp"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := openDurable(t, dir).Len(); got != 1 {
		t.Errorf("%d vectors, want 1", got)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.tmp"))
	if err != nil || len(left) != 1 || filepath.Base(left[0]) != "other.tmp" {
		t.Errorf("left are %q, error %v", left, err)
	}
}

// The log alone is not the index: it says nothing of what came before it.
func TestDurableWithoutSnapshot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := openDurable(t, dir)
	if err := errors.Join(d.Add(1, []float32{1, 2, 3}), d.Close(), os.Remove(filepath.Join(dir, "snapshot"))); err != nil {
		t.Fatal(err)
	}
	if _, err := ann.OpenDurable(dir, ann.Options{Dim: 3}); !errors.Is(err, ann.ErrCorrupt) {
		t.Errorf("error %v, want ErrCorrupt", err)
	}
}

// A batch that is given up in the middle is kept as far as it came.
func TestDurableBatchCancelled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	d, err := ann.OpenDurable(dir, ann.Options{Dim: 3, Workers: 1, Progress: func(done, _ int) {
		if done > 0 {
			cancel()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	err = d.AddBatch(ctx, anntest.Keys(20_000), anntest.Clustered(20_000, 3, 7, 0))
	n := d.Len()
	if !errors.Is(err, context.Canceled) || n == 0 || n == 20_000 {
		t.Fatalf("%d vectors, error %v", n, err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if got := openDurable(t, dir).Len(); got != n {
		t.Errorf("%d vectors after reopening, %d before", got, n)
	}
	if err := d.Add(1, []float32{1, 2, 3}); !errors.Is(err, os.ErrClosed) || d.Len() != n {
		t.Errorf("after Close: error %v, %d vectors, %d before", err, d.Len(), n)
	}
}
