package web

import (
	"crypto/rand"
	"net/http"
	"strings"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/examples/shop/accounts"
	"github.com/goldrec/gold/store"
)

type checkoutPage struct {
	layout
	Lines   []cartLine
	Total   string
	Address accounts.Address
	Known   []accounts.Address
	Bad     map[string]string // by the name of the field
}

// checkoutForm asks where the parcel goes. An account's last address stands there already.
func (s *Server) checkoutForm(w http.ResponseWriter, r *http.Request) error {
	v := s.visitor(w, r)
	return s.askAddress(w, r, &v, accounts.Address{}, nil)
}

func (s *Server) askAddress(w http.ResponseWriter, r *http.Request, v *visitor, address accounts.Address, bad map[string]string) error {
	if len(v.Cart) == 0 {
		http.Redirect(w, r, "/cart", http.StatusSeeOther)
		return nil
	}
	p := checkoutPage{layout: s.layout(v, "Checkout"), Address: address, Bad: bad}
	var total catalog.Money
	p.Lines, total = s.priced(v.Cart)
	p.Total = money(total)
	if v.Account != nil && bad == nil {
		known, err := s.accounts.Addresses(r.Context(), v.Account.ID)
		if err != nil {
			return err
		}
		if p.Known = known; len(known) > 0 {
			p.Address = known[0]
		}
	}
	code := http.StatusOK
	if bad != nil {
		code = http.StatusUnprocessableEntity
	}
	return s.render(w, code, "checkout", p)
}

type orderedPage struct {
	layout
	Order   string
	Lines   []cartLine
	Total   string
	Address accounts.Address
	Next    row
}

// checkout buys what is in the cart. Nobody pays and nothing is sent.
func (s *Server) checkout(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	v := s.visitor(w, r)
	form := r.PostForm
	address := accounts.Address{
		Name: form.Get("name"), Street: form.Get("street"), Postcode: form.Get("postcode"), City: form.Get("city"), Country: form.Get("country"),
	}
	if bad := address.Bad(); len(bad) > 0 || len(v.Cart) == 0 {
		return s.askAddress(w, r, &v, address, bad)
	}
	lines, total := s.priced(v.Cart)
	order, err := s.buy(w, r, &v, address)
	if err != nil {
		return err
	}
	p := orderedPage{layout: s.layout(&v, "Thank you"), Order: order, Lines: lines, Total: money(total), Address: address}
	if p.Next, err = s.trending(r.Context(), &v, nil); err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "ordered", p)
}

// buy takes what is in the cart out of stock, notes that it was bought, and empties the cart. An order's purchases have
// its number as their session.
func (s *Server) buy(w http.ResponseWriter, r *http.Request, v *visitor, address accounts.Address) (order string, err error) {
	if err := s.take(v.Cart); err != nil {
		return "", err
	}
	order = "o-" + strings.ToLower(rand.Text())[:12]
	batch := make([]store.Interaction, len(v.Cart))
	for i, l := range v.Cart {
		batch[i] = store.Interaction{User: v.ID, Item: l.ID, Kind: store.Purchase, Value: float64(l.Units), Time: s.now(), Session: order}
	}
	if err := s.engine.Record(r.Context(), batch...); err != nil {
		s.putBack(v.Cart)
		return "", err
	}
	if v.Account != nil {
		if err := s.accounts.AddAddress(r.Context(), v.Account.ID, address); err != nil {
			s.log.ErrorContext(r.Context(), "address not kept", "error", err)
		}
	}
	return order, s.keepCart(w, r, v, nil)
}

// counted reports whether the stock of an item is known. One that is available with a stock of 0, such as an imported
// one, is always there.
func (s *Server) counted(item *catalog.Item) bool { return item.Stock > 0 || !item.Available }

// take takes all of a cart out of stock, or nothing.
func (s *Server) take(c cart) error {
	s.selling.Lock()
	defer s.selling.Unlock()
	for _, l := range c {
		item, ok := s.item(l.ID)
		if !ok || !item.Available || s.counted(item) && item.Stock < l.Units {
			return &Problem{Type: typeSoldOut, Title: "Not enough left", Status: http.StatusConflict,
				Detail: "there are not " + plural(l.Units) + " of " + s.titleOf(l.ID) + " left; change the cart"}
		}
	}
	for _, l := range c {
		s.move(l.ID, -l.Units)
	}
	return nil
}

// putBack is take undone.
func (s *Server) putBack(c cart) {
	s.selling.Lock()
	defer s.selling.Unlock()
	for _, l := range c {
		s.move(l.ID, l.Units)
	}
}

// move changes the stock of an item. What falls to nothing cannot be had any more.
func (s *Server) move(id string, units int) {
	item, ok := s.item(id)
	if !ok || !s.counted(item) {
		return
	}
	left := item.Stock + units
	if err := s.catalog.Patch(id, catalog.Patch{Stock: new(left), Available: new(left > 0)}); err != nil {
		s.log.Error("stock not changed", "error", err)
	}
}
