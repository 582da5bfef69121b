package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/goldrec/gold/examples/shop/accounts"
	"github.com/goldrec/gold/store"
)

type accountPage struct {
	layout
	Addresses []accounts.Address
	Orders    []boughtView
}

// boughtView is an order, as far as the log knows of it.
type boughtView struct {
	Order string
	At    string
	Lines []boughtLine
}

type boughtLine struct {
	Title, Link string
	Units       int
}

// withAccount is an action of somebody who is logged in; others are shown in first.
func (s *Server) withAccount(do func(w http.ResponseWriter, r *http.Request, v *visitor) error) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.Method == http.MethodPost {
			if err := parseForm(w, r); err != nil {
				return err
			}
		}
		v := s.visitor(w, r)
		if v.Account == nil {
			http.Redirect(w, r, "/login", http.StatusSeeOther)
			return nil
		}
		return do(w, r, &v)
	}
}

func (s *Server) accountPage(w http.ResponseWriter, r *http.Request, v *visitor) error {
	addresses, err := s.accounts.Addresses(r.Context(), v.Account.ID)
	if err != nil {
		return err
	}
	past, err := s.store.History(r.Context(), v.ID, pastMax)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "account", accountPage{
		layout: s.layout(v, "Your account"), Addresses: addresses, Orders: s.bought(past),
	})
}

// bought puts purchases together that have a session, the number of their order, in common.
func (s *Server) bought(past []store.Entry) (out []boughtView) {
	for i := range past {
		in := &past[i].Interaction
		if in.Kind != store.Purchase {
			continue
		}
		if len(out) == 0 || out[len(out)-1].Order != in.Session {
			out = append(out, boughtView{Order: in.Session, At: in.Time.In(s.golden.Zone()).Format("2 January 2006, 15:04")})
		}
		last := &out[len(out)-1]
		last.Lines = append(last.Lines, boughtLine{s.titleOf(in.Item), "/products/" + in.Item, max(1, int(in.Value))})
	}
	return out
}

// titleOf is a product's title, or its identifier when there is no such product any more.
func (s *Server) titleOf(id string) string {
	if item, ok := s.item(id); ok {
		return title(item)
	}
	return id
}

func plural(n int) string { return strconv.Itoa(n) }

func (s *Server) changeAddress(w http.ResponseWriter, r *http.Request, v *visitor) error {
	id, err := strconv.ParseInt(r.PostForm.Get("remove"), 10, 64)
	if err != nil {
		return status(http.StatusUnprocessableEntity, "which address?")
	}
	if err := s.accounts.RemoveAddress(r.Context(), v.Account.ID, id); err != nil {
		return err
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
	return nil
}

// everything is what the shop knows of an account, as its owner takes it along.
type everything struct {
	Account      accounts.Account    `json:"account"`
	Addresses    []accounts.Address  `json:"addresses"`
	Cart         cart                `json:"cart"`
	Profile      *store.Profile      `json:"profile"`
	Interactions []store.Interaction `json:"interactions"` // the newest first
	Searches     []string            `json:"searches"`     // that this browser keeps
	Exported     time.Time           `json:"exported"`
}

// export is all of it in one file. An interaction is one of what the engine goes by; the store keeps the newest of them.
func (s *Server) export(w http.ResponseWriter, r *http.Request, v *visitor) error {
	out := everything{Account: *v.Account, Cart: append(cart{}, v.Cart...), Searches: append([]string{}, v.Searches...), Exported: s.now().UTC()}
	known, err := s.accounts.Addresses(r.Context(), v.Account.ID)
	if err != nil {
		return err
	}
	out.Addresses = append([]accounts.Address{}, known...)
	past, err := s.store.History(r.Context(), v.ID, exportMax)
	if err != nil {
		return err
	}
	out.Interactions = []store.Interaction{}
	for i := range past {
		out.Interactions = append(out.Interactions, past[i].Interaction)
	}
	profile, err := s.engine.Profile(r.Context(), v.ID)
	switch {
	case err == nil:
		out.Profile = &profile
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="aurum-data.json"`)
	w.Header().Set("Cache-Control", "no-store")
	in := json.NewEncoder(w)
	in.SetIndent("", "  ")
	_ = in.Encode(out) // a client that went away is nobody's error
	return nil
}

const exportMax = 1 << 20 // interactions: all that a person ever has

// deleteAccount removes the account with everything that the shop knows of its owner.
func (s *Server) deleteAccount(w http.ResponseWriter, r *http.Request, v *visitor) error {
	if err := s.engine.Forget(r.Context(), v.Account.ID); err != nil {
		return err
	}
	if err := s.accounts.Delete(r.Context(), v.Account.ID); err != nil {
		return err
	}
	if s.mailbox != nil {
		s.mailbox.Forget(v.Account.Email)
	}
	for _, name := range []string{accountCookie, searchesCookie, cartCookie} {
		setCookie(w, name, "", -time.Second)
	}
	setCookie(w, visitorCookie, newID(), visitorAge)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

type mailboxPage struct {
	layout
	Mails []accounts.Mail
}

// mailboxPage shows what a demonstration sends, to whoever asks. Without a mailbox, mail goes where mail goes.
func (s *Server) mailboxPage(w http.ResponseWriter, r *http.Request) error {
	if s.mailbox == nil {
		return unknown("mailbox", "")
	}
	v := s.visitor(w, r)
	return s.render(w, http.StatusOK, "mailbox", mailboxPage{s.layout(&v, "Mailbox"), s.mailbox.Mails()})
}
