package orders

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/goldrec/gold/examples/shop/database"
)

// querier is a database or a transaction of it.
type querier interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) *sql.Row
}

// Order returns an order, or ErrUnknown. Whether it is the asker's is the caller's to check, by its User.
func (s *Service) Order(ctx context.Context, id string) (*Order, error) { return load(ctx, s.db, id) }

// List returns the IDs of a user's orders, the newest first.
func (s *Service) List(ctx context.Context, user string) ([]string, error) {
	return ids(ctx, s.db, `SELECT id FROM orders WHERE user_id = $1 ORDER BY placed DESC, id`, user)
}

// Recent returns the IDs of the newest orders in a state, or in any when it is empty, for the back office.
func (s *Service) Recent(ctx context.Context, state State, n int) ([]string, error) {
	return ids(ctx, s.db, `SELECT id FROM orders WHERE state = $1 OR $2 = '' ORDER BY placed DESC, id LIMIT $3`, string(state), string(state), n)
}

// Export returns everything that is kept of a user.
func (s *Service) Export(ctx context.Context, user string) (list []*Order, err error) {
	all, err := s.List(ctx, user)
	for _, id := range all {
		o, err := s.Order(ctx, id)
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, err
}

func ids(ctx context.Context, q querier, query string, args ...any) (list []string, err error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		list = append(list, id)
	}
	return list, rows.Err()
}

func load(ctx context.Context, q querier, id string) (*Order, error) {
	o := &Order{}
	var address string
	var placed, payBy, forget int64
	err := q.QueryRow(ctx, `SELECT id, user_id, state, wish, currency, total, address, token, back, challenge, parcel, placed, pay_by, tries, version,
		forget FROM orders WHERE id = $1`, id).Scan(&o.ID, &o.User, &o.State, &o.wish, &o.Currency, &o.Total, &address, &o.token, &o.back,
		&o.Challenge, &o.Parcel, &placed, &payBy, &o.tries, &o.version, &forget)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrUnknown
	}
	if err == nil {
		err = json.Unmarshal([]byte(address), &o.Address)
	}
	if err != nil {
		return nil, err
	}
	o.Placed, o.PayBy, o.forget, o.Ending = database.Time(placed), database.Time(payBy), forget != 0, o.wish == wishCancel
	if o.Lines, err = loadLines(ctx, q, id); err != nil {
		return nil, err
	}
	o.Events, err = loadEvents(ctx, q, id, 0)
	return o, err
}

func loadLines(ctx context.Context, q querier, id string) (lines []Line, err error) {
	rows, err := q.Query(ctx, `SELECT item, name, units, price, claim FROM order_lines WHERE order_id = $1 ORDER BY n`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var l Line
		if err := rows.Scan(&l.Item, &l.Name, &l.Units, &l.Price, &l.Claim); err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	return lines, rows.Err()
}

func loadEvents(ctx context.Context, q querier, id string, after int) (events []Moment, err error) {
	rows, err := q.Query(ctx, `SELECT n, at, state, note FROM order_events WHERE order_id = $1 AND n > $2 ORDER BY n`, id, after)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var m Moment
		var at int64
		if err := rows.Scan(&m.N, &at, &m.State, &m.Note); err != nil {
			return nil, err
		}
		m.At = database.Time(at)
		events = append(events, m)
	}
	return events, rows.Err()
}
