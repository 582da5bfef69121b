package accounts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goldrec/gold/examples/shop/database"
)

const (
	addressesMax = 10  // of an account; the oldest goes
	lineMax      = 120 // bytes of a line of an address
)

// Address is where a parcel goes.
type Address struct {
	ID       int64  `json:"id,omitzero"`
	Name     string `json:"name"`
	Street   string `json:"street"`
	Postcode string `json:"postcode"`
	City     string `json:"city"`
	Country  string `json:"country"`
}

// Bad says which lines cannot be accepted, by their names in JSON, and why. It trims the address.
func (d *Address) Bad() map[string]string {
	bad := map[string]string{}
	for name, line := range map[string]*string{
		"name": &d.Name, "street": &d.Street, "postcode": &d.Postcode, "city": &d.City, "country": &d.Country,
	} {
		*line = strings.TrimSpace(*line)
		switch {
		case *line == "":
			bad[name] = "is required"
		case len(*line) > lineMax || !utf8.ValidString(*line) || strings.ContainsAny(*line, "\r\n\x00"):
			bad[name] = fmt.Sprintf("must be one line of at most %d bytes", lineMax)
		}
	}
	return bad
}

// Addresses returns the addresses of an account, the newest first.
func (a *Accounts) Addresses(ctx context.Context, id string) (list []Address, err error) {
	rows, err := a.db.Query(ctx, `SELECT id, name, street, postcode, city, country FROM addresses WHERE account = $1 ORDER BY id DESC`, id)
	if err != nil {
		return nil, fmt.Errorf("accounts: addresses: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var d Address
		if err := rows.Scan(&d.ID, &d.Name, &d.Street, &d.Postcode, &d.City, &d.Country); err != nil {
			return nil, fmt.Errorf("accounts: addresses: %w", err)
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

// AddAddress keeps an address. The same one again becomes the newest.
func (a *Accounts) AddAddress(ctx context.Context, id string, d Address) error {
	if bad := d.Bad(); len(bad) > 0 {
		return fmt.Errorf("%w: an address with %d lines that cannot be accepted", ErrInvalid, len(bad))
	}
	err := a.db.Tx(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM addresses WHERE account = $1 AND name = $2 AND street = $3 AND postcode = $4 AND city = $5 AND country = $6`,
			id, d.Name, d.Street, d.Postcode, d.City, d.Country)
		if err != nil {
			return err
		}
		var newest int64
		if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(id), 0) FROM addresses WHERE account = $1`, id).Scan(&newest); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO addresses (account, id, name, street, postcode, city, country) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			id, newest+1, d.Name, d.Street, d.Postcode, d.City, d.Country); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM addresses WHERE account = $1 AND id NOT IN
			(SELECT id FROM addresses WHERE account = $1 ORDER BY id DESC LIMIT $2)`, id, addressesMax)
		return err
	})
	if err != nil {
		return fmt.Errorf("accounts: add address: %w", err)
	}
	return nil
}

// RemoveAddress removes an address of an account; one that is not the account's own is left alone.
func (a *Accounts) RemoveAddress(ctx context.Context, id string, address int64) error {
	if _, err := a.db.Exec(ctx, `DELETE FROM addresses WHERE account = $1 AND id = $2`, id, address); err != nil {
		return fmt.Errorf("accounts: remove address: %w", err)
	}
	return nil
}

// Cart returns what SetCart kept, in its caller's form; empty for nothing.
func (a *Accounts) Cart(ctx context.Context, id string) (cart string, err error) {
	err = a.db.QueryRow(ctx, `SELECT cart FROM accounts WHERE id = $1`, id).Scan(&cart)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("accounts: cart: %w", err)
	}
	return cart, nil
}

// SetCart keeps the cart of an account.
func (a *Accounts) SetCart(ctx context.Context, id, cart string) error {
	if _, err := a.db.Exec(ctx, `UPDATE accounts SET cart = $1 WHERE id = $2`, cart, id); err != nil {
		return fmt.Errorf("accounts: set cart: %w", err)
	}
	return nil
}
