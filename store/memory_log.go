package store

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unique"
)

const (
	memoryChunkLen = 512 // positions a chunk covers
	memoryScanLen  = 256 // entries a scan copies in one hold of the lock
)

// record is an Interaction with each identifier kept once in the process, and the user's previous one chained to it.
type record struct {
	user, item, session, placement, variant unique.Handle[string]

	value    float64
	micros   int64
	position Position
	previous Position // of the same user; 0 ends the chain
	kind     Kind
}

func (r *record) interaction() Interaction {
	return Interaction{
		User: r.user.Value(), Item: r.item.Value(), Kind: r.kind, Value: r.value,
		Time: time.UnixMicro(r.micros).UTC(), Session: r.session.Value(),
		Placement: r.placement.Value(), Variant: r.variant.Value(),
	}
}

// memoryLog is the log of a Memory: chunks of consecutive positions, from which forgotten records are first blanked
// and then, when they are half of the chunk, cut out.
type memoryLog struct {
	empty     unique.Handle[string]
	forgotten atomic.Uint64 // grows with every Forget: what a scan has copied may be gone

	mu     sync.RWMutex
	chunks []memoryChunk
	last   map[unique.Handle[string]]Position // of each user
	end    Position
}

type memoryChunk struct {
	records []record // in position order
	live    int      // those that are not blank
}

// Append implements Log. It waits for no scan longer than it takes to copy 256 entries.
func (m *Memory) Append(ctx context.Context, batch []Interaction) (Position, error) {
	if err := m.check(ctx); err != nil {
		return 0, err
	}
	if err := ValidateBatch(batch); err != nil {
		return 0, err
	}
	records := make([]record, len(batch))
	for i := range batch {
		records[i] = m.log.record(&batch[i])
	}
	m.log.mu.Lock()
	defer m.log.mu.Unlock()
	if m.closed.Load() {
		return 0, ErrClosed
	}
	for i := range records {
		m.log.add(&records[i])
	}
	return m.log.end, nil
}

// History implements Log.
func (m *Memory) History(ctx context.Context, user string, limit int) ([]Interaction, error) {
	if err := m.check(ctx); err != nil {
		return nil, err
	}
	m.log.mu.RLock()
	defer m.log.mu.RUnlock()
	if m.closed.Load() {
		return nil, ErrClosed
	}
	var history []Interaction
	at := m.log.last[unique.Make(user)]
	for at != 0 && len(history) < limit {
		r := m.log.find(at)
		history = append(history, r.interaction())
		at = r.previous
	}
	return history, nil
}

// Scan implements Log. It holds no lock while the caller has an entry.
func (m *Memory) Scan(ctx context.Context, since Position) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		end, err := m.scanEnd(ctx)
		var page []record
		for after := since; err == nil && after < end; {
			seen := m.log.forgotten.Load()
			page, err = m.scanPage(ctx, page[:0], after, end)
			if len(page) == 0 {
				break
			}
			for i := range page {
				if m.log.forgotten.Load() != seen {
					break // read the rest of the page again
				}
				after = page[i].position
				if !yield(Entry{Position: after, Interaction: page[i].interaction()}, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(Entry{}, err)
		}
	}
}

func (m *Memory) scanEnd(ctx context.Context) (Position, error) {
	if err := m.check(ctx); err != nil {
		return 0, err
	}
	m.log.mu.RLock()
	defer m.log.mu.RUnlock()
	return m.log.end, nil
}

// scanPage appends the next entries after a position to page.
func (m *Memory) scanPage(ctx context.Context, page []record, after, end Position) ([]record, error) {
	if err := m.check(ctx); err != nil {
		return nil, err
	}
	m.log.mu.RLock()
	defer m.log.mu.RUnlock()
	if m.closed.Load() {
		return nil, ErrClosed
	}
	first := int(after / memoryChunkLen) // position p lives in the chunk (p-1)/memoryChunkLen
	for _, chunk := range m.log.chunks[first:] {
		i, _ := chunk.search(after + 1)
		for ; i < len(chunk.records); i++ {
			r := &chunk.records[i]
			if r.position > end || len(page) == memoryScanLen {
				return page, nil
			}
			if r.kind != 0 {
				page = append(page, *r)
			}
		}
	}
	return page, nil
}

// Forget implements Log. It is O(interactions of the user), and gives the memory of each chunk back when half of it
// has been forgotten.
func (m *Memory) Forget(ctx context.Context, user string) error {
	if err := m.check(ctx); err != nil {
		return err
	}
	m.log.mu.Lock()
	defer m.log.mu.Unlock()
	if m.closed.Load() {
		return ErrClosed
	}
	if handle := unique.Make(user); m.log.last[handle] != 0 {
		m.log.forget(handle)
		m.log.forgotten.Add(1)
	}
	return nil
}

func (l *memoryLog) record(in *Interaction) record {
	return record{
		user: l.intern(in.User), item: l.intern(in.Item), session: l.intern(in.Session),
		placement: l.intern(in.Placement), variant: l.intern(in.Variant),
		kind: in.Kind, value: in.Value, micros: in.Time.UnixMicro(),
	}
}

func (l *memoryLog) intern(id string) unique.Handle[string] {
	if id == "" {
		return l.empty
	}
	return unique.Make(id)
}

func (l *memoryLog) add(r *record) {
	if int(l.end/memoryChunkLen) == len(l.chunks) {
		l.chunks = append(l.chunks, memoryChunk{})
	}
	l.end++
	r.position, r.previous = l.end, l.last[r.user]
	l.last[r.user] = l.end
	chunk := &l.chunks[len(l.chunks)-1]
	chunk.records = append(chunk.records, *r)
	chunk.live++
}

func (l *memoryLog) find(at Position) *record {
	chunk := &l.chunks[(at-1)/memoryChunkLen]
	i, _ := chunk.search(at)
	return &chunk.records[i]
}

// forget blanks the user's records: a kind of 0 marks what is not there.
func (l *memoryLog) forget(user unique.Handle[string]) {
	at := l.last[user]
	delete(l.last, user)
	for at != 0 {
		r := l.find(at)
		chunk := &l.chunks[(at-1)/memoryChunkLen]
		at = r.previous
		*r = record{position: r.position}
		chunk.live--
		if chunk.live*2 <= len(chunk.records) {
			chunk.compact()
		}
	}
}

func (l *memoryLog) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.chunks, l.last = nil, nil
}

// search finds the first record at or after a position.
func (c *memoryChunk) search(at Position) (int, bool) {
	i := int((at - 1) % memoryChunkLen)
	if i < len(c.records) && c.records[i].position == at {
		return i, true
	}
	return slices.BinarySearchFunc(c.records, at, func(r record, at Position) int {
		return cmp.Compare(r.position, at)
	})
}

// compact cuts the blank records out. It moves the live ones to new memory, so that the old can be collected.
func (c *memoryChunk) compact() {
	kept := make([]record, 0, c.live)
	for i := range c.records {
		if c.records[i].kind != 0 {
			kept = append(kept, c.records[i])
		}
	}
	c.records = kept
}
