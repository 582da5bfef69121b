package catalog

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"slices"
	"sync/atomic"
	"unsafe"
)

// terms are the values of facets and the words of texts, each with a number and the set of the items that have it.
// Numbers count from 1, and none is given twice: a value that no item has any more loses its number, and gets another
// when it comes back. So whoever holds a number of old, in a record that was replaced meanwhile, finds its value or
// nothing, never another value.
//
// A term of one item costs some 20 bytes beside its text. Writers take turns under Catalog.mu, readers do not wait.
type terms struct {
	table atomic.Pointer[hashTable]
	dir   directory[termChunk] // nil where every number of a chunk has lost its value
	n     atomic.Uint32        // the highest number given; stored after what it stands for
	sets  directory[posting]   // the sets of more than one handle

	live int      // numbers with a value; this and what follows is the writer's
	free []uint32 // places in sets that are to be used again
	next uint32   // the first place in sets that never was
}

const (
	termChunkBits = 10
	termChunkSize = 1 << termChunkBits
	termTextMax   = math.MaxUint16 // bytes of text after which a chunk takes no more terms: the last start
	termsMax      = math.MaxUint32 - 1<<28

	// What a termChunk.set may be: 0 for no handle, the only handle plus 1, or one of these.
	termDead = math.MaxUint32 // the number has lost its value
	termMany = 1 << 31        // plus a place in terms.sets

	itemsMax = termMany - 1 // the handles that may have an item are below
)

// termChunk is termChunkSize terms in a row. In text each is its facet's number, twice its value's length and the value;
// or, when the value is what an earlier term of the chunk begins with, twice its length and 1, and how far back it lies.
type termChunk struct {
	set   [termChunkSize]atomic.Uint32
	start [termChunkSize]uint16 // where a term begins in text
	text  atomic.Pointer[[]byte]

	live, used int // numbers with a value, bytes of text; the writer's
}

func (t *terms) chunk(number uint32) *termChunk { return t.dir.get(int(number >> termChunkBits)) }

// value returns what a number stands for. ok is false when it stands for nothing.
func (t *terms) value(number uint32) (facet uint32, value string, ok bool) {
	if number == 0 || number > t.n.Load() {
		return 0, "", false
	}
	ch := t.chunk(number)
	if ch == nil {
		return 0, "", false
	}
	text := *ch.text.Load()
	facet, from, size := ch.find(text, number)
	return facet, unsafe.String(&text[from], size), true // what was written once is never written again
}

// find returns the facet of a term of the chunk, and where in its text the value lies.
func (ch *termChunk) find(text []byte, number uint32) (facet uint32, from, size int) {
	start := int(ch.start[number%termChunkSize])
	facet, rest := uvarint32(text[start:])
	x, rest := uvarint32(rest)
	if x&1 != 0 {
		back, _ := uvarint32(rest)
		return facet, start - int(back), int(x >> 1)
	}
	return facet, len(text) - len(rest), int(x >> 1)
}

// hash is the one hashTable knows a term by.
func (t *hashTable) hash(facet uint32, value string) uint64 {
	return maphash.String(t.seed, value) ^ uint64(facet)*0x9e3779b97f4a7c15
}

// find returns the number of a value. It allocates nothing.
func (t *terms) find(facet uint32, value string) (number uint32, ok bool) {
	table := t.table.Load()
	if table == nil {
		return 0, false
	}
	return table.find(table.hash(facet, value), func(number uint32) bool {
		f, v, ok := t.value(number)
		return ok && f == facet && v == value
	})
}

// intern returns the number of a value, which gets one when it has none; isNew says so. The text is copied, unless it is
// what the term with the number like begins with, if that is not 0, and both are in one chunk.
func (t *terms) intern(facet uint32, value string, like uint32) (number uint32, isNew bool) {
	if number, ok := t.find(facet, value); ok {
		return number, false
	}
	number = t.n.Load() + 1
	ch := t.chunk(number)
	if ch != nil && ch.used > termTextMax {
		for ; number%termChunkSize != 0; number++ {
			ch.set[number%termChunkSize].Store(termDead)
		}
		ch = nil
	}
	if ch == nil {
		ch = new(termChunk)
		t.dir.set(int(number>>termChunkBits), ch)
		t.release(t.n.Load(), number)
	}
	table := t.table.Load()
	if !table.room(number) {
		table = t.rebuild(table, number)
	}
	ch.write(number, facet, value, like)
	ch.live++
	t.live++
	t.n.Store(number)
	table.add(table.hash(facet, value), number)
	return number, true
}

// write puts a term's text behind the others of its chunk. like is as intern has it.
func (ch *termChunk) write(number, facet uint32, value string, like uint32) {
	var text []byte
	if p := ch.text.Load(); p != nil {
		text = *p
	}
	need := ch.used + len(value) + 2*binary.MaxVarintLen64
	if need > len(text) {
		text = slices.Grow(text[:ch.used:ch.used], max(need, 2*ch.used, 256)-ch.used)
		text = text[:cap(text)]
		ch.text.Store(&text)
	}
	ch.start[number%termChunkSize] = uint16(ch.used)
	to := binary.AppendUvarint(text[:ch.used], uint64(facet))
	if from, ok := ch.shared(text, number, value, like); ok {
		to = binary.AppendUvarint(to, uint64(len(value))<<1|1)
		to = binary.AppendUvarint(to, uint64(ch.used-from))
	} else {
		to = binary.AppendUvarint(to, uint64(len(value))<<1)
		to = append(to, value...)
	}
	ch.used = len(to)
	if number%termChunkSize == termChunkSize-1 {
		text = slices.Clone(text[:ch.used])
		ch.text.Store(&text)
	}
}

