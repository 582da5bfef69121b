package pgstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/goldrec/gold/deals"
)

// Ledger keeps claims of deals in the store's schema, for any number of processes. It is a [deals.Ledger] and a [deals.Sweeper], and
// safe for concurrent use; it ends with its Store.
//
// A call is one statement, and one transaction that holds a lock of the deal until it is committed: a deal that everybody wants at
// once gives as many claims a second as the server can commit one after another, different deals as many as it can together. A Hold or
// Settle whose connection is lost while it waits for the answer is ErrUnknown: ask again with the same ID. What has been acknowledged
// is as durable as the server's synchronous_commit says: a standby that lags behind and takes over has not heard of the last claims,
// unless commits wait for it (synchronous_standby_names).
type Ledger struct {
	s    *Store
	keep time.Duration
}

var (
	_ deals.Ledger  = (*Ledger)(nil)
	_ deals.Sweeper = (*Ledger)(nil)
)

// Ledger is where claims of deals are kept. A claim is remembered for keep after the turn that it is of, or after it was given
// back or had expired, when Sweep is called; 0 means 48 hours.
func (s *Store) Ledger(keep time.Duration) *Ledger {
	return &Ledger{s: s, keep: cmp.Or(keep, 48*time.Hour)}
}

// outcomes are what the functions of migrations/3_claims.sql answer.
var outcomes = map[string]error{
	"given": nil, "limit": deals.ErrLimit, "sold out": deals.ErrSoldOut, "reused": deals.ErrIDReused, "unknown": deals.ErrUnknownClaim,
	"waiting": deals.ErrWaiting, "expired": deals.ErrExpired, "settled": deals.ErrSettled,
}

const (
	claimColumns = "(c).id, (c).deal, (c).turn, (c).user_id, (c).units, (c).state, (c).made, (c).until"

	holdSQL = "select outcome, " + claimColumns + " from claims_hold(row($1, $2, $3, $4, $5::bigint, $6::boolean, $7::bigint, " +
		"$8::bigint, $9::bigint, 0, 0, 0)::claims, $7::bigint, $10::bigint, $11::bigint, $12::bigint, $13::bigint)"
	settleSQL = "select outcome, " + claimColumns + " from claims_settle($1, $2::smallint, $3::bigint)"

	// Where nothing is due, one look answers, without a lock. due is whether anything is.
	claimSQL = "select exists (select from claims o where o.deal = c.deal and o.state <= 2 and o.until <= $2), " + claimColumns +
		" from claims c where id = $1"
	stockSQL = "select exists (select from claims where deal = $1 and state <= 2 and until <= $3), coalesce(sum(held), 0)::bigint, " +
		"coalesce(sum(confirmed), 0)::bigint, coalesce(sum(waiting), 0)::bigint from turns where deal = $1 and turn = $2"

	dueSQL = `select deal from claims where state <= 2 and until <= $1 union select deal from claims where state >= 4 and until <= $2
		union select deal from turns where closes <= $2 and held + waiting = 0`
)

// Hold implements deals.Ledger.
func (l *Ledger) Hold(ctx context.Context, r deals.Request) (deals.Claim, error) {
	return l.change(ctx, "hold", r.ID, holdSQL, text(r.ID), text(r.Deal), text(r.Turn), text(r.User), r.Units, r.Wait, r.At.UnixNano(),
		r.Start.UnixNano(), int64(r.TTL), r.Close.UnixNano(), int64(r.Apart), r.Max, r.MaxUser)
}

// Settle implements deals.Ledger.
func (l *Ledger) Settle(ctx context.Context, id string, to deals.State, at time.Time) (deals.Claim, error) {
	return l.change(ctx, "settle", id, settleSQL, text(id), int16(to), at.UnixNano())
}

// change calls a function that answers with an outcome and a claim.
func (l *Ledger) change(ctx context.Context, what, id, sql string, args ...any) (deals.Claim, error) {
	var outcome string
	var c row
	err := l.s.call(ctx, func(ctx context.Context) error {
		conn, err := l.s.pool.Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release()
		return outcomeOf(conn.QueryRow(ctx, sql, args...).Scan(c.into(&outcome)...))
	})
	if err != nil {
		return deals.Claim{}, fmt.Errorf("pgstore: %s claim %q: %w", what, id, err)
	}
	if err := outcomes[outcome]; err != nil {
		return deals.Claim{}, err
	}
	return c.claim(), nil
}

