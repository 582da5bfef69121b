package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
)

// found is what a search found: the items of one page, and counts over all.
type found struct {
	items  []*catalog.Item
	total  int
	facets facets
}

// find answers a search: what the filter allows and the catalogue finds for the text.
func (s *Server) find(q *search) (found, error) {
	var out found
	var bad fields
	filter := q.filter.compile(s, func(name, format string, args ...any) { bad.query(name, format, args...) })
	if err := bad.err(); err != nil {
		return out, err
	}
	hits, total, err := s.catalog.Search(q.text, filter, q.offset, q.limit)
	if err != nil {
		return out, err
	}
	for _, hit := range hits {
		out.items = append(out.items, hit.Item)
	}
	out.total = total
	if q.text != "" { // count among all that were found, not among all that the filter allows
		if hits, _, err = s.catalog.Search(q.text, filter, 0, total); err != nil {
			return out, err
		}
		ids := make([]string, len(hits))
		for i, hit := range hits {
			ids[i] = hit.Item.ID
		}
		filter = catalog.In("id", ids...)
	}
	if out.facets.Category, err = s.counts("category", filter); err != nil {
		return out, err
	}
	out.facets.Brand, err = s.counts("brand", filter)
	return out, err
}

// counts is the facets of a field, in JSON an empty array when there are none.
func (s *Server) counts(field string, filter catalog.Filter) ([]catalog.FacetCount, error) {
	counts, err := s.catalog.Facets(field, filter)
	return append([]catalog.FacetCount{}, counts...), err
}

type searchPage struct {
	layout
	Total              int
	Cards              []card
	ForYou             row
	Categories, Brands []link
	Category, Brand    string
	MinPrice, MaxPrice string
	Available          bool
	Previous, Next     string
	Clear              string
}

const facetLinks = 12

func (s *Server) searchPage(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	q, err := parseSearch(values, decimal)
	if err != nil {
		return err
	}
	result, err := s.find(q)
	if err != nil {
		return err
	}
	v := s.visitor(w, r)
	heading := "All products"
	switch {
	case q.text != "":
		heading = "“" + q.text + "”"
	case q.filter.Category != "":
		heading = q.filter.Category
	}
	p := searchPage{
		layout: s.layout(&v, heading), Total: result.total, Category: q.filter.Category, Brand: q.filter.Brand,
		MinPrice: values.Get("min_price"), MaxPrice: values.Get("max_price"),
		Available:  q.filter.Available != nil && *q.filter.Available,
		Categories: facetLinksOf(values, "category", below(result.facets.Category, q.filter.Category)),
		Brands:     facetLinksOf(values, "brand", result.facets.Brand),
		Clear:      "/search?query=" + url.QueryEscape(q.text),
	}
	p.Query = q.text
	for _, item := range result.items {
		p.Cards = append(p.Cards, s.card(item, placeSearch))
	}
	if q.offset > 0 {
		p.Previous = with(values, "offset", strconv.Itoa(max(0, q.offset-q.limit)))
	}
	if q.offset+q.limit < result.total {
		p.Next = with(values, "offset", strconv.Itoa(q.offset+q.limit))
	}
	if q.filter.Category != "" && q.text == "" && q.offset == 0 {
		if p.ForYou, err = s.forYouIn(r, &v, q); err != nil {
			return err
		}
	}
	return s.render(w, http.StatusOK, "search", p)
}

// forYouIn is the personal row of a category: the engine looks inside the same filter.
func (s *Server) forYouIn(r *http.Request, v *visitor, q *search) (row, error) {
	page, err := s.recommend(r.Context(), recommend.Request{
		User: v.ID, Session: v.Session, N: rowLen / 2, Placement: placeForYou, Explain: true,
		Filter: q.filter.compile(s, func(string, string, ...any) {}),
	})
	if err != nil {
		return row{}, err
	}
	return row{Place: placeForYou, Title: "For you in " + last(q.filter.Category), Cards: s.cards(withoutFillers(page), placeForYou, nil)}, nil
}

// below keeps the categories right below the chosen one, the chosen one, and those above it.
func below(counts []catalog.FacetCount, chosen string) []catalog.FacetCount {
	depth := 0
	if chosen != "" {
		depth = 1 + strings.Count(chosen, catalog.PathSeparator)
	}
	return slices.DeleteFunc(slices.Clone(counts), func(c catalog.FacetCount) bool {
		above := chosen == c.Value || strings.HasPrefix(chosen, c.Value+catalog.PathSeparator)
		child := strings.Count(c.Value, catalog.PathSeparator) == depth && (depth == 0 || strings.HasPrefix(c.Value, chosen+catalog.PathSeparator))
		return !above && !child
	})
}

// last is the last name of a category path.
func last(path string) string { return path[strings.LastIndex(path, ">")+1:] }

// facetLinksOf makes links that choose a value, or drop it when it is chosen.
func facetLinksOf(values url.Values, name string, counts []catalog.FacetCount) []link {
	var out []link
	for _, c := range counts[:min(len(counts), facetLinks)] {
		l := link{Text: last(c.Value), Count: c.Count, Chosen: values.Get(name) == c.Value, URL: with(values, name, c.Value)}
		if l.Chosen {
			l.URL = with(values, name, parent(c.Value))
		}
		out = append(out, l)
	}
	return out
}

func parent(path string) string {
	if i := strings.LastIndex(path, catalog.PathSeparator); i >= 0 {
		return path[:i]
	}
	return ""
}

// with is the address of the search with one parameter changed, from its first page on.
func with(values url.Values, name, value string) string {
	out := url.Values{}
	for key, all := range values {
		if key != "offset" && all[0] != "" {
			out.Set(key, all[0])
		}
	}
	if out.Del(name); value != "" {
		out.Set(name, value)
	}
	return "/search?" + out.Encode()
}

// decimal reads a price as people write it, such as 12.50 or 12,50, into the minor unit.
func decimal(text string) (int64, error) {
	whole, cents, _ := strings.Cut(strings.Replace(strings.TrimSpace(text), ",", ".", 1), ".")
	if len(cents) > 2 || strings.HasPrefix(cents, "-") || strings.HasPrefix(cents, "+") {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseInt(whole+(cents + "00")[:2], 10, 64)
}
