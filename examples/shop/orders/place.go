package orders

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/examples/shop/database"
)

const (
	linesMax = 100
	unitsMax = 1000
)

// Place orders a cart and begins its payment. The order it returns is Paid; or Placed, with a Challenge to send the browser
// to, or without one while the gateway does not answer, which Run looks after; or Cancelled, when the card is declined. With the
// key of an order that the user has placed it returns that one as it is now. The errors wrap ErrRequest, ErrReused,
// ErrUnpriced, ErrSoldOut or ErrClaim, and then there is no order.
func (s *Service) Place(ctx context.Context, c Cart) (*Order, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	request := hash(c)
	id, err := s.before(ctx, c.User, c.Key, request)
	if err == nil && id == "" {
		var o *Order
		if o, err = s.price(ctx, c); err == nil {
			id, err = s.insert(ctx, o, c.Key, request)
		}
	}
	if err != nil {
		return nil, err
	}
	return s.goOn(ctx, id)
}

func (c *Cart) check() error {
	if c.User == "" || c.Key == "" || len(c.Key) > 200 || c.Token == "" || len(c.Lines) == 0 || len(c.Lines) > linesMax {
		return fmt.Errorf("%w: it needs a user, a key, a card and 1 to %d lines", ErrRequest, linesMax)
	}
	for _, l := range c.Lines {
		if l.Item == "" || l.Units < 1 || l.Units > unitsMax {
			return fmt.Errorf("%w: %d units of %q", ErrRequest, l.Units, l.Item)
		}
	}
	a := c.Address
	if strings.TrimSpace(a.Name) == "" || strings.TrimSpace(a.Street) == "" || strings.TrimSpace(a.City) == "" || a.Country == "" {
		return fmt.Errorf("%w: it needs an address", ErrRequest)
	}
	return nil
}

func hash(request any) string {
	text, _ := json.Marshal(request) // plain structs
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// before returns the order that was made with a key, or nothing.
func (s *Service) before(ctx context.Context, user, key, request string) (id string, err error) {
	var had string
	err = s.db.QueryRow(ctx, `SELECT order_id, request FROM order_keys WHERE user_id = $1 AND name = $2`, user, key).Scan(&id, &had)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", nil
	case err == nil && had != request:
		return "", ErrReused
	}
	return id, err
}

// price makes an order of a cart, with prices and claims as they are now.
func (s *Service) price(ctx context.Context, c Cart) (*Order, error) {
	now := s.opts.Now()
	o := &Order{ID: rand.Text()[:16], User: c.User, State: Placed, Address: c.Address, Placed: now, PayBy: now.Add(s.opts.PayWithin),
		token: c.Token}
	o.back = strings.ReplaceAll(c.Return, "{order}", o.ID)
	for _, want := range c.Lines {
		deal, err := s.held(ctx, c.User, want, o)
		if err != nil {
			return nil, err
		}
		name, price, err := s.opts.Pricer.Price(ctx, want.Item, deal)
		if err != nil {
			return nil, fmt.Errorf("item %q: %w", want.Item, err)
		}
		if o.Currency == "" {
			o.Currency = price.Currency
		}
		if price.Currency != o.Currency || price.Minor < 0 || price.Minor > math.MaxInt64/(linesMax*unitsMax) {
			return nil, fmt.Errorf("item %q: %w", want.Item, ErrUnpriced)
		}
		o.Lines = append(o.Lines, Line{want.Item, name, want.Units, price.Minor, want.Claim})
		o.Total += price.Minor * want.Units
	}
	if o.Total == 0 {
		return nil, fmt.Errorf("%w: nothing to pay", ErrRequest)
	}
	return o, nil
}

// held is the deal whose units a line claims. The order has to be paid before the first claim runs out.
func (s *Service) held(ctx context.Context, user string, want Want, o *Order) (deal string, err error) {
	if want.Claim == "" {
		return "", nil
	}
	if s.opts.Claims == nil {
		return "", ErrClaim
	}
	claim, err := s.opts.Claims.Claim(ctx, want.Claim)
	if errors.Is(err, deals.ErrUnknownClaim) || err == nil && (claim.State != deals.Held || claim.User != user || claim.Units != want.Units) {
		return "", fmt.Errorf("item %q: %w", want.Item, ErrClaim)
	}
	if err == nil && claim.Until.Before(o.PayBy) {
		o.PayBy = claim.Until
	}
	return claim.Deal, err
}

// insert writes the order and reserves its stock. It is the one moment at which an order comes to be.
func (s *Service) insert(ctx context.Context, o *Order, key, request string) (id string, err error) {
	address, err := json.Marshal(o.Address)
	if err != nil {
		return "", err
	}
	err = s.db.Tx(ctx, func(tx *database.Tx) error {
		id = o.ID
		var had string
		err := tx.QueryRow(ctx, `SELECT order_id, request FROM order_keys WHERE user_id = $1 AND name = $2`, o.User, key).Scan(&id, &had)
		switch {
		case err == nil && had != request:
			return ErrReused
		case err == nil || !errors.Is(err, sql.ErrNoRows):
			return err
		}
		id = o.ID
		if _, err := tx.Exec(ctx, `INSERT INTO orders (id, user_id, state, wish, currency, total, address, token, back, challenge, parcel, placed,
			pay_by, due, tries, version, forget) VALUES ($1, $2, $3, '', $4, $5, $6, $7, $8, '', '', $9, $10, $11, 0, 1, 0)`, o.ID, o.User, string(Placed),
			o.Currency, o.Total, string(address), o.token, o.back, database.Nanos(o.Placed), database.Nanos(o.PayBy),
			database.Nanos(o.Placed)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO order_keys (user_id, name, request, order_id) VALUES ($1, $2, $3, $4)`, o.User, key, request, o.ID); err != nil {
			return err
		}
		if err := s.insertLines(ctx, tx, o); err != nil {
			return err
		}
		return note(ctx, tx, o.ID, o.Placed, Placed, "We have your order.")
	})
	return id, err
}

func (s *Service) insertLines(ctx context.Context, tx *database.Tx, o *Order) error {
	lines := slices.Clone(o.Lines)
	for n, l := range lines {
		if _, err := tx.Exec(ctx, `INSERT INTO order_lines (order_id, n, item, name, units, price, claim) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			o.ID, n, l.Item, l.Name, l.Units, l.Price, l.Claim); err != nil {
			return err
		}
		if l.Claim == "" {
			continue
		}
		if _, err := tx.Exec(ctx, `INSERT INTO order_claims (claim, order_id, state) VALUES ($1, $2, 'open')`, l.Claim, o.ID); database.IsDuplicate(err) {
			return fmt.Errorf("item %q: %w", l.Item, ErrClaim) // it is another order's
		} else if err != nil {
			return err
		}
	}
	slices.SortStableFunc(lines, func(a, b Line) int { return strings.Compare(a.Item, b.Item) }) // the same order in all transactions
	for _, l := range lines {
		if err := reserve(ctx, tx, l.Item, l.Units); err != nil {
			return fmt.Errorf("item %q: %w", l.Item, err)
		}
	}
	return nil
}

// note adds to the timeline of an order.
func note(ctx context.Context, tx *database.Tx, id string, at time.Time, state State, text string) error {
	_, err := tx.Exec(ctx, `INSERT INTO order_events (order_id, n, at, state, note)
		SELECT $1, COALESCE(MAX(n), 0) + 1, $2, $3, $4 FROM order_events WHERE order_id = $5`, id, database.Nanos(at), string(state), text, id)
	return err
}
