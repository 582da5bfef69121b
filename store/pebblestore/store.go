// Package pebblestore keeps a gold store in a directory, embedded in the process, on cockroachdb/pebble.
//
//	st, err := pebblestore.Open("data", pebblestore.Options{})
//
// What a call has acknowledged is on the disk: it survives a kill and a power cut, and the next Open needs no repair.
// Calls that write at the same time share one sync, so that many goroutines with one interaction each are as fast as
// one with many. One process at a time has a directory open.
//
// # Caveats
//
// Cached pages live in memory and do not survive Close. What Forget and DeleteModel delete leaves the files when
// compaction next rewrites them, not at once. When the disk is nearly full, writes that add return [ErrFull] until
// there is room; when a write to the disk fails, the store stops like one that was killed: nothing more is written,
// every write returns [ErrFailed], reads go on, and Open after Close has all that was acknowledged.
package pebblestore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/goldrec/gold/store"
)

var (
	// ErrInUse says that another store, here or in another process, has the directory open.
	ErrInUse = errors.New("pebblestore: directory is in use")
	// ErrFormat says that the directory holds something that this version does not read.
	ErrFormat = errors.New("pebblestore: not a store of this format")
	// ErrFull says that the volume has no more room than Options.DiskReserve. Nothing was written; a call made when
	// there is room again succeeds.
	ErrFull = errors.New("pebblestore: disk full")
	// ErrFailed says that a write to the disk failed, now or earlier, and that the store takes no more of them. What
	// the call wrote may be there after the next Open or not.
	ErrFailed = errors.New("pebblestore: write failed, reopen the store")
)

// Options configures a Store. The zero value works.
type Options struct {
	// Logger gets what the storage engine reports: errors at Error, flushes and compactions at Debug. Nil discards.
	Logger *slog.Logger
	// CacheBytes is the memory for blocks read from the disk; 0 means 64 MiB. Writes buffer up to 128 MiB beside it.
	CacheBytes int64
	// PageBytesMax bounds the memory of cached pages; 0 means 64 MiB. The page used the longest ago goes first.
	PageBytesMax int
	// DiskReserve is the room on the volume that is left to others and to compaction, in bytes; 0 means 256 MiB or a
	// tenth of the volume, whichever is less. Below it only Forget and the deleting methods write; Open needs a
	// quarter of it.
	DiskReserve uint64
	// Now is the clock that page lifetimes are measured with; nil means time.Now.
	Now func() time.Time
}

const (
	memTableBytes = 32 << 20
	memTablesMax  = 4 // writes wait for the disk beyond that
)

// Store is a durable store.Store. It is safe for concurrent use.
type Store struct {
	db    *pebble.DB
	lock  *pebble.Lock
	guard *guard
	space *space
	pages *store.Memory

	commits   *committer
	forgotten atomic.Uint64 // grows with every Forget: what a scan has read may be gone
	uploads   atomic.Uint64 // the last number given to a model upload
	profiles  [64]sync.Mutex
	seed      maphash.Seed // shares the profile locks out
	models    sync.Mutex   // held while a version is numbered

	gate   sync.RWMutex // held for reading by every call under way
	closed bool
}

var _ store.Store = (*Store)(nil)

// Open opens the store in a directory, which it makes when there is none. It costs the replay of what was written
// last, up to 128 MiB. A directory that is open already is ErrInUse; one whose content is foreign or newer is
// ErrFormat.
func Open(dir string, opts Options) (*Store, error) {
	return open(vfs.Default, dir, opts, memTableBytes)
}

func open(fs vfs.FS, dir string, opts Options, memTable uint64) (*Store, error) {
	dir = filepath.Clean(dir)
	log := newLogger(opts.Logger)
	if err := fs.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("pebblestore: open %s: %w", dir, err)
	}
	lock, err := pebble.LockDirectory(dir, fs)
	if _, ok := errors.AsType[*os.PathError](err); ok { // the lock file cannot be made
		return nil, fmt.Errorf("pebblestore: open %s: %w", dir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrInUse, dir, err)
	}
	s := &Store{
		lock:  lock,
		seed:  maphash.MakeSeed(),
		guard: newGuard(log),
		space: &space{fs: fs, dir: dir, reserve: opts.DiskReserve},
		pages: store.NewMemory(store.MemoryOptions{Now: opts.Now, PageBytesMax: opts.PageBytesMax}),
	}
	if s.space.tooLowToOpen() {
		return nil, errors.Join(fmt.Errorf("%w: open %s", ErrFull, dir), lock.Close())
	}
	s.db, err = s.guard.open(func() (*pebble.DB, error) {
		return openDB(s.guard.wrap(fs), dir, lock, log, cmp.Or(opts.CacheBytes, 64<<20), memTable)
	})
	if errors.Is(err, errAbandoned) {
		return nil, errors.Join(fmt.Errorf("pebblestore: open %s: %w", dir, err), lock.Close(), lock.Close())
	}
	if err == nil {
		if err = firstError(s.recover(), s.guard.err()); err != nil {
			err = errors.Join(err, s.shut())
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("pebblestore: open %s: %w", dir, err), lock.Close())
	}
	return s, nil
}

