package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/goldrec/gold/catalog"
)

// sorting is an order of what a search finds, by the name it has in an address; the empty one is the best first.
type sorting string

// sortings are the orders, as they are offered.
func sortings() []sorting { return []sorting{"", "price", "-price", "newest", "rating"} }

// ratingField is the attribute that says how well a product is rated. A catalogue without it is not sorted by it.
const ratingField = "attr.rating"

func (o sorting) order() catalog.Sort {
	switch o {
	case "price":
		return catalog.Sort{Field: "price"}
	case "-price":
		return catalog.Sort{Field: "price", Descending: true}
	case "newest":
		return catalog.Sort{Field: "created", Descending: true}
	case "rating":
		return catalog.Sort{Field: ratingField, Descending: true}
	}
	return catalog.Sort{}
}

func (o sorting) words() string {
	switch o {
	case "price":
		return "Price, low to high"
	case "-price":
		return "Price, high to low"
	case "newest":
		return "Newest"
	case "rating":
		return "Best rated"
	}
	return "Best match"
}

// sortLinks is the orders to choose from.
func (s *Server) sortLinks(values url.Values, chosen sorting) []link {
	var out []link
	for _, o := range sortings() {
		if rated, err := s.catalog.Facets(ratingField, nil); o == "rating" && (err != nil || len(rated) == 0) {
			continue
		}
		out = append(out, link{Text: o.words(), URL: string(o), Chosen: o == chosen})
	}
	return out
}

// The searches of a browser are kept in a cookie of its own: they are the visitor's, and no other's.
const (
	searchesCookie = "searches"
	searchesMax    = 5
	searchMax      = 60 // bytes of a search that is remembered
)

// searchesOf reads the newest searches of the browser, the last one first.
func searchesOf(r *http.Request) []string {
	var out []string
	for escaped := range strings.SplitSeq(cookie(r, searchesCookie), ".") {
		text, err := cookieUnescape(escaped)
		if err == nil && text != "" && len(text) <= searchMax && len(out) < searchesMax {
			out = append(out, text)
		}
	}
	return out
}

// setSearches puts a search before those that were remembered.
func setSearches(w http.ResponseWriter, before []string, text string) {
	if len(text) > searchMax {
		return
	}
	all := append([]string{text}, slices.DeleteFunc(slices.Clone(before), func(s string) bool { return strings.EqualFold(s, text) })...)
	for i, s := range all {
		all[i] = cookieEscape(s)
	}
	setCookie(w, searchesCookie, strings.Join(all[:min(len(all), searchesMax)], "."), visitorAge)
}

type suggestionsResponse struct {
	Suggestions []suggestion `json:"suggestions"`
}

type suggestion struct {
	Text  string `json:"text"`
	Count int    `json:"count"`
}

const suggestionsMax = 8

// suggestions completes what somebody types.
func (s *Server) suggestions(w http.ResponseWriter, r *http.Request) error {
	text := r.URL.Query().Get("query")
	var bad fields
	checkText(&bad, "query", text)
	if err := bad.err(); err != nil {
		return err
	}
	found, err := s.catalog.Suggest(text, catalog.Available(), suggestionsMax)
	if err != nil {
		return err
	}
	out := suggestionsResponse{Suggestions: []suggestion{}}
	for _, f := range found {
		out.Suggestions = append(out.Suggestions, suggestion(f))
	}
	return answer(w, out)
}
