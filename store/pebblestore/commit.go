package pebblestore

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/goldrec/gold/store"
)

const (
	// groupBytes is how much one group takes before callers wait for the next; less when write buffers are smaller.
	groupBytes = 4 << 20
	// groupsKept is of how many groups the IDs are remembered after they have been committed, for those who have
	// looked for them in the database before.
	groupsKept = 4
)

// committer is the one writer of the database. Callers put what they write into the open group; a goroutine commits
// it with one sync while the next one fills. Positions are given out under the same lock, and groups are committed
// in their order, so that the log on the disk never has a gap that is filled later.
//
// Once something is in a group its caller waits for the group's outcome, whatever becomes of their context: what they
// are told is what the disk has.
type committer struct {
	db    *pebble.DB
	guard *guard
	space *space
	mark  *mark

	groupMax int // bytes

	end atomic.Uint64 // the last position that is durable; what readers see ends here

	groups atomic.Uint64 // committed so far, also by those who had the directory before

	mu         sync.Mutex
	work       sync.Cond // there is something to do for the goroutine
	room       sync.Cond // the open group is empty
	idle       sync.Cond // no group is being committed
	open       *group
	seq        uint64 // of the open group
	committing bool
	quiet      int               // callers who want no group to be committed now
	kept       []*group          // committed lately
	ids        map[string]*group // by key: those of the open group, the one being committed, and the kept ones
	news       chan struct{}     // closed when end grows; nil while nobody waits
	next       store.Position    // the first that is free
	stopped    bool
	done       chan struct{} // closed when the goroutine has ended
}

// group is what is committed together. Its err is guarded by committer.mu while it is open, by done afterwards.
type group struct {
	seq     uint64 // grows from group to group
	batch   *pebble.Batch
	entries []userEntry    // of users
	ids     []string       // keys
	last    store.Position // the largest position in it or before it
	done    chan struct{}
	err     error
}

// userEntry is where an entry of a user is.
type userEntry struct {
	user     string
	position store.Position
}

func newCommitter(db *pebble.DB, g *guard, sp *space, m *mark, was state) *committer {
	c := &committer{
		db: db, guard: g, space: sp, mark: m, groupMax: min(groupBytes, int(sp.memTable)), next: store.Position(was.end) + 1, ids: make(map[string]*group),
		done: make(chan struct{}),
	}
	c.work.L, c.room.L, c.idle.L = &c.mu, &c.mu, &c.mu
	c.end.Store(was.end)
	c.groups.Store(was.group)
	c.open = c.newGroup()
	g.onFail(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.room.Broadcast()
		c.idle.Broadcast()
	})
	go c.run()
	return c
}

func (c *committer) newGroup() *group {
	c.seq++
	return &group{seq: c.seq, batch: c.db.NewBatch(), done: make(chan struct{})}
}

// append adds entries that are valid and returns when they are durable, and so are those that were there already.
func (c *committer) append(batch []store.Entry) error {
	keys, g, err := c.beginIDs(batch)
	if err != nil {
		return err
	}
	var wait *group // the last one that has anything of the batch
	for i := range batch {
		e := &batch[i]
		e.Partition, e.Position = 0, 0
		var key []byte
		if keys != nil && e.Interaction.ID != "" {
			if key = keys[i]; key == nil {
				continue
			}
			if holder := c.ids[string(key)]; holder != nil {
				wait = later(wait, holder)
				continue
			}
		}
		if err = c.put(g, e, key); err != nil {
			break
		}
		wait = g
	}
	return c.finish(wait, g, err)
}

// later is the one of two groups that is committed after the other; nil is before all.
func later(a, b *group) *group {
	if a == nil || b.seq > a.seq {
		return b
	}
	return a
}

// put gives the entry the next position and puts it into the group, which is the open one.
func (c *committer) put(g *group, e *store.Entry, idKey []byte) error {
	e.Position = c.next
	if err := putEntry(g.batch, e, idKey); err != nil {
		return err
	}
	c.next++
	if user := e.Interaction.User; user != "" {
		g.entries = append(g.entries, userEntry{user, e.Position})
	}
	if idKey != nil {
		key := string(idKey)
		g.ids = append(g.ids, key)
		c.ids[key] = g
	}
	return nil
}

// write adds what fill puts into the batch, all or nothing, and returns when it is durable.
func (c *committer) write(fill func(b *pebble.Batch) error) error {
	return c.remove(func(b *pebble.Batch) (ids [][]byte, err error) { return nil, fill(b) })
}

