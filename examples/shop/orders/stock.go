package orders

import (
	"context"
	"database/sql"
	"errors"

	"github.com/goldrec/gold/examples/shop/database"
)

// Stock is what there is of an item: OnHand in the warehouse, of which Reserved belongs to orders that are not packed.
type Stock struct {
	OnHand, Reserved int64
}

// Free is what can still be ordered.
func (s Stock) Free() int64 { return s.OnHand - s.Reserved }

// Stock returns the stock of an item, nothing of an unknown one.
func (s *Service) Stock(ctx context.Context, item string) (st Stock, err error) {
	err = s.db.QueryRow(ctx, `SELECT on_hand, reserved FROM stock WHERE item = $1`, item).Scan(&st.OnHand, &st.Reserved)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return st, err
}

// Open gives each item units of stock that has never had any, and leaves all others alone: what a shop does at each start.
func (s *Service) Open(ctx context.Context, items []string, units int64) error {
	return s.db.Tx(ctx, func(tx *database.Tx) error {
		for _, item := range items {
			if _, err := tx.Exec(ctx, `INSERT INTO stock (item, on_hand, reserved) VALUES ($1, $2, 0) ON CONFLICT (item) DO NOTHING`, item, units); err != nil {
				return err
			}
		}
		return nil
	})
}

// Restock adds units to an item. With a key that was used before it does nothing; with one of another request it is
// ErrReused.
func (s *Service) Restock(ctx context.Context, item string, units int64, key string) error {
	if item == "" || units < 1 || key == "" {
		return ErrRequest
	}
	return s.db.Tx(ctx, func(tx *database.Tx) error {
		if done, err := once(ctx, tx, "", key, hash([]any{"restock", item, units}), ""); done || err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO stock (item, on_hand, reserved) VALUES ($1, $2, 0)
			ON CONFLICT (item) DO UPDATE SET on_hand = stock.on_hand + excluded.on_hand`, item, units)
		return err
	})
}

// once reports whether a request with the key was done before, and else writes that it is.
func once(ctx context.Context, tx *database.Tx, user, key, request, order string) (done bool, err error) {
	var had string
	err = tx.QueryRow(ctx, `SELECT request FROM order_keys WHERE user_id = $1 AND name = $2`, user, key).Scan(&had)
	switch {
	case err == nil && had != request:
		return false, ErrReused
	case err == nil || !errors.Is(err, sql.ErrNoRows):
		return err == nil, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO order_keys (user_id, name, request, order_id) VALUES ($1, $2, $3, $4)`, user, key, request, order)
	return false, err
}

func reserve(ctx context.Context, tx *database.Tx, item string, units int64) error {
	result, err := tx.Exec(ctx, `UPDATE stock SET reserved = reserved + $1 WHERE item = $2 AND on_hand - reserved >= $3`, units, item, units)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrSoldOut)
	}
	return nil
}

// moveStock moves the units of an order's lines: by so much of each in the warehouse and reserved.
func moveStock(ctx context.Context, tx *database.Tx, o *Order, onHand, reserved int64) error {
	for _, l := range o.Lines {
		if _, err := tx.Exec(ctx, `UPDATE stock SET on_hand = on_hand + $1, reserved = reserved + $2 WHERE item = $3`,
			onHand*l.Units, reserved*l.Units, l.Item); err != nil {
			return err
		}
	}
	return nil
}
