package catalog

import (
	"math"
	"math/bits"
	"sync/atomic"
)

// sliced is a bit-sliced index of one number of the items (O'Neil, Quass: Improved query performance with variant
// indexes, SIGMOD 1997): a bitmap for each binary digit of the number, so that a range is worked out for 64 items at
// once. The digits of 64 items lie side by side, the highest first: a comparison is over for all 64 after about six digits,
// and what an item costs to change is in one or two lines of the cache. Numbers are keys, which are in the order
// of what they stand for.
//
// Writers take turns under Catalog.mu, and change a block while the version of its chunk is odd.
type sliced struct {
	dir directory[slicedBlock] // by chunk
	n   atomic.Int64           // items that have the number
}

// slicedBlock has the keys of a chunk, of which each is from base to base + 2^width - 1.
type slicedBlock struct {
	base  uint64
	width int
	words []atomic.Uint64 // for each 64 handles: who has a key, whose is how precise, and width digits
}

const (
	slicedHas   = 0 // the word that says who has a key
	slicedMany  = 1 // the word that says who has more numbers than the key tells of
	slicedAbove = 2 // the word that says whose number is above what its key says, and below the next key
	slicedKeys  = 3 // the words of digits begin here
)

// sliceKey is what an item has in the index.
type sliceKey struct {
	key         uint64
	many, above bool
}

func newSlicedBlock(base uint64, width int) *slicedBlock {
	return &slicedBlock{base: base, width: width, words: make([]atomic.Uint64, chunkSize/64*(slicedKeys+width))}
}

// group returns the words of 64 handles.
func (b *slicedBlock) group(i int) []atomic.Uint64 {
	size := slicedKeys + b.width
	return b.words[i*size : i*size+size]
}

// holds reports whether a key is one that the block can have.
func (b *slicedBlock) holds(key uint64) bool {
	return key >= b.base && bits.Len64(key-b.base) <= b.width
}

// max is the highest key that the block can have.
func (b *slicedBlock) max() uint64 {
	if b.width >= 64 {
		return math.MaxUint64
	}
	return b.base + 1<<b.width - 1
}

// put sets the key of one of the handles.
func (b *slicedBlock) put(i uint32, k sliceKey) {
	words, bit := b.group(int(i/64)), uint64(1)<<(i%64)
	setBit(&words[slicedHas], bit, true)
	setBit(&words[slicedMany], bit, k.many)
	setBit(&words[slicedAbove], bit, k.above)
	for j := range b.width {
		setBit(&words[slicedKeys+j], bit, (k.key-b.base)>>(b.width-1-j)&1 != 0)
	}
}

// setBit is the one writer's.
func setBit(w *atomic.Uint64, bit uint64, on bool) {
	old := w.Load()
	now := old &^ bit
	if on {
		now = old | bit
	}
	if now != old {
		w.Store(now)
	}
}

// key returns the key of one of the handles.
func (b *slicedBlock) key(i uint32) (k sliceKey, ok bool) {
	words, shift := b.group(int(i/64)), i%64
	if words[slicedHas].Load()>>shift&1 == 0 {
		return sliceKey{}, false
	}
	for j := range b.width {
		k.key = k.key<<1 | words[slicedKeys+j].Load()>>shift&1
	}
	return sliceKey{b.base + k.key, words[slicedMany].Load()>>shift&1 != 0, words[slicedAbove].Load()>>shift&1 != 0}, true
}

// set gives a handle a key. Under Catalog.mu.
func (x *sliced) set(handle uint32, k sliceKey) {
	i, low := int(handle>>chunkBits), handle%chunkSize
	b := x.dir.get(i)
	if b == nil || !b.holds(k.key) {
		b = b.widened(k.key)
		x.dir.set(i, b)
	}
	if b.group(int(low / 64))[slicedHas].Load()>>(low%64)&1 == 0 {
		x.n.Add(1)
	}
	b.put(low, k)
}

// remove takes the key from a handle, if it has one. Under Catalog.mu.
func (x *sliced) remove(handle uint32) {
	low := handle % chunkSize
	if b := x.dir.get(int(handle >> chunkBits)); b != nil {
		has := &b.group(int(low / 64))[slicedHas]
		if has.Load()>>(low%64)&1 != 0 {
			x.n.Add(-1)
			setBit(has, 1<<(low%64), false)
		}
	}
}

