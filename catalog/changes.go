package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// ErrConflict says that an item is not of the version that a write named: somebody else has written it since it was
// read. What wraps it is a [ConflictError].
var ErrConflict = errors.New("catalog: conflict")

// ConflictError says which item a write lost, and what version it has now. errors.Is takes it for ErrConflict.
type ConflictError struct {
	ID   string // cut to a readable length
	Have uint64 // 0: there is no such item
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("catalog: conflict: item %q is of version %d", e.ID, e.Have)
}

// Is reports whether target is ErrConflict.
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// Versioned returns the item of a handle and its version, both of one moment: nil and 0 when there is none. The version
// is what [Catalog.Version] became when the item was last changed, and what UpsertIf, PatchIf and DeleteIf take.
func (c *Catalog) Versioned(handle uint32) (it *Item, version uint64) {
	ch := c.chunk(handle)
	if ch == nil {
		return nil, 0
	}
	for i := handle % chunkSize; ; {
		before := ch.version.Load()
		r := ch.load(i)
		version = ch.written[i].Load()
		ok := true
		if r != nil {
			it, ok = c.item(handle, r)
		}
		if ok && before&1 == 0 && ch.version.Load() == before {
			if r == nil {
				return nil, 0
			}
			return it, version
		}
	}
}

// UpsertIf is Upsert when the item is of a version, or when there is none and version is 0. Else it changes nothing and
// returns a [ConflictError].
func (c *Catalog) UpsertIf(it Item, version uint64) (handle uint32, err error) {
	if err := it.check(); err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.checkVersion(it.ID, version); err != nil {
		return 0, err
	}
	handle, _, err = c.upsert(&it)
	return handle, err
}

// PatchIf is Patch when the item is of a version. Else it changes nothing and returns a [ConflictError].
func (c *Catalog) PatchIf(id string, version uint64, p Patch) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.checkVersion(id, version); err != nil {
		return err
	}
	return c.patch(id, p)
}

// DeleteIf is Delete when the item is of a version. Else it changes nothing and returns a [ConflictError].
func (c *Catalog) DeleteIf(id string, version uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.checkVersion(id, version); err != nil {
		return err
	}
	return c.delete(id)
}

// checkVersion holds an item's version against one. Under Catalog.mu.
func (c *Catalog) checkVersion(id string, version uint64) error {
	have := uint64(0)
	if handle, r, err := c.known(id); err == nil && r != nil {
		have = c.chunk(handle).written[handle%chunkSize].Load()
	}
	if have != version {
		return &ConflictError{cut(id, readable), have}
	}
	return nil
}

// Change says that an item was written.
type Change struct {
	Version uint64 // what Catalog.Version became
	Handle  uint32
	ID      string
	Deleted bool
}

// Changes yields what has changed after a version of the catalogue, which may be 0: each item once, as of its last
// change, in the order of those; then it waits for more. So whoever keeps something worked out of the items, and the
// Version of the last change that went into it, can catch up from any version, however old:
//
//	for change, err := range cat.Changes(ctx, since) { … }
//
// Of several changes of one item that come faster than they are taken, there is the last. An item that is deleted and
// was never seen is told of too. When ctx ends, so does the sequence, with ctx's error. It may run any number of times, and
// by any number at once, and keeps no writer waiting. To catch up costs a look at each 4,096 handles, and at each
// handle where there was a change.
func (c *Catalog) Changes(ctx context.Context, since uint64) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		for since := since; ; {
			more := c.waiting()
			upto := c.Version()
			for _, change := range c.changedBetween(since, upto) {
				if err := ctx.Err(); err != nil {
					yield(Change{}, err)
					return
				}
				if !yield(change, nil) {
					return
				}
			}
			since = max(since, upto)
			select {
			case <-more:
			case <-ctx.Done():
				yield(Change{}, ctx.Err())
				return
			}
		}
	}
}

// changedBetween returns what was last changed after one version and not after another.
func (c *Catalog) changedBetween(since, upto uint64) []Change {
	if since >= upto {
		return nil
	}
	var changes []Change
	for at := range c.dir.len() {
		ch := c.dir.get(at)
		if ch == nil || ch.latest.Load() <= since {
			continue
		}
		for i := range uint32(chunkSize) {
			if v := ch.written[i].Load(); v > since && v <= upto {
				handle := uint32(at)<<chunkBits + i
				changes = append(changes, Change{v, handle, c.ID(handle), ch.load(i) == nil})
			}
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.Version, b.Version) })
	return changes
}

// waiting returns what is closed at the next change.
func (c *Catalog) waiting() <-chan struct{} {
	for {
		if w := c.waiters.Load(); w != nil {
			return *w
		}
		w := make(chan struct{})
		if c.waiters.CompareAndSwap(nil, &w) {
			return w
		}
	}
}

// tell wakes those who wait for a change.
func (c *Catalog) tell() {
	if c.waiters.Load() != nil {
		if w := c.waiters.Swap(nil); w != nil {
			close(*w)
		}
	}
}
