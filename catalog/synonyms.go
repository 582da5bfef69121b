package catalog

import (
	"slices"

	"github.com/goldrec/gold/catalog/words"
)

// SynonymsMax is how many words all groups of synonyms may have together.
const SynonymsMax = 1 << 16

// synonyms are phrases by the stem that they begin with. It is immutable.
type synonyms map[string][]synonym

type synonym struct {
	phrase []string   // stems
	others [][]string // the stems of what else stands for it
}

// SetSynonyms makes the texts of each group stand for one another in searches: {"sofa", "couch"} or {"tv", "television",
// "tele vision"}. A text of several words stands where they are in a row in the query, and is found where an item has all
// of them. It takes the place of what was set before, at once and for all searches that begin later; it is not saved by
// [Catalog.Save]. A text without a word gives an [InvalidError], as do more than SynonymsMax words.
func (c *Catalog) SetSynonyms(groups [][]string) error {
	all, n := synonyms{}, 0
	for _, group := range groups {
		var phrases [][]string
		for _, text := range group {
			var phrase []string
			for w := range words.All(text) {
				phrase = append(phrase, words.Stem(w))
			}
			if n += len(phrase); len(phrase) == 0 || n > SynonymsMax {
				return invalid("synonyms", "%.64q has no word, or there are more than %d", text, SynonymsMax)
			}
			phrases = append(phrases, phrase)
		}
		for i, phrase := range phrases {
			others := slices.Delete(slices.Clone(phrases), i, i+1)
			all[phrase[0]] = append(all[phrase[0]], synonym{phrase, others})
		}
	}
	c.synonyms.Store(&all)
	return nil
}

// addSynonyms adds what stands for the words of a plan.
func (c *Catalog) addSynonyms(p *plan) {
	all := c.synonyms.Load()
	if all == nil {
		return
	}
	stems := make([]string, len(p.words))
	for i, w := range p.words {
		stems[i] = words.Stem(w)
	}
	for i, stem := range stems {
		for _, s := range (*all)[stem] {
			if i+len(s.phrase) > len(stems) || !slices.Equal(stems[i:i+len(s.phrase)], s.phrase) {
				continue
			}
			for _, other := range s.others {
				var sets []fieldSets
				for _, stem := range other {
					sets = append(sets, c.sets(stem))
				}
				for j := range s.phrase {
					p.slots[i+j].add(c, synonymQuality, sets...)
				}
			}
		}
	}
}
