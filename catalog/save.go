package catalog

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/goldrec/gold/codec"
)

// The section of a catalogue: its version and the number of its identifiers, then for each chunkSize of them the
// identifiers and the items as bytes. An item is its handle in the chunk, its version and, behind its flags, what the
// flags say that it has. A value of a facet is its number in the file, counted from 1; 0 stands before one that the file
// has not had so far, which follows.
const (
	section        = "catalog"
	sectionVersion = 1

	savedItem    = 1 << 8 // the flags of a record fit in a byte
	savedDeleted = 0      // the flags of an item that is there no more
)

// SaveSection writes the catalogue as one section: identifiers with their handles, items, versions. Synonyms and
// indexes are not written. Nobody waits for it: of an item that is written meanwhile, the old or the new is saved. It
// needs memory for the values of facets and for some thousand items.
func (c *Catalog) SaveSection(w *codec.Writer) {
	w.Section(section, sectionVersion)
	w.Uint64(c.Version())
	n := c.ids.Len()
	w.Uint32(uint32(n))
	s := saver{cat: c, numbers: map[uint32]uint64{}}
	for base := 0; base < n && w.Err() == nil; base += chunkSize {
		size := min(chunkSize, n-base)
		w.Strings(size, func(i int) string { return c.ID(uint32(base + i)) })
		s.room = s.room[:0]
		if ch := c.dir.get(base >> chunkBits); ch != nil {
			for i := range uint32(size) {
				s.item(ch, i)
			}
		}
		w.Bytes(s.room)
	}
}

// saver writes items.
type saver struct {
	cat     *Catalog
	numbers map[uint32]uint64 // in the file, of the values that it has
	room    []byte
}

// item writes one handle of a chunk, if there ever was an item.
func (s *saver) item(ch *chunk, i uint32) {
	for {
		before := ch.version.Load()
		r, version := ch.load(i), ch.written[i].Load()
		if version == 0 {
			return
		}
		at, had := len(s.room), len(s.numbers)
		ok := s.record(i, version, r)
		if ok && ch.version.Load() == before && before&1 == 0 {
			return
		}
		s.room = s.room[:at]
		for number, n := range s.numbers { // what was written with it has not been written
			if n > uint64(had) {
				delete(s.numbers, number)
			}
		}
	}
}

func (s *saver) record(i uint32, version uint64, r record) (ok bool) {
	b := binary.AppendUvarint(binary.AppendUvarint(s.room, uint64(i)), version)
	if r == nil {
		s.room = binary.AppendUvarint(b, savedDeleted)
		return true
	}
	h := r.head()
	s.room = binary.AppendUvarint(b, uint64(h.flags)|savedItem)
	ok = true
	if h.has(flagPrice) {
		s.room = binary.AppendUvarint(s.room, uint64(h.minor))
		ok = s.value(h.currency)
	}
	if h.has(flagStock) {
		s.room = binary.AppendUvarint(s.room, uint64(h.stock))
	}
	if h.has(flagBrand) {
		ok = s.value(h.brand) && ok
	}
	if h.has(flagCreated) {
		s.room = binary.AppendVarint(s.room, h.seconds)
		s.room = binary.AppendUvarint(s.room, uint64(h.nanos))
	}
	if h.has(flagGroup) {
		ok = s.value(h.group) && ok
	}
	body := h.body()
	if h.has(flagLists) {
		for _, list := range [...]packedNumbers{body.categories, body.attributes} {
			s.room = binary.AppendUvarint(s.room, uint64(list.len()))
			for number, p := uint32(0), list; len(p) > 0; {
				number, p = p.next()
				ok = s.value(number) && ok
			}
		}
	}
	if h.has(flagTexts) {
		s.room = appendLengthed(s.room, body.title)
		s.room = appendLengthed(s.room, body.description)
		s.room = appendLengthed(s.room, body.image)
		s.room = appendLengthed(s.room, body.vector)
	}
	return ok
}

// value writes a value of a facet. It is false when the value has gone, and the item's record with it.
func (s *saver) value(number uint32) bool {
	if n := s.numbers[number]; n > 0 {
		s.room = binary.AppendUvarint(s.room, n)
		return true
	}
	facet, value, ok := s.cat.terms.value(number)
	if !ok {
		return false
	}
	s.numbers[number] = uint64(len(s.numbers) + 1)
	s.room = binary.AppendUvarint(s.room, 0)
	s.room = appendLengthed(s.room, s.cat.fields.get(int(facet)).name)
	s.room = appendLengthed(s.room, value)
	return true
}

