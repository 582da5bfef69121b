package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/store"
)

type cartPage struct {
	layout
	Cards    []card
	Total    string
	Thanks   bool
	Together row
}

func (s *Server) cartPage(w http.ResponseWriter, r *http.Request) error {
	v := s.visitor(w, r)
	p := cartPage{layout: s.layout(&v, "Cart"), Thanks: r.URL.Query().Has("thanks")}
	var total catalog.Money
	for _, id := range v.Cart {
		item, _ := s.item(id)
		price := item.Price
		if offer, _, ok := s.golden.Price(item, s.now()); ok {
			price = offer
		}
		total = catalog.Money{Minor: total.Minor + price.Minor, Currency: price.Currency}
		p.Cards = append(p.Cards, s.card(item, placeRecent))
	}
	p.Total = money(total)
	if len(v.Cart) > 0 {
		together, err := s.beside(r.Context(), &v, v.Cart, "itemknn", placeTogether)
		if err != nil {
			return err
		}
		p.Together = row{Place: placeTogether, Title: "Goes with it", Note: "What people took along.", Cards: together}
	}
	return s.render(w, http.StatusOK, "cart", p)
}

// changeCart puts a product into the cart or takes it out.
func (s *Server) changeCart(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	v := s.visitor(w, r)
	item, ok := s.item(r.PostForm.Get("item"))
	if !ok {
		return unknown("product", r.PostForm.Get("item"))
	}
	switch at := slices.Index(v.Cart, item.ID); {
	case r.PostForm.Get("do") == "remove" && at >= 0:
		setCart(w, slices.Delete(v.Cart, at, at+1))
	case r.PostForm.Get("do") == "remove" || at >= 0:
	case !item.Available:
		return status(http.StatusConflict, "%s is sold out", title(item))
	case len(v.Cart) == cartMax:
		return status(http.StatusConflict, "the cart is full: it holds %d products", cartMax)
	default:
		if err := s.record(r, &v, item.ID, "", store.Cart); err != nil {
			return err
		}
		setCart(w, append(v.Cart, item.ID))
	}
	http.Redirect(w, r, backTo(r), http.StatusSeeOther)
	return nil
}

// checkout buys what is in the cart. Nobody pays and nothing is sent.
func (s *Server) checkout(w http.ResponseWriter, r *http.Request) error {
	v := s.visitor(w, r)
	if len(v.Cart) == 0 {
		http.Redirect(w, r, "/cart", http.StatusSeeOther)
		return nil
	}
	batch := make([]store.Interaction, len(v.Cart))
	for i, id := range v.Cart {
		batch[i] = store.Interaction{
			User: v.ID, Item: id, Kind: store.Purchase, Value: 1, Time: s.now(), Session: v.Session,
		}
	}
	if err := s.engine.Record(r.Context(), batch...); err != nil {
		return err
	}
	setCart(w, nil)
	http.Redirect(w, r, "/cart?thanks=1", http.StatusSeeOther)
	return nil
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
