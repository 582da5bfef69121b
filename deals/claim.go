package deals

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Why a claim is not given, confirmed or released.
var (
	ErrUnknownDeal  = errors.New("deals: unknown deal")
	ErrNotLive      = errors.New("deals: deal is not live")
	ErrNotEligible  = errors.New("deals: deal is not for this user")
	ErrSoldOut      = errors.New("deals: sold out")
	ErrLimit        = errors.New("deals: user's limit is reached")
	ErrIDReused     = errors.New("deals: id of another claim")
	ErrUnknownClaim = errors.New("deals: unknown claim")
	ErrWaiting      = errors.New("deals: claim is still waiting")
	ErrExpired      = errors.New("deals: claim has expired")
	ErrSettled      = errors.New("deals: claim is settled otherwise")
)

// State is what has become of a claim.
type State uint8

const (
	Waiting   State = iota + 1 // for units that others give back
	Held                       // until Claim.Until
	Confirmed                  // for ever
	Released                   // given back
	Expired                    // not confirmed in time, or waiting when the turn ended
)

// String is the state in lower case.
func (s State) String() string {
	if s < Waiting || s > Expired {
		return fmt.Sprintf("State(%d)", uint8(s))
	}
	return [...]string{"waiting", "held", "confirmed", "released", "expired"}[s-1]
}

// Claim is some units of a turn of a deal for a user.
type Claim struct {
	ID, Deal, Turn, User string
	Units                int64
	State                State
	Made                 time.Time // when it was asked for
	Until                time.Time // when held, until when it can be confirmed; when waiting, until when at most
}

// Stock is how much of a turn is taken.
type Stock struct {
	Held, Confirmed, Waiting int64 // units
}

// Taken is what nobody else can have.
func (s Stock) Taken() int64 { return s.Held + s.Confirmed }

// Request asks a Ledger for a claim. What Claims passes is valid: no empty ID, Deal or User, Units of 1 or more, no
// negative number, instants between the years 1678 and 2261.
type Request struct {
	ID         string // chosen by the caller, for this claim alone
	Deal, Turn string // what is claimed; the deal's name and that of one of its turns, which may be empty
	User       string
	Units      int64
	Wait       bool // rather than be refused when there is not enough

	At  time.Time     // now
	TTL time.Duration // how long it is held, from At, or from when it is no longer waiting

	Start, Close time.Time     // of the turn: nobody waits from Close on
	Apart        time.Duration // turns of the deal that start less than this apart share the limit of a user

	Max     int64 // units of the turn that may be taken; 0: any number
	MaxUser int64 // of them by one user; 0: any number
}

// Same reports whether two requests with the same ID ask for the same.
func (r *Request) Same(o *Request) bool {
	return r.Deal == o.Deal && r.User == o.User && r.Units == o.Units && r.Wait == o.Wait
}

// A Ledger keeps claims. It is safe for concurrent use, and each call is atomic: the history of all calls is one that some
// order of them, between their beginnings and ends, explains. Package dealstest holds implementations to this. It is small
// enough for a script in Redis, keyed by deal, or a transaction in PostgreSQL that locks a row of the deal.
//
// Each call names its instant. Before it does anything else with a deal it settles what is due at that instant: held claims
// whose Until has come (not after it) expire, waiting ones whose Close has come expire, and then those who wait are given
// units in the order in which they came, each turn for itself, the first who cannot be given all theirs stopping those
// behind. What has been settled stays so, whatever instants come later. Clocks may jump: an earlier instant than the last one
// settles nothing.
//
// Errors are those named below, as they are; any other says that the outcome is unknown, and the caller may ask again.
type Ledger interface {
	// Hold gives a claim. Where there is one of that ID it returns it as it is now if it was asked for with the Same request,
	// and ErrIDReused otherwise. A user whose units that wait, are held or confirmed, in the turn and those less than Apart from
	// it, would exceed MaxUser gets ErrLimit. When nobody waits and the taken units would not exceed Max the claim is Held
	// until At + TTL. Otherwise it is Waiting until Close, if Wait and Units can be had at all, or the error is ErrSoldOut.
	// Max takes the place of that of earlier requests for the turn, whatever becomes of this one, and those who wait are
	// given what it adds first. After an error there is no claim of that ID, unless there was.
	Hold(ctx context.Context, r Request) (Claim, error)

	// Settle makes a claim Confirmed or Released, and returns it as it is then. To confirm what is Waiting is ErrWaiting, what is
	// Expired is ErrExpired, and what is Released is ErrSettled. To release what is Confirmed is ErrSettled; what is
	// Expired stays so without an error. What is so already stays so. Without a claim of the ID it is ErrUnknownClaim.
	Settle(ctx context.Context, id string, to State, at time.Time) (Claim, error)

	// Claim returns a claim as it is at an instant, or ErrUnknownClaim.
	Claim(ctx context.Context, id string, at time.Time) (Claim, error)

	// Stock returns how much of a turn is taken at an instant; of an unknown one nothing is.
	Stock(ctx context.Context, deal, turn string, at time.Time) (Stock, error)
}

// Sweeper is a Ledger that settles what is due in all deals, and forgets what it need not remember, when it is told to: nobody
// else may ask for a deal for a long time.
type Sweeper interface {
	Sweep(ctx context.Context, at time.Time) error
}
