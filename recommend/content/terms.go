package content

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/catalog/words"
)

// term is a 64-bit hash of a word or facet. Two terms of a catalogue of millions collide with a chance of about 10⁻⁷,
// and then two items look a little more alike.
type term uint64

// Fields differ in how much a term in them says, and facets in what their hashes begin with.
const (
	titleWeight       = 3
	descriptionWeight = 1
	brandWeight       = 2
	categoryWeight    = 2
	attributeWeight   = 1

	wordSeed      term = 0xcbf29ce484222325 // of FNV-1a; the others are arbitrary
	brandSeed     term = 0x9e3779b97f4a7c15
	categorySeed  term = 0xd1b54a32d192ed03
	attributeSeed term = 0x8cb92ba72f3d8dd7
)

// counted is a term and its count, weighted by field; later its weight.
type counted struct {
	term  term
	count float32
}

// appendTerms appends the terms of an item, in the order of their hashes, each once.
func appendTerms(dst []counted, item *catalog.Item) []counted {
	from := len(dst)
	dst = appendWords(dst, item.Title, titleWeight)
	dst = appendWords(dst, item.Description, descriptionWeight)
	if brand := strings.TrimSpace(item.Brand); brand != "" {
		dst = append(dst, counted{hash(brandSeed, brand), brandWeight})
	}
	for _, path := range item.Categories {
		dst = appendPath(dst, path)
	}
	for name, values := range item.Attributes { // the order is lost below
		for _, value := range values {
			dst = append(dst, counted{hash(hash(attributeSeed, name), value), attributeWeight})
		}
	}
	return dst[:from+len(merge(dst[from:]))]
}

// merge sorts by term and adds up the counts of equal ones, in place. Counts are whole numbers, so that their order does
// not matter.
func merge(terms []counted) []counted {
	slices.SortFunc(terms, func(a, b counted) int {
		if a.term < b.term {
			return -1
		}
		if a.term > b.term {
			return 1
		}
		return 0
	})
	merged := terms[:0]
	for _, t := range terms {
		if n := len(merged); n > 0 && merged[n-1].term == t.term {
			merged[n-1].count += t.count
		} else {
			merged = append(merged, t)
		}
	}
	return merged
}

// appendPath appends every prefix of a category path.
func appendPath(dst []counted, path string) []counted {
	h := categorySeed
	for name := range strings.SplitSeq(path, catalog.PathSeparator) {
		if name = strings.TrimSpace(name); name != "" {
			h = hash(h, name)
			dst = append(dst, counted{h, categoryWeight})
		}
	}
	return dst
}

// appendWords appends the stems of a text's words, as search has them, and of scripts without spaces the pairs of neighbours: one
// character alone says little there.
func appendWords(dst []counted, text string, weight float32) []counted {
	for len(text) > 0 {
		spaced := text[:until(text, spaceless)]
		for word := range words.All(spaced) {
			dst = append(dst, counted{hash(wordSeed, words.Stem(word)), weight})
		}
		text = text[len(spaced):]
		run := text[:until(text, func(r rune) bool { return !spaceless(r) })]
		var before rune
		for _, r := range run {
			if before != 0 {
				dst = append(dst, counted{wordSeed.with(before).with(r), weight})
			}
			before = r
		}
		text = text[len(run):]
	}
	return dst
}

// until is where the first character stands that is one of those, or the end.
func until(text string, those func(rune) bool) int {
	if at := strings.IndexFunc(text, those); at >= 0 {
		return at
	}
	return len(text)
}

// spaceless reports whether words of the character's script are not set apart by spaces.
func spaceless(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao,
		unicode.Khmer, unicode.Myanmar)
}

// fold returns one character for all that differ in case only.
func fold(r rune) rune {
	if r < unicode.MaxASCII {
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}

// hash continues h with a text, case folded.
func hash(h term, text string) term {
	for _, r := range text {
		h = h.with(fold(r))
	}
	return h.with(-1) // where one part of a facet ends
}

// with is FNV-1a over the rune's bytes, finished so that near hashes do not stay near.
func (h term) with(r rune) term {
	const prime = 0x100000001b3
	for range 4 {
		h = (h ^ term(r&0xff)) * prime
		r >>= 8
	}
	return h
}

// fingerprint tells content from other content: 0 for none at all, and else another number for other terms or another
// vector, but for one pair of 10¹⁹.
func fingerprint(bag []counted, unit []float32) uint64 {
	if len(bag) == 0 && len(unit) == 0 {
		return 0
	}
	h := wordSeed
	for _, c := range bag {
		h = h.with(rune(c.term)).with(rune(c.term >> 32)).with(rune(c.count))
	}
	for _, x := range unit {
		h = h.with(rune(math.Float32bits(x)))
	}
	return max(1, uint64(h))
}
