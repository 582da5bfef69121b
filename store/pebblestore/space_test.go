package pebblestore

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/goldrec/gold/store"
)

// volume is a file system with so many bytes and no more.
type volume struct {
	vfs.FS
	mem   vfs.FS
	total uint64
	taken uint64 // by others
}

func newVolume(total uint64) *volume {
	v := &volume{mem: vfs.NewMem(), total: total}
	v.FS = errorfs.Wrap(v.mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		switch op.Kind {
		case errorfs.OpCreate, errorfs.OpFileWrite, errorfs.OpFileWriteAt:
			if v.free() == 0 {
				return syscall.ENOSPC
			}
		}
		return nil
	}))
	return v
}

func (v *volume) free() uint64 {
	used := v.taken
	names, _ := v.mem.List("db")
	for _, name := range names {
		if info, err := v.mem.Stat("db/" + name); err == nil {
			used += uint64(info.Size())
		}
	}
	return v.total - min(used, v.total)
}

func (v *volume) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: v.free(), TotalBytes: v.total}, nil
}

// TestSmallVolume fills volumes of several sizes until the store says that they are full, closes it and opens it again,
// several times: there is always room enough for that, and nothing is lost.
func TestSmallVolume(t *testing.T) {
	for _, mebibytes := range []uint64{4, 8} {
		t.Run(fmt.Sprint(mebibytes, " MiB"), func(t *testing.T) {
			v := newVolume(mebibytes << 20)
			stored := 0
			for round := range 3 {
				s, err := open(v, "db", Options{}, 0)
				if err != nil {
					t.Fatalf("round %d: Open: %v, %d bytes free", round, err, v.free())
				}
				for {
					batch := make([]store.Entry, 100)
					for i := range batch {
						batch[i].Interaction = event(fmt.Sprint("user-", i%10), stored+i)
						batch[i].Interaction.Source = fmt.Sprintf("%0500x", (stored+i)*7919)
					}
					err := s.Append(t.Context(), batch)
					if err != nil && !errors.Is(err, ErrFull) {
						t.Fatalf("Append: %v", err)
					}
					if err != nil {
						break
					}
					stored += len(batch)
				}
				if err := s.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			}
			s, err := open(v, "db", Options{}, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if end, err := s.End(t.Context()); err != nil || end.At(0) != store.Position(stored) || stored == 0 {
				t.Errorf("end %v, %v; %d were stored", end, err, stored)
			}
		})
	}
}

// TestOpenFull opens a store whose volume others have filled: it is ErrFull, and tells nobody to open it again.
func TestOpenFull(t *testing.T) {
	v := newVolume(64 << 20)
	s, err := open(v, "db", Options{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := appendEvent(t, s, "ann", 1); err != nil {
		t.Fatal(err)
	}
	for range 2000 {
		if err := appendEvent(t, s, "bob", 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, left := range []uint64{0, 1 << 10} {
		v.taken += v.free() - left
		_, err := open(v, "db", Options{}, 0)
		if !errors.Is(err, ErrFull) || errors.Is(err, ErrInUse) || strings.Contains(err.Error(), "reopen") {
			t.Errorf("Open with %d bytes left: %v, want ErrFull", left, err)
		}
		v.taken -= min(v.taken, 32<<20)
	}
	w := newVolume(64 << 20)
	w.taken = w.total
	if _, err := open(w, "db", Options{}, 0); !errors.Is(err, ErrFull) {
		t.Errorf("Open of a new store without any room: %v, want ErrFull", err)
	}
	v.taken = 0
	if s, err = open(v, "db", Options{}, 0); err != nil {
		t.Fatalf("Open when there is room again: %v", err)
	}
	if history, err := s.History(t.Context(), "ann", 9); err != nil || len(history) != 1 {
		t.Errorf("%d interactions, %v", len(history), err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