// widened returns a block with the same keys that can have one more. It takes in twice as many digits as need be, up to
// a few, so that a chunk whose numbers grow is not copied for each.
func (b *slicedBlock) widened(key uint64) *slicedBlock {
	low, high := key, key
	if b != nil {
		low, high = min(low, b.base), max(high, b.max())
	}
	width := bits.Len64(low ^ high)
	if b == nil {
		width = 4
	}
	base := low >> width << width
	if width == 64 {
		base = 0
	}
	wide := newSlicedBlock(base, width)
	if b == nil {
		return wide
	}
	for i := range uint32(chunkSize) {
		if k, ok := b.key(i); ok {
			wide.put(i, k)
		}
	}
	return wide
}

const slicedGroups = chunkSize / 64

// slicedPart is what is left of a chunk's handles, or some of them.
type slicedPart [slicedGroups]uint64

// keyRange is a range of keys.
type keyRange struct {
	low, high     uint64
	lowIn, highIn bool // whether a number that is just what its key says is in the range when the key is that of the end
	precise       bool // every number is just what its key says
}

// within keeps of some handles of the block those whose number is in a range. What is set in edges as well is in doubt.
func (b *slicedBlock) within(s *slicedPart, r *keyRange, edges *slicedPart) {
	none := r.high < b.base || r.low > b.max()
	above, below := r.low > b.base || !r.lowIn, r.high < b.max() || !r.highIn
	var low, high uint64
	if r.low > b.base {
		low = (r.low - b.base) << (64 - b.width)
	}
	if high = b.max() - b.base; r.high < b.max() {
		high = r.high - b.base
	}
	high <<= 64 - b.width
	atLow, atHigh := r.low >= b.base, r.high <= b.max()
	size := slicedKeys + b.width
	for i, in := range s {
		edges[i] = 0
		if in == 0 {
			continue
		}
		words := b.words[i*size:][:size]
		in &= words[slicedHas].Load()
		if none {
			s[i] = 0
			if !r.precise {
				s[i] = in & words[slicedMany].Load()
				edges[i] = s[i]
			}
			continue
		}
		out, edge, exact := uint64(0), uint64(0), ^uint64(0)
		if !r.precise {
			exact = ^words[slicedAbove].Load()
		}
		if above && atLow {
			o, e := digitsBelow(words[slicedKeys:], in, low)
			if out, edge = o, e&^exact; !r.lowIn {
				out |= e & exact
			}
		}
		if below && atHigh {
			o, e := digitsAbove(words[slicedKeys:], in&^out, high)
			out, edge = out|o, edge|e&^exact
			if !r.highIn {
				out |= e & exact
			}
		}
		s[i] = in &^ out
		if !r.precise {
			many := in & words[slicedMany].Load()
			s[i] |= many
			edges[i] = s[i] & (edge | many)
		}
	}
}

// digitsAbove returns whose digits are above those that end begins with, and whose are equal.
func digitsAbove(digits []atomic.Uint64, in, end uint64) (out, equal uint64) {
	equal = in
	for j := range digits {
		if equal == 0 {
			break
		}
		if w := digits[j].Load(); int64(end) < 0 {
			equal &= w
		} else {
			out |= equal & w
			equal &^= w
		}
		end <<= 1
	}
	return out, equal
}

// digitsBelow returns whose digits are below those that end begins with, and whose are equal.
func digitsBelow(digits []atomic.Uint64, in, end uint64) (out, equal uint64) {
	equal = in
	for j := range digits {
		if equal == 0 {
			break
		}
		if w := digits[j].Load(); int64(end) >= 0 {
			equal &^= w
		} else {
			out |= equal &^ w
			equal &= w
		}
		end <<= 1
	}
	return out, equal
}

// The key of a float counts 128ths, which tells amounts of hundredths apart and leaves few digits that are always 0.
// Beyond keyFloatMax there is one key for all.
const (
	keyFloatScale = 128
	keyFloatMax   = 1 << 40
)

func keyOfFloat(x float64) sliceKey {
	switch y := math.Floor(x * keyFloatScale); {
	case y < -keyFloatMax:
		return sliceKey{key: 0, above: true}
	case y > keyFloatMax:
		return sliceKey{key: 2*keyFloatMax + 2, above: true}
	default:
		return sliceKey{key: uint64(int64(y) + keyFloatMax + 1), above: y != x*keyFloatScale}
	}
}

// floatOfKey is the number that is just what a key says, or one below all that have the key.
func floatOfKey(key uint64) float64 {
	if key == 0 {
		return math.Inf(-1)
	}
	return float64(int64(key)-keyFloatMax-1) / keyFloatScale
}

func keyOfSeconds(seconds int64) uint64 { return uint64(seconds) ^ 1<<63 }
