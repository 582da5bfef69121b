package catalog

import (
	"math"
	"slices"
	"strings"
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
		if it := c.Item(b.Item); it != nil && len(hits) < limit {
			hits = append(hits, Hit{b.Item, it, b.Score})
		}
	}
	return hits, total, nil
}

// browse returns matching items in the order of handles.
func (m *Matcher) browse(offset, limit int) (hits []Hit, total int) {
	for key, s := range m.segments() {
		s.keep(key<<segmentBits, func(handle uint32) bool {
			if it := m.cat.Item(handle); it != nil && total >= offset && len(hits) < limit {
				hits = append(hits, Hit{Handle: handle, Item: it})
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
	postings anyOf    // of the words that begin with text, or of text alone
	exact    *posting // of text; nil when no item has it
	idf      float64  // of postings
	exactIDF float64  // of exact
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
		if q.exact = c.posting(textField, q.text); q.exact != nil {
			q.postings = anyOf{q.exact}
			q.exactIDF = q.postings.idf(n)
		}
		if q.prefix {
			q.postings = t.withPrefix(q.text)
		}
		q.idf = q.postings.idf(n)
	}
	return s
}

// all leaves the items that have every word.
func (s *search) all() []restricter {
	by := make([]restricter, len(s.words))
	for i := range s.words {
		by[i] = s.words[i].postings
	}
	return by
}

// any leaves the items that have one of the words.
func (s *search) any() []restricter {
	var union anyOf
	for i := range s.words {
		union = append(union, s.words[i].postings...)
	}
	return []restricter{union}
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

func (s *search) score(r *record) float64 {
	sum := 0.0
	for i := range s.words {
		q := &s.words[i]
		all, exact := q.count(r)
		sum += q.idf * s.saturate(all, r.weight)
		if q.prefix {
			sum += q.exactIDF * s.saturate(exact, r.weight)
		}
	}
	return sum
}

// saturate is BM25's dampened share of a word that counts tf in a text of some length.
func (s *search) saturate(tf int32, length int64) float64 {
	const k1, b = 1.2, 0.75
	x := float64(tf)
	return x * (k1 + 1) / (x + k1*(1-b+b*float64(length)/s.avgLen))
}

// count is how much the query's word counts in an item, and how much what begins with it. It compares pointers as far
// as it can: to follow those of many items to their words would take most of a search's time.
func (q *queryWord) count(r *record) (all, exact int32) {
	for _, w := range r.words {
		if w.word == q.exact {
			exact = w.weight
		}
		if q.prefix && q.begins(w.word) {
			all += w.weight
		}
	}
	if !q.prefix {
		return exact, exact
	}
	return all, exact
}

// begins reports whether the query's word is the beginning of another.
func (q *queryWord) begins(p *posting) bool {
	if len(q.postings) <= valuesFew {
		return slices.Contains(q.postings, p)
	}
	return strings.HasPrefix(p.value, q.text)
}

// anyOf is the union of postings.
type anyOf []*posting

func (ps anyOf) restrict(e *evaluation, s *segment) {
	union := e.get()
	clear(union[:])
	for _, p := range ps {
		if c := p.container(e.key); c != nil {
			c.or(union)
		}
	}
	s.and(union)
	e.put(union)
}

func (ps anyOf) idf(n float64) float64 {
	df := 0.0
	for _, p := range ps {
		df += float64(p.count.Load())
	}
	df = min(df, n)
	return math.Log1p((n - df + 0.5) / (df + 0.5))
}