// outcomeOf makes an error that leaves open whether a statement was carried out ErrUnknown, so that it is not made again: between the
// two others may have seen and changed what it did, and its answer would not be one that any order of the calls explains.
func outcomeOf(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); err == nil || ok && e.Severity == "ERROR" || pgconn.SafeToRetry(err) {
		return err
	}
	return fmt.Errorf("%w: %s", ErrUnknown, plain(err))
}

// Claim implements deals.Ledger.
func (l *Ledger) Claim(ctx context.Context, id string, at time.Time) (deals.Claim, error) {
	var c row
	err := l.look(ctx, at, func(ctx context.Context, db querier) (deal string, due bool, err error) {
		if err = db.QueryRow(ctx, claimSQL, text(id), at.UnixNano()).Scan(c.into(&due)...); err == nil {
			deal = *c.deal
		}
		return deal, due, err
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return deals.Claim{}, deals.ErrUnknownClaim
	case err != nil:
		return deals.Claim{}, fmt.Errorf("pgstore: claim %q: %w", id, err)
	}
	return c.claim(), nil
}

// Stock implements deals.Ledger.
func (l *Ledger) Stock(ctx context.Context, deal, turn string, at time.Time) (stock deals.Stock, err error) {
	err = l.look(ctx, at, func(ctx context.Context, db querier) (_ string, due bool, err error) {
		err = db.QueryRow(ctx, stockSQL, text(deal), text(turn), at.UnixNano()).Scan(&due, &stock.Held, &stock.Confirmed, &stock.Waiting)
		return text(deal), due, err
	})
	if err != nil {
		return deals.Stock{}, fmt.Errorf("pgstore: stock of deal %q: %w", deal, err)
	}
	return stock, nil
}

// look reads by one statement, which sees a deal as it was at one instant. When something is due there, it settles that and reads
// again under the deal's lock.
func (l *Ledger) look(ctx context.Context, at time.Time, read func(context.Context, querier) (deal string, due bool, err error)) error {
	return l.s.call(ctx, func(ctx context.Context) error {
		deal, due, err := read(ctx, l.s.pool)
		if err != nil || !due {
			return err
		}
		return pgx.BeginFunc(ctx, l.s.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "select claims_progress($1, $2)", deal, at.UnixNano()); err != nil {
				return err
			}
			_, _, err := read(ctx, tx)
			return err
		})
	})
}

// Sweep implements deals.Sweeper. Deals are swept one after another, each in a transaction.
func (l *Ledger) Sweep(ctx context.Context, at time.Time) error {
	now, before := at.UnixNano(), at.Add(-l.keep).UnixNano()
	err := l.s.call(ctx, func(ctx context.Context) error {
		rows, err := l.s.pool.Query(ctx, dueSQL, now, before)
		if err != nil {
			return err
		}
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		for _, deal := range names {
			if err == nil {
				_, err = l.s.pool.Exec(ctx, "select claims_sweep($1, $2, $3)", deal, now, before)
			}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("pgstore: sweep claims: %w", err)
	}
	return nil
}

// row is a claim as it is read; what an outcome without a claim leaves out is nil.
type row struct {
	id, deal, turn, user      *string
	units, state, made, until *int64
}

func (r *row) into(first any) []any {
	return []any{first, &r.id, &r.deal, &r.turn, &r.user, &r.units, &r.state, &r.made, &r.until}
}

func (r *row) claim() deals.Claim {
	c := deals.Claim{
		ID: untext(*r.id), Deal: untext(*r.deal), Turn: untext(*r.turn), User: untext(*r.user), Units: *r.units, State: deals.State(*r.state),
		Made: time.Unix(0, *r.made).UTC(),
	}
	if c.State <= deals.Held {
		c.Until = time.Unix(0, *r.until).UTC()
	}
	return c
}
