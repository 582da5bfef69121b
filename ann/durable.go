package ann

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"
)

// Durable is an HNSW kept in a directory: a snapshot, and a log of what was added and deleted since. What Add, AddBatch and
// Delete have returned from survives a crash at any moment. Searches go to the index itself and never wait. A directory
// belongs to one Durable at a time.
type Durable struct {
	*HNSW

	write sync.Mutex // held by the one who changes index and log
	dir   string
	log   *os.File
	err   error // of a write to the log, after which nothing more is taken
}

// A record of the log is an operation, a key, for additions the vector as it was given, and a CRC-32C of these.
const (
	logAdd    = 'a'
	logDelete = 'd'
)

// OpenDurable opens the index in dir, which must exist, or begins one with opts. A record that was being written in a crash
// is cut off; any other damage is ErrCorrupt. Of an index that is there opts says only Workers and Progress, and must agree
// on Dim.
func OpenDurable(dir string, opts Options) (*Durable, error) {
	h, err := Load(filepath.Join(dir, "snapshot"), opts)
	if errors.Is(err, os.ErrNotExist) {
		h, err = NewHNSW(opts)
	}
	if err != nil {
		return nil, err
	}
	if opts.Dim != h.Dim() {
		return nil, &DimensionError{Got: opts.Dim, Want: h.Dim()}
	}
	f, err := os.OpenFile(filepath.Join(dir, "log"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ann: open log: %w", err)
	}
	d := &Durable{HNSW: h, dir: dir, log: f}
	if err := errors.Join(d.replay(), syncDir(dir)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return d, nil
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
	var b []byte
	for i, key := range keys {
		b = appendRecord(b, logAdd, key, vectors[i*d.Dim():(i+1)*d.Dim()])
	}
	return d.append(b)
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
	return true, d.append(appendRecord(nil, logDelete, key, nil))
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
	_, err := d.log.Seek(0, io.SeekStart)
	d.err = errors.Join(d.log.Truncate(0), err, d.log.Sync())
	return d.err
}

// Close closes the log. It takes no snapshot. Searches still work.
func (d *Durable) Close() error {
	d.write.Lock()
	defer d.write.Unlock()
	d.err = errors.Join(d.err, os.ErrClosed)
	return d.log.Close()
}

func (d *Durable) append(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if _, err := d.log.Write(b); err != nil {
		d.err = fmt.Errorf("ann: append to log: %w", err)
	} else if err := d.log.Sync(); err != nil {
		d.err = fmt.Errorf("ann: sync log: %w", err)
	}
	return d.err
}

func appendRecord(b []byte, op byte, key uint32, vector []float32) []byte {
	from := len(b)
	b = binary.LittleEndian.AppendUint32(append(b, op), key)
	for _, v := range vector {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[from:], castagnoli))
}

// replay applies the log and leaves it at its end.
func (d *Durable) replay() error {
	b, err := io.ReadAll(d.log)
	if err != nil {
		return fmt.Errorf("ann: read log: %w", err)
	}
	at := 0
	for at < len(b) {
		n, err := d.apply(b[at:])
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		at += n
	}
	if at < len(b) {
		if err := d.log.Truncate(int64(at)); err != nil {
			return fmt.Errorf("ann: cut log: %w", err)
		}
	}
	if _, err := d.log.Seek(int64(at), io.SeekStart); err != nil {
		return fmt.Errorf("ann: open log: %w", err)
	}
	return nil
}

// apply applies the record at the beginning of b and returns its length, or 0 where b is the rest of one that was being
// written in a crash.
func (d *Durable) apply(b []byte) (int, error) {
	most := 1 + 4 + 4*d.Dim() + 4
	n := most
	if b[0] == logDelete {
		n = 1 + 4 + 4
	}
	whole := len(b) >= n && crc32.Checksum(b[:n-4], castagnoli) == binary.LittleEndian.Uint32(b[n-4:])
	if !whole {
		if len(b) > most {
			return 0, fmt.Errorf("%w: a damaged record in the log", ErrCorrupt)
		}
		return 0, nil
	}
	key := binary.LittleEndian.Uint32(b[1:])
	switch b[0] {
	case logDelete:
		d.HNSW.Delete(key)
	case logAdd:
		vector := make([]float32, d.Dim())
		for i := range vector {
			vector[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[5+4*i:]))
		}
		if err := d.HNSW.Add(key, vector); err != nil {
			return 0, fmt.Errorf("%w: %v", ErrCorrupt, err)
		}
	default:
		return 0, fmt.Errorf("%w: an unknown record in the log", ErrCorrupt)
	}
	return n, nil
}
