package web

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/goldrec/gold/examples/shop/accounts"
	"github.com/goldrec/gold/examples/shop/stock"
	"github.com/goldrec/gold/store"
)

// The cookies. All are HttpOnly and SameSite=Lax; none is Secure, since the shop speaks plain HTTP on a loopback address.
const (
	visitorCookie = "visitor" // who: a made-up identifier, or a shopper whom the visitor plays
	sessionCookie = "session" // which visit
	cartCookie    = "cart"    // of a guest: see cart.String
	accountCookie = "account" // the session of an account

	visitorAge = 365 * 24 * time.Hour
	sessionAge = 30 * time.Minute
)

// visitor is who looks at a page.
type visitor struct {
	ID      string // as in Interaction.User: a made-up one, a shopper's, or the account's
	Session string
	Cart    cart
	Shopper *stock.Shopper
	Account *accounts.Account // nil before the log-in

	Searches []string // the last one first
}

// Units is how much is in the cart.
func (v *visitor) Units() int { return v.Cart.units() }

// visitor knows who comes by the cookies, and gives cookies to whoever has none.
func (s *Server) visitor(w http.ResponseWriter, r *http.Request) visitor {
	v := visitor{ID: cookie(r, visitorCookie), Session: cookie(r, sessionCookie), Searches: searchesOf(r)}
	if v.Shopper = s.shopper(v.ID); v.Shopper == nil && !madeUp.MatchString(v.ID) {
		v.ID = newID()
		setCookie(w, visitorCookie, v.ID, visitorAge)
	}
	if !madeUp.MatchString(v.Session) {
		v.Session = newID()
	}
	setCookie(w, sessionCookie, v.Session, sessionAge) // a visit ends half an hour after its last page
	v.Cart = s.readCart(cookie(r, cartCookie))
	s.asAccount(r, &v)
	return v
}

// asAccount makes the visitor the account whose session they have, if they have one. When accounts cannot be read they are
// a guest: the shop goes on.
func (s *Server) asAccount(r *http.Request, v *visitor) {
	token := cookie(r, accountCookie)
	if token == "" {
		return
	}
	account, err := s.accounts.Session(r.Context(), token)
	var kept string
	if err == nil {
		kept, err = s.accounts.Cart(r.Context(), account.ID)
	}
	switch {
	case err == nil:
		v.ID, v.Shopper, v.Account, v.Cart = account.ID, nil, &account, s.readCart(kept)
	case !errors.Is(err, accounts.ErrCredentials) && r.Context().Err() == nil:
		s.log.ErrorContext(r.Context(), "account not read", "error", err)
	}
}

// shopper is one of those whom a visitor can play, or nil.
func (s *Server) shopper(id string) *stock.Shopper {
	for i := range s.shoppers {
		if s.shoppers[i].ID == id {
			return &s.shoppers[i]
		}
	}
	return nil
}

var madeUp = regexp.MustCompile(`^v-[a-z2-7]{26}$`)

func newID() string { return "v-" + strings.ToLower(rand.Text()) }

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

func setCookie(w http.ResponseWriter, name, value string, age time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(age / time.Second), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func cookieUnescape(s string) (string, error) {
	return url.PathUnescape(strings.ReplaceAll(s, "_", "%"))
}

func cookieEscape(id string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-':
			b.WriteByte(c)
		default:
			b.Write([]byte{'_', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// record notes what the visitor did to a product.
func (s *Server) record(r *http.Request, v *visitor, item, placement string, kinds ...store.Kind) error {
	now := s.now()
	batch := make([]store.Interaction, len(kinds))
	for i, kind := range kinds {
		batch[i] = store.Interaction{
			User: v.ID, Item: item, Kind: kind, Time: now, Session: v.Session, Placement: placement,
		}
		if kind == store.Purchase {
			batch[i].Value = 1
		}
	}
	return s.engine.Record(r.Context(), batch...)
}

// switchVisitor makes the visitor one of the shoppers, or somebody new.
func (s *Server) switchVisitor(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	id := r.PostForm.Get("visitor")
	if s.shopper(id) == nil {
		id = newID()
	}
	setCookie(w, visitorCookie, id, visitorAge)
	setCookie(w, searchesCookie, "", -time.Second)
	setCookie(w, sessionCookie, newID(), sessionAge)
	s.logOutHere(w, r)
	setCookie(w, cartCookie, "", -time.Second)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// forget removes everything that the shop knows of the visitor. The shoppers of the demonstration stay.
func (s *Server) forget(w http.ResponseWriter, r *http.Request) error {
	v := s.visitor(w, r)
	if v.Account != nil {
		return s.deleteAccount(w, r, &v)
	}
	if v.Shopper == nil {
		if err := s.engine.Forget(r.Context(), v.ID); err != nil {
			return err
		}
	}
	setCookie(w, visitorCookie, newID(), visitorAge)
	setCookie(w, searchesCookie, "", -time.Second)
	setCookie(w, cartCookie, "", -time.Second)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// parseForm reads a posted form, which is small.
func parseForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		return statusFor(err, http.StatusBadRequest, "the form cannot be read")
	}
	return nil
}
