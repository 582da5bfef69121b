package orders

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/goldrec/gold/examples/shop/database"
	"github.com/goldrec/gold/examples/shop/payments"
)

const (
	wishCancel = "cancel"
	wishPack   = "pack"
	stepsMax   = 10               // of one go: an order has fewer before it waits for somebody
	lease      = 15 * time.Second // how long others leave an order alone that somebody goes on with; less than it takes is safe
	delayMax   = time.Minute
	batch      = 20
)

// errOvertaken says that somebody else has changed the order meanwhile.
var errOvertaken = errors.New("orders: changed meanwhile")

// goOn does what is to be done for an order until it waits for somebody, and returns it as it is then. What the gateway or
// the ledger does not answer is left to Run.
func (s *Service) goOn(ctx context.Context, id string) (*Order, error) {
	for range stepsMax {
		o, err := s.Order(ctx, id)
		if err != nil {
			return nil, err
		}
		if err = s.take(ctx, o); err == nil {
			var again bool
			if again, err = s.step(ctx, o); err == nil && again {
				s.wake()
				continue
			}
		}
		if err != nil && !errors.Is(err, errOvertaken) {
			s.opts.Logger.WarnContext(ctx, "an order has to wait", "order", id, "error", err)
			if err := s.later(ctx, o); err != nil {
				s.opts.Logger.WarnContext(ctx, "an order waits for its lease", "order", id, "error", err)
			}
		}
		break
	}
	s.wake()
	return s.Order(ctx, id)
}

// take keeps others from going on with the order for a while. It is for economy alone: the version guards it.
func (s *Service) take(ctx context.Context, o *Order) error {
	err := s.db.Tx(ctx, func(tx *database.Tx) error {
		return s.set(ctx, tx, o, `due = $1`, database.Nanos(s.opts.Now().Add(lease)))
	})
	if err == nil {
		o.version++
	}
	return err
}

// later looks at an order again after a time that doubles.
func (s *Service) later(ctx context.Context, o *Order) error {
	due := s.opts.Now().Add(min(delayMax, 250*time.Millisecond<<min(o.tries, 10)))
	_, err := s.db.Exec(ctx, `UPDATE orders SET due = $1, tries = tries + 1 WHERE id = $2 AND version = $3`, database.Nanos(due), o.ID, o.version)
	return err
}

// set changes columns of an order that nobody has changed since it was read. The arguments of the columns come first.
func (s *Service) set(ctx context.Context, tx *database.Tx, o *Order, columns string, args ...any) error {
	n := len(args)
	result, err := tx.Exec(ctx, fmt.Sprintf(`UPDATE orders SET %s, version = $%d WHERE id = $%d AND version = $%d`, columns, n+1, n+2, n+3),
		append(slices.Clone(args), o.version+1, o.ID, o.version)...)
	if err != nil {
		return err
	}
	if changed, err := result.RowsAffected(); err != nil || changed == 0 {
		return errors.Join(err, errOvertaken)
	}
	return nil
}

