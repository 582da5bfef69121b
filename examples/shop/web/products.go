package web

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goldrec/gold/catalog"
)

const (
	pageSize  = 24
	limitMax  = 100
	offsetMax = 1_000_000
	queryMax  = 200 // bytes of a search
)

// product is an item as the API shows it.
type product struct {
	ID          string              `json:"id"`
	Title       string              `json:"title"`
	Description string              `json:"description,omitempty"`
	Categories  []string            `json:"categories,omitempty"`
	Brand       string              `json:"brand,omitempty"`
	Price       catalog.Money       `json:"price,omitzero"`
	Deal        *deal               `json:"deal,omitempty"`
	Attributes  map[string][]string `json:"attributes,omitempty"`
	Image       string              `json:"image"`
	Stock       int                 `json:"stock"`
	Available   bool                `json:"available"`
	Created     time.Time           `json:"created,omitzero"`
}

// deal is what a product costs while the golden hour lasts.
type deal struct {
	Price catalog.Money `json:"price"`
	Until time.Time     `json:"until"`
}

func (s *Server) product(item *catalog.Item) product {
	p := product{
		ID: item.ID, Title: item.Title, Description: item.Description, Categories: item.Categories, Brand: item.Brand,
		Price: item.Price, Attributes: item.Attributes, Image: imageURL(item), Stock: item.Stock,
		Available: item.Available, Created: item.Created,
	}
	if price, until, ok := s.golden.Price(item, s.now()); ok {
		p.Deal = &deal{Price: price, Until: until}
	}
	return p
}

func imageURL(item *catalog.Item) string {
	if item.Image != "" {
		return item.Image
	}
	return "/images/" + url.PathEscape(item.ID) + ".svg"
}

func (s *Server) getProduct(w http.ResponseWriter, r *http.Request) error {
	item, ok := s.item(r.PathValue("id"))
	if !ok {
		return unknown("product", r.PathValue("id"))
	}
	return answer(w, s.product(item))
}

// productFilter narrows products down. Prices are in the minor unit of the shop's currency.
type productFilter struct {
	Category  string `json:"category"`
	Brand     string `json:"brand"`
	MinPrice  *int64 `json:"min_price"`
	MaxPrice  *int64 `json:"max_price"`
	Available *bool  `json:"available"`
}

// count is how many filters are on.
func (f *productFilter) count() (n int) {
	for _, on := range []bool{f.Category != "", f.Brand != "", f.MinPrice != nil, f.MaxPrice != nil, f.Available != nil} {
		if on {
			n++
		}
	}
	return n
}

// compile makes a catalogue filter, nil for none, and blames the fields that make no sense.
func (f *productFilter) compile(s *Server, blame func(name, format string, args ...any)) catalog.Filter {
	var all []catalog.Filter
	if f.Category != "" {
		all = append(all, catalog.Equals("category", f.Category))
	}
	if f.Brand != "" {
		all = append(all, catalog.Equals("brand", f.Brand))
	}
	if f.Available != nil && *f.Available {
		all = append(all, catalog.Available())
	}
	if f.Available != nil && !*f.Available {
		all = append(all, catalog.Not(catalog.Available()))
	}
	if f.MinPrice != nil || f.MaxPrice != nil {
		low, high := int64(0), int64(math.MaxInt64)
		if f.MinPrice != nil {
			low = *f.MinPrice
		}
		if f.MaxPrice != nil {
			high = *f.MaxPrice
		}
		if low < 0 {
			blame("min_price", "must be 0 or more")
		}
		if high < max(low, 0) {
			blame("max_price", "must not be below 0 or min_price")
		}
		all = append(all, catalog.Price(s.currency(), low, high))
	}
	if len(all) == 0 {
		return nil
	}
	return catalog.And(all...)
}

// currency is the one that most prices are in.
func (s *Server) currency() string {
	counts, err := s.catalog.Facets("currency", nil)
	if err != nil || len(counts) == 0 {
		return "EUR"
	}
	return counts[0].Value
}

type productsResponse struct {
	Products []product `json:"products"`
	Total    int       `json:"total"`
	Offset   int       `json:"offset"`
	Limit    int       `json:"limit"`
	Facets   facets    `json:"facets"`
}

// facets says how many of the products found have which category and brand.
type facets struct {
	Category []catalog.FacetCount `json:"category"`
	Brand    []catalog.FacetCount `json:"brand"`
}

// search is a query of the catalogue.
type search struct {
	text          string
	filter        productFilter
	sort          sorting
	offset, limit int
}

func (s *Server) listProducts(w http.ResponseWriter, r *http.Request) error {
	query, err := parseSearch(r.URL.Query(), minorUnits)
	if err != nil {
		return err
	}
	found, err := s.find(query)
	if err != nil {
		return err
	}
	out := productsResponse{
		Products: []product{}, Total: found.total, Offset: query.offset, Limit: query.limit, Facets: found.facets,
	}
	for _, item := range found.items {
		out.Products = append(out.Products, s.product(item))
	}
	return answer(w, out)
}

// parseSearch reads a search from a query string, with prices as the parser reads them.
func parseSearch(values url.Values, price func(string) (int64, error)) (*search, error) {
	q := &search{text: values.Get("query"), filter: productFilter{Category: values.Get("category"), Brand: values.Get("brand")}}
	var bad fields
	for name := range values {
		if !slices.Contains([]string{"query", "category", "brand", "min_price", "max_price", "available", "sort", "offset", "limit"}, name) {
			bad.query(name, "there is no such parameter")
		}
	}
	for name, text := range map[string]string{"query": q.text, "category": q.filter.Category, "brand": q.filter.Brand} {
		checkText(&bad, name, text)
	}
	for name, to := range map[string]**int64{"min_price": &q.filter.MinPrice, "max_price": &q.filter.MaxPrice} {
		if text := values.Get(name); text != "" {
			minor, err := price(text)
			if *to = &minor; err != nil {
				bad.query(name, "must be a price")
				*to = nil
			}
		}
	}
	if text := values.Get("available"); text != "" {
		available, err := strconv.ParseBool(text)
		if err != nil {
			bad.query("available", "must be true or false")
		}
		q.filter.Available = &available
	}
	if q.sort = sorting(values.Get("sort")); !slices.Contains(sortings(), q.sort) {
		bad.query("sort", "must be price, -price, newest or rating")
		q.sort = ""
	}
	q.offset = number(&bad, values.Get("offset"), "offset", 0, 0, offsetMax)
	q.limit = number(&bad, values.Get("limit"), "limit", pageSize, 1, limitMax)
	slices.SortFunc(bad, func(a, b FieldError) int { return strings.Compare(a.Parameter, b.Parameter) })
	return q, bad.err()
}

// checkText blames a text of a query that is too long, or no text.
func checkText(bad *fields, name, text string) {
	if len(text) > queryMax || !utf8.ValidString(text) {
		bad.query(name, "must be UTF-8 of at most %d bytes", queryMax)
	}
}

func minorUnits(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) }
