package catalog

import (
	"math"
	"slices"
	"unicode/utf8"

	"github.com/goldrec/gold/internal/topk"
)

// Bounds of [Catalog.Search].
const (
	SearchLimitMax = 1000 // hits of one call; a higher limit is taken as this
	QueryWordsMax  = 32   // words of a query that count; those behind them are not looked at
)

// Hit is an item that a search found.
type Hit struct {
	Handle uint32
	Item   *Item
	Score  float32 // comparable within one search only
}

// Search finds the items that the filter matches and that have every word of the query in title, brand, categories or
// description; when there are none, those that have at least one of the words. The last word may be the beginning of
// one, unless something that is no letter follows it: "green te" finds green tea, "green te " does not. Case does not
// count. A query without a word matches every item, with score 0.
//
// It returns the hits from offset on, at most limit of them, and how many there are in all: the best first, equal ones
// by handle. An offset or limit below 0 gives an [InvalidError], as does a filter that Compile refuses.
//
// The score is BM25 over the fields together, of which a word in the title counts three times, in brand or category
// twice (Robertson, Zaragoza, Taylor: Simple BM25 Extension to Multiple Weighted Fields, CIKM 2004):
//
//	Σ over words  idf(w) · tf · (k1+1) / (tf + k1·(1-b+b·len/avglen))    with k1 = 1.2, b = 0.75
//	idf(w) = ln(1 + (N-df+½)/(df+½))
//
// What begins with the last word counts together as one word; the word itself counts once more.
//
// The first Search builds the index, while writers wait; from then on each Upsert keeps it current. A search costs time
// in proportion to the items found, and memory to offset and limit.
func (c *Catalog) Search(query string, filter Filter, offset, limit int) (hits []Hit, total int, err error) {
	if offset < 0 || limit < 0 {
		return nil, 0, invalid("query", "offset %d and limit %d", offset, limit)
	}
	m, err := c.Compile(filter)
	if err != nil {
		return nil, 0, err
	}
	limit = min(limit, SearchLimitMax)
	s := c.newSearch(query)
	if len(s.words) == 0 {
		hits, total = m.browse(offset, limit)
		return hits, total, nil
	}
	keep := offset + limit
	if keep < 0 { // beyond an int
		keep = math.MaxInt
	}
	best, total := s.run(m, s.all(), keep)
	if total == 0 && len(s.words) > 1 {
		best, total = s.run(m, s.any(), keep)
	}
	for _, b := range best[min(offset, len(best)):] {
		if len(hits) == limit {
			break
		}
		if it := c.Item(b.Item); it != nil {
			hits = append(hits, Hit{b.Item, it, b.Score})
		}
	}
	return hits, total, nil
}

// browse returns matching items in the order of handles.
func (m *Matcher) browse(offset, limit int) (hits []Hit, total int) {
	for key, s := range m.segments() {
		s.keep(key<<segmentBits, func(handle uint32) bool {
			if total >= offset && len(hits) < limit {
				if it := m.cat.Item(handle); it != nil {
					hits = append(hits, Hit{Handle: handle, Item: it})
				}
			}
			total++
			return true
		})
	}
	return hits, total
}

// search is one query.
type search struct {
	words  []queryWord
	avgLen float64
}

// queryWord is a word of a query, or the beginning of words.
type queryWord struct {
	text     string
	prefix   bool
	exact    uint32    // the number of text; 0 when no item has it
	begun    numberSet // of the words that begin with text, when prefix
	union    *anyOf    // the items that have one of those, or text alone
	idf      float64   // of union
	exactIDF float64   // of exact

	all, once uint32 // how much begun and exact count in the item under way
}

func (c *Catalog) newSearch(query string) *search {
	t, n := c.index(), float64(max(1, c.Len()))
	s := &search{avgLen: max(1, float64(t.weight.Load())/n)}
	query = cut(query, textMax)
	for w := range words(query) {
		if len(s.words) < QueryWordsMax && !slices.ContainsFunc(s.words, func(q queryWord) bool { return q.text == w }) {
			s.words = append(s.words, queryWord{text: w})
		}
	}
	if last := len(s.words) - 1; last >= 0 {
		r, _ := utf8.DecodeLastRuneInString(query)
		s.words[last].prefix = isWordRune(r)
	}
	for i := range s.words {
		q := &s.words[i]
		var numbers []uint32
		if number, ok := c.terms.find(wordFacet, q.text); ok {
			q.exact, numbers = number, []uint32{number}
			q.exactIDF = idf(c.terms.handles(number).len(), n)
		}
		if q.prefix {
			numbers = c.withPrefix(t, q.text)
			q.begun = newNumberSet(numbers)
		}
		q.union = c.union(numbers)
		q.idf = idf(q.union.count, n)
	}
	return s
}

// all leaves the items that have every word.
func (s *search) all() []restricter {
	by := make([]restricter, len(s.words))
	for i := range s.words {
		by[i] = s.words[i].union
	}
	return by
}

// any leaves the items that have one of the words.
func (s *search) any() []restricter {
	var unions anyOfUnions
	for i := range s.words {
		unions = append(unions, s.words[i].union)
	}
	return []restricter{unions}
}

// run scores what the matcher and the words leave, and returns the best n of them and how many they are.
func (s *search) run(m *Matcher, by []restricter, n int) (best []topk.Scored, total int) {
	if m.root != nil {
		by = append(by, m.root)
	}
	var top topk.Selector
	top.Reset(n)
	for key, seg := range m.cat.segments(by...) {
		seg.keep(key<<segmentBits, func(handle uint32) bool {
			if r := m.cat.record(handle); r != nil {
				total++
				top.Push(handle, float32(s.score(r)))
			}
			return true
		})
	}
	return top.Sorted(), total
}

func (s *search) score(r record) float64 {
	for i := range s.words {
		s.words[i].all, s.words[i].once = 0, 0
	}
	length := int64(0)
	h := r.head()
	for number, weight, p := uint32(0), uint32(0), packedWords(h.words); len(p) > 0; {
		number, weight, p = p.next(number)
		length += int64(weight)
		for i := range s.words {
			q := &s.words[i]
			if number == q.exact {
				q.once = weight
			}
			if q.prefix && q.begun.has(number) {
				q.all += weight
			}
		}
	}
	sum := 0.0
	for i := range s.words {
		q := &s.words[i]
		if !q.prefix {
			sum += q.idf * s.saturate(q.once, length)
			continue
		}
		sum += q.idf * s.saturate(q.all, length)
		sum += q.exactIDF * s.saturate(q.once, length)
	}
	return sum
}

// saturate is BM25's dampened share of a word that counts tf in a text of some length.
func (s *search) saturate(tf uint32, length int64) float64 {
	const k1, b = 1.2, 0.75
	x := float64(tf)
	return x * (k1 + 1) / (x + k1*(1-b+b*float64(length)/s.avgLen))
}

func idf(df int, n float64) float64 {
	x := min(float64(df), n)
	return math.Log1p((n - x + 0.5) / (x + 0.5))
}
