// Package words takes text apart into words for search and for models of text, so that both mean the same by a word.
//
//	for w := range words.All("Men's TEA-POTS, Größe 2") {
//		fmt.Println(w, words.Stem(w)) // men man, tea tea, pots pot, grosse gross, 2 2
//	}
//
// # Cost and concurrency
//
// Nothing is kept between calls, which may come from anywhere. A word that is all of lower-case ASCII costs some ten
// nanoseconds and no allocation, for its stem too.
//
// # Caveats
//
// What was indexed by these words must be asked by them: a program that keeps words in files makes them anew when the
// version of this module changes.
//
// Stems are those of English. A word of another language that is written in the letters a to z and ends like an English
// plural loses that ending too, in texts and queries alike.
package words

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is looked at.
const (
	WordMax = 64      // bytes of a word that count; the rest of it is not looked at
	TextMax = 1 << 16 // bytes of a text that are looked at
)

// All yields the words of a text in their order: runs of letters and digits with their marks, without case, without
// accents on Latin, Greek and Cyrillic letters, in one width, cut at WordMax bytes. A possessive 's is no word. Each
// ideograph and kana is a word of its own, since nothing stands between those. Of text that is not UTF-8, what is
// wrong stands between words. A word in lower-case ASCII is a part of the text; another costs an allocation.
func All(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		text = cut(text, TextMax)
		for text != "" {
			n := wordLen(text)
			if n == 0 {
				_, n = utf8.DecodeRuneInString(text)
				text = text[n:]
				continue
			}
			if w := folded(text[:n]); w != "" && !yield(w) {
				return
			}
			text = text[n:]
			if rest, ok := cutPossessive(text); ok {
				text = rest
			}
		}
	}
}

// Open reports whether the last word of a text may go on: nothing stands behind it that is no part of a word.
func Open(text string) bool {
	r, _ := utf8.DecodeLastRuneInString(cut(text, TextMax))
	return isWord(r)
}

// cutPossessive drops 's from the front of a text, where a word ends with it.
func cutPossessive(text string) (rest string, ok bool) {
	for _, mark := range [...]string{"'s", "’s", "'S", "’S"} {
		if rest, ok := strings.CutPrefix(text, mark); ok {
			r, _ := utf8.DecodeRuneInString(rest)
			if rest == "" || !isWord(r) {
				return rest, true
			}
		}
	}
	return text, false
}

// wordLen is the length of the word that text begins with.
func wordLen(text string) int {
	for i, r := range text {
		switch {
		case !isWord(r):
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

func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return r != utf8.RuneError && unicode.In(r, unicode.L, unicode.N, unicode.M)
}

// folded returns a word in the form in which it is compared.
func folded(word string) string {
	if isPlain(word) {
		return word[:min(len(word), WordMax)]
	}
	b := make([]byte, 0, len(word))
	for _, r := range word {
		switch f := fold(r); f {
		case -1:
		case 0:
			b = append(b, foldTwo(r)...)
		default:
			b = utf8.AppendRune(b, f)
		}
		if len(b) > WordMax {
			break
		}
	}
	return cut(string(b), WordMax)
}

// isPlain reports whether a word is in lower-case ASCII.
func isPlain(word string) bool {
	for i := range len(word) {
		if c := word[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
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