// step does the next thing for an order. again says that there may be another at once.
func (s *Service) step(ctx context.Context, o *Order) (again bool, err error) {
	switch {
	case o.State == Placed && (o.wish == wishCancel || !s.opts.Now().Before(o.PayBy)):
		return true, s.abandon(ctx, o, "The order was cancelled; nothing was charged.")
	case o.State == Placed:
		return s.pay(ctx, o)
	case o.State == Paid && o.wish == wishCancel:
		return true, s.undo(ctx, o)
	case o.State == Paid && o.wish == wishPack:
		return true, s.pack(ctx, o)
	case o.State == Packed && o.wish == wishCancel, o.State == Returned:
		return true, s.refund(ctx, o)
	case o.State == Packed && s.opts.Shipper != nil:
		parcel, err := s.opts.Shipper.Take(ctx, o.ID)
		if err != nil {
			return false, err
		}
		return false, s.to(ctx, o, Ship, "The parcel is on its way.", func(tx *database.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE orders SET parcel = $1 WHERE id = $2`, parcel, o.ID)
			return err
		})
	case o.State == Paid && s.opts.PackAfter > 0:
		return s.packInTime(ctx, o)
	case o.State.Over() && o.forget:
		return false, s.db.Tx(ctx, func(tx *database.Tx) error { return forget(ctx, tx, o.ID) })
	}
	return false, s.rest(ctx, o, time.Time{})
}

// rest looks at the order again at a time, or when somebody asks for it.
func (s *Service) rest(ctx context.Context, o *Order, until time.Time) error {
	return s.db.Tx(ctx, func(tx *database.Tx) error {
		return s.set(ctx, tx, o, `due = $1, tries = $2`, database.Nanos(until), 0)
	})
}

// to writes that an event has happened, and with it what else has to change in the same moment.
func (s *Service) to(ctx context.Context, o *Order, e Event, text string, also func(*database.Tx) error) error {
	next, ok := o.State.Next(e)
	if !ok {
		return fmt.Errorf("%w: %s of what is %s", ErrState, e, o.State)
	}
	now := s.opts.Now()
	wish := o.wish
	if wish == wishPack || next.Over() {
		wish = ""
	}
	return s.db.Tx(ctx, func(tx *database.Tx) error {
		if err := s.set(ctx, tx, o, `state = $1, wish = $2, due = $3, tries = 0, challenge = ''`, string(next), wish, database.Nanos(now)); err != nil {
			return err
		}
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		return note(ctx, tx, o.ID, now, next, text)
	})
}

func (s *Service) pay(ctx context.Context, o *Order) (again bool, err error) {
	p, err := s.opts.Gateway.Authorize(ctx, payments.Request{Reference: o.ID, Amount: o.Total, Currency: o.Currency, Token: o.token, Return: o.back})
	if err != nil {
		return false, err
	}
	switch p.Status {
	case payments.Pending:
		until := s.opts.Now().Add(s.opts.Poll)
		if o.PayBy.Before(until) {
			until = o.PayBy
		}
		return false, s.db.Tx(ctx, func(tx *database.Tx) error {
			return s.set(ctx, tx, o, `due = $1, challenge = $2, tries = 0`, database.Nanos(until), p.Challenge)
		})
	case payments.Authorized:
		states, err := s.confirm(ctx, o)
		if err != nil {
			return false, err
		}
		if states == nil {
			return true, s.abandon(ctx, o, "The hold of a golden hour ended before the payment; nothing was charged.")
		}
		return true, s.to(ctx, o, Pay, "Your payment is approved.", func(tx *database.Tx) error { return claimed(ctx, tx, states) })
	}
	return true, s.abandon(ctx, o, "The payment was declined; nothing was charged.")
}

// abandon cancels an order that is not paid: first no money can come any more, then claims and stock go back.
func (s *Service) abandon(ctx context.Context, o *Order, text string) error {
	if _, err := s.opts.Gateway.Void(ctx, o.ID); err != nil {
		return err
	}
	states, err := s.release(ctx, o)
	if err != nil {
		return err
	}
	return s.to(ctx, o, Cancel, text, func(tx *database.Tx) error {
		return errors.Join(claimed(ctx, tx, states), moveStock(ctx, tx, o, 0, -1))
	})
}

// undo cancels an order that is paid. When the money was taken just then, by somebody who was killed before saying so, it goes
// back.
func (s *Service) undo(ctx context.Context, o *Order) error {
	_, err := s.opts.Gateway.Void(ctx, o.ID)
	if errors.Is(err, payments.ErrState) {
		return s.refund(ctx, o)
	}
	if err != nil {
		return err
	}
	return s.to(ctx, o, Cancel, "The order was cancelled; nothing was charged.", func(tx *database.Tx) error { return moveStock(ctx, tx, o, 0, -1) })
}

// packInTime packs an order for which nobody has asked, after a while in which it can be cancelled.
func (s *Service) packInTime(ctx context.Context, o *Order) (again bool, err error) {
	paid := o.Placed
	for _, m := range o.Events {
		if m.State == Paid {
			paid = m.At
			break
		}
	}
	if at := paid.Add(s.opts.PackAfter); s.opts.Now().Before(at) {
		return false, s.rest(ctx, o, at)
	}
	return true, s.pack(ctx, o)
}

// pack takes the money and then the goods. A payment that was voided meanwhile, by the bank, cancels the order.
func (s *Service) pack(ctx context.Context, o *Order) error {
	_, err := s.opts.Gateway.Capture(ctx, o.ID)
	if errors.Is(err, payments.ErrState) {
		if p, lookErr := s.opts.Gateway.Lookup(ctx, o.ID); lookErr != nil || p.Status != payments.Voided {
			return errors.Join(err, lookErr)
		}
		return s.undo(ctx, o)
	}
	if err != nil {
		return err
	}
	return s.to(ctx, o, Pack, "Your parcel is packed.", func(tx *database.Tx) error {
		return errors.Join(moveStock(ctx, tx, o, -1, -1), money(ctx, tx, o, "capture"))
	})
}

// refund gives the money back. Goods go back on the shelf, those of a returned order when they came.
func (s *Service) refund(ctx context.Context, o *Order) error {
	if _, err := s.opts.Gateway.Refund(ctx, o.ID); err != nil {
		return err
	}
	return s.to(ctx, o, Refund, "Your money is on its way back.", func(tx *database.Tx) error {
		switch o.State {
		case Paid: // taken, and never written down
			return errors.Join(money(ctx, tx, o, "capture"), money(ctx, tx, o, "refund"), moveStock(ctx, tx, o, 0, -1))
		case Packed:
			return errors.Join(money(ctx, tx, o, "refund"), moveStock(ctx, tx, o, 1, 0))
		}
		return money(ctx, tx, o, "refund")
	})
}

func money(ctx context.Context, tx *database.Tx, o *Order, kind string) error {
	_, err := tx.Exec(ctx, `INSERT INTO order_money (order_id, kind, amount) VALUES ($1, $2, $3)`, o.ID, kind, o.Total)
	return err
}

// Run goes on with orders that are due, until ctx is done, and returns its error.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := s.Work(ctx); err != nil {
			s.opts.Logger.WarnContext(ctx, "orders cannot be looked at", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Work goes on with the orders that are due, at most some of them, and says with how many.
func (s *Service) Work(ctx context.Context) (n int, err error) {
	due, err := ids(ctx, s.db, `SELECT id FROM orders WHERE due > 0 AND due <= $1 ORDER BY due LIMIT $2`, database.Nanos(s.opts.Now()), batch)
	for _, id := range due {
		if _, err := s.goOn(ctx, id); err != nil {
			return n, err
		}
		n++
	}
	return n, err
}
