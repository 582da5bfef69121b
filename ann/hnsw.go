package ann

import (
	"context"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// HNSW is a graph of vectors, each linked to a few that are near it in different directions, with sparser graphs of ever
// fewer of them above, through which a search comes down to the right neighbourhood. With an M of 16 it takes about 150 bytes
// a vector besides the vector and its code, in arrays that the garbage collector need not scan. The zero HNSW is not usable;
// call NewHNSW.
type HNSW struct {
	opts    Options
	graph   atomic.Pointer[graph]
	table   atomic.Pointer[table]
	len     atomic.Int64
	flips   atomic.Uint64 // odd while a key leaves its slot
	scratch sync.Pool
	shards  atomic.Uint32 // given to scratches in turn
	readers readers

	calibration atomic.Pointer[calibration] // nil while the index is small
	asked       asked
	health      atomic.Pointer[health] // nil before enough tests

	mu        sync.Mutex // held by the one writer
	used      int        // slots below it have been given out
	linked    int        // vectors since the last repair
	changed   int        // vectors stored since the codes were fitted
	moments   moments    // of the living
	recent    stored     // what came last, and was not looked at
	watch     watch
	measuring *measuring // nil when no calibration is under way
	repairing repairing
	dead      []uint32   // slots still linked to whose vectors are deleted
	retired   []retired  // slots not linked to any more, that searches may still meet
	free      []uint32   // slots below used that are to be given out again
	writers   []*scratch // one a worker
	back      []backLink
	starts    []int
}

// NewHNSW returns an empty index. It returns ErrOptions, wrapped with what is wrong, for options out of range.
func NewHNSW(opts Options) (*HNSW, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	h := newHNSW(opts)
	h.graph.Store(newGraph(opts.Capacity, &h.opts, nil, nil, rowBits))
	h.table.Store(newTable(opts.Capacity))
	return h, nil
}

// newHNSW returns an index without a graph and a table.
func newHNSW(opts Options) *HNSW {
	h := &HNSW{opts: opts}
	h.scratch.New = func() any {
		s := newScratch(opts.Dim)
		s.shard = h.shards.Add(1)
		return s
	}
	return h
}

// workers returns how many workers n vectors are worth, and sees that each has a scratch.
func (h *HNSW) workers(n int) int {
	w := min(h.opts.Workers, (n+15)/16)
	for len(h.writers) < w {
		h.writers = append(h.writers, newScratch(h.opts.Dim))
	}
	return w
}

// Add implements [Index]. It costs one walk at EfConstruction, and the pruning of the lists that take the vector in.
func (h *HNSW) Add(key uint32, vector []float32) error {
	return h.AddBatch(context.Background(), []uint32{key}, vector)
}

// AddBatch implements [Index]. It spreads the work over Options.Workers goroutines and makes the same graph with any number
// of them. Vectors are stored, and found, part by part of the batch, in an order drawn by the seed, so that one which has like
// beside like is no worse than another.
func (h *HNSW) AddBatch(ctx context.Context, keys []uint32, vectors []float32) error {
	dim := h.opts.Dim
	if err := checkBatch(keys, vectors, dim, h.opts.Metric); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.Len() == 0 {
		h.dropAll(h.graph.Load())
	} else if len(keys) > max(1, h.Len()/deadShare) { // a pass costs less than the batch, and leaves more to reuse
		h.repairAll(h.graph.Load())
	}
	slots, err := h.take(len(keys))
	if err != nil {
		return err
	}
	g := h.fit(h.graph.Load(), slots, vectors)
	for i, slot := range slots {
		atomic.StoreUint32(&g.keys[slot], keys[i])
	}
	order := h.order(keys, slots)
	linked := make([]uint32, 0, len(order))
	for _, i := range order {
		linked = append(linked, slots[i])
	}
	n, err := h.link(ctx, g, linked, h.Len(), func(from, to int) {
		for _, i := range order[from:to] {
			h.publish(g, keys[i], slots[i])
		}
		h.linked += to - from
		h.repairIfDue(g, to-from)
		if h.opts.Progress != nil {
			h.opts.Progress(to, len(order))
		}
	})
	h.free = append(h.free, linked[n:]...)
	h.watchIfDue(g, linked[:n])
	h.asked.open(h.Len(), h.opts.Dim)
	h.calibrateIfDue(h.graph.Load(), n)
	if len(keys) > batchMax { // what a large batch took is not kept for small ones
		h.back, h.starts, h.writers = nil, nil, nil
	}
	return err
}

// take returns n slots that nothing refers to, growing the graph where it has too few.
func (h *HNSW) take(n int) ([]uint32, error) {
	h.reclaim()
	slots := make([]uint32, 0, n)
	reuse := min(n, len(h.free))
	slots = append(slots, h.free[len(h.free)-reuse:]...)
	if need := n - reuse; need > 0 {
		if h.used+need > slotsMax {
			return nil, ErrFull
		}
		h.reserve(h.used + need)
		for range need {
			slots = append(slots, uint32(h.used))
			h.used++
		}
	}
	h.free = h.free[:len(h.free)-reuse]
	return slots, nil
}

// reserve grows the graph to at least size slots: exactly, when it grows by much.
func (h *HNSW) reserve(size int) {
	g := h.graph.Load()
	if size <= g.size() {
		return
	}
	size = min(max(size, g.size()+g.size()/4, 64), slotsMax)
	h.graph.Store(newGraph(size, &h.opts, g, g.centre, g.near.Bits))
}

// publish makes the vector in slot the one under key.
func (h *HNSW) publish(g *graph, key, slot uint32) {
	t := h.table.Load()
	if !t.room() {
		t = h.rehash(g)
	}
	h.count(g, slot, 1)
	old, moved := t.get(key, g.keys)
	if !moved {
		h.len.Add(1)
		g.setAlive(slot)
		t.put(key, slot, g.keys)
		return
	}
	h.count(g, old, -1)
	h.flips.Add(1)
	g.kill(old)
	g.setAlive(slot)
	t.put(key, slot, g.keys)
	h.flips.Add(1)
	h.dead = append(h.dead, old)
}

// count counts the vector in a slot in or out.
func (h *HNSW) count(g *graph, slot uint32, times float64) {
	c := h.writer().coder
	h.moments.add(g.vector(c.taken[:0], slot, c), times)
}

// rehash puts the keys of all vectors into a table with room for twice as many.
func (h *HNSW) rehash(g *graph) *table {
	t := newTable(max(2*h.Len(), g.size()))
	for slot := range h.used {
		if g.isAlive(uint32(slot)) {
			t.put(g.keys[slot], uint32(slot), g.keys)
		}
	}
	h.table.Store(t)
	return t
}

// Delete implements [Index].
func (h *HNSW) Delete(key uint32) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	g, t := h.graph.Load(), h.table.Load()
	slot, ok := t.get(key, g.keys)
	if !ok {
		return false
	}
	h.count(g, slot, -1)
	h.flips.Add(1)
	g.kill(slot)
	h.flips.Add(1)
	t.remove(key, g.keys)
	h.len.Add(-1)
	h.dead = append(h.dead, slot)
	h.repairIfDue(g, 1)
	h.calibrateIfDue(g, 1)
	return true
}

