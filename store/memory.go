package store

import (
	"context"
	"sync/atomic"
	"time"
	"unique"
)

// MemoryOptions configures a [Memory]. The zero value works.
type MemoryOptions struct {
	// Now is the clock of leases and Forgotten entries; nil means time.Now.
	Now func() time.Time
}

// Memory is the Store that lives in the process and dies with it: for tests, for the models that read a log once, and
// for programs that can learn again from elsewhere. It is safe for concurrent use and starts no goroutine.
//
// An entry costs 96 bytes, 110 more with an ID, plus its identifiers, each distinct one kept once. Append is O(1) an
// entry, History O(entries it passes), Forget O(entries of that user), Trim O(all). Everything grows with
// what is stored: profiles until they are deleted, entries until they are trimmed or forgotten, models until their
// versions are deleted, leases for ever with their names.
type Memory struct {
	closed   atomic.Bool
	log      memoryLog
	profiles memoryProfiles
	models   memoryModels
	leases   memoryLeases
}

var _ Store = (*Memory)(nil)

// NewMemory makes an empty store.
func NewMemory(opts MemoryOptions) *Memory {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	m := new(Memory)
	m.log.empty = unique.Make("")
	m.log.nowhere = unique.Make(where{})
	m.log.now = opts.Now
	m.log.last = make(map[unique.Handle[string]]Position)
	m.log.ids = make(map[memoryID]struct{})
	m.profiles.stored = make(map[string]Profile)
	m.profiles.segments = make(map[string]map[string]struct{})
	m.models.names = make(map[string]*memoryModel)
	m.leases.now = opts.Now
	m.leases.names = make(map[string]Lease)
	return m
}

// Close lets go of everything the store holds. Closing again does nothing.
func (m *Memory) Close() error {
	m.closed.Store(true)
	m.log.clear()
	m.profiles.clear()
	m.models.clear()
	m.leases.clear()
	return nil
}

// check says why a call cannot begin. The closed flag is read again under each part's lock, which clear takes after
// setting it, so that nothing is written to a part that has been cleared.
func (m *Memory) check(ctx context.Context) error {
	if m.closed.Load() {
		return ErrClosed
	}
	return ctx.Err()
}
