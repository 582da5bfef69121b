package store

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unique"
)

// memoryChunkLen is how many positions a chunk covers: what fits into 24 KiB with 8 bytes of the runtime's.
const memoryChunkLen = 255

// record is an Entry with each identifier kept once in the process, and the user's previous one chained to it. It never
// changes once readers can see it.
type record struct {
	user, item, session, page unique.Handle[string] // the item of Published is its Model
	where                     unique.Handle[where]
	id                        *string // nil for none; no two are equal, so that sharing them would only cost

	value      uint64 // the bits of Value; the Version of Published
	propensity float64
	micros     int64
	position   Position
	previous   Position // of the same user; 0 ends the chain
	rank       uint16
	kind       Kind
	fact       Fact
}

// where is what few combinations are of in a log.
type where struct{ placement, experiment, variant, source string }

// entry fills in e, which may hold another entry before.
func (r *record) entry(e *Entry) {
	e.Position, e.Fact = r.position, r.fact
	in := &e.Interaction
	in.User, in.Session, in.Page = r.user.Value(), r.session.Value(), r.page.Value()
	in.ID = ""
	if r.id != nil {
		in.ID = *r.id
	}
	in.Kind, in.Rank, in.Propensity = r.kind, int(r.rank), r.propensity
	in.Time = time.UnixMicro(r.micros).UTC()
	w := r.where.Value()
	in.Placement, in.Experiment, in.Variant, in.Source = w.placement, w.experiment, w.variant, w.source
	if r.fact == Published {
		e.Model, e.Version, in.Item, in.Value = r.item.Value(), r.value, "", 0
		return
	}
	e.Model, e.Version, in.Item, in.Value = "", 0, r.item.Value(), math.Float64frombits(r.value)
}

// memoryLog is the log of a Memory: chunks of consecutive positions. Records are added to the last chunk; a chunk from
// which some are removed is replaced by a copy without them, so that a scan may go on reading the one it has.
type memoryLog struct {
	empty   unique.Handle[string]
	nowhere unique.Handle[where]
	now     func() time.Time
	removed atomic.Uint64 // grows with every removal: what a scan has before it may be gone

	mu     sync.RWMutex
	chunks [][]record                         // each in position order
	last   map[unique.Handle[string]]Position // of each user
	ids    map[memoryID]struct{}              // in the log
	end    Position
	gone   Position      // what Trimmed says
	news   chan struct{} // closed when there is an entry more; nil while nobody waits
}

// memoryID is what an entry is known by when it comes again.
type memoryID struct {
	user unique.Handle[string]
	id   string
}

func (l *memoryLog) freeID(r *record) {
	if r.id != nil {
		delete(l.ids, memoryID{r.user, *r.id})
	}
}

// Append implements Log. It waits for no scan.
func (m *Memory) Append(ctx context.Context, batch []Entry) error {
	if err := m.check(ctx); err != nil {
		return err
	}
	if err := ValidateBatch(batch); err != nil {
		return err
	}
	records := make([]record, len(batch))
	for i := range batch {
		records[i] = m.log.record(&batch[i])
	}
	m.log.mu.Lock()
	defer m.log.mu.Unlock()
	if m.closed.Load() {
		return ErrClosed
	}
	for i := range records {
		batch[i].Partition, batch[i].Position = 0, m.log.add(&records[i])
	}
	m.log.wake()
	return nil
}

// History implements Histories. It is O(entries of the user up to the last one returned).
func (m *Memory) History(ctx context.Context, user string, limit int) ([]Entry, error) {
	if err := m.check(ctx); err != nil {
		return nil, err
	}
	m.log.mu.RLock()
	defer m.log.mu.RUnlock()
	if m.closed.Load() {
		return nil, ErrClosed
	}
	if user == "" {
		return nil, nil
	}
	last := m.log.last[unique.Make(user)]
	n := 0
	for at := last; at != 0 && n < limit; {
		r := m.log.find(at)
		if at = r.previous; r.fact == Interacted {
			n++
		}
	}
	history := make([]Entry, 0, n)
	for at := last; len(history) < n; {
		r := m.log.find(at)
		if at = r.previous; r.fact == Interacted {
			history = append(history, Entry{})
			r.entry(&history[len(history)-1])
		}
	}
	return history, nil
}

