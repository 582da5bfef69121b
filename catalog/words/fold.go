package words

import (
	"strings"
	"unicode"
)

// The letters of Latin with a mark, by their place in Unicode: the letter without it, or a dot where there is none.
const (
	latinMin = 0xC0
	latin    = "aaaaaa.ceeeeiiii.nooooo.ouuuuy..aaaaaa.ceeeeiiii.nooooo.ouuuuy.y" +
		"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkk.llllll." +
		".llnnnnnn.nnoooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs" +
		"b................ff....i........oo.............uu....zz........." +
		".............aaiioouuuuuuuuuu.aaaa....ggkkoooo..j...gg..nnaa...." +
		"aaaaeeeeiiiioooorrrruuuusstt..hh....zzaaeeooooooooyy............" +
		"...b............"
	latinMoreMin = 0x1E00
	latinMore    = "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm" +
		"mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv" +
		"wwwwwwwwwwxxxxyyzzzzzzhtwy.s....aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee" +
		"eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......"
)

// marked is letters of Greek and Cyrillic with a mark, in lower case, each before the one without.
const marked = "ΐιάαέεήηίιΰυϊιϋυόούυώωйиѐеёеѓгїіќкѝиўу"

// fold returns a rune in the form in which all are alike that differ in case, accents and width only; -1 for a mark that
// stands on another, and 0 for one that becomes two, which foldTwo has.
func fold(r rune) rune {
	switch {
	case r < 0x80:
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	case r < latinMin:
		return unicode.ToLower(unicode.ToUpper(r))
	case r < latinMin+rune(len(latin)):
		return foldLatin(r, latin[r-latinMin])
	case r >= 0x0300 && r < 0x0370:
		return -1
	case r >= latinMoreMin && r < latinMoreMin+rune(len(latinMore)):
		return foldLatin(r, latinMore[r-latinMoreMin])
	case r >= 0xFF01 && r <= 0xFF5E: // the wide forms of ASCII
		return fold(r - 0xFEE0)
	case r == 'ﬁ' || r == 'ﬂ' || r == 'ﬀ':
		return 0
	}
	r = unicode.ToLower(unicode.ToUpper(r))
	if r < 0x0530 {
		if i := strings.IndexRune(marked, r); i >= 0 && evenRune(i) {
			return []rune(marked[i:])[1]
		}
	}
	return r
}

// evenRune reports whether place i of marked, whose runes have two bytes each, is one of the first of a pair.
func evenRune(i int) bool { return i%4 == 0 }

func foldLatin(r rune, base byte) rune {
	if base != '.' {
		return rune(base)
	}
	if foldTwo(r) != "" {
		return 0
	}
	return unicode.ToLower(unicode.ToUpper(r))
}

// foldTwo returns the two letters that a rune becomes.
func foldTwo(r rune) string {
	switch r {
	case 'ß', 'ẞ':
		return "ss"
	case 'æ', 'Æ', 'ǽ', 'Ǽ':
		return "ae"
	case 'œ', 'Œ':
		return "oe"
	case 'þ', 'Þ':
		return "th"
	case 'ð', 'Ð':
		return "d"
	case 'ĳ', 'Ĳ':
		return "ij"
	case 'ﬁ':
		return "fi"
	case 'ﬂ':
		return "fl"
	case 'ﬀ':
		return "ff"
	}
	return ""
}
