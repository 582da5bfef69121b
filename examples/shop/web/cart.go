package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	cartMax  = 20 // products in a cart
	unitsMax = 99 // of one product
)

// cart is what somebody means to buy. A guest's is in a cookie, an account's beside the account.
type cart []line

// line is so many of a product.
type line struct {
	ID    string `json:"item"`
	Units int    `json:"quantity"`
}

func (c cart) units() (n int) {
	for _, l := range c {
		n += l.Units
	}
	return n
}

func (c cart) index(id string) int {
	return slices.IndexFunc(c, func(l line) bool { return l.ID == id })
}

func (c cart) ids() (ids []string) {
	for _, l := range c {
		ids = append(ids, l.ID)
	}
	return ids
}

// with is the cart with so many of a product, none of it for 0.
func (c cart) with(id string, units int) cart {
	out := slices.Clone(c)
	switch at := out.index(id); {
	case at >= 0 && units <= 0:
		return slices.Delete(out, at, at+1)
	case at >= 0:
		out[at].Units = min(units, unitsMax)
	case units > 0 && len(out) < cartMax:
		out = append(out, line{id, min(units, unitsMax)})
	}
	return out
}

// String writes the cart for a cookie: identifiers, each escaped, with their units behind a tilde, dots between.
func (c cart) String() string {
	parts := make([]string, len(c))
	for i, l := range c {
		parts[i] = cookieEscape(l.ID) + "~" + strconv.Itoa(l.Units)
	}
	return strings.Join(parts, ".")
}

// readCart reads what String wrote, and leaves out what is no product or no number.
func (s *Server) readCart(text string) cart {
	var c cart
	for part := range strings.SplitSeq(text, ".") {
		escaped, count, counted := strings.Cut(part, "~")
		units := 1
		if n, err := strconv.Atoi(count); counted && err == nil {
			units = n
		}
		id, err := cookieUnescape(escaped)
		if _, ok := s.item(id); err == nil && ok && c.index(id) < 0 {
			c = c.with(id, units)
		}
	}
	return c
}

// join is both carts: of a product that is in both, the larger number.
func (c cart) join(other cart) cart {
	for _, l := range other {
		units := l.Units
		if at := c.index(l.ID); at >= 0 {
			units = max(units, c[at].Units)
		}
		c = c.with(l.ID, units)
	}
	return c
}

// keepCart remembers the visitor's cart.
func (s *Server) keepCart(w http.ResponseWriter, r *http.Request, v *visitor, c cart) error {
	v.Cart = c
	if v.Account != nil {
		return s.accounts.SetCart(r.Context(), v.Account.ID, c.String())
	}
	age := visitorAge
	if len(c) == 0 {
		age = -time.Second
	}
	setCookie(w, cartCookie, c.String(), age)
	return nil
}
