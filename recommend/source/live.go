package source

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/recommend/stage"
)

// Live proposes what a deal makes cheaper at the time of the request: the greatest part off the price first, equal ones by
// which ends soonest, then by handle. Of several deals of an item the one that takes off the most counts; an item
// without a price, or with one in another currency than a fixed price's, comes last, with nothing off.
//
// It keeps its list until the next whole second, at which windows open and close, or until the board's deals are replaced or
// an item is new: a changed price may move an item a second later. Making the list costs some 100 ns
// for each item of a live deal, and a look at each deal; a page costs a walk through the list until n are allowed.
type Live struct {
	Board *deals.Board // required
	Worth float32      // what being first is worth, in standard deviations

	listing sync.Mutex
	list    atomic.Pointer[offers]
}

// offers is what is live from one time up to, but not at, another.
type offers struct {
	catalog     *catalog.Catalog
	handles     int
	board       uint64 // its version
	from, until time.Time
	items       []offer
}

type offer struct {
	saved float64 // part of the price, 0 to 1
	end   time.Time
	item  uint32
}

func compareOffers(a, b offer) int {
	return cmp.Or(cmp.Compare(b.saved, a.saved), a.end.Compare(b.end), cmp.Compare(a.item, b.item))
}

// Name is "live".
func (l *Live) Name() string { return "live" }

// Validate implements stage.Checked.
func (l *Live) Validate() error {
	if l.Board == nil {
		return fmt.Errorf("%w: live: no board", stage.ErrInvalid)
	}
	return checkWorth("live", l.Worth)
}

// Propose implements stage.Source.
func (l *Live) Propose(dst []stage.Candidate, q *stage.Query, n int) []stage.Candidate {
	from := len(dst)
	for _, o := range l.look(q) {
		if len(dst)-from >= n {
			break
		}
		if q.Allows(o.item) {
			dst = append(dst, stage.Candidate{Item: o.item})
		}
	}
	worth(dst[from:], n, l.Worth)
	return dst
}

// look returns what is live at the time of the query.
func (l *Live) look(q *stage.Query) []offer {
	board := l.Board.Version()
	if last := l.list.Load(); last.serves(q, board) {
		return last.items
	}
	l.listing.Lock()
	defer l.listing.Unlock()
	if last := l.list.Load(); last.serves(q, board) {
		return last.items // somebody has just made it
	}
	next := l.made(q, board)
	l.list.Store(next)
	return next.items
}

func (o *offers) serves(q *stage.Query, board uint64) bool {
	return o != nil && o.board == board && o.catalog == q.Catalog && o.handles == q.Catalog.Handles() &&
		!q.Now.Before(o.from) && q.Now.Before(o.until)
}

func (l *Live) made(q *stage.Query, board uint64) *offers {
	next := &offers{
		catalog: q.Catalog, handles: q.Catalog.Handles(), board: board,
		from: q.Now, until: q.Now.Truncate(time.Second).Add(time.Second), // windows open and close at whole seconds
	}
	for o := range l.Board.Live(q.Now) {
		for _, id := range o.Deal.Items {
			if item, ok := q.Catalog.Lookup(id); ok {
				next.items = append(next.items, offer{saved(q.Catalog, item, o.Deal.Discount), o.End, item})
			}
		}
	}
	slices.SortFunc(next.items, compareOffers)
	listed := map[uint32]bool{}
	next.items = slices.DeleteFunc(next.items, func(o offer) bool {
		again := listed[o.item]
		listed[o.item] = true
		return again
	})
	return next
}

// saved is the part of the item's price that the discount takes away.
func saved(c *catalog.Catalog, item uint32, d deals.Discount) float64 {
	price := c.Price(item)
	if price.Minor <= 0 {
		return 0
	}
	reduced, err := d.Price(price.Minor, price.Currency)
	if err != nil {
		return 0
	}
	return 1 - float64(reduced)/float64(price.Minor)
}
