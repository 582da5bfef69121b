package orders

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/goldrec/gold/examples/shop/database"
)

// followPoll is how soon a follower hears of what another process has done.
const followPoll = time.Second

// Cancel asks for the end of an order that is not shipped. The money, if it was taken, goes back. What is Shipped or over is
// ErrState. All deeds take a key: the same one again changes nothing, and with another request it is ErrReused.
func (s *Service) Cancel(ctx context.Context, id, key string) (*Order, error) {
	return s.wish(ctx, id, key, wishCancel, Placed, Paid, Packed)
}

// Pack says that the warehouse packs a paid order: the money is taken, and when it was, the order is Packed.
func (s *Service) Pack(ctx context.Context, id, key string) (*Order, error) {
	return s.wish(ctx, id, key, wishPack, Paid)
}

func (s *Service) wish(ctx context.Context, id, key, wish string, from ...State) (*Order, error) {
	return s.deed(ctx, id, key, wish, func(tx *database.Tx, o *Order) error {
		for _, state := range from {
			if o.State == state && (o.wish == "" || o.wish == wish || wish == wishCancel) {
				return s.set(ctx, tx, o, `wish = $1, due = $2, tries = 0`, wish, database.Nanos(s.opts.Now()))
			}
		}
		return ErrState
	})
}

// Return says that the goods of a delivered order are back: they are in stock again, and the money goes back.
func (s *Service) Return(ctx context.Context, id, key string) (*Order, error) {
	return s.deed(ctx, id, key, "return", func(tx *database.Tx, o *Order) error {
		return errors.Join(s.write(ctx, tx, o, Return, "Your parcel is back with us."), moveStock(ctx, tx, o, 1, 0))
	})
}

// Deliver says that a shipped order is at its door.
func (s *Service) Deliver(ctx context.Context, id, key string) (*Order, error) {
	return s.deed(ctx, id, key, "deliver", func(tx *database.Tx, o *Order) error {
		return s.write(ctx, tx, o, Deliver, "Your parcel is at your door.")
	})
}

// Note adds to the timeline of an order, such as where its parcel is.
func (s *Service) Note(ctx context.Context, id, key, text string) (*Order, error) {
	return s.deed(ctx, id, key, "note "+text, func(tx *database.Tx, o *Order) error {
		return note(ctx, tx, id, s.opts.Now(), o.State, text)
	})
}

// write is the move of a state machine that needs nobody outside.
func (s *Service) write(ctx context.Context, tx *database.Tx, o *Order, e Event, text string) error {
	next, ok := o.State.Next(e)
	if !ok {
		return ErrState
	}
	now := s.opts.Now()
	if err := s.set(ctx, tx, o, `state = $1, due = $2, tries = 0`, string(next), database.Nanos(now)); err != nil {
		return err
	}
	return note(ctx, tx, o.ID, now, next, text)
}

// deed does something to an order once for a key, and goes on with it.
func (s *Service) deed(ctx context.Context, id, key, what string, do func(*database.Tx, *Order) error) (*Order, error) {
	if key == "" || len(key) > 200 {
		return nil, ErrRequest
	}
	err := s.db.Tx(ctx, func(tx *database.Tx) error {
		o, err := load(ctx, tx, id)
		if err != nil {
			return err
		}
		if done, err := once(ctx, tx, o.User, id+" "+key, hash([]string{id, what}), id); done || err != nil {
			return err
		}
		return do(tx, o)
	})
	if err != nil {
		return nil, err
	}
	return s.goOn(ctx, id)
}

// PaymentChanged looks the payment of an order up: for webhooks, and for who comes back from a challenge. Of an unknown
// reference it is ErrUnknown.
func (s *Service) PaymentChanged(ctx context.Context, reference string) (*Order, error) {
	return s.goOn(ctx, reference)
}

// Forget makes the orders of a user those of nobody, and returns how many: what the law wants kept stays, without a name, an
// address or a key. An order under way is forgotten when it is over.
func (s *Service) Forget(ctx context.Context, user string) (n int, err error) {
	err = s.db.Tx(ctx, func(tx *database.Tx) error {
		all, err := ids(ctx, tx, `SELECT id FROM orders WHERE user_id = $1 ORDER BY id`, user)
		if err != nil {
			return err
		}
		n = len(all)
		for _, id := range all {
			o, err := load(ctx, tx, id)
			if err == nil && o.State.Over() {
				err = forget(ctx, tx, id)
			} else if err == nil {
				_, err = tx.Exec(ctx, `UPDATE orders SET forget = 1, version = version + 1 WHERE id = $1`, id)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

func forget(ctx context.Context, tx *database.Tx, id string) error {
	_, err := tx.Exec(ctx, `UPDATE orders SET user_id = '', address = '{}', token = '', back = '', forget = 0, due = 0, version = version + 1
		WHERE id = $1`, id)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM order_keys WHERE order_id = $1`, id)
	return err
}

// Follow gives the timeline of an order behind its entry number after, and goes on with what comes, until ctx is done or the
// loop ends. What another process does arrives within a second.
func (s *Service) Follow(ctx context.Context, id string, after int) iter.Seq2[Moment, error] {
	return func(yield func(Moment, error) bool) {
		for ctx.Err() == nil {
			changed := s.watch()
			events, err := loadEvents(ctx, s.db, id, after)
			if err != nil {
				if ctx.Err() == nil {
					yield(Moment{}, err)
				}
				return
			}
			for _, m := range events {
				if after = m.N; !yield(m, nil) {
					return
				}
			}
			select {
			case <-ctx.Done():
			case <-changed:
			case <-time.After(followPoll):
			}
		}
	}
}

func (s *Service) watch() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *Service) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
}