// shared returns where a value lies in the text already, if the term with the number like, of the same chunk, begins
// with it.
func (ch *termChunk) shared(text []byte, number uint32, value string, like uint32) (from int, ok bool) {
	if like == 0 || like>>termChunkBits != number>>termChunkBits {
		return 0, false
	}
	_, from, size := ch.find(text, like)
	return from, size >= len(value) && string(text[from:from+len(value)]) == value
}

// rebuild makes a table with room for the number, and what has a value in it.
func (t *terms) rebuild(old *hashTable, number uint32) *hashTable {
	var seed maphash.Seed
	if old == nil {
		seed = maphash.MakeSeed()
	} else {
		seed = old.seed
	}
	table := newHashTable(seed, t.live, number)
	for i := range t.dir.len() {
		if t.dir.get(i) == nil {
			continue
		}
		for number := range uint32(termChunkSize) {
			number += uint32(i) << termChunkBits
			if facet, value, ok := t.value(number); ok && !t.isDead(number) {
				table.add(table.hash(facet, value), number)
			}
		}
	}
	t.table.Store(table)
	return table
}

// isDead reports whether a number has lost its value. One that was just given has not.
func (t *terms) isDead(number uint32) bool {
	ch := t.chunk(number)
	return ch == nil || ch.set[number%termChunkSize].Load() == termDead
}

// handles returns the set of a term as it is now.
func (t *terms) handles(number uint32) handles {
	ch := t.chunk(number)
	if ch == nil {
		return handles{}
	}
	for {
		switch v := ch.set[number%termChunkSize].Load(); {
		case v == termDead:
			return handles{}
		case v < termMany:
			return handles{one: v}
		default:
			p := t.sets.get(int(v - termMany))
			if ch.set[number%termChunkSize].Load() == v {
				return handles{many: p}
			} // else the term has died, and another may have the place
		}
	}
}

// add gives a handle to a term that does not have it.
func (t *terms) add(number, handle uint32) {
	set := &t.chunk(number).set[number%termChunkSize]
	switch v := set.Load(); {
	case v == 0:
		set.Store(handle + 1)
	case v < termMany:
		set.Store(termMany + t.place(newPosting(v-1, handle)))
	default:
		i := int(v - termMany)
		p := t.sets.get(i)
		if grown := p.add(handle); grown != p {
			t.sets.set(i, grown)
		}
	}
}

// place puts a posting into sets and returns where.
func (t *terms) place(p *posting) (i uint32) {
	if n := len(t.free); n > 0 {
		i, t.free = t.free[n-1], t.free[:n-1]
	} else {
		i = t.next
		t.next++
	}
	t.sets.set(int(i), p)
	return i
}

// clip frees the room that sets have to grow.
func (t *terms) clip() {
	for i := range int(t.next) {
		if p := t.sets.get(i); p != nil {
			if exact := p.clipped(); exact != p {
				t.sets.set(i, exact)
			}
		}
	}
}

// remove takes a handle from a term that has it, and reports whether it was the last: then the number loses its value,
// which was this.
func (t *terms) remove(number, handle uint32) (facet uint32, value string, last bool) {
	ch := t.chunk(number)
	set := &ch.set[number%termChunkSize]
	v := set.Load()
	if v >= termMany {
		i := v - termMany
		if p := t.sets.get(int(i)); p.len() > 1 {
			if less := p.remove(handle); less != p {
				t.sets.set(int(i), less)
			}
			return 0, "", false
		}
		defer func() { // when the term no longer names the place
			t.sets.set(int(i), nil)
			t.free = append(t.free, i)
		}()
	}
	facet, value = t.kill(number)
	return facet, value, true
}

// kill takes its value from a number, and returns it.
func (t *terms) kill(number uint32) (facet uint32, value string) {
	ch := t.chunk(number)
	facet, value, _ = t.value(number)
	table := t.table.Load()
	table.remove(table.hash(facet, value), number)
	ch.set[number%termChunkSize].Store(termDead)
	ch.live--
	t.live--
	t.release(number, t.n.Load())
	return facet, value
}

// count changes how many items have a term of which that is all that is kept, and reports whether none has it any more:
// then the number loses its value.
func (t *terms) count(number uint32, by int) (gone bool) {
	set := &t.chunk(number).set[number%termChunkSize]
	if n := int(set.Load()) + by; n > 0 {
		set.Store(uint32(n))
		return false
	}
	t.kill(number)
	return true
}

// counted is how many items have such a term; 0 when the number has lost its value.
func (t *terms) counted(number uint32) int {
	ch := t.chunk(number)
	if ch == nil {
		return 0
	}
	if n := ch.set[number%termChunkSize].Load(); n != termDead {
		return int(n)
	}
	return 0
}

// release frees the chunk of a number when none of it has a value, unless it is the one that number next is in.
func (t *terms) release(number, next uint32) {
	if ch := t.chunk(number); ch != nil && ch.live == 0 && number>>termChunkBits != next>>termChunkBits {
		t.dir.set(int(number>>termChunkBits), nil)
	}
}

// valueList is the numbers of one kind of term. Those that have lost their value stay in it until they are most of it.
type valueList struct {
	numbers
	dead int // the writer's
}

// drop says that one of the list has lost its value.
func (l *valueList) drop(t *terms) {
	l.dead++
	list := l.read()
	if l.dead*2 <= len(list) {
		return
	}
	l.replace(slices.DeleteFunc(slices.Clone(list), t.isDead))
	l.dead = 0
}
