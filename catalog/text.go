package catalog

import (
	"bytes"
	"encoding/binary"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/goldrec/gold/internal/idmap"
)

const (
	wordMax = 64      // bytes of a word that count; the rest of it is not looked at
	textMax = 1 << 16 // bytes of a field, or a query, that are looked at

	wordFacet = 0 // the number of the facet, not open to filters, whose values are words
)

// textIndex is what search needs besides the words among Catalog.terms.
type textIndex struct {
	weight atomic.Int64          // of all words of all items
	starts idmap.Map[*valueList] // words by their first two runes, for prefixes
	all    []uint64              // room for the words of one item: number and weight of each
	packed []byte                // and for them as a record has them; under Catalog.mu both
}

// packedWords are the words of an item, ascending by number, each with its weight: how often it is in the item, where each
// field counts with its own. A word is its number less the one before it and, in the two lowest bits, its weight less 1;
// a weight above 3 stands behind it, less 4.
type packedWords []byte

const weightFew = 3

func (p packedWords) add(before, number, weight uint32) packedWords {
	if weight <= weightFew {
		return binary.AppendUvarint(p, uint64(number-before)<<2|uint64(weight-1))
	}
	p = binary.AppendUvarint(p, uint64(number-before)<<2|weightFew)
	return binary.AppendUvarint(p, uint64(weight-weightFew-1))
}

// next reads the word after the one of a number, or after 0.
func (p packedWords) next(before uint32) (number, weight uint32, rest packedWords) {
	x, p := uvarint64(p)
	if weight = uint32(x & weightFew); weight == weightFew {
		weight, p = uvarint32(p)
		weight += weightFew
	}
	return before + uint32(x>>2), weight + 1, p
}

// weight is that of all the words.
func (p packedWords) weight() int64 {
	sum, weight := int64(0), uint32(0)
	for len(p) > 0 {
		_, weight, p = p.next(0)
		sum += int64(weight)
	}
	return sum
}

// append appends the numbers of the words.
func (p packedWords) append(dst []uint32) []uint32 {
	for number := uint32(0); len(p) > 0; {
		number, _, p = p.next(number)
		dst = append(dst, number)
	}
	return dst
}

// words yields the words of a text: runs of letters, digits and marks in one case, cut at wordMax bytes. Each
// ideograph is a word of its own, since nothing stands between those.
func words(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		text = cut(text, textMax)
		for text != "" {
			n := wordLen(text)
			if n > 0 && !yield(cut(strings.Map(fold, text[:n]), wordMax)) {
				return
			}
			if n == 0 {
				_, n = utf8.DecodeRuneInString(text)
			}
			text = text[n:]
		}
	}
}

// wordLen is the length of the word that text begins with.
func wordLen(text string) int {
	for i, r := range text {
		switch {
		case !isWordRune(r):
			return i
		case r < ideographMin || !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
		case i == 0:
			return utf8.RuneLen(r)
		default:
			return i
		}
	}
	return len(text)
}

const ideographMin = 0x2E80 // the first rune of the scripts without spaces

func isWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.In(r, unicode.L, unicode.N, unicode.M)
}

// fold maps the runes that differ in case only to one.
func fold(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }

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

// start returns the key of a word in textIndex.starts.
func start(word string) string {
	_, n := utf8.DecodeRuneInString(word)
	_, m := utf8.DecodeRuneInString(word[n:])
	return word[:n+m]
}

// addWords gives an item its words: those of the record before it when the text is the same.
func (c *Catalog) addWords(t *textIndex, h *head, old record) {
	b := h.body()
	if old != nil {
		oldHead := old.head()
		if before := oldHead.body(); oldHead.brand == h.brand && before.title == b.title &&
			before.description == b.description && bytes.Equal(before.categories, b.categories) {
			h.words = oldHead.words
			return
		}
	}
	all := c.appendWords(t, t.all[:0], b.title, 3)
	if _, brand, ok := c.terms.value(h.brand); ok {
		all = c.appendWords(t, all, brand, 2)
	}
	for number, p := uint32(0), b.categories; len(p) > 0; {
		number, p = p.next()
		_, path, _ := c.terms.value(number)
		all = c.appendWords(t, all, path, 2)
	}
	all = c.appendWords(t, all, b.description, 1)
	slices.Sort(all)
	words := packedWords(t.packed[:0])
	before := uint32(0)
	for i := 0; i < len(all); {
		number, weight := uint32(all[i]>>32), uint32(0)
		for ; i < len(all) && uint32(all[i]>>32) == number; i++ {
			weight += uint32(all[i])
		}
		words = words.add(before, number, weight)
		before = number
	}
	t.all, t.packed = kept(all), kept(words)
	h.words = words
}

func (c *Catalog) appendWords(t *textIndex, all []uint64, text string, weight uint64) []uint64 {
	for w := range words(text) {
		all = append(all, uint64(c.word(t, w))<<32|weight)
	}
	return all
}

// word returns the number of a word, which gets one when it has none.
func (c *Catalog) word(t *textIndex, w string) uint32 {
	number, isNew := c.terms.intern(wordFacet, w)
	if !isNew {
		return number
	}
	list, ok := t.starts.Get(start(w))
	if !ok {
		list = new(valueList)
		t.starts.Set(strings.Clone(start(w)), list)
	}
	list.append(number)
	return number
}

// withPrefix returns the numbers of the words that begin with a text.
func (c *Catalog) withPrefix(t *textIndex, text string) []uint32 {
	var found []uint32
	collect := func(list *valueList) {
		for _, number := range list.read() {
			if _, w, ok := c.terms.value(number); ok && strings.HasPrefix(w, text) {
				found = append(found, number)
			}
		}
	}
	if utf8.RuneCountInString(text) > 1 {
		if list, ok := t.starts.Get(start(text)); ok {
			collect(list)
		}
		return found
	}
	for key, list := range t.starts.All() {
		if strings.HasPrefix(key, text) {
			collect(list)
		}
	}
	return found
}

// drop takes a word that no item has any more out of the index.
func (t *textIndex) drop(terms *terms, word string) {
	list, ok := t.starts.Get(start(word))
	if !ok {
		return
	}
	if list.drop(terms); len(list.read()) == 0 {
		t.starts.Delete(start(word))
	}
}

// moveWords makes the sets of words follow an item that takes the place of another.
func (c *Catalog) moveWords(handle uint32, before, now *head) {
	t := c.text.Load()
	if t == nil || bytes.Equal(before.words, now.words) {
		return
	}
	old := packedWords(before.words).append(kept(c.scratch.before)[:0])
	words := packedWords(now.words).append(kept(c.scratch.now)[:0])
	gained := appendMissing(kept(c.scratch.gained)[:0], words, old)
	lost := appendMissing(kept(c.scratch.lost)[:0], old, words)
	for _, number := range gained {
		c.terms.add(number, handle)
	}
	for _, number := range lost {
		c.removeTerm(number, handle)
	}
	t.weight.Add(packedWords(now.words).weight() - packedWords(before.words).weight())
	c.scratch.before, c.scratch.now, c.scratch.gained, c.scratch.lost = old, words, gained, lost
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
	for handle := range c.end() {
		r := c.record(handle)
		if r == nil {
			continue
		}
		h := r.head()
		c.addWords(t, &h, nil)
		for number, p := uint32(0), packedWords(h.words); len(p) > 0; {
			number, _, p = p.next(number)
			c.terms.add(number, handle)
		}
		t.weight.Add(packedWords(h.words).weight())
		c.chunk(handle).records[handle%chunkSize].Store(c.packed(&h))
	}
	c.text.Store(t)
	return t
}
