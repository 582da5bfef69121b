package catalog

import (
	"math"
	"slices"

	"github.com/goldrec/gold/internal/topk"
)

// Bounds of [Catalog.Find].
const (
	SearchLimitMax = 1000 // hits of one call; a higher limit is taken as this
	QueryWordsMax  = 32   // words of a query that count; those behind them are not looked at
)

// Query asks for items. Its zero value counts all of them.
type Query struct {
	Text   string // what a shopper typed; without a word in it, every item is found
	Filter Filter // nil: every item
	Sort   Sort   // the zero Sort: the best first

	// GroupBy is a field of which each value is shown once, such as "group" or "attr.style": of the variants of a product
	// the hit that comes first. Items without a value are shown each. Empty: every item.
	GroupBy string

	Offset, Limit int      // hits to pass over, and how many to return at most; with a Limit of 0 there are counts only
	Facets        []string // fields of which the values are counted over all that is found: see [Catalog.Facets]
}

// Sort is an order of what is found. Items without the number come last; equal ones in the order of handles.
type Sort struct {
	Field      string // "price" (in minor units, whatever the currency), "created", "stock", or "attr." and a key, such as "attr.rating"
	Descending bool
}

// Hit is an item that a search found.
type Hit struct {
	Handle uint32
	Item   *Item
	Score  float32 // comparable within one search only; 0 when there is a Sort
}

// Results are what a Query found.
type Results struct {
	Hits    []Hit
	Total   int                     // items found, variants each
	Facets  map[string][]FacetCount // by field; those without a value are not there
	Relaxed bool                    // no item has all that was asked for; these have most of it
}

// Search is [Catalog.Find] of a text within a filter.
func (c *Catalog) Search(query string, filter Filter, offset, limit int) (hits []Hit, total int, err error) {
	r, err := c.Find(Query{Text: query, Filter: filter, Offset: offset, Limit: limit})
	if err != nil {
		return nil, 0, err
	}
	return r.Hits, r.Total, nil
}

// Find finds the items that the filter matches and that have every word of the query in title, brand, categories or
// description; when there are none, those that have words that together have at least half of the query's weight, or
// any. Words are what package words takes for words, and two with one stem are one: "Teapots" finds teapot.
// A word also finds, for less:
//
//   - what it is a synonym of: see [Catalog.SetSynonyms];
//   - for the last word, unless something that is no part of a word follows it, the most frequent words that it begins:
//     "green te" finds green tea, "green te " does not;
//   - when no item has it, the words that one letter more, less, other or exchanged with its neighbour makes of it or of
//     its stem, for words of 4 letters or more, and two such changes behind the first three letters for words of 8; and the two words
//     that it may be written together of.
//
// Two words in a row that are one word in the catalogue find that word too, and foremost: "tea-pot" finds teapots before
// pots for plants. When nothing has every word, words that the catalogue has may be misspelt others all the same.
//
// Hits are the best first, equal ones by handle, unless there is a Sort. An offset or limit below 0 gives an
// [InvalidError], as does a filter that Compile refuses, a field that has no values or no numbers.
//
// The score is BM25F (Robertson, Zaragoza, Taylor: Simple BM25 Extension to Multiple Weighted Fields, CIKM 2004) of which
// field a word is in, not of how often it is there, since to name a word twice does not make a product of it:
//
//	Σ over words  q · idf(w) · tf · (k1+1) / (tf + k1)         with k1 = 1.2
//	tf = Σ over fields with w   weight / (1-b + b·len/avglen)   title 3, b .5; brand and categories 2, b 0; description 1, b .75,
//	                                                            where a short description is not better than an average one
//	idf(w) = ln(1 + (N-df+½)/(df+½))                            df: the most items that have w in one field
//
// where q is 1 for the word itself and less for what it finds for less, and what it finds does not count more than it
// would itself. Lengths are rounded to 16 levels.
//
// The first search builds the index, while writers wait: some seconds for a million items. From then on each Upsert
// keeps it current. A search costs some microseconds for each 65,536 items and word, some nanoseconds for each item found and
// word, and memory to offset and limit.
func (c *Catalog) Find(q Query) (*Results, error) {
	if q.Offset < 0 || q.Limit < 0 {
		return nil, invalid("query", "offset %d and limit %d", q.Offset, q.Limit)
	}
	m, err := c.Compile(q.Filter)
	if err != nil {
		return nil, err
	}
	f := &finder{cat: c, matcher: m, limit: min(q.Limit, SearchLimitMax), offset: q.Offset}
	if f.by, err = c.column(q.GroupBy); err != nil {
		return nil, err
	}
	if f.sort, err = c.sorter(q.Sort); err != nil {
		return nil, err
	}
	for _, field := range q.Facets {
		counter, err := c.counter(field)
		if err != nil {
			return nil, err
		}
		f.facets = append(f.facets, counter)
	}
	if q.Text != "" {
		f.plan = c.plan(q.Text)
	}
	return f.find(), nil
}

