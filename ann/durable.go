package ann

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// ErrInUse says that a directory belongs to another Durable, of this process or of another.
var ErrInUse = errors.New("ann: directory in use")

// Durable is an HNSW kept in a directory: a snapshot, and a log of what was added and deleted since. What Add, AddBatch and
// Delete have returned from survives a crash at any moment. Searches go to the index itself and never wait. A directory
// belongs to one Durable at a time.
type Durable struct {
	*HNSW

	write sync.Mutex // held by the one who changes index and log
	dir   string
	lock  *os.File // nil where files cannot be locked
	log   *os.File
	err   error // of a write to the log, after which nothing more is taken
}

// OpenDurable opens the index in dir, or begins one with opts, making the directory if need be. It is ErrInUse while
// another Durable has it, on systems that lock files (Linux, macOS and the BSDs; elsewhere it is for the caller to see to
// that). What was being written in a crash is cut off; any other damage is ErrCorrupt, and nothing acknowledged is ever
// dropped in silence.
//
// Of an index that is there opts says only Workers and Progress, and must agree on what it is made of: another Dim is a
// *DimensionError, another Metric, Storage or M (where it is not 0) ErrOptions. Its EfConstruction, Seed and Capacity are
// those that it began with.
func OpenDurable(dir string, opts Options) (*Durable, error) {
	if _, err := opts.withDefaults(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("ann: open %s: %w", dir, err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	d := &Durable{dir: dir, lock: lock}
	if err := errors.Join(syncDir(filepath.Dir(dir)), d.open(opts)); err != nil {
		return nil, errors.Join(err, d.release())
	}
	return d, nil
}

func (d *Durable) open(opts Options) error {
	if err := removeLeftovers(d.dir); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(d.dir, "log"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("ann: open log: %w", err)
	}
	d.log = log
	snapshot := filepath.Join(d.dir, "snapshot")
	d.HNSW, err = Load(snapshot, opts)
	if errors.Is(err, os.ErrNotExist) {
		return d.begin(snapshot, opts)
	}
	if err != nil {
		return err
	}
	if err := d.sameAs(opts); err != nil {
		return err
	}
	return errors.Join(d.replay(), syncDir(d.dir))
}

// begin makes an empty index and saves it: the snapshot says from then on what the index is made of.
func (d *Durable) begin(snapshot string, opts Options) (err error) {
	if info, err := d.log.Stat(); err != nil || info.Size() > 0 {
		return errors.Join(fmt.Errorf("%w: a log without its snapshot", ErrCorrupt), err)
	}
	if d.HNSW, err = NewHNSW(opts); err != nil {
		return err
	}
	return d.Save(snapshot)
}

// sameAs compares the index in the directory with the one that was asked for.
func (d *Durable) sameAs(opts Options) error {
	own := d.HNSW.opts
	switch {
	case opts.Dim != own.Dim:
		return &DimensionError{Got: opts.Dim, Want: own.Dim}
	case opts.Metric != own.Metric:
		return fmt.Errorf("%w: the index in %s has the metric %v, not %v", ErrOptions, d.dir, own.Metric, opts.Metric)
	case opts.Storage != own.Storage:
		return fmt.Errorf("%w: the index in %s has the storage %d, not %d", ErrOptions, d.dir, own.Storage, opts.Storage)
	case opts.M != 0 && opts.M != own.M:
		return fmt.Errorf("%w: the index in %s has an M of %d, not %d", ErrOptions, d.dir, own.M, opts.M)
	}
	return nil
}

// removeLeftovers removes what Save had not finished when the program was killed.
func removeLeftovers(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if name := e.Name(); strings.HasPrefix(name, "snapshot.") && strings.HasSuffix(name, ".tmp") {
			err = errors.Join(err, os.Remove(filepath.Join(dir, name)))
		}
	}
	if err != nil {
		return fmt.Errorf("ann: remove what a crash left: %w", err)
	}
	return nil
}

// Add is HNSW's, and durable when it returns.
func (d *Durable) Add(key uint32, vector []float32) error {
	return d.AddBatch(context.Background(), []uint32{key}, vector)
}

// AddBatch is HNSW's, and durable when it returns; a batch costs one sync. When the log cannot be written it returns that
// error, as does every later change: the index then holds vectors that the log does not, until a Snapshot succeeds.
func (d *Durable) AddBatch(ctx context.Context, keys []uint32, vectors []float32) error {
	if err := checkBatch(keys, vectors, d.Dim(), d.Metric()); err != nil {
		return err
	}
	d.write.Lock()
	defer d.write.Unlock()
	if d.err != nil {
		return d.err
	}
	if err := d.HNSW.AddBatch(ctx, keys, vectors); err != nil {
		// A part may be in; logging all of it would add the rest after a crash, so the part is made durable whole.
		return errors.Join(err, d.snapshot())
	}
	return d.append(logAdd, keys, vectors)
}

// Delete removes the vector under key, tells whether there was one, and is durable when it returns without an error.
func (d *Durable) Delete(key uint32) (bool, error) {
	d.write.Lock()
	defer d.write.Unlock()
	if d.err != nil {
		return false, d.err
	}
	if !d.HNSW.Delete(key) {
		return false, nil
	}
	return true, d.append(logDelete, []uint32{key}, nil)
}

// Snapshot saves the index and empties the log. A crash meanwhile loses nothing: a log replayed on a snapshot that holds
// it already changes nothing.
func (d *Durable) Snapshot() error {
	d.write.Lock()
	defer d.write.Unlock()
	return d.snapshot()
}

func (d *Durable) snapshot() error {
	if err := d.Save(filepath.Join(d.dir, "snapshot")); err != nil {
		return err
	}
	d.err = d.cut(0)
	return d.err
}

// Close closes the log and leaves the directory to others. It takes no snapshot. Searches still work.
func (d *Durable) Close() error {
	d.write.Lock()
	defer d.write.Unlock()
	d.err = errors.Join(d.err, os.ErrClosed)
	return d.release()
}

func (d *Durable) release() error {
	var err error
	if d.log != nil {
		err = d.log.Close()
	}
	if d.lock != nil {
		err = errors.Join(err, d.lock.Close())
	}
	return err
}
