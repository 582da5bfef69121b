package pebblestore

import (
	"io"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestUploadCutShort crashes while a model is stored: there is no version of it after reopening, and its chunks are
// deleted.
func TestUploadCutShort(t *testing.T) {
	mem := vfs.NewCrashableMem()
	s, err := open(mem, "db", Options{}, memTableBytes)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutModel(t.Context(), "als", strings.NewReader("whole")); err != nil {
		t.Fatal(err)
	}
	var crashed *vfs.MemFS
	r := io.MultiReader(strings.NewReader(strings.Repeat("x", 3*chunkBytes)), readerFunc(func([]byte) (int, error) {
		crashed = mem.CrashClone(vfs.CrashCloneCfg{})
		return 0, io.EOF
	}))
	if _, err := s.PutModel(t.Context(), "als", r); err != nil {
		t.Fatal(err)
	}
	if n := countChunks(t, s); n != 4 {
		t.Errorf("%d chunks, want 4", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err = open(crashed, "db", Options{}, memTableBytes)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if versions, err := s.ModelVersions(t.Context(), "als"); err != nil || len(versions) != 1 {
		t.Errorf("versions %v, %v; want one", versions, err)
	}
	if n := countChunks(t, s); n != 1 {
		t.Errorf("%d chunks after the crash, want 1", n)
	}
	if version, err := s.PutModel(t.Context(), "als", strings.NewReader("next")); err != nil || version != 2 {
		t.Errorf("version %d, %v; want 2", version, err)
	}
	if err := s.DeleteModel(t.Context(), "als", 1); err != nil {
		t.Fatal(err)
	}
	if n := countChunks(t, s); n != 1 {
		t.Errorf("%d chunks after a deletion, want 1", n)
	}
}

func countChunks(t *testing.T, s *Store) (n int) {
	t.Helper()
	it, err := s.db.NewIter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for valid := it.SeekGE([]byte{prefixChunk}); valid && it.Key()[0] == prefixChunk; valid = it.Next() {
		n++
	}
	if err := it.Close(); err != nil {
		t.Fatal(err)
	}
	return n
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