// Scan implements Log. It copies nothing, and holds no lock while the caller has an entry.
func (m *Memory) Scan(ctx context.Context, since Place) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		end, err := m.End(ctx)
		var chunk []record
		var e Entry
		for after := since.first; err == nil && after < end.first; {
			removed := m.log.removed.Load()
			chunk, err = m.chunkAfter(ctx, after)
			if len(chunk) == 0 {
				break
			}
			for i := range chunk {
				r := &chunk[i]
				if m.log.removed.Load() != removed {
					break // read the rest of the chunk again
				}
				if after = r.position; after > end.first {
					break
				}
				if r.entry(&e); !yield(e, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(Entry{}, err)
		}
	}
}

// chunkAfter returns the next records after a position, none at the end. They do not change.
func (m *Memory) chunkAfter(ctx context.Context, after Position) ([]record, error) {
	if err := m.check(ctx); err != nil {
		return nil, err
	}
	m.log.mu.RLock()
	defer m.log.mu.RUnlock()
	if m.closed.Load() {
		return nil, ErrClosed
	}
	for _, chunk := range m.log.chunks[min(int(after/memoryChunkLen), len(m.log.chunks)):] {
		if i, _ := search(chunk, after+1); i < len(chunk) {
			return chunk[i:], nil
		}
	}
	return nil, nil
}

// End implements Log.
func (m *Memory) End(ctx context.Context) (Place, error) {
	if err := m.check(ctx); err != nil {
		return Place{}, err
	}
	m.log.mu.RLock()
	defer m.log.mu.RUnlock()
	return Place{first: m.log.end}, nil
}

