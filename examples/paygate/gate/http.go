package gate

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"time"

	"github.com/goldrec/gold/examples/shop/database"
	"github.com/goldrec/gold/examples/shop/payments"
)

const bodyMax = 64 << 10

// ServeHTTP serves the API under /v1/payments and the page that asks an owner under /challenge/.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/payments", g.key(func(r *http.Request) (payment, error) {
		var req payments.Request
		if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, bodyMax)).Decode(&req); err != nil {
			return payment{}, payments.ErrRefused
		}
		if back, err := url.Parse(req.Return); err != nil || back.Scheme != "" && back.Scheme != "http" && back.Scheme != "https" ||
			req.Reference == "" || req.Amount <= 0 || req.Currency == "" {
			return payment{}, payments.ErrRefused
		}
		p, err := g.authorize(r.Context(), req)
		if err == nil && p.token == "tok_timeout" && p.Status == payments.Authorized {
			g.lose(r.Context(), p.Reference)
		}
		return p, err
	}))
	mux.HandleFunc("POST /v1/payments/{ref}/capture", g.key(func(r *http.Request) (payment, error) {
		return g.move(r.Context(), r.PathValue("ref"), payments.Captured, payments.Authorized)
	}))
	mux.HandleFunc("POST /v1/payments/{ref}/void", g.key(func(r *http.Request) (payment, error) {
		return g.move(r.Context(), r.PathValue("ref"), payments.Voided, payments.Pending, payments.Authorized)
	}))
	mux.HandleFunc("POST /v1/payments/{ref}/refund", g.key(func(r *http.Request) (payment, error) {
		return g.move(r.Context(), r.PathValue("ref"), payments.Refunded, payments.Captured)
	}))
	mux.HandleFunc("GET /v1/payments/{ref}", g.key(func(r *http.Request) (p payment, err error) {
		err = g.db.Tx(r.Context(), func(tx *database.Tx) error {
			p, err = g.load(r.Context(), tx, "reference", r.PathValue("ref"))
			return err
		})
		return p, err
	}))
	mux.HandleFunc("GET /challenge/{code}", g.ask)
	mux.HandleFunc("POST /challenge/{code}", g.answer)
	mux.ServeHTTP(w, r)
}

// lose waits, the first time that a payment with tok_timeout is asked for, until whoever asks has given up. Whether it is
// the first is in the token, so that a gateway that was killed meanwhile knows it too.
func (g *Gate) lose(ctx context.Context, reference string) {
	if _, err := g.db.Exec(context.WithoutCancel(ctx), `UPDATE gate_payments SET token = 'tok_ok' WHERE reference = $1`, reference); err != nil {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Minute):
	}
}

// key lets in whoever has the API key, and writes what becomes of it.
func (g *Gate) key(do func(*http.Request) (payment, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+g.opts.Key)) != 1 {
			http.Error(w, "wrong API key", http.StatusUnauthorized)
			return
		}
		p, err := do(r)
		switch {
		case errors.Is(err, payments.ErrUnknown):
			http.Error(w, "unknown payment", http.StatusNotFound)
		case errors.Is(err, payments.ErrState):
			http.Error(w, "not in a state for that", http.StatusConflict)
		case errors.Is(err, payments.ErrReused):
			http.Error(w, "reference of another payment", http.StatusUnprocessableEntity)
		case errors.Is(err, payments.ErrRefused):
			http.Error(w, "malformed request", http.StatusBadRequest)
		case err != nil:
			http.Error(w, "internal error", http.StatusInternalServerError)
		default:
			if p.Challenge = g.opts.Base + "/challenge/" + p.Challenge; p.Status != payments.Pending {
				p.Challenge = ""
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(p.Payment) // whoever has gone asks again
		}
	}
}

var page = template.Must(template.New("challenge").Parse(`<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>Your bank asks</title>
<style>body{font:1.1rem/1.5 system-ui;max-width:26rem;margin:3rem auto;padding:0 1rem}button{font:inherit;padding:.7rem 1.2rem;margin-right:.5rem}</style>
<h1>Your bank asks</h1><p>A demonstration: no money moves. Do you agree to pay {{.Amount}} {{.Currency}}?</p>
<form method="post"><button name="answer" value="yes">Yes, pay</button><button name="answer" value="no">No</button></form>`))

func (g *Gate) ask(w http.ResponseWriter, r *http.Request) {
	var p payment
	err := g.db.Tx(r.Context(), func(tx *database.Tx) (err error) {
		p, err = g.load(r.Context(), tx, "challenge", r.PathValue("code"))
		return err
	})
	if err != nil {
		http.Error(w, "There is nothing to answer.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	_ = page.Execute(w, map[string]any{"Amount": minor(p.Amount), "Currency": p.Currency})
}

// minor writes an amount of minor units as most currencies are written.
func minor(amount int64) string {
	text := []byte{byte('0' + amount/10%10), byte('0' + amount%10)}
	whole, _ := json.Marshal(amount / 100)
	return string(whole) + "." + string(text)
}

func (g *Gate) answer(w http.ResponseWriter, r *http.Request) {
	to := payments.Declined
	if r.FormValue("answer") == "yes" {
		to = payments.Authorized
	}
	var p payment
	err := g.db.Tx(r.Context(), func(tx *database.Tx) (err error) {
		if p, err = g.load(r.Context(), tx, "challenge", r.PathValue("code")); err != nil || p.Status != payments.Pending {
			return err // answered before: it stays
		}
		return g.change(r.Context(), tx, &p, to, payments.Pending)
	})
	if err != nil {
		http.Error(w, "There is nothing to answer.", http.StatusNotFound)
		return
	}
	if p.back == "" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(w, r, p.back, http.StatusSeeOther)
}