// Search implements [Index]. It allocates nothing once the index has seen as many searches at a time before.
func (h *HNSW) Search(dst []Result, query []float32, k int, opts SearchOptions) ([]Result, error) {
	if err := check(query, h.opts.Dim, h.opts.Metric); err != nil {
		return dst, err
	}
	s := h.scratch.Get().(*scratch)
	defer h.scratch.Put(s)
	epoch := h.readers.enter(s.shard)
	defer h.readers.leave(epoch, s.shard)
	g := h.graph.Load()
	defer runtime.KeepAlive(g)
	entry := g.entry.Load()
	if k = min(k, h.Len()); k < 1 || entry == noEntry {
		return dst, nil
	}
	if opts.Filter == nil {
		h.asked.note(query)
	}
	s.setQuery(g, query)
	ef := min(max(opts.Ef, k), g.size())
	if opts.Ef <= 0 {
		ef = min(h.calibration.Load().ef(k, opts.Recall), g.size())
	}
	if opts.Filter != nil {
		return h.filtered(dst, s, g, k, ef, opts), nil
	}
	g.descend(s, entry, 0)
	g.walk(s, 0, ef)
	s.rerank(g, k)
	from := len(dst)
	if dst = h.collect(dst, s, g, k); len(dst) < from+min(k, h.Len()) {
		// The walk met too few that are alive: look at all, as far as they are not deleted meanwhile.
		dst = h.scan(dst[:from], s, g, k, all{})
	}
	return dst, nil
}

// collectTries is how often collect starts over before it looks for keys seen twice itself.
const collectTries = 4