// shut closes what Open had opened before it failed.
func (s *Store) shut() error {
	if s.commits != nil {
		s.commits.stop()
	}
	return s.db.Close()
}

func openDB(fs vfs.FS, dir string, lock *pebble.Lock, log *logger, cacheBytes int64, memTable uint64) (*pebble.DB, error) {
	cache := pebble.NewCache(cacheBytes)
	defer cache.Unref()
	opts := &pebble.Options{
		FS:                          fs,
		Lock:                        lock,
		Logger:                      log,
		Cache:                       cache,
		FormatMajorVersion:          pebble.FormatValueSeparation,
		MemTableSize:                memTable,
		MemTableStopWritesThreshold: memTablesMax,
		CompactionConcurrencyRange:  func() (int, int) { return 1, 2 },
		EventListener:               log.listener(),
	}
	for i := range opts.Levels {
		opts.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	return pebble.Open(dir, opts)
}

// recover checks the format and takes up where the last process stopped.
func (s *Store) recover() error {
	if err := s.checkFormat(); err != nil {
		return err
	}
	end, err := s.lastPosition()
	if err != nil {
		return err
	}
	if err := s.sweepUploads(); err != nil {
		return err
	}
	s.space.check()
	s.commits = newCommitter(s.db, s.guard, s.space, end)
	return nil
}

// checkFormat reads the key that every store has, and writes it into an empty one.
func (s *Store) checkFormat() error {
	value, found, err := s.get(formatKey)
	switch {
	case err != nil:
		return err
	case found && string(value) == formatValue:
		return nil
	case found:
		return fmt.Errorf("%w: format %q, this version reads %q", ErrFormat, value, formatValue)
	}
	it, err := s.db.NewIter(nil)
	if err != nil {
		return err
	}
	foreign := it.First()
	if err := it.Close(); err != nil {
		return err
	}
	if foreign {
		return fmt.Errorf("%w: a Pebble database of another program", ErrFormat)
	}
	return s.db.Set(formatKey, []byte(formatValue), pebble.Sync)
}

// Close waits for the calls under way and closes the directory. Closing again does nothing. After ErrFailed it reports
// the failure once more; the directory can be opened again all the same.
func (s *Store) Close() error {
	s.gate.Lock()
	defer s.gate.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	err := s.pages.Close()
	if s.commits.stop() {
		return errors.Join(err, s.guard.err(), s.db.Close(), s.lock.Close())
	}
	// A commit waits for a flush that will never come, and with it the engine could not be closed. Nothing of it
	// reaches the disk any more: it is left behind, with its memory, and its share in the lock is given back for it.
	s.guard.abandon()
	return errors.Join(err, s.guard.err(), s.lock.Close(), s.lock.Close())
}

// enter begins a call; leave ends it when enter returned nil.
func (s *Store) enter(ctx context.Context) error {
	s.gate.RLock()
	err := ctx.Err()
	if s.closed {
		err = store.ErrClosed
	}
	if err != nil {
		s.gate.RUnlock()
	}
	return err
}

func (s *Store) leave() { s.gate.RUnlock() }

// get copies the value of a key.
func (s *Store) get(key []byte) (value []byte, found bool, err error) {
	data, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	value = append([]byte(nil), data...)
	return value, true, closer.Close()
}

// Page implements store.Pages.
func (s *Store) Page(ctx context.Context, user, key string) ([]byte, error) {
	return s.pages.Page(ctx, user, key)
}

// PutPage implements store.Pages.
func (s *Store) PutPage(ctx context.Context, user, key string, page []byte, ttl time.Duration) error {
	return s.pages.PutPage(ctx, user, key, page, ttl)
}

// DropPages implements store.Pages.
func (s *Store) DropPages(ctx context.Context, user string) error {
	return s.pages.DropPages(ctx, user)
}
