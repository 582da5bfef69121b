package web

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/goldrec/gold/examples/shop/accounts"
	"github.com/goldrec/gold/store"
)

// doorPage is one of the forms on the way into an account: login, signup, forgot, reset and verify.
type doorPage struct {
	layout
	Form    string
	Problem string
	Email   string
	Name    string
	Token   string // of the link in the mail
	Minimum int    // bytes of a password
}

func (s *Server) door(form, heading string) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		v := s.visitor(w, r)
		w.Header().Set("Referrer-Policy", "no-referrer") // the address may hold a token
		return s.render(w, http.StatusOK, "door", doorPage{
			layout: s.layout(&v, heading), Form: form, Token: r.URL.Query().Get("token"), Minimum: accounts.PasswordMin,
		})
	}
}

// refuse shows a form again with what was wrong, or hands on what is not the visitor's fault.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, form, heading string, err error) error {
	code := http.StatusUnprocessableEntity
	switch {
	case errors.Is(err, accounts.ErrThrottled):
		w.Header().Set("Retry-After", "900")
		code = http.StatusTooManyRequests
	case errors.Is(err, accounts.ErrCredentials), errors.Is(err, accounts.ErrUnverified):
		code = http.StatusUnauthorized
	case !errors.Is(err, accounts.ErrInvalid) && !errors.Is(err, accounts.ErrLink):
		return err
	}
	v := s.visitor(w, r)
	return s.render(w, code, "door", doorPage{
		layout: s.layout(&v, heading), Form: form, Problem: accountWords(err), Email: r.PostForm.Get("email"), Name: r.PostForm.Get("name"),
		Token: r.PostForm.Get("token"), Minimum: accounts.PasswordMin,
	})
}

// accountWords says to a person what an error of accounts says.
func accountWords(err error) string {
	switch {
	case errors.Is(err, accounts.ErrCredentials):
		return "The e-mail address or the password is not right."
	case errors.Is(err, accounts.ErrUnverified):
		return "The address is not verified yet. A new link is in your mailbox."
	case errors.Is(err, accounts.ErrThrottled):
		return "Too many attempts have failed. Wait a quarter of an hour, or choose a new password."
	case errors.Is(err, accounts.ErrLink):
		return "The link has been used, or is too old."
	}
	return fmt.Sprintf("Name, address or password cannot be accepted: a password has %d to %d bytes.", accounts.PasswordMin, accounts.PasswordMax)
}

func (s *Server) signUp(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	form := r.PostForm
	if err := s.accounts.SignUp(r.Context(), form.Get("email"), form.Get("name"), form.Get("password")); err != nil {
		return s.refuse(w, r, "signup", "Sign up", err)
	}
	return s.lookIntoMail(w, r)
}

func (s *Server) forgot(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	if err := s.accounts.RequestReset(r.Context(), r.PostForm.Get("email")); err != nil {
		return s.refuse(w, r, "forgot", "A new password", err)
	}
	return s.lookIntoMail(w, r)
}

// lookIntoMail says the same whether there is an account or not.
func (s *Server) lookIntoMail(w http.ResponseWriter, r *http.Request) error {
	v := s.visitor(w, r)
	return s.render(w, http.StatusOK, "door", doorPage{layout: s.layout(&v, "Look into your mailbox"), Form: "sent"})
}

// verify takes a click and not the mere opening of the link, which programs that look into mail do too.
func (s *Server) verify(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	account, err := s.accounts.Verify(r.Context(), r.PostForm.Get("token"))
	if err != nil {
		return s.refuse(w, r, "verify", "Is this your address?", err)
	}
	return s.welcome(w, r, account)
}

func (s *Server) reset(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	if err := s.accounts.Reset(r.Context(), r.PostForm.Get("token"), r.PostForm.Get("password")); err != nil {
		return s.refuse(w, r, "reset", "Choose a password", err)
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}

func (s *Server) logIn(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	account, err := s.accounts.LogIn(r.Context(), r.PostForm.Get("email"), r.PostForm.Get("password"), remote(r))
	if err != nil {
		return s.refuse(w, r, "login", "Log in", err)
	}
	return s.welcome(w, r, account)
}

// remote is whom a request comes from, as far as the connection says.
func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// welcome logs the visitor in: with a new session, whatever they had before, and with what they did and chose as a guest.
func (s *Server) welcome(w http.ResponseWriter, r *http.Request, account accounts.Account) error {
	guest := s.visitor(w, r)
	if err := s.accounts.EndSession(r.Context(), cookie(r, accountCookie)); err != nil {
		return err
	}
	token, err := s.accounts.StartSession(r.Context(), account.ID)
	if err != nil {
		return err
	}
	if guest.Account == nil && guest.Shopper == nil {
		if err := s.join(r, &guest, account.ID); err != nil {
			return err
		}
	}
	setCookie(w, accountCookie, token, accounts.SessionAge)
	setCookie(w, visitorCookie, newID(), visitorAge) // who they are after the log-out: nobody known
	setCookie(w, sessionCookie, newID(), sessionAge)
	setCookie(w, cartCookie, "", -time.Second)
	http.Redirect(w, r, "/account", http.StatusSeeOther)
	return nil
}

// joinMax is how many of a guest's interactions go to the account.
const joinMax = 1000

// join gives the account what the guest did and has in the cart, and forgets the guest. What the guest was shown stays
// behind: it was no choice of theirs.
func (s *Server) join(r *http.Request, guest *visitor, account string) error {
	past, err := s.store.History(r.Context(), guest.ID, joinMax)
	if err != nil {
		return err
	}
	var did []store.Interaction
	for i := range past {
		if in := past[i].Interaction; in.Kind != store.Impression {
			in.User, in.Variant = account, ""
			did = append(did, in)
		}
	}
	slices.Reverse(did) // the oldest first
	if len(did) > 0 {
		if err := s.engine.Record(r.Context(), did...); err != nil {
			return err
		}
		if err := s.engine.Forget(r.Context(), guest.ID); err != nil {
			return err
		}
	}
	if len(guest.Cart) == 0 {
		return nil
	}
	kept, err := s.accounts.Cart(r.Context(), account)
	if err != nil {
		return err
	}
	return s.accounts.SetCart(r.Context(), account, s.readCart(kept).join(guest.Cart).String())
}

func (s *Server) logOut(w http.ResponseWriter, r *http.Request) error {
	s.logOutHere(w, r)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// logOutHere ends the session of this browser, and makes it a stranger's.
func (s *Server) logOutHere(w http.ResponseWriter, r *http.Request) {
	token := cookie(r, accountCookie)
	if token == "" {
		return
	}
	if err := s.accounts.EndSession(r.Context(), token); err != nil {
		s.log.ErrorContext(r.Context(), "session not ended", "error", err)
	}
	setCookie(w, accountCookie, "", -time.Second)
	setCookie(w, searchesCookie, "", -time.Second)
}
