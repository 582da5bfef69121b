// Package deals says what is cheaper, and when: daily windows by the wall clock of any time zone, and a board of offers
// that answers what is live.
//
//	w, err := deals.NewWindow(deals.Daily{Start: "18:00", End: "19:00", Zone: "Europe/Berlin"})
//	err = board.Replace([]deals.Deal{{ID: "golden-hour", Items: []string{"tea"}, Discount: deals.PercentOff(20), Window: w}})
//	for o := range board.Live(now) { fmt.Println(o.Deal.ID, "ends in", o.End.Sub(now)) }
//
// A [Window] is half-open: it is live from its start up to but not at its end. Where daylight saving moves the clocks it
// follows RFC 5545, as most calendars do: a time that the clocks skip is as much later as they skip, and of a time that
// they show twice the first is meant.
//
// # Nouns
//
//   - A [Window] is a time of day that comes back, made of a [Daily] description.
//   - A [Discount] is a part off the price or a fixed price: [PercentOff], [BasisPointsOff], [FixedPrice].
//   - A [Deal] is a discount on some items whenever its window is live; a [Board] holds the deals of a shop.
//   - An [Occurrence] is one turn of a deal, with its start and end.
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
// unknown. A program meant for machines it does not know should import it.
//
// The clock is the caller's: every question names its instant.
package deals

import "errors"

// What NewWindow and Board.Replace find wrong. The wrapping error says where.
var (
	ErrZone      = errors.New("deals: unknown time zone")
	ErrClock     = errors.New("deals: not a time of day of the form 15:04 or 15:04:05")
	ErrDate      = errors.New("deals: not a date of the form 2006-01-02")
	ErrWindow    = errors.New("deals: window that never opens")
	ErrDiscount  = errors.New("deals: discount out of range")
	ErrCurrency  = errors.New("deals: currency")
	ErrNoID      = errors.New("deals: deal without an id")
	ErrNoItems   = errors.New("deals: deal without items")
	ErrDuplicate = errors.New("deals: id used twice")
)
