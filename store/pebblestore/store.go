// Package pebblestore keeps a gold store in a directory, embedded in the process, on cockroachdb/pebble.
//
//	st, err := pebblestore.Open("data", pebblestore.Options{})
//
// What a call has acknowledged is on the disk: it survives a kill and a power cut, and the next Open needs no repair.
// Calls that write at the same time share one sync, so that many goroutines with one interaction each are as fast as
// one with many. One process at a time has a directory open. The log has one partition.
//
// It is a module of its own, since Pebble brings some forty others:
//
//	go get github.com/goldrec/gold/store/pebblestore
//
// # Cost and concurrency
//
// A Store is safe for concurrent use. A write waits for one sync of the disk, which it shares with those made
// meanwhile; a look-up of a profile or a current model is one read, a history one seek and the reading of neighbouring
// records; Scan reads a thousand entries at a time. Trim reads the whole log. Memory is [Options].CacheBytes
// (64 MiB) and up to 128 MiB of write buffers. Open replays what was written last, up to 128 MiB.
//
// # Caveats
//
// What Forget and DeleteModel delete leaves the files when
// compaction next rewrites them, not at once. When the disk is nearly full, writes that add return [ErrFull] until
// there is room; when a write to the disk fails, the store stops like one that was killed: nothing more is written,
// every write returns [ErrFailed], reads go on, and Open after Close has all that was acknowledged.
//
// A disk may lose what it has acknowledged. Blocks of tables and records of the write-ahead log have checksums, so that
// no call returns bytes that were changed. A damaged record near the end of the write-ahead log looks like one that a
// crash has cut off, together with all behind it; therefore a file of its own, named acknowledged, says up to where
// there must be something, and Open returns [ErrDamaged] when there is less. That file is written after each sync, and
// synced itself once in a thousand of them and by Close; otherwise the operating system writes it when it likes, usually
// within half a minute. So after a kill nothing is missing silently. After a power cut that also damages the write-ahead
// log, what was acknowledged in that last half minute may be; and whoever deletes both the last entries and the file
// leaves no trace.
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
	// ErrFull says that the volume has no more room than Options.DiskReserve, or that Open found too little to take
	// up what was written last. Nothing was lost; a call made when there is room again succeeds.
	ErrFull = errors.New("pebblestore: disk full")
	// ErrFailed says that a write to the disk failed, now or earlier, and that the store takes no more of them until
	// it is closed and opened again. What the call wrote may be there then or not.
	ErrFailed = errors.New("pebblestore: write failed")
)

// Options configures a Store. The zero value works.
type Options struct {
	// Logger gets what the storage engine reports: errors at Error, flushes and compactions at Debug. Nil discards.
	Logger *slog.Logger
	// CacheBytes is the memory for blocks read from the disk; 0 means 64 MiB. Writes buffer up to 128 MiB beside it.
	CacheBytes int64
	// DiskReserve is the room on the volume that is left to others and to compaction, in bytes; 0 means 256 MiB or
	// half of the volume, whichever is less. It is never less than what Open may need to take up the write-ahead log:
	// 128 MiB, or a twentieth of the volume if that is less. Below it only Forget, Trim, the deleting methods and what
	// replaces a few bytes (leases, the current version) write.
	DiskReserve uint64
	// Now is the clock of leases and Forgotten entries; nil means time.Now.
	Now func() time.Time
}

const (
	memTableBytes    = 32 << 20  // of a write buffer, on a volume that is large enough
	memTableBytesMin = 256 << 10 // on any
	memTablesMax     = 4         // writes wait for the disk beyond that
)

// Store is a durable store.Store. It is safe for concurrent use.
type Store struct {
	db    *pebble.DB
	lock  *pebble.Lock
	guard *guard
	space *space
	mark  *mark
	now   func() time.Time

	commits  *committer
	removed  atomic.Uint64 // grows with every removal from the log: what a scan has read may be gone
	removing sync.Mutex    // held by Forget, and by Trim for some entries at a time
	uploads  atomic.Uint64 // the last number given to a model upload
	profiles [64]sync.Mutex
	seed     maphash.Seed // shares the profile locks out
	models   sync.Mutex   // held while a version is numbered, deleted or made the current one
	leases   sync.Mutex   // held while a lease is replaced

	gate    sync.RWMutex  // held for reading by every call under way that does not wait
	closing chan struct{} // closed when Close begins
	once    sync.Once     // closes it
	closed  bool
}

