package pebblestore

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/goldrec/gold/store"
)

// groupBytes is how much one group takes before callers wait for the next.
const groupBytes = 4 << 20

// committer is the one writer of the database. Callers put what they write into the open group; a goroutine commits
// it with one sync while the next one fills. Positions are given out under the same lock, and groups are committed
// in their order, so that the log on the disk never has a gap that is filled later.
type committer struct {
	db    *pebble.DB
	guard *guard
	space *space
	end   atomic.Uint64 // the last position that is durable; what readers see ends here

	groups atomic.Uint64 // committed so far

	mu      sync.Mutex
	work    sync.Cond // the open group is no longer empty, or stopping
	room    sync.Cond // the open group is empty
	open    *group
	next    store.Position // the first that is free
	stopped bool
	done    chan struct{} // closed when the goroutine has ended
}

// group is what is committed together. Its err is guarded by committer.mu while it is open, by done afterwards.
type group struct {
	batch *pebble.Batch
	last  store.Position // the largest position in it or before it
	done  chan struct{}
	err   error
}

func newCommitter(db *pebble.DB, g *guard, sp *space, end store.Position) *committer {
	c := &committer{db: db, guard: g, space: sp, next: end + 1, done: make(chan struct{})}
	c.work.L, c.room.L = &c.mu, &c.mu
	c.end.Store(uint64(end))
	c.open = c.newGroup()
	g.onFail(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.room.Broadcast()
	})
	go c.run()
	return c
}

func (c *committer) newGroup() *group {
	return &group{batch: c.db.NewBatch(), done: make(chan struct{})}
}

// append adds interactions that are valid and returns when they are durable, with the last one's position.
func (c *committer) append(ctx context.Context, batch []store.Interaction) (store.Position, error) {
	g, err := c.begin()
	if err != nil {
		return 0, err
	}
	for i := range batch {
		if err = putInteraction(g.batch, &batch[i], c.next); err != nil {
			break
		}
		c.next++
	}
	last := c.next - 1
	return last, c.finish(ctx, g, err)
}

// write adds what fill puts into the batch, all or nothing, and returns when it is durable.
func (c *committer) write(ctx context.Context, fill func(b *pebble.Batch) error) error {
	b := c.db.NewBatch()
	defer b.Close()
	if err := fill(b); err != nil {
		return err
	}
	g, err := c.begin()
	if err != nil {
		return err
	}
	return c.finish(ctx, g, g.batch.Apply(b, nil))
}

// begin locks the open group, which finish unlocks.
func (c *committer) begin() (*group, error) {
	if err := c.guard.err(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	for c.open.batch.Len() >= groupBytes && c.guard.err() == nil {
		c.room.Wait()
	}
	if err := c.guard.err(); err != nil {
		c.mu.Unlock()
		return nil, err
	}
	return c.open, nil
}

// finish waits for the group's commit. After an error while it was filled the group is half-written and not committed:
// all who are in it get the error.
func (c *committer) finish(ctx context.Context, g *group, err error) error {
	g.err = firstError(g.err, err)
	g.last = c.next - 1
	c.mu.Unlock()
	c.work.Signal()
	select {
	case <-g.done:
		return g.err
	case <-c.guard.failed:
		return c.guard.err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// putInteraction writes both keys of an interaction straight into the batch's memory.
func putInteraction(b *pebble.Batch, in *store.Interaction, p store.Position) error {
	n := recordLen(in)
	op := b.SetDeferred(logKeyLen, textLen(in.User)+n)
	putLogKey(op.Key, p)
	value := appendText(op.Value[:0], in.User)
	value = appendRecord(value, in)
	if err := op.Finish(); err != nil {
		return err
	}
	op = b.SetDeferred(historyKeyLen(in.User), n)
	putHistoryKey(op.Key, in.User, p)
	copy(op.Value, value[len(value)-n:])
	return op.Finish()
}

// run commits one group after the other until stop, the last one included.
func (c *committer) run() {
	defer close(c.done)
	for {
		c.mu.Lock()
		for c.open.batch.Empty() && !c.stopped {
			c.work.Wait()
		}
		if c.open.batch.Empty() {
			c.mu.Unlock()
			return
		}
		g := c.open
		c.open = c.newGroup()
		c.mu.Unlock()
		c.room.Broadcast()
		c.commit(g)
	}
}

func (c *committer) commit(g *group) {
	defer close(g.done)
	if g.err = firstError(g.err, c.guard.err()); g.err != nil {
		return
	}
	if err := g.batch.Commit(pebble.Sync); err != nil {
		c.guard.fail("commit", err)
	}
	if g.err = c.guard.err(); g.err != nil { // the guard may have hidden a failure from the engine
		return
	}
	c.end.Store(uint64(g.last))
	c.groups.Add(1)
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
