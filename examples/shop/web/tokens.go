package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/examples/shop/accounts"
)

type credentials struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

type tokensResponse struct {
	Access    string `json:"access_token"`
	Type      string `json:"token_type"`
	ExpiresIn int    `json:"expires_in"` // seconds
	Refresh   string `json:"refresh_token"`
	User      string `json:"user"`
}

// authLogin gives a program tokens for an e-mail address and a password.
func (s *Server) authLogin(w http.ResponseWriter, r *http.Request) error {
	var body credentials
	if err := decode(w, r, &body); err != nil {
		return err
	}
	account, err := s.accounts.LogIn(r.Context(), body.Email, body.Password, remote(r))
	if err != nil {
		if errors.Is(err, accounts.ErrThrottled) {
			w.Header().Set("Retry-After", "900")
		}
		return err
	}
	tokens, err := s.accounts.Issue(r.Context(), account.ID)
	if err != nil {
		return err
	}
	return answerTokens(w, tokens)
}

func answerTokens(w http.ResponseWriter, t accounts.Tokens) error {
	user, _, _ := strings.Cut(t.Access, ".")
	return answer(w, tokensResponse{t.Access, "Bearer", int(accounts.AccessAge.Seconds()), t.Refresh, user})
}

type refreshRequest struct {
	Refresh string `json:"refresh_token"`
}

// authRefresh takes a refresh token for new tokens.
func (s *Server) authRefresh(w http.ResponseWriter, r *http.Request) error {
	var body refreshRequest
	if err := decode(w, r, &body); err != nil {
		return err
	}
	tokens, err := s.accounts.Refresh(r.Context(), body.Refresh)
	if err != nil {
		return err
	}
	return answerTokens(w, tokens)
}

// authLogout revokes the bearer token, and the refresh token of the body.
func (s *Server) authLogout(w http.ResponseWriter, r *http.Request) error {
	var body refreshRequest
	if err := decode(w, r, &body); err != nil {
		return err
	}
	if err := s.accounts.Revoke(r.Context(), accounts.Tokens{Access: bearer(r), Refresh: body.Refresh}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func bearer(r *http.Request) string {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// owner is whose access token the request bears, as a visitor with their cart.
func (s *Server) owner(w http.ResponseWriter, r *http.Request) (visitor, error) {
	account, err := s.accounts.Access(r.Context(), bearer(r))
	if err != nil {
		w.Header().Set("WWW-Authenticate", `Bearer realm="aurum"`)
		return visitor{}, err
	}
	kept, err := s.accounts.Cart(r.Context(), account.ID)
	return visitor{ID: account.ID, Account: &account, Cart: s.readCart(kept)}, err
}

type cartResponse struct {
	Lines []cartLineJSON `json:"lines"`
	Total catalog.Money  `json:"total,omitzero"`
}

type cartLineJSON struct {
	line
	Price catalog.Money `json:"price"` // of one
}

func (s *Server) cartJSON(c cart) cartResponse {
	out := cartResponse{Lines: []cartLineJSON{}}
	for _, l := range c {
		if item, ok := s.item(l.ID); ok {
			price := s.price(item)
			out.Lines = append(out.Lines, cartLineJSON{l, price})
			out.Total = catalog.Money{Minor: out.Total.Minor + price.Minor*int64(l.Units), Currency: price.Currency}
		}
	}
	return out
}

type addRequest struct {
	Item  string `json:"item"`
	Units *int   `json:"quantity"`
}

// cartAdd puts some of a product into the cart of the token's owner.
func (s *Server) cartAdd(w http.ResponseWriter, r *http.Request) error {
	v, err := s.owner(w, r)
	if err != nil {
		return err
	}
	var body addRequest
	if err := decode(w, r, &body); err != nil {
		return err
	}
	units := 1
	if body.Units != nil {
		units = *body.Units
	}
	var bad fields
	if _, ok := s.item(body.Item); !ok {
		bad.body("item", "there is no product %q", body.Item)
	}
	if units < 1 || units > unitsMax {
		bad.body("quantity", "must be from 1 to %d", unitsMax)
	}
	if err := bad.err(); err != nil {
		return err
	}
	if err := s.addToCart(w, r, &v, body.Item, units); err != nil {
		return err
	}
	return answer(w, s.cartJSON(v.Cart))
}

func (s *Server) getCart(w http.ResponseWriter, r *http.Request) error {
	v, err := s.owner(w, r)
	if err != nil {
		return err
	}
	return answer(w, s.cartJSON(v.Cart))
}

type orderRequest struct {
	Address accounts.Address `json:"address"`
}

type orderResponse struct {
	Order string `json:"order"`
	cartResponse
}

// orderCreate buys what is in the cart of the token's owner.
func (s *Server) orderCreate(w http.ResponseWriter, r *http.Request) error {
	v, err := s.owner(w, r)
	if err != nil {
		return err
	}
	var body orderRequest
	if err := decode(w, r, &body); err != nil {
		return err
	}
	var bad fields
	reasons := body.Address.Bad()
	for _, name := range []string{"name", "street", "postcode", "city", "country"} {
		if reason := reasons[name]; reason != "" {
			bad.body("address/"+name, "%s", reason)
		}
	}
	if err := bad.err(); err != nil {
		return err
	}
	if len(v.Cart) == 0 {
		return status(http.StatusConflict, "the cart is empty")
	}
	out := orderResponse{cartResponse: s.cartJSON(v.Cart)}
	if out.Order, err = s.buy(w, r, &v, body.Address); err != nil {
		return err
	}
	return answer(w, out)
}

// accountProblem is the problem that an error of accounts is, or nil.
func accountProblem(err error) *Problem {
	code := 0
	switch {
	case errors.Is(err, accounts.ErrCredentials), errors.Is(err, accounts.ErrUnverified):
		code = http.StatusUnauthorized
	case errors.Is(err, accounts.ErrThrottled):
		code = http.StatusTooManyRequests
	case errors.Is(err, accounts.ErrInvalid), errors.Is(err, accounts.ErrLink):
		code = http.StatusUnprocessableEntity
	default:
		return nil
	}
	return statusFor(err, code, accountWords(err))
}
