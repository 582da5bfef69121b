package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/store"
)

type cartPage struct {
	layout
	Lines    []cartLine
	Total    string
	Together row
}

// cartLine is a product in the cart.
type cartLine struct {
	card
	Units, Most int
	Sum         string
	Short       bool // there are not so many left
}

// priced is what the cart holds, at the prices of now.
func (s *Server) priced(c cart) (lines []cartLine, total catalog.Money) {
	for _, l := range c {
		item, ok := s.item(l.ID)
		if !ok {
			continue
		}
		price := s.price(item)
		sum := catalog.Money{Minor: price.Minor * int64(l.Units), Currency: price.Currency}
		total = catalog.Money{Minor: total.Minor + sum.Minor, Currency: price.Currency}
		lines = append(lines, cartLine{
			card: s.card(item, placeRecent), Units: l.Units, Most: max(1, min(item.Stock, unitsMax)), Sum: money(sum),
			Short: !item.Available || l.Units > item.Stock && s.counted(item),
		})
	}
	return lines, total
}

// price is what an item costs now.
func (s *Server) price(item *catalog.Item) catalog.Money {
	if offer, _, ok := s.golden.Price(item, s.now()); ok {
		return offer
	}
	return item.Price
}

func (s *Server) cartPage(w http.ResponseWriter, r *http.Request) error {
	v := s.visitor(w, r)
	p := cartPage{layout: s.layout(&v, "Cart")}
	var total catalog.Money
	p.Lines, total = s.priced(v.Cart)
	p.Total = money(total)
	if len(v.Cart) > 0 {
		together, err := s.beside(r.Context(), &v, v.Cart.ids(), "itemknn", placeTogether)
		if err != nil {
			return err
		}
		p.Together = row{Place: placeTogether, Title: "Goes with it", Note: "What people took along.", Cards: together}
	}
	return s.render(w, http.StatusOK, "cart", p)
}

// changeCart puts a product into the cart, takes it out, or changes how many there are.
func (s *Server) changeCart(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	v := s.visitor(w, r)
	units := 1
	if text := r.PostForm.Get("units"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > unitsMax {
			return status(http.StatusUnprocessableEntity, "a cart holds 0 to %d of a product", unitsMax)
		}
		units = n
	}
	var err error
	switch id := r.PostForm.Get("item"); r.PostForm.Get("do") {
	case "remove":
		err = s.keepCart(w, r, &v, v.Cart.with(id, 0))
	case "set":
		if v.Cart.index(id) >= 0 {
			err = s.keepCart(w, r, &v, v.Cart.with(id, units))
		}
	default:
		err = s.addToCart(w, r, &v, id, units)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, backTo(r), http.StatusSeeOther)
	return nil
}

// addToCart puts some more of a product into the cart, no more than there are.
func (s *Server) addToCart(w http.ResponseWriter, r *http.Request, v *visitor, id string, units int) error {
	item, ok := s.item(id)
	at := v.Cart.index(id)
	switch {
	case !ok:
		return unknown("product", id)
	case !item.Available:
		return status(http.StatusConflict, "%s is sold out", title(item))
	case at < 0 && len(v.Cart) == cartMax:
		return status(http.StatusConflict, "the cart is full: it holds %d products", cartMax)
	}
	if at >= 0 {
		units += v.Cart[at].Units
	}
	if s.counted(item) {
		units = min(units, item.Stock)
	}
	if at < 0 {
		if err := s.record(r, v, id, "", store.Cart); err != nil {
			return err
		}
	}
	return s.keepCart(w, r, v, v.Cart.with(id, units))
}

// opinion notes that the visitor likes a product or does not.
func (s *Server) opinion(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	item, ok := s.item(r.PostForm.Get("item"))
	if !ok {
		return unknown("product", r.PostForm.Get("item"))
	}
	kind, err := store.ParseKind(r.PostForm.Get("kind"))
	if err != nil || kind != store.Like && kind != store.Dislike {
		return status(http.StatusBadRequest, "an opinion is like or dislike")
	}
	v := s.visitor(w, r)
	if err := s.record(r, &v, item.ID, "", kind); err != nil {
		return err
	}
	http.Redirect(w, r, backTo(r), http.StatusSeeOther)
	return nil
}

// backTo is the page of this site that a form names to go on with, or home.
func backTo(r *http.Request) string {
	back := r.PostForm.Get("back")
	u, err := url.Parse(back)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") ||
		strings.ContainsRune(back, '\\') {
		return "/"
	}
	return back
}