// Wait implements Log.
func (m *Memory) Wait(ctx context.Context, since Place) error {
	for {
		if err := m.check(ctx); err != nil {
			return err
		}
		m.log.mu.Lock()
		if m.closed.Load() {
			m.log.mu.Unlock()
			return ErrClosed
		}
		if m.log.hasAfter(since.first) {
			m.log.mu.Unlock()
			return nil
		}
		if m.log.news == nil {
			m.log.news = make(chan struct{})
		}
		news := m.log.news
		m.log.mu.Unlock()
		select {
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Forget implements Histories. It is O(entries of the user), each at most the copying of a chunk of 255 entries.
func (m *Memory) Forget(ctx context.Context, user string) error {
	if err := m.check(ctx); err != nil {
		return err
	}
	if user == "" || ValidateID("user", user) != nil {
		return nil
	}
	forgotten := m.log.record(&Entry{Fact: Forgotten, Interaction: Interaction{User: user, Time: m.log.now()}})
	m.log.mu.Lock()
	defer m.log.mu.Unlock()
	if m.closed.Load() {
		return ErrClosed
	}
	m.log.forget(forgotten.user)
	m.log.add(&forgotten)
	m.log.removed.Add(1)
	m.log.wake()
	return nil
}

// Trim implements Log. It is O(entries of the log), and holds appends up meanwhile.
func (m *Memory) Trim(ctx context.Context, before time.Time) error {
	if err := m.check(ctx); err != nil {
		return err
	}
	m.log.mu.Lock()
	defer m.log.mu.Unlock()
	if m.closed.Load() {
		return ErrClosed
	}
	m.log.trim(before)
	m.log.removed.Add(1)
	return nil
}

// Trimmed implements Log.
func (m *Memory) Trimmed(ctx context.Context) (Place, error) {
	if err := m.check(ctx); err != nil {
		return Place{}, err
	}
	m.log.mu.RLock()
	defer m.log.mu.RUnlock()
	return Place{first: m.log.gone}, nil
}

func (l *memoryLog) record(e *Entry) record {
	in := &e.Interaction
	r := record{
		user: l.intern(in.User), item: l.intern(in.Item), session: l.intern(in.Session), page: l.intern(in.Page),
		where: l.nowhere, micros: in.Time.UnixMicro(), fact: e.Fact, kind: in.Kind,
		value: math.Float64bits(in.Value), rank: uint16(in.Rank), propensity: in.Propensity,
	}
	if w := (where{in.Placement, in.Experiment, in.Variant, in.Source}); w != (where{}) {
		r.where = unique.Make(w)
	}
	if in.ID != "" {
		r.id = new(strings.Clone(in.ID))
	}
	if e.Fact == Published {
		r.item, r.value = l.intern(e.Model), e.Version
	}
	return r
}

func (l *memoryLog) intern(id string) unique.Handle[string] {
	if id == "" {
		return l.empty
	}
	return unique.Make(id)
}

// add returns the position of the record, or 0 when its ID is there already.
func (l *memoryLog) add(r *record) Position {
	if r.id != nil {
		id := memoryID{r.user, *r.id}
		if _, ok := l.ids[id]; ok {
			return 0
		}
		l.ids[id] = struct{}{}
	}
	if int(l.end/memoryChunkLen) == len(l.chunks) {
		l.chunks = append(l.chunks, nil)
		if len(l.chunks) > 1 {
			l.chunks[len(l.chunks)-1] = make([]record, 0, memoryChunkLen)
		}
	}
	l.end++
	r.position = l.end
	if r.user != l.empty {
		r.previous = l.last[r.user]
		l.last[r.user] = l.end
	}
	chunk := &l.chunks[len(l.chunks)-1]
	*chunk = append(*chunk, *r)
	return l.end
}

// wake has those look who wait for news.
func (l *memoryLog) wake() {
	if l.news != nil {
		close(l.news)
		l.news = nil
	}
}

// hasAfter reports whether there is an entry after a position.
func (l *memoryLog) hasAfter(after Position) bool {
	for _, chunk := range slices.Backward(l.chunks) {
		if n := len(chunk); n > 0 {
			return chunk[n-1].position > after
		}
	}
	return false
}

func (l *memoryLog) find(at Position) *record {
	chunk := l.chunks[(at-1)/memoryChunkLen]
	i, _ := search(chunk, at)
	return &chunk[i]
}

// forget removes the user's records, all of a chunk at once.
func (l *memoryLog) forget(user unique.Handle[string]) {
	for at := l.last[user]; at != 0; {
		i := (at - 1) / memoryChunkLen
		for at != 0 && (at-1)/memoryChunkLen == i {
			at = l.find(at).previous
		}
		kept := make([]record, 0, len(l.chunks[i]))
		for _, r := range l.chunks[i] {
			if r.user == user {
				l.freeID(&r)
			} else {
				kept = append(kept, r)
			}
		}
		l.chunks[i] = slices.Clone(kept) // no larger than it has to be
	}
	delete(l.last, user)
}

// trim removes the entries before a time. Those of their users that stay are chained anew: moved has,
// for each removed record that none has been chained past yet, the one before it.
func (l *memoryLog) trim(before time.Time) {
	micros := before.UnixMicro() // times are whole microseconds, and before may be a little later
	if before.Nanosecond()%1000 != 0 {
		micros++
	}
	gone := func(r *record) bool { return r.micros < micros }
	moved := make(map[Position]Position)
	for i, chunk := range l.chunks {
		if !slices.ContainsFunc(chunk, func(r record) bool { _, ok := moved[r.previous]; return ok || gone(&r) }) {
			continue
		}
		kept := make([]record, 0, len(chunk))
		for _, r := range chunk {
			if to, ok := moved[r.previous]; ok {
				delete(moved, r.previous)
				r.previous = to
			}
			if gone(&r) {
				if r.user != l.empty {
					moved[r.position] = r.previous
				}
				if r.fact != Interacted && r.fact != Exposed {
					l.gone = max(l.gone, r.position)
				}
				l.freeID(&r)
			} else {
				kept = append(kept, r)
			}
		}
		l.chunks[i] = slices.Clone(kept)
	}
	for user, at := range l.last {
		if to, ok := moved[at]; ok && to == 0 {
			delete(l.last, user)
		} else if ok {
			l.last[user] = to
		}
	}
}

func (l *memoryLog) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.chunks, l.last, l.ids = nil, nil, nil
	l.wake()
}

// search finds the first record of a chunk at or after a position.
func search(chunk []record, at Position) (int, bool) {
	i := int((at - 1) % memoryChunkLen)
	if i < len(chunk) && chunk[i].position == at {
		return i, true
	}
	return slices.BinarySearchFunc(chunk, at, func(r record, at Position) int { return cmp.Compare(r.position, at) })
}