var _ store.Store = (*Store)(nil)

// Open opens the store in a directory, which it makes when there is none. It costs the replay of what was written
// last, up to 128 MiB. A directory that is open already is ErrInUse. One that holds the database of another program, or
// a store of a newer format, is ErrFormat; other files that lie there are left alone. One that has lost what was
// acknowledged is ErrDamaged: the error says how much, and how to open what is left. Where there is too little room for
// the replay it is ErrFull.
func Open(dir string, opts Options) (*Store, error) {
	return open(vfs.Default, dir, opts, 0)
}

// open has write buffers of memTable bytes; 0 leaves it to the size of the volume.
func open(fs vfs.FS, dir string, opts Options, memTable uint64) (*Store, error) {
	dir = filepath.Clean(dir)
	s, err := openStore(fs, dir, opts, memTable)
	switch {
	case err == nil:
		return s, nil
	case vfs.IsNoSpaceError(err) && !errors.Is(err, ErrFull):
		err = fmt.Errorf("%w: %w", ErrFull, err)
	case pebble.IsCorruptionError(err) && !errors.Is(err, ErrDamaged):
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil, fmt.Errorf("pebblestore: open %s: %w", dir, err)
}

func openStore(fs vfs.FS, dir string, opts Options, memTable uint64) (*Store, error) {
	log := newLogger(opts.Logger)
	if err := fs.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock, err := pebble.LockDirectory(dir, fs)
	if _, ok := errors.AsType[*os.PathError](err); ok { // the lock file cannot be made
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInUse, err)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	s := &Store{
		lock:    lock,
		seed:    maphash.MakeSeed(),
		guard:   newGuard(log),
		space:   newSpace(fs, dir, opts.DiskReserve, memTable),
		now:     opts.Now,
		closing: make(chan struct{}),
	}
	guarded := s.guard.wrap(fs)
	s.mark = &mark{fs: guarded, dir: dir}
	if err := s.space.enoughToOpen(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	s.db, err = s.guard.open(func() (*pebble.DB, error) {
		return openDB(guarded, dir, lock, log, cmp.Or(opts.CacheBytes, 64<<20), s.space.memTable)
	})
	if errors.Is(err, errAbandoned) {
		return nil, errors.Join(err, lock.Close(), lock.Close())
	}
	if err == nil {
		if err = firstError(s.recover(), s.guard.err()); err != nil {
			err = errors.Join(err, s.shut())
		}
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

// shut closes what Open had opened before it failed.
func (s *Store) shut() error {
	if s.commits != nil {
		s.commits.stop()
	}
	return errors.Join(s.mark.close(), s.db.Close())
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
	group, err := s.number(groupKey)
	if err != nil {
		return err
	}
	was := state{group: group, end: uint64(end)}
	if err := s.mark.open(was); err != nil {
		return err
	}
	if err := s.sweepUploads(); err != nil {
		return err
	}
	s.space.check()
	s.commits = newCommitter(s.db, s.guard, s.space, s.mark, was)
	return nil
}

// checkFormat reads the key that every store has, and writes it into an empty one and into one of format 1.
func (s *Store) checkFormat() error {
	value, found, err := s.get(formatKey)
	switch {
	case err != nil:
		return err
	case found && string(value) == formatValue:
		return nil
	case found && string(value) == formatValue1:
		return s.db.Set(formatKey, []byte(formatValue), pebble.Sync)
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
	s.once.Do(func() { close(s.closing) })
	s.gate.Lock()
	defer s.gate.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.commits.stop() {
		return errors.Join(s.guard.err(), s.mark.close(), s.db.Close(), s.lock.Close())
	}
	// A commit waits for a flush that will never come, and with it the engine could not be closed. Nothing of it
	// reaches the disk any more: it is left behind, with its memory, and its share in the lock is given back for it.
	s.guard.abandon()
	return errors.Join(s.guard.err(), s.lock.Close(), s.lock.Close())
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

// number reads the number under a key, 0 when there is none.
func (s *Store) number(key []byte) (uint64, error) {
	value, found, err := s.get(key)
	if err != nil || !found {
		return 0, err
	}
	return number(value)
}
