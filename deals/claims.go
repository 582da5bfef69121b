package deals

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// apart is less than the time between the starts of two turns on successive dates in any zone, and more than any time by
// which somebody who moves from zone to zone could have a second turn early.
const apart = 20 * time.Hour

// Order asks for units of a deal.
type Order struct {
	// ID is the caller's, one for each claim, such as the number of an order. To ask again with it, when an answer was lost, is
	// safe: it gets the claim that it got before. All else must be as before then, or it is ErrIDReused.
	ID    string
	Deal  string
	User  User  // ID is required
	Units int64 // at least 1
}

// ClaimsOptions configures Claims. The zero value works.
type ClaimsOptions struct {
	// TTL is how long a claim is held for a user to pay; 0 means 10 minutes. A claim made in a window may be confirmed
	// until then, also after the window's end.
	TTL time.Duration
	// Now is the clock; nil means time.Now. When the time it gives has a monotonic reading, a step of the machine's clock
	// changes nothing for this process: neither does it free what is held, nor keep it.
	Now func() time.Time
}

// Claims gives out the units of the deals of a board, within their windows and limits. It is safe for concurrent use, and so
// are several in several processes on one Ledger.
//
// A turn of a deal is named by its local date, so that a user who changes zones cannot have a second one of a date, nor one
// that starts less than 20 hours from another: both share the user's limit.
type Claims struct {
	board  *Board
	ledger Ledger
	ttl    time.Duration
	now    func() time.Time
}

// NewClaims gives out units of the board's deals and keeps claims in the ledger.
func NewClaims(b *Board, l Ledger, opts ClaimsOptions) *Claims {
	c := &Claims{board: b, ledger: l, ttl: opts.TTL, now: opts.Now}
	if c.ttl <= 0 {
		c.ttl = 10 * time.Minute
	}
	if c.now == nil {
		c.now = time.Now
	}
	c.now = steady(c.now)
	return c
}

// steady goes on from the first time by the monotonic clock, where there is one.
func steady(now func() time.Time) func() time.Time {
	first := now()
	return func() time.Time { return first.Round(0).Add(now().Sub(first)) }
}

// Hold holds units for a user for Options.TTL. The errors wrap ErrUnknownDeal, ErrNotLive, ErrNotEligible, ErrSoldOut,
// ErrLimit, ErrIDReused, ErrUnits, ErrNoID for an order or user without one, or what went wrong with the ledger; after that
// last kind ask again with the same order.
func (c *Claims) Hold(ctx context.Context, o Order) (Claim, error) { return c.hold(ctx, o, false) }

// Queue is Hold for who would rather wait than be refused: when there are not enough units, the claim is Waiting, and becomes
// Held, first come first served, when others give theirs back or let them expire. Ask Claim how it stands. A wait ends
// with the window.
func (c *Claims) Queue(ctx context.Context, o Order) (Claim, error) { return c.hold(ctx, o, true) }

func (c *Claims) hold(ctx context.Context, o Order, wait bool) (Claim, error) {
	switch {
	case o.ID == "" || o.User.ID == "":
		return Claim{}, fmt.Errorf("claim %q of user %q: %w", o.ID, o.User.ID, ErrNoID)
	case o.Units < 1:
		return Claim{}, fmt.Errorf("claim %q: %w: %d", o.ID, ErrUnits, o.Units)
	}
	r := Request{ID: o.ID, Deal: o.Deal, User: o.User.ID, Units: o.Units, Wait: wait, At: c.now(), TTL: c.ttl}
	if err := c.admit(&r, o.User); err != nil {
		if claim, ok := c.before(ctx, &r); ok {
			return claim, nil
		}
		return Claim{}, fmt.Errorf("claim %q of deal %q: %w", o.ID, o.Deal, err)
	}
	claim, err := c.ledger.Hold(ctx, r)
	if err != nil {
		return Claim{}, fmt.Errorf("claim %q of deal %q: %w", o.ID, o.Deal, err)
	}
	return claim, nil
}

// before returns the claim that was made of a request when it could still be made: its answer is the same later.
func (c *Claims) before(ctx context.Context, r *Request) (Claim, bool) {
	claim, err := c.ledger.Claim(ctx, r.ID, r.At)
	return claim, err == nil && claim.Deal == r.Deal && claim.User == r.User && claim.Units == r.Units
}

// admit fills in what the deal says about a request, or says why it cannot be made now.
func (c *Claims) admit(r *Request, u User) error {
	d, ok := c.board.Find(r.Deal)
	if !ok {
		return ErrUnknownDeal
	}
	if !d.For(u) {
		return ErrNotEligible
	}
	turn, ok := c.board.Turn(r.Deal, u, r.At)
	if !ok {
		return ErrNotLive
	}
	r.Max, r.MaxUser, r.Close = d.Limits.Units, d.Limits.PerUser, turn.End
	r.Turn = turn.Turn()
	if d.Limits.Per == PerTurn {
		r.Start, r.Apart = turn.Start, apart
	}
	return nil
}

// Turn names the turn whose units a claim of the occurrence is of: its Date, or "" when all of the deal's turns share them.
func (o *Occurrence) Turn() string {
	if o.Deal.Limits.Per == PerDeal {
		return ""
	}
	return o.Date()
}

// Confirm makes a held claim the user's for ever. The errors wrap ErrUnknownClaim, ErrWaiting, ErrExpired, ErrSettled or what
// went wrong with the ledger. To confirm again is safe.
func (c *Claims) Confirm(ctx context.Context, id string) (Claim, error) {
	return c.settle(ctx, id, Confirmed)
}

// Release gives back what is held, or leaves the queue. The errors wrap ErrUnknownClaim, ErrSettled or what went wrong with the
// ledger. To release again, or what has expired, is safe.
func (c *Claims) Release(ctx context.Context, id string) (Claim, error) {
	return c.settle(ctx, id, Released)
}

func (c *Claims) settle(ctx context.Context, id string, to State) (Claim, error) {
	claim, err := c.ledger.Settle(ctx, id, to, c.now())
	if err != nil {
		return Claim{}, fmt.Errorf("claim %q: %w", id, err)
	}
	return claim, nil
}

// Claim returns a claim as it is now; the error wraps ErrUnknownClaim or what went wrong with the ledger.
func (c *Claims) Claim(ctx context.Context, id string) (Claim, error) {
	claim, err := c.ledger.Claim(ctx, id, c.now())
	if err != nil {
		return Claim{}, fmt.Errorf("claim %q: %w", id, err)
	}
	return claim, nil
}

// Stock returns how much is taken of the turn of a deal that an occurrence is.
func (c *Claims) Stock(ctx context.Context, o Occurrence) (Stock, error) {
	s, err := c.ledger.Stock(ctx, o.Deal.ID, o.Turn(), c.now())
	if err != nil {
		return Stock{}, fmt.Errorf("stock of deal %q: %w", o.Deal.ID, err)
	}
	return s, nil
}

// Run sweeps the ledger now and then until ctx is done, so that those who wait are served, and what is over is forgotten, also in deals that nobody
// asks for. It returns ctx's error, or the ledger's; at once and nil when the ledger needs no sweeping.
func (c *Claims) Run(ctx context.Context, every time.Duration) error {
	sweeper, ok := c.ledger.(Sweeper)
	if !ok {
		return nil
	}
	if every <= 0 {
		return errors.New("deals: sweeping without an interval")
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := sweeper.Sweep(ctx, c.now()); err != nil {
			return fmt.Errorf("deals: sweep: %w", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
