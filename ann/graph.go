package ann

import (
	"math"
	"math/bits"
	"sync/atomic"
	"unsafe"

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

	near         simd.Codes // a record a slot: what walks read, unless they read rows
	rest         []byte     // what records leave of codes, where there are no rows
	rows         []float32  // dim floats a slot, under Float32, or where no code will do
	read         []byte     // records or rows, whichever walks read
	stride       int        // of them
	norms        []float32  // one over each vector's length, under InnerProduct
	centre       []float32  // what codes are relative to; nil for the origin
	centreSquare float32    // its squared length, under InnerProduct
	tracked      bool       // workers note the slots they change; the writer's
	fitted       int        // how many vectors there were when the codes were fitted; the writer's

	links   []uint32 // 2·m a slot: the bottom level
	keys    []uint32
	alive   []uint32 // a bit a slot: may be found
	upper   []uint32 // m a slot and level above the bottom
	upperAt []uint32 // where the links of every levelBlock-th slot begin in upper; fixed by the slot numbers

	entry atomic.Uint64 // level<<32 | slot of the vector where walks begin; noEntry when there is none
	seed  uint64
}

const noEntry = math.MaxUint64

// newGraph returns a graph with room for size vectors, codes relative to centre and records of that many bits, holding what
// old holds. Old may be nil.
func newGraph(size int, opts *Options, old *graph, centre []float32, bits int) *graph {
	g := &graph{dim: opts.Dim, m: opts.M, metric: opts.Metric, storage: opts.Storage, seed: opts.Seed}
	g.allot(size, centre, bits)
	g.entry.Store(noEntry)
	links, upper := 0, 0
	if old != nil {
		g.fitted = old.fitted
		copy(g.rows, old.rows)
		g.copyCodes(old)
		copy(g.keys, old.keys)
		copy(g.alive, old.alive)
		links, upper = copy(g.links, old.links), copy(g.upper, old.upper)
		g.entry.Store(old.entry.Load())
	}
	fillNone(g.links[links:])
	fillNone(g.upper[upper:])
	return g
}

func fillNone(links []uint32) {
	for i := range links {
		links[i] = none
	}
}

// allot makes the arrays for size vectors.
func (g *graph) allot(size int, centre []float32, bits int) {
	var a arena
	g.lay(&a, size, bits)
	a.open(g)
	g.lay(&a, size, bits)
	g.alive = make([]uint32, (size+31)/32)
	g.upper = make([]uint32, g.measureUpper(size))
	if g.read, g.stride = g.near.Rows, g.near.Stride; g.byRows() && size > 0 {
		g.read, g.stride = unsafe.Slice((*byte)(unsafe.Pointer(&g.rows[0])), 4*len(g.rows)), 4*g.dim
	}
	if g.centre = centre; centre != nil && g.metric == InnerProduct {
		g.centreSquare = simd.Dot(centre, centre)
	}
}

// lay takes the arrays from the arena, those that walks read before the others.
func (g *graph) lay(a *arena, size, bits int) {
	if bits == rowBits {
		g.near = simd.Codes{Bits: rowBits}
	} else {
		g.near = simd.NewCodes(numbersOf(g.dim)/2, bits, size, a.bytes)
	}
	g.links = arrayOf[uint32](a, size*2*g.m)
	g.keys = arrayOf[uint32](a, size)
	if g.metric == InnerProduct {
		g.norms = arrayOf[float32](a, size)
	}
	if g.keeps(bits) {
		g.rows = arrayOf[float32](a, size*g.dim)
	} else {
		g.rest = a.bytes(size * simd.RestSize(g.near.Half, bits))
	}
}

// codedLike tells whether a vector has the same code in both.
func (g *graph) codedLike(old *graph) bool {
	return g.near.Bits == old.near.Bits && unsafe.SliceData(g.centre) == unsafe.SliceData(old.centre)
}

// copyCodes copies old's codes, or makes codes anew where the graphs differ in them.
func (g *graph) copyCodes(old *graph) {
	if g.codedLike(old) {
		copy(g.near.Rows, old.near.Rows)
		copy(g.near.Apart, old.near.Apart)
		copy(g.rest, old.rest)
		copy(g.norms, old.norms)
		return
	}
	c := newCoder(g.dim)
	for slot := range uint32(old.size()) {
		g.recode(old, slot, c)
	}
}

// byRows tells whether walks compare vectors and not codes.
func (g *graph) byRows() bool { return g.near.Bits == rowBits }

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
	at := g.upperOf(slot) + (level-1)*g.m
	return g.upper[at:][:g.m:g.m]
}

// levelBlock is how many slots share a place in upperAt: finding a list above the bottom adds up the levels of half as many.
const levelBlock = 8

// measureUpper fills in upperAt for size slots and returns the length of upper.
func (g *graph) measureUpper(size int) int {
	g.upperAt = make([]uint32, 0, size/levelBlock+1)
	at := 0
	for slot := range size {
		if slot%levelBlock == 0 {
			g.upperAt = append(g.upperAt, uint32(at))
		}
		at += g.level(uint32(slot)) * g.m
	}
	return at
}

// upperOf is where the links of a slot begin in upper.
func (g *graph) upperOf(slot uint32) int {
	at := int(g.upperAt[slot/levelBlock])
	for s := slot &^ (levelBlock - 1); s < slot; s++ {
		at += g.level(s) * g.m
	}
	return at
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
