package alert

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/goldrec/gold/internal/journal"
)

var (
	// ErrInUse says that another log, here or in another process, has the directory open.
	ErrInUse = journal.ErrInUse
	// ErrDamaged says that the file does not hold what was written.
	ErrDamaged = journal.ErrDamaged
	// ErrFailed says that a write to the disk failed, now or earlier, and that the log takes no more until it is opened again.
	ErrFailed = journal.ErrFailed
)

// Disk is a Log in memory whose every note is in a file before Note returns: what was sent is known after a kill and a power cut.
// Notes under way at the same time share one sync of the file. It remembers as much as Memory, and is safe for concurrent use.
//
// The file is written anew, without what is not remembered any more, when it is over 16 MiB and over three times what it was
// after the last time; Note waits meanwhile, about a second for a million users.
type Disk struct {
	memory *Memory
	lock   io.Closer

	gate   sync.RWMutex // held for reading by Note, for writing while the file is replaced
	file   *journal.Journal[note]
	fresh  int64 // bytes of the file when it was written anew
	closed bool
}

var _ Log = (*Disk)(nil)

const rewriteSize = 16 << 20

// Open opens the log in a directory, which it makes when there is none, and reads it whole. A last note that a crash has cut
// off was never answered, and is cut away; any other damage is ErrDamaged. A directory that is open already is ErrInUse.
func Open(dir string) (*Disk, error) {
	d, err := open(dir)
	if err != nil {
		return nil, fmt.Errorf("alert: open %s: %w", dir, err)
	}
	return d, nil
}

func open(dir string) (*Disk, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock, err := journal.Lock(dir)
	if err != nil {
		return nil, err
	}
	d := &Disk{memory: NewMemory(), lock: lock}
	format := journal.Format[note]{Magic: "goldalerts\x00\x01", Append: appendNote, Read: readNote}
	d.file, err = journal.Open(filepath.Join(dir, "alerts"), format, func(n *note) error {
		return d.memory.Note(context.Background(), n.user, n.date, n.key)
	})
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	d.fresh = d.file.Size()
	return d, nil
}

// Sent implements Log.
func (d *Disk) Sent(ctx context.Context, user, key string) (bool, error) {
	return d.memory.Sent(ctx, user, key)
}

// Count implements Log.
func (d *Disk) Count(ctx context.Context, user, date string) (int, error) {
	return d.memory.Count(ctx, user, date)
}

// Note implements Log. What it has not returned nil for may be known after a restart or not.
func (d *Disk) Note(ctx context.Context, user, date, key string) error {
	if err := d.write(ctx, note{user, date, key}); err != nil {
		return fmt.Errorf("alert: note: %w", err)
	}
	return d.rewrite(false)
}

func (d *Disk) write(ctx context.Context, n note) error {
	d.gate.RLock()
	defer d.gate.RUnlock()
	if err := d.file.Failed(); err != nil {
		return err
	}
	if err := d.memory.Note(ctx, n.user, n.date, n.key); err != nil {
		return err
	}
	d.file.Note(&n)
	_, err := d.file.Wait()
	return err
}

// Forget removes what was sent to a user. Nothing of them is in the file when it returns nil, which costs a writing of the file.
func (d *Disk) Forget(user string) error {
	d.memory.Forget(user)
	return d.rewrite(true)
}

// rewrite writes the file anew, when that is worth it or must be.
func (d *Disk) rewrite(must bool) error {
	d.gate.RLock()
	worth := d.file.Size() > max(rewriteSize, 3*d.fresh)
	d.gate.RUnlock()
	if !worth && !must {
		return nil
	}
	d.gate.Lock()
	defer d.gate.Unlock()
	if d.closed {
		return fmt.Errorf("alert: %w", os.ErrClosed)
	}
	if !must && d.file.Size() <= max(rewriteSize, 3*d.fresh) {
		return nil // somebody else has done it
	}
	if err := d.file.Replace(d.memory.each); err != nil {
		return fmt.Errorf("alert: %w", err)
	}
	d.fresh = d.file.Size()
	return nil
}

// Close waits for the notes under way. Closing again does nothing.
func (d *Disk) Close() error {
	d.gate.Lock()
	defer d.gate.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	return errors.Join(d.file.Close(), d.lock.Close())
}

// note is a record of the file: three texts, each behind its length.
type note struct{ user, date, key string }

func appendNote(dst []byte, n *note) []byte {
	for _, text := range []string{n.user, n.date, n.key} {
		dst = binary.AppendUvarint(dst, uint64(len(text)))
		dst = append(dst, text...)
	}
	return dst
}

func readNote(data []byte) (n note, rest []byte, err error) {
	for _, text := range []*string{&n.user, &n.date, &n.key} {
		size, head := binary.Uvarint(data)
		if head <= 0 || size > uint64(len(data)-head) {
			return note{}, nil, fmt.Errorf("%w: short note", ErrDamaged)
		}
		*text = string(data[head : head+int(size)])
		data = data[head+int(size):]
	}
	return n, data, nil
}
