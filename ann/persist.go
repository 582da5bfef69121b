package ann

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/goldrec/gold/codec"
)

// ErrCorrupt says that what was to be an index is damaged, cut short, or of another kind or version. It is package codec's.
var ErrCorrupt = codec.ErrCorrupt

// castagnoli is of the log of a Durable.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// WriteTo writes the index to w as a file of one section, in a form that ReadHNSW reads, and returns how many bytes that took.
// Searches go on meanwhile; writers wait. It implements [io.WriterTo].
func (h *HNSW) WriteTo(w io.Writer) (int64, error) {
	counted := &counter{w: w}
	c := codec.NewWriter(counted)
	h.SaveSection(c)
	if err := c.Close(); err != nil {
		return counted.n, fmt.Errorf("ann: write index: %w", err)
	}
	return counted.n, nil
}

// counter counts what is written.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// ReadHNSW reads an index that WriteTo wrote, and r to its end. It returns ErrCorrupt, wrapped with what is wrong, for
// anything else, the form of before version 3 (which begins with "gann") among it; errors of r are returned as they are. Of
// runtime it takes what a file does not hold: Workers and Progress. See [LoadSection] for what it costs.
func ReadHNSW(r io.Reader, runtime Options) (*HNSW, error) {
	c, err := codec.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("ann: read index: %w", err)
	}
	h, err := LoadSection(c, runtime, nil)
	if err != nil {
		return nil, err
	}
	if err := c.Close(); err != nil {
		return nil, fmt.Errorf("ann: read index: %w", err)
	}
	return h, nil
}

// Save writes the index to a file, in whole or not at all: to a temporary one beside it, which is synced and takes its
// name.
func (h *HNSW) Save(path string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("ann: save: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if _, err := h.WriteTo(f); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("ann: save: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("ann: save: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a rename in a directory last.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("ann: save: %w", err)
	}
	// Some file systems, and Windows, cannot sync a directory; there the rename is as lasting as they make it.
	_ = d.Sync()
	return d.Close()
}

// Load reads an index from a file that Save wrote, as ReadHNSW does. What follows the index makes the file corrupt.
func Load(path string, runtime Options) (*HNSW, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("ann: load: %w", err)
	}
	defer f.Close()
	return ReadHNSW(f, runtime)
}