// column returns the column of a field, nil of none.
func (c *Catalog) column(field string) (*Column, error) {
	if field == "" {
		return nil, nil
	}
	return c.Column(field)
}

// finder is one Query under way.
type finder struct {
	cat           *Catalog
	matcher       *Matcher
	plan          *plan   // nil: every item
	sort          *sorter // nil: the best first
	by            *Column // nil: every item
	facets        []*counter
	offset, limit int
}

// find looks for more than the page holds as long as the variants of a product fill it.
func (f *finder) find() *Results {
	keep := f.offset + f.limit
	if keep < 0 { // beyond an int
		keep = math.MaxInt
	}
	want := keep
	if f.by != nil && keep < math.MaxInt/4 {
		keep *= 4
	}
	r := &Results{}
	for {
		best, total, relaxed := f.run(keep)
		r.Facets = f.counts()
		r.Total, r.Relaxed = total, relaxed
		shown := f.once(best)
		if len(shown) < want && len(best) < total && f.by != nil {
			keep *= 8
			continue
		}
		r.Hits = f.hits(shown)
		return r
	}
}

// hits returns the items of the page.
func (f *finder) hits(shown []topk.Scored) []Hit {
	var hits []Hit
	for _, b := range shown[min(f.offset, len(shown)):] {
		if len(hits) == f.limit {
			break
		}
		if it := f.cat.Item(b.Item); it != nil {
			hits = append(hits, Hit{b.Item, it, b.Score})
		}
	}
	return hits
}

func (f *finder) counts() map[string][]FacetCount {
	counts := map[string][]FacetCount{}
	for _, counter := range f.facets {
		if n := counter.result(); len(n) > 0 {
			counts[counter.field] = n
		}
	}
	return counts
}

// once keeps of the variants of a product the first.
func (f *finder) once(best []topk.Scored) []topk.Scored {
	if f.by == nil {
		return best
	}
	seen := map[uint32]bool{}
	var values []uint32
	return slices.DeleteFunc(slices.Clone(best), func(b topk.Scored) bool {
		values = f.by.Values(values[:0], b.Item)
		if len(values) == 0 {
			return false
		}
		had := seen[values[0]]
		seen[values[0]] = true
		return had
	})
}

// run finds the best of all that is there: what has every word of the plan, or else most.
func (f *finder) run(keep int) (best []topk.Scored, total int, relaxed bool) {
	if f.plan == nil || len(f.plan.slots) == 0 {
		best, total = f.pass(keep, nil)
		return best, total, false
	}
	if f.plan.complete() {
		if best, total = f.pass(keep, f.plan); total > 0 {
			return best, total, false
		}
	}
	loose, weight := f.plan.relaxed(f.cat)
	if len(loose.slots) == 0 {
		return nil, 0, false
	}
	for _, share := range [...]float64{0.5, 1e-6} {
		loose.least = share * weight
		if best, total = f.pass(keep, loose); total > 0 {
			break
		}
	}
	return best, total, total > 0
}

// pass looks at each segment once.
func (f *finder) pass(keep int, p *plan) (best []topk.Scored, total int) {
	for _, counter := range f.facets {
		counter.reset()
	}
	f.sort.reset(keep)
	var top topk.Selector
	top.Reset(keep)
	var scoring *scoring
	if p != nil {
		scoring = f.cat.newScoring(p)
	}
	for key, s := range f.matcher.segments() {
		if scoring != nil && !scoring.restrict(f.cat, key, s) {
			continue
		}
		n := 0
		switch {
		case scoring != nil:
			var to *topk.Selector
			if f.sort == nil {
				to = &top
			}
			n = scoring.score(f.cat, key, s, to)
		default:
			if n = s.len(); f.sort == nil {
				pushAll(&top, key, s, keep)
			}
		}
		if total += n; n == 0 {
			continue
		}
		if f.sort != nil {
			f.sort.push(key, s)
		}
		for _, counter := range f.facets {
			counter.add(key, s)
		}
	}
	if f.sort != nil {
		return f.sort.sorted(), total
	}
	return top.Sorted(), total
}

// pushAll pushes handles without a score, of which no more than keep are ever kept.
func pushAll(top *topk.Selector, key uint32, s *segment, keep int) {
	for i, w := range s {
		if top.Len() >= keep {
			return
		}
		for ; w != 0; w &= w - 1 {
			top.Push(key<<segmentBits+uint32(i<<6+lowestBit(w)), 0)
		}
	}
}

func idf(df int, n float64) float64 {
	x := min(float64(df), n)
	return math.Log1p((n - x + 0.5) / (x + 0.5))
}
