package catalog

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/goldrec/gold/catalog/words"
)

// plan is what a query asks for: a slot for each of its words.
type plan struct {
	slots []slot
	words []string // as they are written
	least float64  // the weight that what is found has at least; 0: every slot
}

// slot is a word of a query and what else stands for it, the best first.
type slot struct {
	levels []level
	weight float64 // what the best level counts for
	df     int     // how many items have one of the levels, those of two twice
}

// level is words of which an item has all, and what they count for. A word is the union of several with other endings or
// letters.
type level struct {
	gain float32
	all  []fieldSets
	df   int
}

// fieldSets are the items that have a word, by field.
type fieldSets [fieldCount]*anyOf

// df is the most items that have the word in one field.
func (f *fieldSets) df() int {
	n := 0
	for _, u := range f {
		n = max(n, u.count)
	}
	return n
}

// What levels below the word itself count for.
const (
	synonymQuality = 0.9
	prefixQuality  = 0.7
	typoQuality    = 0.6
	typo2Quality   = 0.4
	apartQuality   = 0.8 // of a word that is written apart in the catalogue
)

// sets returns the items that have one of some stems.
func (c *Catalog) sets(stems ...string) (sets fieldSets) {
	var numbers []uint32
	for field := range sets {
		numbers = numbers[:0]
		for _, stem := range stems {
			if number, ok := c.terms.find(uint32(titleFacet+field), stem); ok {
				numbers = append(numbers, number)
			}
		}
		sets[field] = c.union(numbers)
	}
	return sets
}

// plan makes the plan of a query.
func (c *Catalog) plan(query string) *plan {
	t := c.index()
	p := &plan{}
	for w := range words.All(query) {
		if len(p.words) < QueryWordsMax && !slices.Contains(p.words, w) {
			p.words = append(p.words, w)
		}
	}
	last := len(p.words) - 1
	for i, w := range p.words {
		p.slots = append(p.slots, c.slot(t, w, i == last && words.Open(query)))
	}
	c.addJoined(p)
	c.addSynonyms(p)
	for i := range p.slots {
		p.slots[i].finish()
	}
	return p
}

// complete reports whether there is something that could have every word.
func (p *plan) complete() bool {
	return !slices.ContainsFunc(p.slots, func(s slot) bool { return s.df == 0 })
}

// add puts a level behind the others that counts for a part of its idf, and for no more than that part of the word itself.
func (s *slot) add(c *Catalog, quality float64, all ...fieldSets) {
	df := all[0].df()
	for _, sets := range all {
		df = min(df, sets.df())
	}
	if df == 0 {
		return
	}
	weight := quality * idf(df, float64(max(1, c.Len())))
	if len(s.levels) > 0 {
		weight = min(weight, quality*float64(s.levels[0].gain))
	}
	s.levels = append(s.levels, level{float32(weight), all, df})
}

func (s *slot) finish() {
	slices.SortStableFunc(s.levels, func(a, b level) int { return cmp.Compare(b.gain, a.gain) })
	s.df = 0
	for _, l := range s.levels {
		s.df += l.df
		s.weight = max(s.weight, float64(l.gain))
	}
}

// slot makes the slot of a word, which may be the beginning of one.
func (c *Catalog) slot(t *textIndex, word string, begins bool) slot {
	var s slot
	stem := words.Stem(word)
	s.add(c, 1, c.sets(stem))
	if begins {
		if longer := c.completions(t, word, stem); len(longer) > 0 {
			s.add(c, prefixQuality, c.sets(longer...))
		}
	}
	if len(s.levels) == 0 {
		c.addTypos(t, &s, word)
		if a, b := c.apart(word); a != "" {
			s.add(c, apartQuality, c.sets(words.Stem(a)), c.sets(words.Stem(b)))
		}
	}
	return s
}

// addTypos adds the words that a word may be a slip of.
func (c *Catalog) addTypos(t *textIndex, s *slot, word string) {
	n := utf8.RuneCountInString(word)
	if n < typoMin {
		return
	}
	if near := c.nearWords(word); len(near) > 0 {
		s.add(c, typoQuality, c.sets(near...))
	} else if n >= typo2Min {
		if near := c.nearBehind(t, word); len(near) > 0 {
			s.add(c, typo2Quality, c.sets(near...))
		}
	}
}

// addJoined adds, to words in a row, the word that they make when the catalogue has it.
func (c *Catalog) addJoined(p *plan) {
	for i := range len(p.words) - 1 {
		sets := c.sets(words.Stem(p.words[i] + p.words[i+1]))
		if sets.df() == 0 {
			continue
		}
		for _, s := range [...]*slot{&p.slots[i], &p.slots[i+1]} {
			gain := float32(idf(sets.df(), float64(max(1, c.Len()))))
			for _, l := range s.levels {
				gain = max(gain, l.gain)
			}
			s.levels = append([]level{{gain, []fieldSets{sets}, sets.df()}}, s.levels...)
		}
	}
}

// relaxed returns the plan of what has some of the words, any of which may be misspelt, and the weight of all of them.
func (p *plan) relaxed(c *Catalog) (loose *plan, sum float64) {
	t := c.index()
	loose = &plan{words: p.words}
	for i := range p.slots {
		s := p.slots[i]
		s.levels = slices.Clone(s.levels)
		if s.df > 0 && utf8.RuneCountInString(p.words[i]) >= typoKnownMin {
			c.addTypos(t, &s, p.words[i])
			s.finish()
		}
		if s.df > 0 {
			loose.slots = append(loose.slots, s)
			sum += s.weight
		}
	}
	return loose, sum
}

const (
	typoMin      = 4 // letters of a word that one slip is looked for in
	typoKnownMin = 5 // of one that the catalogue has
	typo2Min     = 8 // of one that two slips are looked for in
)
