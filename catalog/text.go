package catalog

import (
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

	wordsKept = 4096 // words for which room is kept from one item to the next

	textField = "text" // the facet, not open to filters, whose values are words
)

// textIndex is what search needs besides the postings of words, which are the facet textField.
type textIndex struct {
	weight atomic.Int64                    // of all words of all items
	starts idmap.Map[*idmap.Map[*posting]] // words by their first two runes, for prefixes
	all    []weighedWord                   // room for the words of one item; under Catalog.mu
}

// wordCount says how often a word is in an item, each field counting with its weight.
type wordCount struct {
	word   *posting
	weight int32
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
	for !utf8.RuneStart(s[max]) {
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

// addWords gives a record its words: those of old when the text is the same.
func (c *Catalog) addWords(t *textIndex, r, old *record) {
	if old != nil && old.words != nil && sameText(&r.item, &old.item) {
		r.words, r.weight = old.words, old.weight
		return
	}
	all := appendWords(t.all[:0], r.item.Title, 3)
	all = appendWords(all, r.item.Brand, 2)
	for _, path := range r.item.Categories {
		all = appendWords(all, path, 2)
	}
	all = appendWords(all, r.item.Description, 1)
	slices.SortFunc(all, func(a, b weighedWord) int { return strings.Compare(a.word, b.word) })
	t.all = all[:0]
	if cap(all) > wordsKept {
		t.all = nil
	}
	r.words = make([]wordCount, 0, len(all))
	for i, w := range all {
		if i == 0 || all[i-1].word != w.word {
			r.words = append(r.words, wordCount{word: c.word(t, w.word)})
		}
		r.words[len(r.words)-1].weight += w.weight
		r.weight += int64(w.weight)
	}
}

type weighedWord struct {
	word   string
	weight int32
}

func appendWords(all []weighedWord, text string, weight int32) []weighedWord {
	for w := range words(text) {
		all = append(all, weighedWord{w, weight})
	}
	return all
}

func sameText(a, b *Item) bool {
	return a.Title == b.Title && a.Brand == b.Brand && a.Description == b.Description && slices.Equal(a.Categories, b.Categories)
}

// word returns the posting of a word, which it makes when there is none.
func (c *Catalog) word(t *textIndex, w string) *posting {
	f := c.facet(textField)
	if p, ok := f.values.Get(w); ok {
		return p
	}
	p := f.posting(w)
	bucket, ok := t.starts.Get(start(p.value))
	if !ok {
		bucket = new(idmap.Map[*posting])
		t.starts.Set(start(p.value), bucket)
	}
	bucket.Set(p.value, p)
	return p
}

// withPrefix returns the postings of the words that begin with a text.
func (t *textIndex) withPrefix(text string) anyOf {
	var found anyOf
	collect := func(bucket *idmap.Map[*posting]) {
		for w, p := range bucket.All() {
			if strings.HasPrefix(w, text) {
				found = append(found, p)
			}
		}
	}
	if utf8.RuneCountInString(text) > 1 {
		if bucket, ok := t.starts.Get(start(text)); ok {
			collect(bucket)
		}
		return found
	}
	for key, bucket := range t.starts.All() {
		if strings.HasPrefix(key, text) {
			collect(bucket)
		}
	}
	return found
}

// dropWord takes a word that no item has any more out of the index.
func (c *Catalog) dropWord(t *textIndex, p *posting) {
	c.drop(p)
	if bucket, ok := t.starts.Get(start(p.value)); ok && p.dead.Load() {
		bucket.Delete(p.value)
		if bucket.Len() == 0 {
			t.starts.Delete(start(p.value))
		}
	}
}

// moveWords makes the postings of words follow a record that takes the place of another.
func (c *Catalog) moveWords(handle uint32, before, now *record) {
	t := c.text.Load()
	if t == nil {
		return
	}
	for p := range missing(now.words, before.words) {
		p.add(handle)
	}
	for p := range missing(before.words, now.words) {
		p.remove(handle)
		c.dropWord(t, p)
	}
	t.weight.Add(now.weight - before.weight)
}

// missing yields the words of a that b does not have.
func missing(a, b []wordCount) iter.Seq[*posting] {
	return func(yield func(*posting) bool) {
		for _, w := range a {
			for len(b) > 0 && b[0].word.value < w.word.value {
				b = b[1:]
			}
			if (len(b) == 0 || b[0].word != w.word) && !yield(w.word) {
				return
			}
		}
	}
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
	for h := range c.end() {
		old := c.record(h)
		if old == nil {
			continue
		}
		r := *old
		c.addWords(t, &r, nil)
		for _, w := range r.words {
			w.word.add(h)
		}
		t.weight.Add(r.weight)
		c.chunk(h).records[h%chunkSize].Store(&r)
	}
	c.text.Store(t)
	return t
}
