package catalog

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goldrec/gold/catalog/words"
)

const (
	completionsMax = 100 // words that one beginning stands for: the most frequent
	nearMax        = 50  // words that one is taken to be a slip of
)

// completions returns the stems of the most frequent words that begin with a text, without the stem that is had already.
func (c *Catalog) completions(t *textIndex, text, had string) []string {
	best := c.completed(t, text, completionsMax)
	var stems []string
	for _, w := range best {
		if stem := words.Stem(w.text); stem != had && !slices.Contains(stems, stem) {
			stems = append(stems, stem)
		}
	}
	return stems
}

// writtenWord is a word and how many items have it.
type writtenWord struct {
	text  string
	count int
}

// completed returns the most frequent words that begin with a text, at most max of them, equal ones in byte order.
func (c *Catalog) completed(t *textIndex, text string, max int) []writtenWord {
	var best []writtenWord
	least := 0 // once there are max: what is not above it has no place
	shrink := func() {
		slices.SortFunc(best, func(a, b writtenWord) int {
			return cmp.Or(cmp.Compare(b.count, a.count), strings.Compare(a.text, b.text))
		})
		if len(best) > max {
			best = best[:max]
			least = best[max-1].count
		}
	}
	t.lexicon.begins(&c.terms, text, func(number uint32, word string) {
		if n := c.terms.counted(number); n > 0 && n >= least {
			if best = append(best, writtenWord{word, n}); len(best) > 4*max {
				shrink()
			}
		}
	})
	shrink()
	return best
}

// nearWords returns the stems of the words that one slip makes of a word, or of its stem: of an inflected form the
// catalogue may have the plain one only.
func (c *Catalog) nearWords(word string) []string {
	var stems []string
	all := c.near(word)
	if stem := words.Stem(word); stem != word {
		all = append(all, c.near(stem)...)
	}
	for _, w := range all {
		if stem := words.Stem(w); !slices.Contains(stems, stem) {
			stems = append(stems, stem)
		}
	}
	return stems
}

// near returns the words of the catalogue that are one slip away from a word: a letter more, less, another, or two
// exchanged. It makes each and asks for it.
func (c *Catalog) near(word string) []string {
	var found []string
	try := func(b []byte) {
		if w := string(b); len(found) < nearMax && w != word && c.written(w) > 0 && !slices.Contains(found, w) {
			found = append(found, w)
		}
	}
	letters := alphabet(word)
	room := make([]byte, 0, len(word)+2*utf8.UTFMax)
	for at := 0; at <= len(word); {
		_, size := utf8.DecodeRuneInString(word[at:])
		if at == len(word) {
			size = 0
		}
		head, tail := word[:at], word[at+size:]
		if size > 0 {
			try(append(append(room, head...), tail...))
			if next, n := utf8.DecodeRuneInString(tail); n > 0 {
				swapped := append(utf8.AppendRune(append(room, head...), next), word[at:at+size]...)
				try(append(swapped, tail[n:]...))
			}
		}
		for _, letter := range letters {
			if size > 0 {
				try(append(utf8.AppendRune(append(room, head...), letter), tail...))
			}
			try(append(utf8.AppendRune(append(room, head...), letter), word[at:]...))
		}
		if at == len(word) {
			break
		}
		at += size
	}
	return found
}

// alphabet is the letters that a slip may put into a word.
func alphabet(word string) string {
	switch r, _ := utf8.DecodeRuneInString(word); {
	case unicode.Is(unicode.Cyrillic, r):
		return "абвгдежзийклмнопрстуфхцчшщъыьэюя"
	case unicode.Is(unicode.Greek, r):
		return "αβγδεζηθικλμνξοπρστυφχψω"
	}
	return "abcdefghijklmnopqrstuvwxyz0123456789"
}

const (
	behindBytes = 3    // of a word that must be right for two slips behind them to be found
	behindMax   = 5000 // words looked at
)

// nearBehind returns the stems of words that begin as a word does and are two slips away from it.
func (c *Catalog) nearBehind(t *textIndex, word string) []string {
	var stems []string
	looked := 0
	t.lexicon.begins(&c.terms, cut(word, behindBytes), func(_ uint32, w string) {
		if looked++; looked > behindMax || len(stems) >= nearMax || !within2(word, w) {
			return
		}
		if stem := words.Stem(w); !slices.Contains(stems, stem) {
			stems = append(stems, stem)
		}
	})
	return stems
}

// within2 reports whether two slips at most make one word the other: the distance of optimal string alignment, over
// bytes.
func within2(a, b string) bool {
	if len(a)-len(b) > 2 || len(b)-len(a) > 2 {
		return false
	}
	var rows [3][words.WordMax + 1]int
	before, last, now := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			other := 1
			if a[i-1] == b[j-1] {
				other = 0
			}
			d := min(last[j]+1, now[j-1]+1, last[j-1]+other)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			now[j] = d
			least = min(least, d)
		}
		if least > 2 {
			return false
		}
		before, last, now = last, now, before
	}
	return last[len(b)] <= 2
}

// apart returns the two words of the catalogue that a word is when it is taken apart: of several pairs the one whose rarer
// word is most frequent.
func (c *Catalog) apart(word string) (a, b string) {
	most := 0
	for at := range word {
		if at < 2 || len(word)-at < 2 {
			continue
		}
		n := min(c.written(word[:at]), c.written(word[at:]))
		if n > most {
			most, a, b = n, word[:at], word[at:]
		}
	}
	return a, b
}

// written is how many items have a word as it is written.
func (c *Catalog) written(word string) int {
	if number, ok := c.terms.find(writtenFacet, word); ok {
		return c.terms.counted(number)
	}
	return 0
}
