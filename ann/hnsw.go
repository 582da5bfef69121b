package ann

import (
	"context"
	"runtime"
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
	copied    int // times that a large graph was copied at once
	rehashing rehashing
	moving    moving
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
	h.move(len(keys))
	h.rehashSlice(len(keys))
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

// reserve grows the graph to at least size slots, and when it grows by much to hardly more: as many as it takes to grow on in slices.
func (h *HNSW) reserve(size int) {
	g := h.graph.Load()
	if size <= g.size() {
		return
	}
	if size > moveLeast {
		size += size / 64
	}
	size = min(max(size, g.size()+g.size()/4, 64), slotsMax)
	h.copyAtOnce()
	h.graph.Store(newGraph(size, &h.opts, g, g.centre, g.near.Bits))
}

// publish makes the vector in slot the one under key.
func (h *HNSW) publish(g *graph, key, slot uint32) {
	t := h.table.Load()
	if !t.room() {
		t = h.rehash(g)
	}
	if h.rehashing.to != nil {
		h.rehashing.to.put(key, slot, g.keys)
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
	if h.rehashing = (rehashing{}); h.used > moveLeast {
		h.copied++
	}
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
	if h.rehashing.to != nil {
		h.rehashing.to.remove(key, g.keys)
	}
	h.len.Add(-1)
	h.dead = append(h.dead, slot)
	h.repairIfDue(g, 1)
	h.move(1)
	h.rehashSlice(1)
	h.calibrateIfDue(h.graph.Load(), 1)
	return true
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
