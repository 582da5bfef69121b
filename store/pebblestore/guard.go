package pebblestore

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// guard makes the store stop at the first write that fails, as if it had been killed there: from then on nothing
// reaches the disk. What the disk holds is then what a crash would have left, which Open knows how to read.
//
// Pebble gives up the process when its write-ahead log or manifest cannot be written: it panics with locks held, or
// asks its logger to exit and is in disorder when that returns. So these failures are hidden from it, while writers
// ask the guard whether what they wrote is on the disk. Of failures to write a table it is told, and keeps what the
// table should have held in memory, where readers find it.
type guard struct {
	log    *logger
	once   sync.Once
	cause  atomic.Pointer[error]
	notify func()
	failed chan struct{} // closed by the first failure

	abandoned atomic.Bool
}

func newGuard(log *logger) *guard {
	g := &guard{log: log, failed: make(chan struct{}), notify: func() {}}
	log.onFatal = func(err error) { g.fail("engine", err) }
	return g
}

// onFail has f called at the first failure. It is set before there are writers.
func (g *guard) onFail(f func()) { g.notify = f }

// fail records the first failure.
func (g *guard) fail(op string, err error) {
	g.once.Do(func() {
		err = fmt.Errorf("%w: %s: %w", ErrFailed, op, err)
		g.cause.Store(&err)
		close(g.failed)
		g.log.Errorf("%v", err)
		g.notify()
	})
}

// err is the first failure, wrapped in ErrFailed, or nil.
func (g *guard) err() error {
	if cause := g.cause.Load(); cause != nil {
		return *cause
	}
	return nil
}

// do runs an operation that writes, unless one has failed before, and returns what the engine should see.
func (g *guard) do(op, name string, hide bool, f func() error) error {
	err := g.err()
	if err == nil {
		if err = f(); err != nil {
			g.fail(op+" "+name, err)
		}
	} else if !hide {
		g.throttle()
	}
	if hide {
		return nil
	}
	return err
}

var errAbandoned = errors.New("pebblestore: open abandoned")

// open runs open, which may wait for ever for a flush that fails. If so it is left behind, with errAbandoned.
func (g *guard) open(open func() (*pebble.DB, error)) (*pebble.DB, error) {
	type result struct {
		db  *pebble.DB
		err error
	}
	done := make(chan result, 1)
	go func() {
		db, err := open()
		done <- result{db, err}
	}()
	select {
	case r := <-done:
		return r.db, r.err
	case <-g.failed:
	}
	select {
	case r := <-done:
		return r.db, r.err
	case <-time.After(time.Second):
		g.abandon()
		return nil, fmt.Errorf("%w: %w", errAbandoned, g.err())
	}
}

// throttle slows the engine down, which tries a flush that failed again at once, for as long as it is open.
func (g *guard) throttle() {
	if g.abandoned.Load() {
		time.Sleep(time.Minute)
	}
	time.Sleep(20 * time.Millisecond)
}

// abandon is for an engine that cannot be closed.
func (g *guard) abandon() { g.abandoned.Store(true) }

// hidden reports whether failures to write the file are kept from the engine: it is none that it reads back.
func hidden(name string) bool {
	return !strings.HasSuffix(name, ".sst") && !strings.HasSuffix(name, ".blob")
}

func (g *guard) wrap(fs vfs.FS) vfs.FS { return &guardFS{FS: fs, guard: g} }

// guardFS is a file system whose writes go through the guard.
type guardFS struct {
	vfs.FS
	guard *guard
}

func (fs *guardFS) Unwrap() vfs.FS { return fs.FS }

func (fs *guardFS) file(f vfs.File, name string, err error) (vfs.File, error) {
	switch {
	case err != nil:
		return nil, err
	case f == nil:
		return &nullFile{stat: func() (vfs.FileInfo, error) { return fs.Stat(fs.PathDir(name)) }}, nil
	}
	return &guardFile{File: f, guard: fs.guard, name: name, hide: hidden(name)}, nil
}

func (fs *guardFS) Create(name string, category vfs.DiskWriteCategory) (f vfs.File, err error) {
	err = fs.guard.do("create", name, hidden(name), func() (err error) {
		f, err = fs.FS.Create(name, category)
		return err
	})
	return fs.file(f, name, err)
}

