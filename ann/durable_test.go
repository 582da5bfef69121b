package ann_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
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

func TestDurableDamage(t *testing.T) {
	dir := t.TempDir()
	d := openDurable(t, dir)
	if err := d.AddBatch(t.Context(), anntest.Keys(10), anntest.Clustered(10, 3, 7, 0)); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "log")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range 8 * len(whole) * 8 / 10 { // not in the last record, which a crash may have left so
		b := append([]byte(nil), whole...)
		b[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ann.OpenDurable(dir, ann.Options{Dim: 3}); !errors.Is(err, ann.ErrCorrupt) {
			t.Fatalf("bit %d: %v", bit, err)
		}
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	openDurable(t, dir)
}

func TestDurableBatchCancelled(t *testing.T) {
	dir := t.TempDir()
	d := openDurable(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.AddBatch(ctx, anntest.Keys(5), anntest.Clustered(5, 3, 7, 0)); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	n := d.Len()
	if got := openDurable(t, dir).Len(); got != n {
		t.Errorf("%d vectors after reopening, %d before", got, n)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Add(1, []float32{1, 2, 3}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
