package catalog

import (
	"bytes"
	"slices"
	"sync/atomic"
	"unicode/utf8"

	"github.com/goldrec/gold/catalog/words"
)

// The facets, not open to filters, whose values are words. A word of an item is counted as it is written; its stem has
// the set of the items that have it, one for each field.
const (
	writtenFacet = iota
	titleFacet
	labelFacet // brand and categories
	descriptionFacet
	firstFacet // of those that are open
)

const fieldCount = 3 // titleFacet to descriptionFacet

// textIndex is what search needs besides the stems among Catalog.terms.
type textIndex struct {
	lengths directory[lengthBlock] // by chunk
	titles  lengthSum
	texts   lengthSum // of descriptions
	lexicon lexicon   // words as they are written

	before, now  itemWords // room, under Catalog.mu
	gained, lost []uint32  // and for what is in one of the two only
}

// lengthBlock has the lengths of the texts of a chunk's items, a byte each: the level of the title's in the high half,
// that of the description's in the low.
type lengthBlock [chunkSize / 4]atomic.Uint32

func (b *lengthBlock) of(i uint32) byte { return byte(b[i/4].Load() >> (i % 4 * 8)) }

// set is the one writer's.
func (b *lengthBlock) set(i uint32, length byte) {
	shift := i % 4 * 8
	b[i/4].Store(b[i/4].Load()&^(0xff<<shift) | uint32(length)<<shift)
}

// titleLevels and textLevels return what number of words each level of length begins with.
func titleLevels() [16]int { return [16]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 19, 25, 40, 80} }

func textLevels() [16]int {
	return [16]int{0, 1, 5, 10, 20, 30, 45, 65, 90, 125, 175, 250, 350, 500, 1000, 3000}
}

func levelOf(levels [16]int, n int) byte {
	level := 15
	for levels[level] > n {
		level--
	}
	return byte(level)
}

// lengthSum is how many words the items that have any have in a field.
type lengthSum struct{ words, items atomic.Int64 }

func (s *lengthSum) add(words, sign int) {
	if words > 0 {
		s.words.Add(int64(sign * words))
		s.items.Add(int64(sign))
	}
}

func (s *lengthSum) average() float64 {
	return max(1, float64(s.words.Load())/float64(max(1, s.items.Load())))
}

// itemWords is the numbers of an item's words, ascending, each once.
type itemWords struct {
	written, stems []uint32
	title, text    int // words, not each once
}

func (w *itemWords) clear() {
	*w = itemWords{written: kept(w.written)[:0], stems: kept(w.stems)[:0]}
}

// readWords sets w to the words of an item, which get numbers where they have none. Under Catalog.mu.
func (c *Catalog) readWords(t *textIndex, w *itemWords, h *head) {
	w.clear()
	if h.rest == nil && h.brand == 0 {
		return
	}
	b := h.body()
	w.title = c.readField(t, w, titleFacet, b.title)
	if _, brand, ok := c.terms.value(h.brand); ok {
		c.readField(t, w, labelFacet, brand)
	}
	for number, p := uint32(0), b.categories; len(p) > 0; {
		number, p = p.next()
		_, path, _ := c.terms.value(number)
		c.readField(t, w, labelFacet, path)
	}
	w.text = c.readField(t, w, descriptionFacet, b.description)
	slices.Sort(w.written)
	slices.Sort(w.stems)
	w.written, w.stems = slices.Compact(w.written), slices.Compact(w.stems)
}

func (c *Catalog) readField(t *textIndex, w *itemWords, field uint32, text string) (n int) {
	for word := range words.All(text) {
		number, isNew := c.terms.intern(writtenFacet, word, 0)
		if isNew {
			t.lexicon.add(&c.terms, number)
		}
		stem, _ := c.terms.intern(field, words.Stem(word), number)
		w.written, w.stems = append(w.written, number), append(w.stems, stem)
		n++
	}
	return n
}

// sameWords reports whether two versions of an item have the same texts.
func sameWords(a, b *head) bool {
	if (a.flags == 0) != (b.flags == 0) || a.brand != b.brand {
		return false
	}
	x, y := a.body(), b.body()
	return x.title == y.title && x.description == y.description && bytes.Equal(x.categories, y.categories)
}

// moveWords makes the index follow an item that takes the place of another. Under Catalog.mu.
func (c *Catalog) moveWords(handle uint32, before, now *head) {
	t := c.text.Load()
	if t == nil || sameWords(before, now) {
		return
	}
	c.readWords(t, &t.before, before)
	c.readWords(t, &t.now, now)
	c.replaceWords(t, handle)
}

// replaceWords puts the words now of an item into the index, and takes out those that only before has.
func (c *Catalog) replaceWords(t *textIndex, handle uint32) {
	gained := appendMissing(kept(t.gained)[:0], t.now.written, t.before.written)
	lost := appendMissing(kept(t.lost)[:0], t.before.written, t.now.written)
	for _, number := range gained {
		c.terms.count(number, 1)
	}
	for _, number := range lost {
		if c.terms.count(number, -1) {
			t.lexicon.drop(&c.terms)
		}
	}
	gained = appendMissing(gained[:0], t.now.stems, t.before.stems)
	lost = appendMissing(lost[:0], t.before.stems, t.now.stems)
	for _, number := range gained {
		c.terms.add(number, handle)
	}
	t.length(handle, levelOf(titleLevels(), t.now.title)<<4|levelOf(textLevels(), t.now.text))
	for _, number := range lost {
		c.removeTerm(number, handle)
	}
	t.titles.add(t.before.title, -1)
	t.titles.add(t.now.title, 1)
	t.texts.add(t.before.text, -1)
	t.texts.add(t.now.text, 1)
	t.gained, t.lost = gained, lost
}

// length sets the length of a handle's texts.
func (t *textIndex) length(handle uint32, length byte) {
	i := int(handle >> chunkBits)
	b := t.lengths.get(i)
	if b == nil {
		b = new(lengthBlock)
		t.lengths.set(i, b)
	}
	b.set(handle%chunkSize, length)
}

// index returns the text index, which the first caller builds.
func (c *Catalog) index() *textIndex {
	if t := c.text.Load(); t != nil {
		return t
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.text.Load(); t != nil {
		return t
	}
	t := new(textIndex)
	t.lexicon.hold()
	for handle := range c.end() {
		if r := c.record(handle); r != nil {
			h := r.head()
			c.readWords(t, &t.now, &h)
			c.replaceWords(t, handle)
		}
	}
	t.lexicon.release(&c.terms)
	c.terms.clip() // most of these sets will not grow soon, if ever
	c.text.Store(t)
	return t
}

// cut shortens s to max bytes at most, between runes.
func cut(s string, max int) string {
	if len(s) <= max {
		return s
	}
	for max > 0 && !utf8.RuneStart(s[max]) {
		max--
	}
	return s[:max]
}
