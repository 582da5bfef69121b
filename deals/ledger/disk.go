package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/internal/journal"
)

var (
	// ErrInUse says that another ledger, here or in another process, has the directory open.
	ErrInUse = journal.ErrInUse
	// ErrDamaged says that a file does not hold what was written.
	ErrDamaged = journal.ErrDamaged
	// ErrFailed says that a write to the disk failed, now or earlier, and that the ledger takes no more until it is closed
	// and opened again. What the call changed may be there then or not.
	ErrFailed = journal.ErrFailed
	// ErrClosed says that the ledger has been closed.
	ErrClosed = errors.New("ledger: closed")
)

// Disk is a Ledger in memory whose every change is in a file before anybody is told of it: what a call has answered survives a
// kill and a power cut. Calls under way at the same time share one sync of the file, so that many goroutines are as fast as
// the processor is, and one alone as fast as the disk. It is safe for concurrent use.
//
// The file is written anew, without what has been forgotten and with one record a claim, when it is over 64 MiB and over three
// times what it was after the last time. Calls wait meanwhile: about a second for a million claims.
type Disk struct {
	memory *Memory
	dir    string
	lock   io.Closer

	gate    sync.RWMutex // held for reading by every call, for writing while the file is replaced
	journal *journal.Journal[record]
	closed  bool
	fresh   int64 // bytes of the file when it was written anew
}

var (
	_ deals.Ledger  = (*Disk)(nil)
	_ deals.Sweeper = (*Disk)(nil)
)

const (
	fileName    = "claims"
	rewriteSize = 64 << 20
)

func format() journal.Format[record] {
	return journal.Format[record]{Magic: "goldclaims\x00\x01", Append: appendRecord, Read: readRecord}
}

// Open opens the ledger in a directory, which it makes when there is none. It reads the whole file: about a second for a
// million claims. A last write that a crash has cut off was never answered, and is cut away; any other damage is ErrDamaged. A
// directory that is open already is ErrInUse.
func Open(dir string, opts Options) (*Disk, error) {
	d, err := open(dir, opts)
	if err != nil {
		return nil, fmt.Errorf("ledger: open %s: %w", dir, err)
	}
	return d, nil
}

func open(dir string, opts Options) (*Disk, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock, err := journal.Lock(dir)
	if err != nil {
		return nil, err
	}
	d := &Disk{memory: NewMemory(opts), dir: dir, lock: lock}
	if d.journal, err = journal.Open(filepath.Join(dir, fileName), format(), d.memory.replay); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	d.fresh = d.journal.Size()
	d.memory.notes = d.journal
	return d, nil
}

// Close waits for the calls under way. Closing again does nothing.
func (d *Disk) Close() error {
	d.gate.Lock()
	defer d.gate.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	return errors.Join(d.journal.Close(), d.lock.Close())
}

// Hold implements deals.Ledger.
func (d *Disk) Hold(ctx context.Context, r deals.Request) (deals.Claim, error) {
	return do(d, func() (deals.Claim, error) { return d.memory.Hold(ctx, r) })
}

// Settle implements deals.Ledger.
func (d *Disk) Settle(ctx context.Context, id string, to deals.State, at time.Time) (deals.Claim, error) {
	return do(d, func() (deals.Claim, error) { return d.memory.Settle(ctx, id, to, at) })
}

// Claim implements deals.Ledger.
func (d *Disk) Claim(ctx context.Context, id string, at time.Time) (deals.Claim, error) {
	return do(d, func() (deals.Claim, error) { return d.memory.Claim(ctx, id, at) })
}

// Stock implements deals.Ledger.
func (d *Disk) Stock(ctx context.Context, deal, turn string, at time.Time) (deals.Stock, error) {
	return do(d, func() (deals.Stock, error) { return d.memory.Stock(ctx, deal, turn, at) })
}

// Sweep implements deals.Sweeper.
func (d *Disk) Sweep(ctx context.Context, at time.Time) error {
	_, err := do(d, func() (struct{}, error) { return struct{}{}, d.memory.Sweep(ctx, at) })
	return err
}

// do answers what f says once all that it may have seen is on the disk: what others have changed too, since an answer must
// not tell of what a crash could still undo.
func do[T any](d *Disk, f func() (T, error)) (T, error) {
	var zero T
	d.gate.RLock()
	if d.closed {
		d.gate.RUnlock()
		return zero, ErrClosed
	}
	if err := d.journal.Failed(); err != nil {
		d.gate.RUnlock()
		return zero, err
	}
	answer, refusal := f()
	size, err := d.journal.Wait()
	d.gate.RUnlock()
	if err != nil {
		return zero, err
	}
	if size > max(rewriteSize, 3*d.freshSize()) {
		if err := d.rewrite(); err != nil {
			return zero, err
		}
	}
	return answer, refusal
}

func (d *Disk) freshSize() int64 {
	d.gate.RLock()
	defer d.gate.RUnlock()
	return d.fresh
}

// rewrite writes the file anew, from what is remembered, and puts it in the place of the old one.
func (d *Disk) rewrite() error {
	d.gate.Lock()
	defer d.gate.Unlock()
	if d.closed || d.journal.Size() <= max(rewriteSize, 3*d.fresh) {
		return nil // somebody else has done it
	}
	if err := d.journal.Replace(d.memory.dump); err != nil {
		return err
	}
	d.fresh = d.journal.Size()
	return nil
}

// dump yields a record for each claim, those of a user and those who wait in their order.
func (m *Memory) dump(yield func(r *record)) {
	for p := range m.all() {
		for _, d := range p.over {
			if !d.claim.gone {
				yield(recordOf(d.claim))
			}
		}
		for _, c := range p.users {
			for ; c != nil; c = c.another {
				if c.lives() && !c.gone && c.state != deals.Waiting {
					yield(recordOf(c))
				}
			}
		}
		for _, t := range p.turns {
			for c := t.head; c != nil; c = c.next {
				yield(recordOf(c))
			}
		}
	}
}
