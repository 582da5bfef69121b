// Package allot puts deals in an order for each user, by what showing them is worth, and shares scarce ones out among users.
//
//	worth = P(buys | user, item, deal price) · value · P(stock lasts until the user acts)
//
// [Order] ranks the deals of one user so. When there is less of a deal than users who would be shown it, each user's best
// is not the best for all: [Share] finds who should see what, within half a percent of the optimum, and a price for a place
// in front of each deal; Order takes the prices for users who come later. [Urgent] says what may be said about time and
// stock, and nothing that is not so.
//
// The package knows no models: the chances come from whoever has them, such as a scorer of the engine. A stage that re-ranks calls
// Order with its candidates; a source proposes what Order puts first.
//
//	err := allot.Order(offers) // of one user, the best first
//	plan, err := allot.Share(worth, slots, caps) // of many users, where deals are scarce
//
// # Cost and concurrency
//
// All are functions of their arguments, and keep nothing. Order sorts; Share takes about 1 µs for each bid and ten
// deals, of which there are more the more users want the same.
//
// # Caveats
//
// A chance that is wrong makes an order that is wrong: calibrate what a model says before it is multiplied with money.
// Prices of Share hold for users like those it was given.
package allot

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/mathext"

	"github.com/goldrec/gold/deals"
)

// ErrOffer says that a number of an offer is out of range or not finite.
var ErrOffer = errors.New("allot: offer")

// Offer is a deal as it could be shown to a user.
type Offer struct {
	ID    string  // of the deal, or of its item: ties go to the lower
	Buy   float64 // chance that the user buys when it is shown, at the deal's price: 0 to 1
	Value float64 // of a sale, such as its margin; 0 or more

	Limited bool          // whether the next three mean anything
	Left    int64         // units
	Rate    float64       // units a second that are taken
	Acts    time.Duration // how long until the user acts, usually some minutes

	Price float64 // for a place in front of the deal, of Share; 0 where it is not scarce
}

// Lasts is the chance that units are left when the user acts, if others take them independently of one another (that fewer
// than Left units are taken, after Poisson): 1 when the offer is not limited.
func (o *Offer) Lasts() float64 {
	switch mean := o.Rate * o.Acts.Seconds(); {
	case !o.Limited:
		return 1
	case o.Left <= 0:
		return 0
	default:
		return mathext.GammaIncRegComp(float64(o.Left), mean)
	}
}

// Worth is what showing the offer is worth: Buy · Value · Lasts. Scarcity lowers it, and never raises it.
func (o *Offer) Worth() float64 { return o.Buy * o.Value * o.Lasts() }

func (o *Offer) validate() error {
	switch {
	case !(o.Buy >= 0 && o.Buy <= 1), !(o.Value >= 0) || math.IsInf(o.Value, 0), !(o.Price >= 0) || math.IsInf(o.Price, 0):
	case o.Limited && (o.Left < 0 || !(o.Rate >= 0) || math.IsInf(o.Rate, 0) || o.Acts < 0):
	default:
		return nil
	}
	return fmt.Errorf("%w %q: %+v", ErrOffer, o.ID, *o)
}

// Order sorts offers by Worth less Price, the best first, and equal ones by ID. An offer out of range is ErrOffer, and nothing is
// sorted. It allocates in proportion to the offers.
func Order(offers []Offer) error {
	type ranked struct {
		Offer
		net float64
	}
	list := make([]ranked, len(offers))
	for i, o := range offers {
		if err := o.validate(); err != nil {
			return err
		}
		list[i] = ranked{o, o.Worth() - o.Price}
	}
	slices.SortStableFunc(list, func(a, b ranked) int { return cmp.Or(cmp.Compare(b.net, a.net), cmp.Compare(a.ID, b.ID)) })
	for i := range list {
		offers[i] = list[i].Offer
	}
	return nil
}

// Urgency is what may be said of an offer. The zero Urgency is nothing.
type Urgency struct {
	EndsIn  time.Duration // when that is at most 15 minutes, else 0
	FewLeft int64         // units left, when they are more likely to be gone before the end than not, else 0
}

// Urgent says what is so, and no more: a countdown near the real end of a turn, and the real number of units left when, at the rate
// at which they are taken, they will probably not last. Nothing is said of what is over, sold out or not limited.
func Urgent(c deals.Card, rate float64, now time.Time) Urgency {
	left := c.End.Sub(now)
	if left <= 0 || now.Before(c.Start) || c.Limited && c.Left <= 0 {
		return Urgency{}
	}
	var u Urgency
	if left <= 15*time.Minute {
		u.EndsIn = left
	}
	o := Offer{Limited: c.Limited, Left: c.Left, Rate: rate, Acts: left}
	if c.Limited && rate > 0 && !math.IsInf(rate, 0) && o.Lasts() < 0.5 {
		u.FewLeft = c.Left
	}
	return u
}