func (fs *guardFS) ReuseForWrite(from, to string, category vfs.DiskWriteCategory) (f vfs.File, err error) {
	err = fs.guard.do("reuse", to, hidden(to), func() (err error) {
		f, err = fs.FS.ReuseForWrite(from, to, category)
		return err
	})
	return fs.file(f, to, err)
}

func (fs *guardFS) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (f vfs.File, err error) {
	err = fs.guard.do("open", name, hidden(name), func() (err error) {
		f, err = fs.FS.OpenReadWrite(name, category, opts...)
		return err
	})
	return fs.file(f, name, err)
}

// OpenDir opens a directory, which is only ever synced. The sync that makes a new log file known is one that Pebble
// cannot see fail.
func (fs *guardFS) OpenDir(name string) (vfs.File, error) {
	f, err := fs.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &guardFile{File: f, guard: fs.guard, name: name, hide: true}, nil
}

func (fs *guardFS) Rename(from, to string) error {
	return fs.guard.do("rename", to, hidden(to), func() error { return fs.FS.Rename(from, to) })
}

func (fs *guardFS) Link(from, to string) error {
	return fs.guard.do("link", to, false, func() error { return fs.FS.Link(from, to) })
}

// Remove fails without harm: what cannot be removed now is when the directory is opened again.
func (fs *guardFS) Remove(name string) error {
	if fs.guard.err() != nil {
		return nil
	}
	return fs.FS.Remove(name)
}

func (fs *guardFS) RemoveAll(name string) error {
	if fs.guard.err() != nil {
		return nil
	}
	return fs.FS.RemoveAll(name)
}

// guardFile is a file whose writes go through the guard. Preallocation does not: it may be refused and is only a help.
type guardFile struct {
	vfs.File
	guard *guard
	name  string
	hide  bool
}

func (f *guardFile) Write(p []byte) (n int, err error) {
	err = f.guard.do("write", f.name, f.hide, func() (err error) {
		n, err = f.File.Write(p)
		return err
	})
	if err == nil {
		n = len(p)
	}
	return n, err
}

func (f *guardFile) WriteAt(p []byte, offset int64) (n int, err error) {
	err = f.guard.do("write", f.name, f.hide, func() (err error) {
		n, err = f.File.WriteAt(p, offset)
		return err
	})
	if err == nil {
		n = len(p)
	}
	return n, err
}

func (f *guardFile) Preallocate(offset, length int64) error {
	if f.guard.err() != nil {
		return nil
	}
	if err := f.File.Preallocate(offset, length); err != nil && !f.hide {
		return err
	}
	return nil
}

func (f *guardFile) Sync() error {
	return f.guard.do("sync", f.name, f.hide, f.File.Sync)
}

func (f *guardFile) SyncData() error {
	return f.guard.do("sync", f.name, f.hide, f.File.SyncData)
}

func (f *guardFile) SyncTo(length int64) (full bool, err error) {
	err = f.guard.do("sync", f.name, f.hide, func() (err error) {
		full, err = f.File.SyncTo(length)
		return err
	})
	return full, err
}

// Close reports what some file systems say only then, that a write was lost.
func (f *guardFile) Close() error {
	err := f.File.Close()
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		f.guard.fail("close "+f.name, err)
	}
	if f.hide {
		return nil
	}
	return err
}

// nullFile stands for a file that could not be made and is not read.
type nullFile struct {
	vfs.File // nil: there is nothing to read
	stat     func() (vfs.FileInfo, error)
}

func (*nullFile) Write(p []byte) (int, error)            { return len(p), nil }
func (*nullFile) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (*nullFile) Preallocate(_, _ int64) error           { return nil }
func (*nullFile) Sync() error                            { return nil }
func (*nullFile) SyncData() error                        { return nil }
func (*nullFile) SyncTo(int64) (bool, error)             { return false, nil }
func (*nullFile) Prefetch(_, _ int64) error              { return nil }
func (*nullFile) Fd() uintptr                            { return vfs.InvalidFd }
func (*nullFile) Close() error                           { return nil }
func (f *nullFile) Stat() (vfs.FileInfo, error)          { return f.stat() }
