package ann

import (
	"math"
	"math/bits"
	"sync/atomic"

	"github.com/goldrec/gold/internal/simd"
)

// none ends a neighbour list that is not full.
const none = simd.None

// graph is the whole of an HNSW's data at one capacity, in arrays without pointers. A vector lives in a slot, a number
// below the capacity. A graph grows by being copied into a larger one that is then published; searches in the old one
// finish there, undisturbed, for writers touch only the newest.
//
// Links, liveness, keys and the entry are read and written atomically. A slot's row is written before the first link to it
// is, and not again before no search that may have met it is left.
type graph struct {
	dim, m  int
	metric  Metric
	storage Storage

	rows    []float32 // dim floats a slot, unless the storage is Int8
	codes   []int8    // dim codes a slot, unless the storage is Float32
	scale   []float32 // of each slot's codes
	norms   []float32 // under L2 with codes, each vector's squared length; under InnerProduct, one over its length
	links   []uint32  // 2·m a slot: the bottom level
	keys    []uint32
	alive   []uint32 // a bit a slot: may be found
	upperAt []uint32 // where a slot's links above the bottom begin in upper, m for each level; fixed by the slot number
	upper   []uint32

	entry atomic.Uint64 // level<<32 | slot of the vector where walks begin; noEntry when there is none
	seed  uint64
}

const noEntry = math.MaxUint64

// newGraph returns a graph with room for size vectors, holding what old holds. Old may be nil.
func newGraph(size int, opts *Options, old *graph) *graph {
	g := &graph{dim: opts.Dim, m: opts.M, metric: opts.Metric, storage: opts.Storage, seed: opts.Seed}
	if g.storage != Int8 {
		g.rows = arrayOf[float32](g, size*g.dim)
	}
	if g.storage != Float32 {
		g.codes = arrayOf[int8](g, size*g.dim)
		g.scale = arrayOf[float32](g, size)
	}
	if g.hasNorms() {
		g.norms = arrayOf[float32](g, size)
	}
	g.links = arrayOf[uint32](g, size*2*g.m)
	g.keys = arrayOf[uint32](g, size)
	g.alive = make([]uint32, (size+31)/32)
	g.upperAt = make([]uint32, size)
	from, at := 0, uint32(0)
	if old != nil {
		from, at = old.size(), uint32(len(old.upper))
		copy(g.rows, old.rows)
		copy(g.codes, old.codes)
		copy(g.scale, old.scale)
		copy(g.norms, old.norms)
		copy(g.links, old.links)
		copy(g.keys, old.keys)
		copy(g.alive, old.alive)
		copy(g.upperAt, old.upperAt)
	}
	for slot := from; slot < size; slot++ {
		g.upperAt[slot] = at
		at += uint32(g.level(uint32(slot)) * g.m)
	}
	g.upper = make([]uint32, at)
	fillNone(g.links[from*2*g.m:])
	if old != nil {
		fillNone(g.upper[len(old.upper):])
	} else {
		fillNone(g.upper)
	}
	g.entry.Store(noEntry)
	if old != nil {
		copy(g.upper, old.upper)
		g.entry.Store(old.entry.Load())
	}
	return g
}

func fillNone(links []uint32) {
	for i := range links {
		links[i] = none
	}
}

// hasNorms tells whether norms are kept.
func (g *graph) hasNorms() bool {
	return g.metric == InnerProduct || g.metric == L2 && g.storage != Float32
}

// size is the number of slots, in use or not.
func (g *graph) size() int { return len(g.keys) }

// level is the highest level of a slot: l with probability m⁻ˡ, and the same for the slot in every index of this seed, so
// that nothing needs to be stored and a slot used again fits where it was.
func (g *graph) level(slot uint32) int {
	x, level := mix(g.seed, uint64(slot)), 0
	for limit := uint64(math.MaxUint64) / uint64(g.m); x < limit; limit /= uint64(g.m) {
		level++
	}
	return level
}

// mix is the finalizer of SplitMix64 over a stream of seed.
func mix(seed, n uint64) uint64 {
	x := seed + (n+1)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// list is the neighbour list of a slot on a level that it has. Its entries are to be read with atomic loads, up to the
// first none.
func (g *graph) list(level int, slot uint32) []uint32 {
	if level == 0 {
		w := 2 * g.m
		return g.links[int(slot)*w:][:w:w]
	}
	at := int(g.upperAt[slot]) + (level-1)*g.m
	return g.upper[at:][:g.m:g.m]
}

// setList replaces a slot's neighbours. A search reading along sees some old and some new ones, which are all vectors.
func setList(list, ids []uint32) {
	for i, id := range ids {
		atomic.StoreUint32(&list[i], id)
	}
	for i := len(ids); i < len(list); i++ {
		atomic.StoreUint32(&list[i], none)
	}
}

// appendList appends the neighbours in list to dst.
func appendList(dst, list []uint32) []uint32 {
	for i := range list {
		id := atomic.LoadUint32(&list[i])
		if id == none {
			break
		}
		dst = append(dst, id)
	}
	return dst
}

func (g *graph) isAlive(slot uint32) bool {
	return atomic.LoadUint32(&g.alive[slot/32])>>(slot%32)&1 != 0
}

func (g *graph) setAlive(slot uint32) {
	atomic.OrUint32(&g.alive[slot/32], 1<<(slot%32))
}

func (g *graph) kill(slot uint32) {
	atomic.AndUint32(&g.alive[slot/32], ^(1 << (slot % 32)))
}

// countAlive counts the vectors that may be found.
func (g *graph) countAlive() int {
	n := 0
	for i := range g.alive {
		n += bits.OnesCount32(atomic.LoadUint32(&g.alive[i]))
	}
	return n
}
