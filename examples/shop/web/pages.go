package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

const (
	recentLen = 6
	pastMax   = 1000 // interactions of a visitor that reasons are put into words from
)

type homePage struct {
	layout
	ForYou, Trending, Recent row
	Golden                   goldenView
	Departments              []link
}

func (s *Server) home(w http.ResponseWriter, r *http.Request) error {
	v := s.visitor(w, r)
	if s.demonstrate {
		s.golden.Demonstrate(s.now())
	}
	past, err := s.store.History(r.Context(), v.ID, pastMax)
	if err != nil {
		return err
	}
	recent, did := s.recent(past), deedsOf(past)
	p := homePage{
		layout: s.layout(&v, "Home"), Recent: row{Place: placeRecent, Title: "You looked at", Cards: recent},
		Golden: s.goldenView(), Departments: s.departments(),
	}
	var shown []string
	if len(did) > 0 {
		page, err := s.recommend(r.Context(), recommend.Request{
			User: v.ID, Session: v.Session, N: rowLen, Placement: placeForYou, Explain: true,
		})
		if err != nil {
			return err
		}
		for id := range page.All() {
			shown = append(shown, id)
		}
		p.ForYou = row{
			Place: placeForYou, Title: "For you", Note: "From what you looked at, liked and bought.",
			Cards: s.cards(page, placeForYou, did), More: "/for-you",
		}
	}
	if p.Trending, err = s.trending(r.Context(), &v, shown); err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "home", p)
}

// trending is the row of what everybody is after.
func (s *Server) trending(ctx context.Context, v *visitor, shown []string) (row, error) {
	page, err := s.recommend(ctx, recommend.Request{
		User: v.ID, Session: v.Session, N: rowLen, Placement: placeTrending, Model: recommend.Trending, Exclude: shown,
	})
	if err != nil {
		return row{}, err
	}
	return row{
		Place: placeTrending, Title: "Trending now", Note: "What everybody is after these days.",
		Cards: s.cards(page, placeTrending, nil),
	}, nil
}

// recent is the products that the visitor had to do with last.
func (s *Server) recent(past []store.Entry) []card {
	seen := map[string]bool{}
	var out []card
	for i := range past {
		in := &past[i].Interaction
		item, ok := s.item(in.Item)
		if !ok || seen[in.Item] || in.Kind == store.Impression || len(out) == recentLen {
			continue
		}
		seen[in.Item] = true
		out = append(out, s.card(item, placeRecent))
	}
	return out
}

type forYouPage struct {
	layout
	Row  row
	Next string
}

// forYou is the personal row without end, page by page.
func (s *Server) forYou(w http.ResponseWriter, r *http.Request) error {
	v := s.visitor(w, r)
	past, err := s.store.History(r.Context(), v.ID, pastMax)
	if err != nil {
		return err
	}
	page, err := s.recommend(r.Context(), recommend.Request{
		User: v.ID, Session: v.Session, N: pageSize, Placement: placeForYou, Explain: true, Cursor: r.URL.Query().Get("cursor"),
	})
	if err != nil {
		return err
	}
	note, did := "From what you looked at, liked and bought.", deedsOf(past)
	if len(did) == 0 { // who was only shown something, or only disliked it, has not said what they like
		note = "What everybody is after, until we know you better."
	}
	p := forYouPage{layout: s.layout(&v, "For you"), Row: row{
		Place: placeForYou, Title: "For you", Note: note, Cards: s.cards(page, placeForYou, did),
	}}
	if page.Next != "" {
		p.Next = "/for-you?cursor=" + url.QueryEscape(page.Next)
	}
	return s.render(w, http.StatusOK, "for-you", p)
}

type productPage struct {
	layout
	Product           card
	Description       string
	Crumbs            []link
	Attributes        []attribute
	Available, InCart bool
	Opinion           string // like, dislike or none
	Stock             int
	Deal              goldenView
	Similar, Together row
	Back              string // this page
}

type attribute struct{ Name, Values string }

func (s *Server) productPage(w http.ResponseWriter, r *http.Request) error {
	item, ok := s.item(r.PathValue("id"))
	if !ok {
		return unknown("product", r.PathValue("id"))
	}
	v := s.visitor(w, r)
	s.recordView(r, &v, item.ID)
	similar, err := s.beside(r.Context(), &v, []string{item.ID}, "content", placeSimilar)
	if err != nil {
		return err
	}
	together, err := s.beside(r.Context(), &v, []string{item.ID}, "itemknn", placeTogether)
	if err != nil {
		return err
	}
	past, err := s.store.History(r.Context(), v.ID, pastMax)
	if err != nil {
		return err
	}
	p := productPage{
		layout: s.layout(&v, title(item)), Product: s.card(item, placeRecent),
		Description: item.Description, Crumbs: crumbs(item), Attributes: attributes(item),
		Available: item.Available, InCart: v.Cart.index(item.ID) >= 0, Back: "/products/" + url.PathEscape(item.ID),
		Opinion: opinionOf(past, item.ID), Stock: item.Stock,
		Similar:  row{Place: placeSimilar, Title: "Similar", Note: "Alike in words, category and make.", Cards: similar},
		Together: row{Place: placeTogether, Title: "Bought together", Note: "What people take along with it.", Cards: together},
	}
	if p.Product.Was != "" {
		p.Deal = s.goldenView()
	}
	return s.render(w, http.StatusOK, "product", p)
}

// recordView notes that the visitor looks at a product, and that they chose it when they come from a row. Not what a
// browser fetches ahead, and not a HEAD. When it cannot be recorded, such as on a full disk, the page is shown all the
// same.
func (s *Server) recordView(r *http.Request, v *visitor, item string) {
	if r.Method != http.MethodGet || strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch") {
		return
	}
	from, kinds := r.URL.Query().Get("from"), []store.Kind{store.Click, store.View}
	if !isPlace(from) {
		from, kinds = "", kinds[1:]
	}
	if err := s.record(r, v, item, from, kinds...); err != nil && r.Context().Err() == nil {
		s.log.ErrorContext(r.Context(), "view not recorded", "error", err)
	}
}

// crumbs is the way to the product's first category.
func crumbs(item *catalog.Item) []link {
	if len(item.Categories) == 0 {
		return nil
	}
	var out []link
	path := ""
	for name := range strings.SplitSeq(item.Categories[0], catalog.PathSeparator) {
		if path != "" {
			path += catalog.PathSeparator
		}
		path += name
		out = append(out, link{Text: name, URL: "/search?category=" + url.QueryEscape(path)})
	}
	return out
}

func attributes(item *catalog.Item) []attribute {
	var out []attribute
	for name, values := range item.Attributes {
		first, size := utf8.DecodeRuneInString(name)
		out = append(out, attribute{string(unicode.ToUpper(first)) + name[size:], strings.Join(values, ", ")})
	}
	slices.SortFunc(out, func(a, b attribute) int { return strings.Compare(a.Name, b.Name) })
	return out
}