// collect appends the k best of the pool that may be found. It starts over when a key left its slot meanwhile, lest the key
// be met again in another.
func (h *HNSW) collect(dst []Result, s *scratch, g *graph, k int) []Result {
	from := len(dst)
	for range collectTries {
		flips := h.flips.Load()
		dst = s.appendAlive(dst[:from], g, k)
		if flips&1 == 0 && flips == h.flips.Load() {
			slices.SortFunc(dst[from:], byRank) // already in order but for ties
			return dst[:min(from+k, len(dst))]
		}
	}
	slices.SortFunc(dst[from:], byRank)
	dst = unique(dst, from)
	return dst[:min(from+k, len(dst))]
}

// unique drops from dst[from:] all but the first result of each key.
func unique(dst []Result, from int) []Result {
	kept := dst[:from]
	for _, r := range dst[from:] {
		if !slices.ContainsFunc(kept[from:], func(o Result) bool { return o.Key == r.Key }) {
			kept = append(kept, r)
		}
	}
	return kept
}

// appendAlive appends the k best of the pool that may be found, and those that tie with the last of them.
func (s *scratch) appendAlive(dst []Result, g *graph, k int) []Result {
	from, last := len(dst), float32(0)
	for _, c := range s.pool {
		score := c.score()
		if len(dst)-from >= k && score < last {
			break
		}
		if slot := c.slot(); g.isAlive(slot) {
			dst, last = append(dst, Result{atomic.LoadUint32(&g.keys[slot]), g.shown(score)}), score
		}
	}
	return dst
}

// scan appends the k best of all that the filter allows, compared as exactly as the graph can: what it returns is the truth, but for
// what is written meanwhile.
func (h *HNSW) scan(dst []Result, s *scratch, g *graph, k int, allow Filter) []Result {
	s.pool, s.ids = s.pool[:0], s.ids[:0]
	contains := allow.Contains
	if f, ok := allow.(FilterFunc); ok {
		contains = f
	}
	// A word of the living at a time, and no call for each of them but the filter's: 4 ns a vector, where going slot by slot took 11.
	for w := range g.alive {
		for word := atomic.LoadUint32(&g.alive[w]); word != 0; word &= word - 1 {
			slot := uint32(32*w + bits.TrailingZeros32(word))
			if contains(atomic.LoadUint32(&g.keys[slot])) {
				s.ids = append(s.ids, slot)
			}
		}
		if len(s.ids) >= flatBlock {
			s.offerAll(s.ids, s.exact(g, s.ids), k+scanSpare)
			s.ids = s.ids[:0]
		}
	}
	s.offerAll(s.ids, s.exact(g, s.ids), k+scanSpare)
	return h.collect(dst, s, g, k)
}

// scanSpare is how many more than k a scan keeps, in place of those that are deleted meanwhile.
const scanSpare = 90

// fill puts the n best of the vectors in the slots that allow accepts into the pool, by score.
func (s *scratch) fill(g *graph, n int, score func(*graph, []uint32) []float32, allow func(slot uint32) bool) {
	s.fillFrom(g, 0, g.size(), n, score, allow)
}

// fillFrom is fill with the slots from one up to another.
func (s *scratch) fillFrom(g *graph, from, to, n int, score func(*graph, []uint32) []float32, allow func(slot uint32) bool) {
	s.pool = s.pool[:0]
	s.fillMore(g, from, to, n, score, allow)
}

// fillMore does so with a pool that is not empty.
func (s *scratch) fillMore(g *graph, from, to, n int, score func(*graph, []uint32) []float32, allow func(slot uint32) bool) {
	s.ids = s.ids[:0]
	for slot := uint32(from); slot < uint32(to); slot++ {
		if !allow(slot) {
			continue
		}
		if s.ids = append(s.ids, slot); len(s.ids) == flatBlock {
			s.offerAll(s.ids, score(g, s.ids), n)
			s.ids = s.ids[:0]
		}
	}
	s.offerAll(s.ids, score(g, s.ids), n)
}

// Vector implements [Index].
func (h *HNSW) Vector(dst []float32, key uint32) ([]float32, bool) {
	epoch := h.readers.enter(0)
	defer h.readers.leave(epoch, 0)
	t, g := h.table.Load(), h.graph.Load()
	defer runtime.KeepAlive(g)
	slot, ok := t.get(key, g.keys)
	if !ok {
		return dst, false
	}
	s := h.scratch.Get().(*scratch)
	defer h.scratch.Put(s)
	return g.vector(dst, slot, s.coder), true
}

// Len implements [Index].
func (h *HNSW) Len() int { return int(h.len.Load()) }

// Dim implements [Index].
func (h *HNSW) Dim() int { return h.opts.Dim }

// Metric implements [Index].
func (h *HNSW) Metric() Metric { return h.opts.Metric }

// all allows every key.
type all struct{}

func (all) Contains(uint32) bool { return true }