// remove is write for what deletes the IDs of the keys that fill returns.
func (c *committer) remove(fill func(b *pebble.Batch) (ids [][]byte, err error)) error {
	b := c.db.NewBatch()
	defer b.Close()
	ids, err := fill(b)
	if err != nil {
		return err
	}
	g, err := c.begin()
	if err != nil {
		return err
	}
	if err = g.batch.Apply(b, nil); err == nil {
		for _, key := range ids {
			delete(c.ids, string(key))
		}
	}
	return c.finish(g, g, err)
}

// begin locks the open group, which finish unlocks.
func (c *committer) begin() (*group, error) {
	if err := c.guard.err(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	for c.open.batch.Len() >= c.groupMax && c.guard.err() == nil {
		c.room.Wait()
	}
	if err := c.guard.err(); err != nil {
		c.mu.Unlock()
		return nil, err
	}
	return c.open, nil
}

// finish waits for a group to be committed, nil for none, after the open one has been filled. After an error while it
// was filled that is half-written and not committed: all who are in it get the error.
func (c *committer) finish(wait, open *group, err error) error {
	if err != nil {
		wait = open
	}
	open.err = firstError(open.err, err)
	open.last = c.next - 1
	c.mu.Unlock()
	c.work.Signal()
	if wait == nil {
		return nil
	}
	select {
	case <-wait.done:
		return wait.err
	case <-c.guard.failed:
		return c.guard.err()
	}
}

// putEntry writes the keys of an entry straight into the batch's memory.
func putEntry(b *pebble.Batch, e *store.Entry, idKey []byte) error {
	user := e.Interaction.User
	var buf [256]byte
	value := appendRecord(appendUser(buf[:0], user), e)
	op := b.SetDeferred(logKeyLen, len(value))
	putLogKey(op.Key, e.Position)
	copy(op.Value, value)
	if err := op.Finish(); err != nil || user == "" {
		return err
	}
	prefix, record := byte(prefixOther), []byte(nil)
	if e.Fact == store.Interacted {
		prefix, record = prefixHistory, value[2+len(user):]
	}
	op = b.SetDeferred(userKeyLen(user), len(record))
	putUserKey(op.Key, prefix, user, e.Position)
	copy(op.Value, record)
	if err := op.Finish(); err != nil || idKey == nil {
		return err
	}
	return b.Set(idKey, numberValue(uint64(e.Position)), nil)
}

// run commits one group after the other until stop, the last one included.
func (c *committer) run() {
	defer close(c.done)
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		for c.quiet > 0 || c.open.batch.Empty() && !c.stopped {
			c.work.Wait()
		}
		if c.open.batch.Empty() {
			return
		}
		g := c.open
		c.open = c.newGroup()
		c.committing = true
		c.mu.Unlock()
		c.room.Broadcast()
		c.commit(g)
		c.mu.Lock()
		c.committing = false
		c.keep(g)
		c.idle.Broadcast()
	}
}

// keep remembers the IDs of a group that is done for a while, unless it has failed, and wakes those who wait for news.
func (c *committer) keep(g *group) {
	g.entries = nil
	c.kept = append(c.kept, g)
	switch {
	case g.err != nil:
		c.drop(len(c.kept) - 1)
	case len(c.kept) > groupsKept:
		c.drop(0)
	}
	if c.news != nil {
		close(c.news)
		c.news = nil
	}
}

// changed is closed when a group has been committed after the call.
func (c *committer) changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.news == nil {
		c.news = make(chan struct{})
	}
	return c.news
}

func (c *committer) commit(g *group) {
	defer close(g.done)
	if g.err = firstError(g.err, c.guard.err()); g.err != nil {
		return
	}
	number := c.groups.Load() + 1
	if g.err = g.batch.Set(groupKey, numberValue(number), nil); g.err != nil {
		return
	}
	if err := g.batch.Commit(pebble.Sync); err != nil {
		c.guard.fail("commit", err)
	}
	if g.err = c.guard.err(); g.err != nil { // the guard may have hidden a failure from the engine
		return
	}
	c.mark.write(state{group: number, end: uint64(g.last)})
	if g.err = c.guard.err(); g.err != nil {
		return
	}
	c.end.Store(uint64(g.last))
	c.groups.Store(number)
	g.err = g.batch.Close()
	c.space.check()
}

// stop ends the goroutine. It reports false when that is caught in a commit which cannot end, after a failure.
func (c *committer) stop() bool {
	c.mu.Lock()
	c.stopped = true
	c.mu.Unlock()
	c.work.Signal()
	select {
	case <-c.done:
		return true
	case <-c.guard.failed:
	}
	select {
	case <-c.done:
		return true
	case <-time.After(time.Second):
		return false
	}
}
