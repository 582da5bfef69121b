package words

import "strings"

// Stem returns what the inflected forms of an English word have in common, such as "teapot" of teapots, "batteri" of
// battery and batteries, "run" of running: steps 1 and 5 of the Porter2 algorithm (M. F. Porter, The English stemmer,
// Snowball 2001), before which plurals like shelves and mice become the word itself. The steps that make one stem of
// words of different meaning, such as organic and organizer, are left out: in a shop they find more that is wrong than
// right. A word of fewer than three letters, or with anything but the letters a to z, is its own stem. The stem is
// most often a part of the word and costs no allocation.
func Stem(word string) string {
	if len(word) < 3 || !isLetters(word) {
		return word
	}
	if s := irregular(word); s != "" {
		word = s
	}
	w := plural(word)
	w = past(w)
	if n := len(w); n > 2 && w[n-1] == 'y' && !isVowel(w, n-2) {
		w = w[:n-1] + "i"
	}
	return ending(w)
}

func isLetters(word string) bool {
	for i := range len(word) {
		if word[i] < 'a' || word[i] > 'z' {
			return false
		}
	}
	return true
}

// irregular returns the word that one is a form of, where no rule says so, and "" for others.
func irregular(word string) string {
	switch word {
	case "men":
		return "man"
	case "women":
		return "woman"
	case "children":
		return "child"
	case "feet":
		return "foot"
	case "teeth":
		return "tooth"
	case "mice":
		return "mouse"
	case "geese":
		return "goose"
	case "lenses":
		return "lens"
	case "buses":
		return "bus"
	case "canvases":
		return "canvas"
	case "knives", "wives", "midwives", "housewives":
		return strings.TrimSuffix(word, "ves") + "fe"
	case "shelves", "bookshelves", "scarves", "leaves", "loaves", "halves", "wolves", "elves", "calves", "hooves", "thieves":
		return strings.TrimSuffix(word, "ves") + "f"
	case "dying", "lying", "tying":
		return word[:1] + "ie"
	}
	return ""
}

// keepsS reports whether the s at the end of a word is its own.
func keepsS(word string) bool {
	switch word {
	case "lens", "canvas", "news", "atlas", "cosmos", "bias", "andes", "christmas", "chess", "series", "species":
		return true
	}
	return false
}

// plural is step 1a.
func plural(w string) string {
	n := len(w)
	switch {
	case keepsS(w) || strings.HasSuffix(w, "us") || strings.HasSuffix(w, "ss"):
	case strings.HasSuffix(w, "sses"):
		return w[:n-2]
	case strings.HasSuffix(w, "ies") || strings.HasSuffix(w, "ied"):
		if n > 4 {
			return w[:n-2]
		}
		return w[:n-1]
	case w[n-1] == 's' && hasVowel(w[:n-2]):
		return w[:n-1]
	}
	return w
}

// past is step 1b.
func past(w string) string {
	r1 := region(w)
	for _, suffix := range [...]string{"eedly", "eed"} {
		if strings.HasSuffix(w, suffix) {
			if len(w)-len(suffix) >= r1 {
				return w[:len(w)-len(suffix)+2]
			}
			return w
		}
	}
	for _, suffix := range [...]string{"ingly", "edly", "ing", "ed"} {
		if !strings.HasSuffix(w, suffix) {
			continue
		}
		s := w[:len(w)-len(suffix)]
		if !hasVowel(s) || keepsIng(w) {
			return w
		}
		n := len(s)
		switch {
		case strings.HasSuffix(s, "at") || strings.HasSuffix(s, "bl") || strings.HasSuffix(s, "iz"):
			return s + "e"
		case n > 2 && s[n-1] == s[n-2] && strings.IndexByte("bdfgmnprt", s[n-1]) >= 0:
			return s[:n-1]
		case region(s) >= n && endsShort(s):
			return s + "e"
		}
		return s
	}
	return w
}

// keepsIng reports whether a word ends in the letters of an inflection that is none.
func keepsIng(word string) bool {
	switch word {
	case "inning", "outing", "canning", "herring", "earring", "evening", "ceiling", "morning", "wedding", "bedding", "during",
		"string", "spring", "king", "ring", "wing", "thing":
		return true
	}
	return false
}

// ending is step 5: an e or a second l that says nothing.
func ending(w string) string {
	n := len(w)
	if n < 3 {
		return w
	}
	r1 := region(w)
	r2 := r1 + region(w[min(r1, n):])
	switch w[n-1] {
	case 'e':
		if n-1 >= r2 || n-1 >= r1 && !endsShort(w[:n-1]) {
			return w[:n-1]
		}
	case 'l':
		if n-1 >= r2 && w[n-2] == 'l' {
			return w[:n-1]
		}
	}
	return w
}

// isVowel reports whether the letter at i is a vowel. A y is one unless it begins the word or follows a vowel.
func isVowel(w string, i int) bool {
	switch w[i] {
	case 'a', 'e', 'i', 'o', 'u':
		return true
	case 'y':
		return i > 0 && !isVowel(w, i-1)
	}
	return false
}

func hasVowel(w string) bool {
	for i := range len(w) {
		if isVowel(w, i) {
			return true
		}
	}
	return false
}

// region is where the part of a word begins that is behind the first consonant after a vowel: its length when there is
// none.
func region(w string) int {
	for i := 1; i < len(w); i++ {
		if isVowel(w, i-1) && !isVowel(w, i) {
			return i + 1
		}
	}
	return len(w)
}

// endsShort reports whether a word ends in a short syllable: a vowel and a consonant other than w, x and y behind a
// consonant, or the two alone.
func endsShort(w string) bool {
	n := len(w)
	if n < 2 || isVowel(w, n-1) || !isVowel(w, n-2) {
		return false
	}
	if n == 2 {
		return true
	}
	c := w[n-1]
	return c != 'w' && c != 'x' && c != 'y' && !isVowel(w, n-3)
}
