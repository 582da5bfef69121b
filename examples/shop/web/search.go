package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
)

// found is what a search found: the items of one page, and counts over all.
type found struct {
	items   []*catalog.Item
	total   int
	relaxed bool // no item has all words; these have most
	facets  facets
}

// find answers a search: what the filter allows and the catalogue finds for the text, counts over all of it.
func (s *Server) find(q *search) (found, error) {
	var bad fields
	filter := q.filter.compile(s, func(name, format string, args ...any) { bad.query(name, format, args...) })
	if err := bad.err(); err != nil {
		return found{}, err
	}
	results, err := s.catalog.Find(catalog.Query{
		Text: q.text, Filter: filter, Sort: q.sort.order(), Offset: q.offset, Limit: q.limit, Facets: []string{"category", "brand"},
	})
	if err != nil {
		return found{}, err
	}
	out := found{total: results.Total, relaxed: results.Relaxed, facets: facets{ // in JSON an empty array when there are none
		Category: append([]catalog.FacetCount{}, results.Facets["category"]...),
		Brand:    append([]catalog.FacetCount{}, results.Facets["brand"]...),
	}}
	for _, hit := range results.Hits {
		out.items = append(out.items, hit.Item)
	}
	return out, nil
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
	Relaxed            bool
	Narrowed           int // how many filters are on
	Sort               sorting
	Sorts              []link
	Problem            string   // why a filter was not taken
	Recent             []string // searches
	Trending           row      // when nothing was found
}

func (s *Server) searchPage(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	q, problem := parseSearch(values, decimal)
	result, err := s.find(q)
	if p, ok := errors.AsType[*Problem](err); ok && problem == nil {
		problem, q.filter.MinPrice, q.filter.MaxPrice = p, nil, nil
		result, err = s.find(q)
	}
	if err != nil {
		return err
	}
	v, code := s.visitor(w, r), http.StatusOK
	p := searchPage{
		layout: s.layout(&v, q.heading()), Total: result.total, Category: q.filter.Category, Brand: q.filter.Brand,
		MinPrice: values.Get("min_price"), MaxPrice: values.Get("max_price"), Relaxed: result.relaxed && len(result.items) > 0,
		Available:  q.filter.Available != nil && *q.filter.Available,
		Categories: facetLinksOf(values, "category", below(result.facets.Category, q.filter.Category)),
		Brands:     facetLinksOf(values, "brand", result.facets.Brand),
		Clear:      "/search?query=" + url.QueryEscape(q.text),
		Narrowed:   q.filter.count(), Sort: q.sort, Sorts: s.sortLinks(values, q.sort), Recent: v.Searches,
	}
	p.Query = q.text
	if problem != nil { // the rest of the search is answered, and the form keeps what was typed
		p.Problem, code = inWords(problem), http.StatusUnprocessableEntity
	}
	for _, item := range result.items {
		p.Cards = append(p.Cards, s.card(item, placeSearch))
	}
	if q.offset > 0 {
		p.Previous = with(values, "offset", strconv.Itoa(max(0, q.offset-q.limit)))
	}
	if q.offset+q.limit < result.total {
		p.Next = with(values, "offset", strconv.Itoa(q.offset+q.limit))
	}
	switch {
	case len(p.Cards) == 0:
		p.Trending, err = s.trending(r.Context(), &v, nil)
	case q.filter.Category != "" && q.text == "" && q.offset == 0 && q.sort == "":
		p.ForYou, err = s.forYouIn(r, &v, q)
	}
	if err != nil {
		return err
	}
	if q.text != "" && problem == nil && len(p.Cards) > 0 {
		setSearches(w, v.Searches, q.text)
	}
	return s.render(w, code, "search", p)
}

// heading says what is searched for.
func (q *search) heading() string {
	switch {
	case q.text != "":
		return "“" + q.text + "”"
	case q.filter.Category != "":
		return q.filter.Category
	}
	return "All products"
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
