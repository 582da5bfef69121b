package web

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
)

// The places on the site where products are recommended, as interactions and exposures name them.
const (
	placeForYou   = "for-you"
	placeTrending = "trending"
	placeSimilar  = "similar"
	placeTogether = "together"
	placeGolden   = "golden-hour"
	placeRecent   = "recent"
	placeSearch   = "search"

	rowLen = 12
)

func isPlace(s string) bool {
	switch s {
	case placeForYou, placeTrending, placeSimilar, placeTogether, placeGolden, placeRecent, placeSearch:
		return true
	}
	return false
}

// row is a line of products under a heading.
type row struct {
	Place, Title, Note string
	Cards              []card
	More               string // the address of more of them
}

// card is a product in a row.
type card struct {
	ID, Title, Brand, Link, Image string
	Price, Was                    string
	Soon, SoonFrom                string   // what it will cost in the golden hour to come, and from when
	Until                         string   // when the golden hour ends that its price is of
	Left                          int      // units, in the golden hour
	Rating                        string   // out of five
	Because                       *because // why it is recommended
	Sold                          bool     // out
}

func (s *Server) card(item *catalog.Item, place string) card {
	c := card{
		ID: item.ID, Title: title(item), Brand: item.Brand, Image: imageURL(item), Price: money(item.Price), Sold: !item.Available,
		Link: "/products/" + url.PathEscape(item.ID) + "?from=" + place,
	}
	if rated := item.Attributes["rating"]; len(rated) > 0 {
		c.Rating = rated[0]
	}
	if price, _, ok := s.golden.Price(item, s.now()); ok {
		c.Price, c.Was = money(price), c.Price
	}
	return c
}

func title(item *catalog.Item) string {
	if item.Title == "" {
		return item.ID
	}
	return item.Title
}

// cards turns a page of recommendations into what a row shows, with reasons from what the visitor did; nil for none.
func (s *Server) cards(page *recommend.Page, place string, did deeds) []card {
	var out []card
	for _, rec := range page.Items {
		if item, ok := s.item(rec.Item); ok {
			c := s.card(item, place)
			c.Because = s.because(rec.Reasons, did)
			out = append(out, c)
		}
	}
	return out
}

// withoutFillers leaves out what fills a page up where the models themselves have nothing more to say.
func withoutFillers(page *recommend.Page) *recommend.Page {
	out := *page
	out.Items = slices.DeleteFunc(slices.Clone(page.Items), func(rec recommend.Recommendation) bool {
		return rec.Source == recommend.Trending || rec.Source == recommend.Any
	})
	return &out
}

// because is a reason in words: "because you bought Tea".
type because struct{ Did, Title string }

// because is the strongest reason that names a product the visitor had to do with.
func (s *Server) because(reasons []recommend.Reason, did deeds) *because {
	for _, reason := range reasons {
		item, ok := s.item(reason.Because)
		if kind := did[reason.Because]; ok && kind != 0 {
			return &because{kind.words(), title(item)}
		}
	}
	return nil
}

// recommend asks for a row. Before the first training there are no models to ask for by name: the row is empty then.
func (s *Server) recommend(ctx context.Context, req recommend.Request) (*recommend.Page, error) {
	page, err := s.engine.Recommend(ctx, req)
	if errors.Is(err, recommend.ErrNoModel) {
		return &recommend.Page{}, nil
	}
	return page, err
}

// beside is what one model says goes with some products.
func (s *Server) beside(ctx context.Context, v *visitor, seeds []string, model, place string) ([]card, error) {
	page, err := s.recommend(ctx, recommend.Request{
		User: v.ID, Session: v.Session, N: rowLen / 2, Placement: place, Seeds: seeds, Model: model, Explain: true,
	})
	if err != nil {
		return nil, err
	}
	return s.cards(withoutFillers(page), place, nil), nil
}
