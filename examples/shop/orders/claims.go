package orders

import (
	"context"
	"errors"
	"slices"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/examples/shop/database"
)

// confirm makes the claims of an order final, those that run out first before the others. It returns what has become of each, or nil when
// one is no longer held.
func (s *Service) confirm(ctx context.Context, o *Order) (states map[string]string, err error) {
	var claims []deals.Claim
	states = map[string]string{}
	for _, l := range o.Lines {
		if l.Claim == "" {
			continue
		}
		c, err := s.opts.Claims.Claim(ctx, l.Claim)
		if err != nil && !errors.Is(err, deals.ErrUnknownClaim) {
			return nil, err
		}
		if c.State != deals.Held && c.State != deals.Confirmed {
			return nil, nil
		}
		claims = append(claims, c)
	}
	slices.SortStableFunc(claims, func(a, b deals.Claim) int { return a.Until.Compare(b.Until) })
	for _, c := range claims {
		_, err := s.opts.Claims.Confirm(ctx, c.ID)
		if errors.Is(err, deals.ErrExpired) || errors.Is(err, deals.ErrSettled) || errors.Is(err, deals.ErrUnknownClaim) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		states[c.ID] = "confirmed"
	}
	return states, nil
}

// release gives the claims of an order back. What was confirmed before stays so.
func (s *Service) release(ctx context.Context, o *Order) (states map[string]string, err error) {
	states = map[string]string{}
	for _, l := range o.Lines {
		if l.Claim == "" {
			continue
		}
		_, err := s.opts.Claims.Release(ctx, l.Claim)
		switch {
		case errors.Is(err, deals.ErrSettled):
			states[l.Claim] = "confirmed"
		case err == nil || errors.Is(err, deals.ErrUnknownClaim):
			states[l.Claim] = "released"
		default:
			return nil, err
		}
	}
	return states, nil
}

func claimed(ctx context.Context, tx *database.Tx, states map[string]string) error {
	for claim, state := range states {
		if _, err := tx.Exec(ctx, `UPDATE order_claims SET state = $1 WHERE claim = $2`, state, claim); err != nil {
			return err
		}
	}
	return nil
}
