package catalog

import (
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"
	"unsafe"
)

// IDs is a table of identifiers, each with a dense handle: the first gets 0, and each keeps its own. It only grows. Its
// zero value is empty and ready; it must not be copied once used.
//
// It is safe for concurrent use: writers take turns, readers never wait for anybody. An identifier costs 9 to 15 bytes
// beside its text, and nothing that the garbage collector follows: its text lies in pages among others', found by a
// table of 4-byte slots.
//
// Identifiers in a catalogue's table have a handle with or without an item: see [Catalog.IDs].
type IDs struct {
	table  atomic.Pointer[hashTable]
	chunks atomic.Pointer[[]*idChunk]
	pages  atomic.Pointer[[]*idPage]
	n      atomic.Uint32 // identifiers; stored after their text, before the table knows them

	mu  sync.Mutex // held by writers
	end uint64     // where the text of the next identifier may begin
}

const (
	idChunkBits = 10
	idChunkSize = 1 << idChunkBits
	idBlock     = 64 // handles in a row whose text is within 64 KiB
	idPageBits  = 16
	idPageSize  = 1 << idPageBits

	handlesMax = math.MaxUint32 - 1 // what a slot of a hashTable can tell apart
)

// idChunk says where the texts of idChunkSize handles in a row begin: at base of their block, and start from there.
type idChunk struct {
	base  [idChunkSize / idBlock]uint64
	start [idChunkSize]uint16
}

// idPage holds texts, each behind its length in one byte, or in two when it is 128 or more.
type idPage [idPageSize]byte

// Len is the number of identifiers: their handles are 0 to Len()-1.
func (t *IDs) Len() int { return int(t.n.Load()) }

// ID returns the identifier of a handle, and "" for a handle that was never given. It allocates nothing.
func (t *IDs) ID(handle uint32) string {
	if handle >= t.n.Load() {
		return ""
	}
	c, i := (*t.chunks.Load())[handle>>idChunkBits], handle%idChunkSize
	at := c.base[i/idBlock] + uint64(c.start[i])
	page := (*t.pages.Load())[at>>idPageBits]
	at %= idPageSize
	size := int(page[at])
	at++
	if size >= 0x80 {
		size = size&0x7f | int(page[at])<<7
		at++
	}
	return unsafe.String(&page[at], size) // what lies in a page below end is never written again
}

// Lookup returns the handle of an identifier. It allocates nothing.
func (t *IDs) Lookup(id string) (handle uint32, ok bool) {
	table := t.table.Load()
	if table == nil {
		return 0, false
	}
	return table.find(maphash.String(table.seed, id), func(handle uint32) bool { return t.ID(handle) == id })
}

// Intern returns the handle of an identifier, which gets one when it has none; it keeps a copy of the text. For one that
// is known it costs a Lookup. A new one costs well below a microsecond; now and then the table is rebuilt, which takes
// time in proportion to Len and lets only those wait who bring new identifiers. One that is empty, longer than [IDMax]
// or not UTF-8 gives an [InvalidError], and none is left after 4,294,967,294: ErrFull.
func (t *IDs) Intern(id string) (handle uint32, err error) {
	if handle, ok := t.Lookup(id); ok {
		return handle, nil
	}
	if err := ofItem(id, checkID(id)); err != nil {
		return 0, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if handle, ok := t.Lookup(id); ok {
		return handle, nil
	}
	handle = t.n.Load()
	if handle >= handlesMax {
		return 0, ErrFull
	}
	table := t.table.Load()
	if !table.room(handle) {
		table = t.rebuild(table)
	}
	t.write(handle, id)
	t.n.Store(handle + 1)
	table.add(maphash.String(table.seed, id), handle)
	return handle, nil
}

// rebuild puts the identifiers into a larger table, and makes it the one that is read.
func (t *IDs) rebuild(old *hashTable) *hashTable {
	var seed maphash.Seed
	if old == nil {
		seed = maphash.MakeSeed()
	} else {
		seed = old.seed
	}
	n := t.n.Load()
	table := newHashTable(seed, int(n), n)
	for handle := range n {
		table.add(maphash.String(seed, t.ID(handle)), handle)
	}
	t.table.Store(table)
	return table
}

// write puts the text of a new handle behind the others. Readers keep the directories they have: what is appended lies
// behind their end.
func (t *IDs) write(handle uint32, id string) {
	size := 1 + len(id)
	if len(id) >= 0x80 {
		size++
	}
	if t.end%idPageSize+uint64(size) > idPageSize {
		t.end += idPageSize - t.end%idPageSize
	}
	page := appended(&t.pages, int(t.end>>idPageBits))
	text := page[t.end%idPageSize:][:0]
	if len(id) < 0x80 {
		text = append(text, byte(len(id)))
	} else {
		text = append(text, byte(len(id))|0x80, byte(len(id)>>7))
	}
	_ = append(text, id...)

	c, i := appended(&t.chunks, int(handle>>idChunkBits)), handle%idChunkSize
	if i%idBlock == 0 {
		c.base[i/idBlock] = t.end
	}
	c.start[i] = uint16(t.end - c.base[i/idBlock])
	t.end += uint64(size)
}

// appended returns element i of a directory, which it makes when it is the next.
func appended[T any](dir *atomic.Pointer[[]*T], i int) *T {
	var all []*T
	if d := dir.Load(); d != nil {
		all = *d
	}
	if i == len(all) {
		all = append(all, new(T))
		dir.Store(&all)
	}
	return all[i]
}
