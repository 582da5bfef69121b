package catalog

import (
	"cmp"
	"slices"
	"strings"

	"github.com/goldrec/gold/catalog/words"
)

// Suggestion is how a query may go on.
type Suggestion struct {
	Text  string // the words of the query, the last one whole
	Count int    // items within the filter that have all of them as they are, or in another form
}

// suggestMax is how many completions of a word are tried beside the words before it.
const suggestMax = 40

// Suggest completes what somebody is typing: the last word of the text, with what most items have that the filter matches
// and that have the words before it. There are at most limit suggestions, those that find most first, equal ones in
// byte order, and of the forms of one word the most frequent; each finds something. When no word begins with the last
// one, it is taken to be a slip, as Find does. A text without a word, and one whose last word has ended ("green "), has
// no suggestions. A filter that Compile refuses gives an [InvalidError]. It costs some milliseconds at most with a
// million items, and builds the index when it is the first to need it.
func (c *Catalog) Suggest(text string, filter Filter, limit int) ([]Suggestion, error) {
	m, err := c.Compile(filter)
	if err != nil {
		return nil, err
	}
	text = cut(text, words.TextMax)
	all := slices.Collect(words.All(text))
	if len(all) == 0 || !words.Open(text) || limit <= 0 {
		return nil, nil
	}
	head, last := all[:min(len(all)-1, QueryWordsMax)], all[len(all)-1]
	tries := c.tries(last)
	counts := make([]int, len(tries))
	before := c.plan(strings.Join(head, " ") + " ")
	if len(head) > 0 && !before.complete() {
		return nil, nil
	}
	sc := c.newScoring(before)
	for key, s := range m.segments() {
		if len(head) > 0 && !sc.restrict(c, key, s) {
			continue
		}
		var has, mine segment
		for i := range tries {
			clear(has[:])
			for _, u := range tries[i].sets {
				u.addTo(key, &has)
			}
			mine = *s
			mine.and(&has)
			counts[i] += mine.len()
		}
	}
	var found []Suggestion
	for i, t := range tries {
		if counts[i] > 0 {
			found = append(found, Suggestion{strings.Join(append(slices.Clone(head), t.text), " "), counts[i]})
		}
	}
	slices.SortStableFunc(found, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Text, b.Text))
	})
	return found[:min(limit, len(found))], nil
}

// try is a word that a query may go on with.
type try struct {
	text, stem string
	sets       fieldSets
}

// tries returns what a word may become, one form of each stem.
func (c *Catalog) tries(word string) []try {
	t := c.index()
	var tries []try
	add := func(text string) {
		stem := words.Stem(text)
		if !slices.ContainsFunc(tries, func(t try) bool { return t.stem == stem }) {
			tries = append(tries, try{text, stem, c.sets(stem)})
		}
	}
	for _, w := range c.completed(t, word, suggestMax) {
		add(w.text)
	}
	if len(tries) == 0 && len([]rune(word)) >= typoMin {
		for _, w := range c.near(word) {
			add(w)
		}
	}
	return tries
}