// LoadSection makes a catalogue of what SaveSection wrote: the same handles, items and versions, so that whoever followed
// the changes of the one goes on with the other. It checks every item as Upsert does: a file that is not as it should
// be makes r fail with codec.ErrCorrupt, and the error is returned. The catalogue may be used when r.Close has returned nil.
// It takes a few seconds for a million items.
func LoadSection(r *codec.Reader) (*Catalog, error) {
	r.Section(section, sectionVersion)
	c := New()
	version, n := r.Uint64(), int(r.Uint32())
	l := loader{cat: c, latest: version}
	for base := 0; base < n && r.Err() == nil; base += chunkSize {
		names := r.Strings()
		items := r.Bytes()
		if r.Err() != nil {
			break
		}
		if len(names) != min(chunkSize, n-base) {
			r.Fail("catalog: %d identifiers from %d on", len(names), base)
			break
		}
		if err := l.chunk(base, names, items); err != nil {
			r.Fail("catalog: %v", err)
		}
	}
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("catalog: load: %w", err)
	}
	c.version.Store(l.latest)
	return c, nil
}

// loader reads items.
type loader struct {
	cat    *Catalog
	values []savedValue // of the file, by number less 1
	latest uint64       // the highest version so far
	b      []byte       // what is left of a chunk
	err    error        // the first
}

type savedValue struct{ field, value string }

func (l *loader) chunk(base int, names []string, items []byte) error {
	for i, name := range names {
		if h, err := l.cat.ids.Intern(name); err != nil || int(h) != base+i {
			return fmt.Errorf("identifier %.64q at %d: %v", name, base+i, err)
		}
	}
	last := -1
	for l.b = items; len(l.b) > 0; {
		i, version := l.number(), l.number()
		if l.err != nil || i >= uint64(len(names)) || int(i) <= last || version == 0 {
			return fmt.Errorf("item %d of version %d behind %d, %v", i, version, last, l.err)
		}
		last = int(i)
		if err := l.item(uint32(base+last), names[last], version); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) item(handle uint32, id string, version uint64) error {
	flags := l.number()
	if flags != savedDeleted {
		it := Item{ID: id, Available: flags&flagAvailable != 0}
		l.fields(&it, flags)
		if l.err == nil {
			l.err = it.check()
		}
		if l.err != nil {
			return l.err
		}
		if _, _, err := l.cat.upsert(&it); err != nil {
			return err
		}
	}
	ch := l.cat.grown(handle)
	ch.written[handle%chunkSize].Store(version)
	ch.latest.Store(max(ch.latest.Load(), version))
	l.latest = max(l.latest, version)
	return l.err
}

func (l *loader) fields(it *Item, flags uint64) {
	if flags&flagPrice != 0 {
		it.Price.Minor = int64(l.number())
		it.Price.Currency = l.value("currency")
	}
	if flags&flagStock != 0 {
		it.Stock = int(l.number())
	}
	if flags&flagBrand != 0 {
		it.Brand = l.value("brand")
	}
	if flags&flagCreated != 0 {
		seconds, n := binary.Varint(l.b)
		if n <= 0 {
			l.fail()
			return
		}
		l.b = l.b[n:]
		it.Created = time.Unix(seconds, int64(l.number())).UTC()
	}
	if flags&flagGroup != 0 {
		it.Group = l.value("group")
	}
	if flags&flagLists != 0 {
		for range l.count() {
			it.Categories = append(it.Categories, l.value("category"))
		}
		it.Attributes = map[string][]string{}
		for range l.count() {
			v := l.anyValue()
			key, ok := strings.CutPrefix(v.field, attributePrefix)
			if !ok {
				l.fail()
				return
			}
			it.Attributes[key] = append(it.Attributes[key], v.value)
		}
	}
	if flags&flagTexts != 0 {
		it.Title, it.Description, it.Image = string(l.text()), string(l.text()), string(l.text())
		vector := l.text()
		for ; len(vector) >= 4; vector = vector[4:] {
			it.Vector = append(it.Vector, math.Float32frombits(binary.LittleEndian.Uint32(vector)))
		}
	}
}

func (l *loader) fail() {
	if l.err == nil {
		l.err = fmt.Errorf("damaged items")
	}
	l.b = nil
}

func (l *loader) number() uint64 {
	x, n := binary.Uvarint(l.b)
	if n <= 0 {
		l.fail()
		return 0
	}
	l.b = l.b[n:]
	return x
}

// count is a number of values, of which an item has no more than ValuesMax.
func (l *loader) count() int {
	n := l.number()
	if n > ValuesMax {
		l.fail()
		return 0
	}
	return int(n)
}

func (l *loader) text() []byte {
	n := l.number()
	if n > uint64(len(l.b)) {
		l.fail()
		return nil
	}
	text := l.b[:n]
	l.b = l.b[n:]
	return text
}

func (l *loader) value(field string) string {
	v := l.anyValue()
	if v.field != field {
		l.fail()
	}
	return v.value
}

func (l *loader) anyValue() savedValue {
	n := l.number()
	if n == 0 {
		l.values = append(l.values, savedValue{l.name(string(l.text())), string(l.text())})
		n = uint64(len(l.values))
	}
	if n > uint64(len(l.values)) {
		l.fail()
		return savedValue{}
	}
	return l.values[n-1]
}

// name returns a field's name as it was met before, of which there are few.
func (l *loader) name(field string) string {
	last := l.values[max(0, len(l.values)-8):]
	if i := slices.IndexFunc(last, func(v savedValue) bool { return v.field == field }); i >= 0 {
		return last[i].field
	}
	return field
}
