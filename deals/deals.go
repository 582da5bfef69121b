// Package deals says what is cheaper, for whom, and when, and sees to it that no more is sold than there is: windows by the
// wall clock of any time zone, offers, a board that answers what is live, and claims.
//
//	w, err := deals.NewWindow(deals.Daily{Start: "19:00", End: "20:00", Zone: deals.UserZone})
//	err = board.Replace([]deals.Deal{{
//		ID: "golden-hour", Items: []string{"tea"}, Discount: deals.PercentOff(20), Window: w,
//		Limits: deals.Limits{Units: 100, PerUser: 1},
//	}})
//	shelf := board.For(user, now, 20)                                // live, upcoming, ended; until when it may be cached
//	claim, err := claims.Hold(ctx, deals.Order{ID: "order-17", Deal: "golden-hour", User: user, Units: 1})
//	claim, err = claims.Confirm(ctx, claim.ID)                       // when the payment has arrived
//
// Its nouns:
//
//   - A [Window] is when: half-open, live from its start up to but not at its end. Where daylight saving moves the clocks it
//     follows RFC 5545, as most calendars do: a time that the clocks skip is as much later as they skip, and of a time that
//     they show twice the first is meant.
//   - A [Discount] is how much less, in integer minor units of a currency; a [Deal] puts items, a discount and a window
//     together, with limits; an [Occurrence] is one turn of it.
//   - A [Board] holds the deals of a shop and answers for a user and an instant. A [Shelf] is such an answer.
//   - [Claims] gives out units: held for a time, then confirmed or released. A [Ledger] keeps them: package deals/ledger has one
//     in memory and one on disk, and deals/dealstest is the suite for every other.
//
// Packages deals/alert, which tells users in time, and deals/allot, which puts deals in each user's order, stand on this one.
//
// Money is in minor units (cents) everywhere. Daily, Deal, Discount and Window have a JSON form.
//
// # Cost and concurrency
//
// A Window is a value that may be copied and shared. A Board is safe for concurrent use: readers take no lock and see
// all of a Replace or nothing of it. Deal and IsLive look at the item's deals only, and IsLive allocates nothing while
// no window opens or closes; Live and Next look at every deal.
//
// # Caveats
//
// Zones come from the machine, or from the program when it imports time/tzdata; without either, every zone but UTC is
// unknown. A program meant for machines it does not know should import it. [ZoneData] says which database it is.
//
// The clock is the caller's: every question names its instant, and Claims has it injected.
package deals

import "errors"

// What is wrong with deals, windows and amounts. The wrapping error says where.
var (
	ErrZone      = errors.New("deals: unknown time zone")
	ErrClock     = errors.New("deals: not a time of day of the form 15:04 or 15:04:05")
	ErrDate      = errors.New("deals: not a date of the form 2006-01-02")
	ErrWindow    = errors.New("deals: window that never opens")
	ErrDiscount  = errors.New("deals: discount out of range")
	ErrCurrency  = errors.New("deals: currency")
	ErrMoney     = errors.New("deals: amount of money out of range")
	ErrUnits     = errors.New("deals: number of units out of range")
	ErrLimits    = errors.New("deals: limits out of range")
	ErrNoID      = errors.New("deals: deal without an id")
	ErrNoItems   = errors.New("deals: deal without items")
	ErrDuplicate = errors.New("deals: id used twice")
)
