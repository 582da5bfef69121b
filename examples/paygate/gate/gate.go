// Package gate is a payment gateway for demonstrations and tests: it keeps payments in a database, asks owners of cards by a page of its
// own, and reports by signed webhooks, with test cards that do all that can go wrong. No money moves. The reference
// shop does not call it yet: the tests of payments and orders do.
//
//	g, err := gate.Open(ctx, "gate.db", gate.Options{Key: key, Secret: secret, Webhook: "http://127.0.0.1:8080/webhooks/payments"})
//	go g.Run(ctx) // sends webhooks
//	http.ListenAndServe("127.0.0.1:8090", g)
package gate

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"time"

	"github.com/goldrec/gold/examples/shop/database"
	"github.com/goldrec/gold/examples/shop/payments"
)

//go:embed migrations/*.sql
var files embed.FS

// lateness is how late the webhooks of tok_late are, and how far the first of tok_disorder lies behind the last.
const lateness = 3 * time.Second

// Options configures a Gate. Key is required.
type Options struct {
	Key     string           // of the API
	Base    string           // of the gate's own pages, such as http://127.0.0.1:8090
	Secret  string           // that webhooks are signed with
	Webhook string           // where they go; empty: nowhere
	Now     func() time.Time // nil means time.Now
}

// Gate is a gateway, as an http.Handler. It is safe for concurrent use, and so are several on one database.
type Gate struct {
	db   *database.DB
	opts Options
}

// Open opens the gateway that a database keeps.
func Open(ctx context.Context, place string, opts Options) (*Gate, error) {
	if opts.Key == "" {
		return nil, errors.New("gate: an API key is needed")
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	db, err := database.Open(ctx, place, database.Migrations{Name: "paygate", Files: files})
	if err != nil {
		return nil, err
	}
	return &Gate{db, opts}, nil
}

// Close closes the database.
func (g *Gate) Close() error { return g.db.Close() }

// payment is a row.
type payment struct {
	payments.Payment
	request, token, back string
}

const columns = `reference, request, token, status, amount, currency, return_url, challenge, reason`

func (g *Gate) load(ctx context.Context, tx *database.Tx, where, value string) (p payment, err error) {
	err = tx.QueryRow(ctx, `SELECT `+columns+` FROM gate_payments WHERE `+where+` = $1`, value).Scan(&p.Reference, &p.request, &p.token,
		&p.Status, &p.Amount, &p.Currency, &p.back, &p.Challenge, &p.Reason)
	if errors.Is(err, sql.ErrNoRows) {
		err = payments.ErrUnknown
	}
	return p, err
}

// authorize makes a payment, once for a reference.
func (g *Gate) authorize(ctx context.Context, r payments.Request) (p payment, err error) {
	text, err := json.Marshal(r)
	if err != nil {
		return p, err
	}
	err = g.db.Tx(ctx, func(tx *database.Tx) error {
		p, err = g.load(ctx, tx, "reference", r.Reference)
		switch {
		case err == nil && p.request != "" && p.request != string(text):
			return payments.ErrReused
		case err == nil:
			return nil
		case !errors.Is(err, payments.ErrUnknown):
			return err
		}
		p = payment{request: string(text), token: r.Token, back: r.Return,
			Payment: payments.Payment{Reference: r.Reference, Amount: r.Amount, Currency: r.Currency, Status: payments.Pending}}
		switch r.Token {
		case "tok_ok", "tok_timeout":
			p.Status = payments.Authorized
		case "tok_challenge", "tok_late", "tok_doubled", "tok_disorder", "tok_silent":
			p.Challenge = rand.Text()
		default:
			p.Status, p.Reason = payments.Declined, "The bank declined the card."
		}
		return g.insert(ctx, tx, &p)
	})
	return p, err
}

func (g *Gate) insert(ctx context.Context, tx *database.Tx, p *payment) error {
	_, err := tx.Exec(ctx, `INSERT INTO gate_payments (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, p.Reference, p.request,
		p.token, string(p.Status), p.Amount, p.Currency, p.back, p.Challenge, p.Reason)
	return errors.Join(err, g.report(ctx, tx, p))
}

// move is one operation on a payment that there is: from says in which states it may happen, to what it makes of them. What is so
// already stays so.
func (g *Gate) move(ctx context.Context, reference string, to payments.Status, from ...payments.Status) (p payment, err error) {
	err = g.db.Tx(ctx, func(tx *database.Tx) error {
		p, err = g.load(ctx, tx, "reference", reference)
		if errors.Is(err, payments.ErrUnknown) && to == payments.Voided {
			p = payment{Payment: payments.Payment{Reference: reference, Status: payments.Voided}}
			return g.insert(ctx, tx, &p)
		}
		if err != nil || p.Status == to || to == payments.Voided && p.Status == payments.Declined {
			return err
		}
		return g.change(ctx, tx, &p, to, from...)
	})
	return p, err
}

func (g *Gate) change(ctx context.Context, tx *database.Tx, p *payment, to payments.Status, from ...payments.Status) error {
	allowed := false
	for _, s := range from {
		allowed = allowed || p.Status == s
	}
	if !allowed {
		return payments.ErrState
	}
	p.Status = to
	if to == payments.Declined {
		p.Reason = "The owner of the card did not agree."
	}
	if _, err := tx.Exec(ctx, `UPDATE gate_payments SET status = $1, reason = $2 WHERE reference = $3`, string(to), p.Reason, p.Reference); err != nil {
		return err
	}
	if to == payments.Captured || to == payments.Refunded {
		if _, err := tx.Exec(ctx, `INSERT INTO gate_movements (reference, kind, amount, at) VALUES ($1, $2, $3, $4)`, p.Reference, string(to),
			p.Amount, database.Nanos(g.opts.Now())); err != nil {
			return err
		}
	}
	return g.report(ctx, tx, p)
}

// report queues the webhook of what a payment has become, in the transaction in which it has.
func (g *Gate) report(ctx context.Context, tx *database.Tx, p *payment) error {
	due, copies := g.opts.Now(), 1
	switch p.token {
	case "tok_late":
		due = due.Add(lateness)
	case "tok_doubled":
		copies = 2
	case "tok_disorder":
		if p.Status == payments.Pending {
			due = due.Add(lateness)
		}
	case "tok_silent":
		copies = 0
	}
	for range copies {
		if _, err := tx.Exec(ctx, `INSERT INTO gate_webhooks (id, reference, status, due, tries) VALUES ($1, $2, $3, $4, 0)`, rand.Text(),
			p.Reference, string(p.Status), database.Nanos(due)); err != nil {
			return err
		}
	}
	return nil
}
